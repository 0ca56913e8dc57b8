"""Several logs followed at once: each in its own order, all as they come, with one position for all of them.

Each is followed as if alone, in a thread of its own. A joint position is the positions of all that have one, so who comes
back with it, here or at another server, misses nothing of any and gets nothing twice.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from log_store.query import LogLine, LogOwner
from runtime_api.following.follower import Alive, End, Sent
from runtime_api.following.order import Event
from runtime_api.following.position import Position, parse_position
from runtime_api.seal_view import joint_view, with_owner

MOST_FOLLOWED: Final = 10
"""Logs that one request may follow: the positions of all stand in every event's id."""
LONGEST: Final = MOST_FOLLOWED * 400  # characters of a joint position
_BEGIN: Final = "m1"
_BETWEEN: Final = ".."  # stands in no position of one log
_WAITING: Final = 16  # batches that wait to be sent; then those who read them wait
_LOOK: Final = 0.5  # seconds between two looks whether it is over

Came = tuple[int, Sent | BaseException | None]


@dataclass(slots=True)
class Followed:
    """`text`: of the position so far, '' before the first; `begin`: what is sent, given whether all is over."""

    owner: LogOwner
    text: str
    begin: Callable[[Callable[[], bool]], Iterator[Sent]]


def parse_joint(text: str, ids: Sequence[str]) -> dict[str, str]:
    """The texts of the positions in those of these logs that have one. Raises ValueError."""
    if len(text) > LONGEST or not text.isascii():
        raise ValueError("must be the `id` of an event, unchanged")
    begin, *parts = text.split(_BETWEEN)
    if begin != _BEGIN:
        raise ValueError("must be the `id` of an event of several logs, unchanged")
    found: dict[str, str] = {}
    problem: ValueError | None = None
    for part in parts:
        for container_id in ids:
            try:
                parse_position(part, container_id)
            except ValueError as error:
                problem = error
            else:
                found[container_id] = part
    if parts and not found:
        raise problem or ValueError("comes from none of these logs")
    return found


def position_in(texts: dict[str, str], container_id: str) -> Position | None:
    text = texts.get(container_id)
    return parse_position(text, container_id) if text else None


class Several:
    """Of one request; not safe to use from several threads."""

    def __init__(self, logs: Sequence[Followed], keep_alive: float) -> None:
        """`keep_alive`: seconds for which one hears nothing at most."""
        self._logs, self._keep_alive = logs, keep_alive
        self._came: queue.Queue[Came] = queue.Queue(_WAITING)
        self._over = threading.Event()
        self._ends: dict[int, End] = {}

    def sent(self) -> Iterator[Sent]:
        """Until the seals of all, or until the client has gone. Raises what one of them raises."""
        threads = [
            threading.Thread(target=self._follow, args=(number,), name="one of several", daemon=True)
            for number in range(len(self._logs))
        ]
        for thread in threads:
            thread.start()
        try:
            yield from self._given(len(threads))
        finally:
            self._over.set()
            for thread in threads:
                thread.join(10 * _LOOK)

    def _given(self, running: int) -> Iterator[Sent]:
        said = time.monotonic()
        while running:
            number, one = self._came.get()
            if one is None:
                running -= 1
            elif isinstance(one, BaseException):
                raise one
            elif isinstance(one, End):
                self._ends[number], self._logs[number].text = one, one.position
            elif isinstance(one, Alive):
                self._logs[number].text = one.position or self._logs[number].text
                if time.monotonic() - said >= self._keep_alive / 2:
                    said = time.monotonic()
                    yield Alive(self._text())
            elif one:
                said = time.monotonic()
                yield self._shared(number, one)
        if len(self._ends) == len(self._logs):
            yield self._end()

    def _follow(self, number: int) -> None:
        try:
            for one in self._logs[number].begin(self._over.is_set):
                self._put((number, one))
                if self._over.is_set():
                    return
            self._put((number, None))
        except BaseException as error:
            self._put((number, error))

    def _put(self, came: Came) -> None:
        while not self._over.is_set():
            try:
                return self._came.put(came, timeout=_LOOK)
            except queue.Full:
                continue

    def _shared(self, number: int, events: list[Event]) -> list[Event]:
        """The same, with whose they are and the joint position behind each."""
        log = self._logs[number]
        before, after = self._texts(0, number), self._texts(number + 1, len(self._logs))
        log.text = events[-1].position
        return [
            replace(event, line=_owned(event.line, log.owner), position=_BETWEEN.join([_BEGIN, *before, event.position, *after]))
            for event in events
        ]  # fmt: skip

    def _texts(self, start: int, stop: int) -> list[str]:
        return [log.text for log in self._logs[start:stop] if log.text]

    def _text(self) -> str:
        return _BETWEEN.join([_BEGIN, *self._texts(0, len(self._logs))])

    def _end(self) -> End:
        seals = [with_owner(log.owner, self._ends[number].seal) for number, log in enumerate(self._logs)]
        return End(joint_view(seals), self._text(), seals)


def _owned(line: LogLine, owner: LogOwner) -> LogLine:
    more: Any = {"container_id": owner.container_id, "container_name": owner.container_name}
    return {**line, **more}
