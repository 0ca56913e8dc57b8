"""Waiting for a container's seal: one thread looks for all who wait."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from log_store.errors import LogStoreError
from log_store.seal import Seal

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two looks at a container
_PAUSE_SHARE: Final = 0.05  # of the time that it has been looked at: who has waited long is not in a hurry
_GONE_EVERY: Final = 0.5  # seconds until it is noticed that a client has hung up

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watched:
    began: float
    look_at: float
    waiters: int = 0
    seals: list[Seal] = field(default_factory=list)


class SealWaits:
    """Safe to use from several threads. `read` gives all runs' seals; it is called for a container once a look,

    however many wait for it, by a thread that is there while anybody waits. A store that is away is asked again.
    """

    def __init__(self, read: Callable[[str], list[Seal]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._watched: dict[str, _Watched] = {}
        self._changed = threading.Condition()
        self._looking = False

    def wait(
        self, container_id: str, has_come: Callable[[list[Seal]], bool], seconds: float, gone: Callable[[], bool]
    ) -> bool:
        """Whether it has come; False once `seconds` have passed, or who asked has `gone`.

        Raises LogStoreError where the first look fails.
        """
        end = self._clock() + seconds
        if has_come(self._read(container_id)):
            return True
        with self._changed:
            watched = self._join(container_id)
            try:
                while not has_come(watched.seals):
                    left = end - self._clock()
                    if left <= 0 or gone():
                        return False
                    self._changed.wait(min(left, _GONE_EVERY))
                return True
            finally:
                watched.waiters -= 1
                if not watched.waiters:
                    del self._watched[container_id]

    def _join(self, container_id: str) -> _Watched:
        now = self._clock()
        watched = self._watched.setdefault(container_id, _Watched(now, now + _FIRST_PAUSE))
        watched.waiters += 1
        if not self._looking:
            self._looking = True
            threading.Thread(target=self._look, name="seal waits", daemon=True).start()
        self._changed.notify_all()
        return watched

    def _look(self) -> None:
        while True:
            with self._changed:
                if not self._watched:
                    self._looking = False
                    return
                now = self._clock()
                due = [container_id for container_id, watched in self._watched.items() if watched.look_at <= now]
                if not due:
                    self._changed.wait(min(watched.look_at for watched in self._watched.values()) - now)
            for container_id in due:
                self._note(container_id, self._try(container_id))

    def _try(self, container_id: str) -> list[Seal] | None:
        try:
            return self._read(container_id)
        except LogStoreError as error:  # who waits reads it in the end, and is told then
            _log.info("a seal that is waited for cannot be read now: %s", error)
        except Exception:
            _log.exception("a seal that is waited for cannot be read")
        return None

    def _note(self, container_id: str, seals: list[Seal] | None) -> None:
        with self._changed:
            watched = self._watched.get(container_id)
            if watched is None:
                return
            now = self._clock()
            watched.look_at = now + min(max(_PAUSE_SHARE * (now - watched.began), _FIRST_PAUSE), _LONGEST_PAUSE)
            if seals is not None and seals != watched.seals:
                watched.seals = seals
                self._changed.notify_all()
