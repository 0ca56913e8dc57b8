"""`cursor`: where an answer of /logs ended, so that the next one goes on there. Opaque to callers."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

import orjson

from log_store.query import Place

_LONGEST: Final = 1000  # characters
_WHOSE: Final = 12  # characters of the container's id
_NUMBERS: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Cursor:
    """`place`: of the last message given; it belongs to one container and one direction."""

    whose: str
    descending: bool
    place: Place

    def fits(self, container_id: str) -> bool:
        return container_id[:_WHOSE] == self.whose


def cursor_text(container_id: str, place: Place, descending: bool) -> str:
    packed = orjson.dumps([container_id[:_WHOSE], int(descending), *place])
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
    if not isinstance(read, list) or [type(one) for one in read] != [str, int, int, str, int, str]:
        raise wrong
    whose, descending, order_time, stream, ordinal, name = read
    if descending not in (0, 1) or not all(-_NUMBERS <= number < _NUMBERS for number in (order_time, ordinal)):
        raise wrong
    return Cursor(whose, bool(descending), (order_time, stream, ordinal, name))
