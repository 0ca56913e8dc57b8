"""A word to who waits while the API is away or busy."""

from collections.abc import Callable
from typing import Final

from wholelog.client.errors import ClientError

_SHORT_SECONDS: Final = 1.0  # nobody minds a pause below it


class Notices:
    """`Retries.told`: says what the matter is, once while it stays the same."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said = ""

    def __call__(self, error: ClientError, pause: float) -> None:
        text = f"{error}; trying again"
        if pause >= _SHORT_SECONDS and text != self._said:
            self._said = text
            self._say(text)
