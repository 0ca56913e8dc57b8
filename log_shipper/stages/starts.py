"""Which of the lines that have come begin a message, and which have to wait until that is known."""

from copy import copy
from dataclasses import dataclass

from log_shipper.stages.multiline import Grouper, GroupState
from log_shipper.stages.partials import Lines
from log_shipper.stages.stream_state import StreamState


@dataclass(frozen=True, slots=True)
class Starts:
    """`received` says of each line of the call, `decided` of each of `lines` whether it begins a message, as `Grouping.starts`."""

    received: list[int]
    decided: list[int]
    lines: Lines
    texts: list[str]
    raw: dict[int, bytes]  # row -> bytes, of those that are not UTF-8


def decide(received: Lines, state: StreamState, grouper: Grouper, *, show: bool) -> Starts:
    """What has waited and has come now, as far as it is decided; all of it for `show`. The rest waits in `state`."""
    lines = received if state.waiting is None else state.waiting.then(received)
    state.waiting = None
    texts, raw = _decode(lines.text)
    group = copy(state.group)
    starts = _group(texts, lines, state, grouper) if texts else []
    of_received = starts[len(starts) - len(received.time) :]
    wait = 0 if show else min(max(state.group.reach, 0), len(texts))
    if not wait:
        return Starts(of_received, starts, lines, texts, raw)
    # Grouped anew when more is known, from where they begin.
    state.group, rest = group, len(texts) - wait
    lines, state.waiting = lines.split(rest)
    texts, raw = texts[:rest], {row: text for row, text in raw.items() if row < rest}
    return Starts(of_received, _group(texts, lines, state, grouper) if texts else [], lines, texts, raw)


def resolved(starts: list[int]) -> tuple[list[int], int]:
    """Which lines begin a message once all of them are known, as 1 and 0, and how many messages of before are taken back.

    `starts` as `multiline.Grouping` has them.
    """
    if min(starts) >= 0:
        return starts, 0
    begins, before = [int(start > 0) for start in starts], 0
    for row, start in enumerate(starts):
        above, more = row - 1, max(-start, 0)
        while more and above >= 0:
            more -= begins[above]
            begins[above] = 0
            above -= 1
        before += more
    return begins, before


def _group(texts: list[str], lines: Lines, state: StreamState, grouper: Grouper) -> list[int]:
    """Which lines begin a message. A line of several parts, or without an end, is one of its own."""
    if not lines.open:
        starts = grouper.starts(texts, lines.time, state.group)
    else:
        starts, begin = [], 0
        for row in sorted(lines.open):
            starts += grouper.starts(texts[begin:row], lines.time[begin:row], state.group)
            starts.append(1)
            state.group, begin = GroupState(), row + 1
        starts += grouper.starts(texts[begin:], lines.time[begin:], state.group)
    if state.head is None:
        starts[0] = 1
    return starts


def _decode(texts: list[bytes]) -> tuple[list[str], dict[int, bytes]]:
    """Texts, and by row the bytes of those that are not UTF-8."""
    try:
        return [text.decode() for text in texts], {}
    except UnicodeDecodeError:
        raw: dict[int, bytes] = {}
        return [_decode_one(text, row, raw) for row, text in enumerate(texts)], raw


def _decode_one(text: bytes, row: int, raw: dict[int, bytes]) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raw[row] = text
        return text.decode("utf-8", "replace")
