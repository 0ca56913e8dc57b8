"""The forms in which a follower is sent what comes: Server-Sent Events, NDJSON, text.

Each begins with something, so that the headers are sent; each ends with the seal, or it was broken off.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from runtime_api.following.order import Event
from runtime_api.reading.forms import MEDIA_TYPES, NDJSON_TYPE, as_json, name_of

SSE_TYPE: Final = "text/event-stream"
TYPES: Final = {"sse": SSE_TYPE, "ndjson": NDJSON_TYPE, "text": MEDIA_TYPES["text"]}
RETRY: Final = 1000  # milliseconds until an EventSource that was cut off comes back


class Wire(Protocol):
    @property
    def end_mark(self) -> str:
        """For the header `Wholelog-End`; '' where the form needs none."""
        ...

    def begin(self) -> bytes: ...

    def events(self, events: list[Event]) -> bytes: ...

    def alive(self, position: str) -> bytes:
        """b'' where the form has nothing to say."""
        ...

    def end(self, members: Mapping[str, Any], position: str) -> bytes: ...


class SseWire:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html: JSON has no line ends, so `data` is one line."""

    end_mark = ""

    def begin(self) -> bytes:
        return b"retry: %d\n\n" % RETRY

    def events(self, events: list[Event]) -> bytes:
        return b"".join(
            [b"id: %b\nevent: line\ndata: %b\n\n" % (e.position.encode(), as_json(members_of(e))) for e in events]
        )

    def alive(self, position: str) -> bytes:
        return b": keep-alive\n" + (b"id: %b\n\n" % position.encode() if position else b"\n")

    def end(self, members: Mapping[str, Any], position: str) -> bytes:
        data = as_json({**members, "cursor": position})
        return b"id: %b\nevent: seal\ndata: %b\n\n" % (position.encode(), data)


class NdjsonWire:
    end_mark = ""

    def begin(self) -> bytes:
        return b"\n"

    def events(self, events: list[Event]) -> bytes:
        return b"".join([as_json({**members_of(event), "cursor": event.position}) + b"\n" for event in events])

    def alive(self, position: str) -> bytes:
        return b"\n"

    def end(self, members: Mapping[str, Any], position: str) -> bytes:
        return as_json({"end": {**members, "cursor": position}}) + b"\n"


class TextWire:
    """As `reading.forms.TextForm`; of a message that has grown only what is new."""

    def __init__(self, token: str) -> None:
        self.end_mark = f"# end {token}"

    def begin(self) -> bytes:
        return b""

    def events(self, events: list[Event]) -> bytes:
        text = "".join([f"{e.line['log_time']} {e.line['log_type']} {name_of(e.line)}{_new_of(e)}\n" for e in events])
        return text.encode("utf-8", "replace")

    def alive(self, position: str) -> bytes:
        return b""

    def end(self, members: Mapping[str, Any], position: str) -> bytes:
        return f"{self.end_mark} {as_json(members).decode()}\n".encode()


def wire_of(name: str, token: str) -> Wire:
    """`name`: a key of TYPES; `token`: not to be guessed by whoever writes the lines."""
    if name == "sse":
        return SseWire()
    return TextWire(token) if name == "text" else NdjsonWire()


def members_of(event: Event) -> dict[str, Any]:
    members: dict[str, Any] = {**event.line}
    if event.late:
        members["late"] = True
    if event.grown is not None:
        members["grown"] = event.grown
    if event.gone:
        members["gone"] = event.gone
    return members


def _new_of(event: Event) -> str:
    return event.line["log_message"][event.grown or 0 :].removeprefix("\n" if event.grown else "")
