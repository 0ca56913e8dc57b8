"""`cursor`: where an answer of /logs ended, so that the next one goes on there. Opaque to callers."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

import orjson

from log_store.query import Place, SharedPlace

_LONGEST: Final = 1000  # characters
_WHOSE: Final = 12  # characters of the container's id
_NUMBERS: Final = 1 << 63
_OF_ONE: Final = [str, int, int, str, int, str]
_OF_SEVERAL: Final = [str, int, int, str, str, int, str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """`place`: of the last message given, in the log of one container; or, with `whose` '', `shared` among several."""

    whose: str
    descending: bool
    place: Place | None
    shared: SharedPlace | None = None

    @property
    def together(self) -> bool:
        return self.shared is not None

    def fits(self, container_id: str) -> bool:
        return container_id[:_WHOSE] == self.whose


def cursor_text(container_id: str, place: Place, descending: bool) -> str:
    packed = orjson.dumps([container_id[:_WHOSE], int(descending), *place])
    return urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def shared_cursor_text(place: SharedPlace, descending: bool) -> str:
    packed = orjson.dumps(["", int(descending), *place])
    return urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def parse_cursor(text: str) -> Cursor:
    """Raises ValueError."""
    wrong = ValueError("must be the `cursor` of an answer, unchanged")
    if len(text) > _LONGEST or not text.isascii():
        raise wrong
    try:
        read = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise wrong from error
    if not isinstance(read, list) or [type(one) for one in read] not in (_OF_ONE, _OF_SEVERAL):
        raise wrong
    whose, descending, order_time, *owner, stream, ordinal, name = read
    if descending not in (0, 1) or not all(-_NUMBERS <= number < _NUMBERS for number in (order_time, ordinal)):
        raise wrong
    if owner:
        return Cursor(whose, bool(descending), None, (order_time, owner[0], stream, ordinal, name))
    return Cursor(whose, bool(descending), (order_time, stream, ordinal, name))
