"""The engine's events, read ahead of what is done about them: a start that comes behind others is seen at once."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

Event = dict[str, Any]
MOST = 100_000  # events that wait; beyond that the engine does


class Events(Protocol):
    """See `docker_copy.Events`."""

    def __iter__(self) -> Iterator[Event]: ...

    def close(self) -> None: ...


class EventsAhead:
    """Iterate as for the events themselves. `at_once` is told of each as it comes, in a thread of its own. `close` from any thread."""

    def __init__(self, events: Events, at_once: Callable[[Event], None]) -> None:
        self._events, self._at_once = events, at_once
        self._came = queue.Queue[Event | Exception | None](MOST)
        self._ended = threading.Event()
        threading.Thread(target=self._read, name="events", daemon=True).start()

    def __iter__(self) -> Iterator[Event]:
        while (came := self._came.get()) is not None:
            if isinstance(came, Exception):
                raise came
            yield came

    def close(self) -> None:
        if not self._ended.is_set():
            self._events.close()

    def _read(self) -> None:
        last: Exception | None = None
        try:
            for event in self._events:
                self._at_once(event)
                self._came.put(event)
        except Exception as error:  # it is raised where the events are iterated
            last = error
        self._ended.set()
        self._came.put(last)
