"""How long and how often a request that failed is made again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from wholelog.client.errors import Busy, ClientError, Unreachable


@dataclass(frozen=True, slots=True)
class Retries:
    """`seconds`: from the first failure on, 0 for none. The pauses double from `shortest` to `longest` seconds, each cut
    short by chance, or last as long as the API asks. `first_contact`: also where nobody has ever answered this client.
    `told`: what failed, and the seconds of the pause that follows; called from the thread that pauses.
    """

    seconds: float = 60.0
    shortest: float = 0.2
    longest: float = 5.0
    first_contact: bool = True
    told: Callable[[ClientError, float], None] = lambda error, pause: None
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def begin(self) -> "Patience":
        return Patience(self)


class Patience:
    """Of one request, or of one stream between two signs of life."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._failed_at: float | None = None
        self._pause = retries.shortest

    def alive(self) -> None:
        """Something came: what fails from now on fails for the first time."""
        if self._failed_at is not None:
            self._failed_at, self._pause = None, self._retries.shortest

    def after(self, error: ClientError, met: bool) -> float:
        """Seconds until the next attempt. Raises `error` where another one would be in vain, or is too late.

        `met`: whether an answer has ever come.
        """
        if not isinstance(error, Busy | Unreachable) or not (met or self._retries.first_contact):
            raise error
        now = self._retries.clock()
        if self._failed_at is None:
            self._failed_at = now
        advised = error.retry_after if isinstance(error, Busy) else None
        pause = self._pause * (0.5 + self._retries.chance() / 2) if advised is None else advised
        if now + pause > self._failed_at + self._retries.seconds:
            raise error
        self._pause = min(2 * self._pause, self._retries.longest)
        self._retries.told(error, pause)
        return pause
