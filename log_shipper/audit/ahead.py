"""The engine's events read ahead of what is made of them: a container's files are opened at the moment in which it starts."""

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

log = logging.getLogger(__name__)


class Ahead:
    """Iterate for the events, as they came; raises what their stream raised. `started` is called in a thread of its own.

    To ask the engine about a container may take long on a busy machine, and one that lasts a moment may be removed meanwhile.
    """

    def __init__(self, events: Iterable[dict[str, Any]], started: Callable[[str], None]) -> None:
        self._events, self._started = events, started
        self._read: queue.SimpleQueue[dict[str, Any] | Exception | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="events", daemon=True).start()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (event := self._read.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    def _run(self) -> None:
        try:
            for event in self._events:
                if event.get("Action") == "start":
                    self._begin(event["Actor"]["ID"])
                self._read.put(event)
        except Exception as error:  # raised where the events are waited for
            self._read.put(error)
        self._read.put(None)

    def _begin(self, container_id: str) -> None:
        try:
            self._started(container_id)
        except Exception:  # one container's trouble must not end the events of all
            log.exception("the copy of %s could not be looked for", container_id[:12])
