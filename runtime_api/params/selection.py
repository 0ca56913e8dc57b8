"""Parameters of `GET /logs` that say which lines, in which order, and in what form."""

from dataclasses import dataclass
from typing import Final

from log_store.fields import LOG_TYPES, STREAMS
from log_store.query import LogQuery
from log_store.text_query import TextQuery, TextQueryError, parse_regex, parse_text_query
from runtime_api.reading.cursor import Cursor, parse_cursor

NAMES: Final = ("log_type", "stream", "q", "regex", "order", "tail", "cursor", "format")
REPEATED: Final = ("log_type", "stream")
MOST_TAIL: Final = 100_000
FORMATS: Final = ("json", "ndjson", "text", "csv")


@dataclass(frozen=True, slots=True)
class Selection:
    log_types: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    text: TextQuery | None = None
    descending: bool = False
    tail: int | None = None
    cursor: Cursor | None = None
    format: str = ""  # '': as the Accept header says

    def query(self, container_id: str, start: int | None, end: int | None, size: int | None) -> LogQuery:
        """With `size` it asks for one more, by which a rest is known."""
        if self.tail is not None:
            size = self.tail
        elif size is not None:
            size += 1
        return LogQuery(
            container_id, start, end, size, self.tail is not None, self.log_types, self.streams, self.text,
            self.descending, self.cursor.place if self.cursor else None,
        )  # fmt: skip


def read_selection(given: dict[str, str], problems: list[str]) -> Selection:
    """Of the parameters that are not empty; adds what is wrong to `problems`."""
    order = _one_of("order", given, ("asc", "desc"), problems)
    tail = _tail(given, problems)
    chosen = _one_of("format", given, FORMATS, problems)
    cursor = _cursor(given, order == "desc", problems)
    return Selection(
        _types(given, problems), _streams(given, problems), _text(given, problems), order == "desc", tail, cursor, chosen
    )  # fmt: skip


def _one_of(name: str, given: dict[str, str], values: tuple[str, ...], problems: list[str]) -> str:
    value = given.get(name, "")
    if value and value not in values:
        problems.append(f"{name}: {value!r:.100} must be {' or '.join(values)}")
        return ""
    return value


def _types(given: dict[str, str], problems: list[str]) -> tuple[str, ...]:
    text = given.get("log_type", "")
    if text.startswith(">="):
        least = text[2:].strip()
        if least in LOG_TYPES:
            return tuple(LOG_TYPES[: LOG_TYPES.index(least) + 1])
    wanted = [one.strip() for one in text.split(",") if one.strip()]
    if any(one not in LOG_TYPES for one in wanted):
        problems.append(
            f"log_type: {text!r:.100} must be of {', '.join(LOG_TYPES)}; several with commas, or one and all worse ones "
            "as >=warning"
        )
        return ()
    return tuple(one for one in LOG_TYPES if one in wanted)


def _streams(given: dict[str, str], problems: list[str]) -> tuple[str, ...]:
    wanted = [one.strip() for one in given.get("stream", "").split(",") if one.strip()]
    if any(one not in STREAMS for one in wanted):
        problems.append(f"stream: {given['stream']!r:.100} must be of {', '.join(STREAMS)}")
        return ()
    return tuple(one for one in STREAMS if one in wanted)


def _text(given: dict[str, str], problems: list[str]) -> TextQuery | None:
    words, regex = TextQuery(()), ""
    try:
        name = "q"
        if "q" in given:
            words = parse_text_query(given["q"])
        name = "regex"
        if "regex" in given:
            regex = parse_regex(given["regex"])
    except TextQueryError as error:
        problems.append(f"{name}: {error}")
    return TextQuery(words.parts, regex) if words.parts or regex else None


def _tail(given: dict[str, str], problems: list[str]) -> int | None:
    text = given.get("tail", "")
    if not text:
        return None
    problems += [f"tail: not together with {name}" for name in ("size", "order", "cursor") if name in given]
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 0 < int(text) <= MOST_TAIL):
        problems.append(f"tail: {text!r:.100} must be a whole number from 1 to {MOST_TAIL}")
        return None
    return int(text)


def _cursor(given: dict[str, str], descending: bool, problems: list[str]) -> Cursor | None:
    if "cursor" not in given:
        return None
    try:
        cursor = parse_cursor(given["cursor"])
    except ValueError as error:
        problems.append(f"cursor: {given['cursor']!r:.100} {error}")
        return None
    if cursor.descending != descending:
        problems.append("cursor: it comes from an answer with the other `order`")
    return cursor
