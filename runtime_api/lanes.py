"""How the threads are shared.

A third of them works on what changes containers (POST, DELETE), which may pull an image for minutes; the rest on what
is read. Each lane has its own queue, so neither waits for the other. Of the readers, at most half of all threads may
stream a long answer at a time (`slots`): a few are always left for short answers and for `/healthz`. Requests that
wait or follow, when they come, are to take a slot as streams do.

====================  =======  ===  ==
`api_threads`              16    8   4
====================  =======  ===  ==
POST, DELETE                5    2   1
everything else            11    6   3
of them long answers        8    4   2
====================  =======  ===  ==
"""

from typing import Any

from waitress.task import ThreadedTaskDispatcher

from runtime_api.counters import Counters

_CHANGING = frozenset(("POST", "DELETE"))


class Lanes:
    """Waitress' dispatcher, twice. A task is a channel; its first request is the one to be worked on."""

    def __init__(self, threads: int, counters: Counters) -> None:
        changing = max(1, threads // 3)
        self._changing = _lane(changing)
        self._reading = _lane(max(1, threads - changing))
        counters.watch_waiting("changing", lambda: len(self._changing.queue))
        counters.watch_waiting("reading", lambda: len(self._reading.queue))

    def add_task(self, channel: Any) -> None:
        request = channel.requests[0]
        changes = request.error is None and request.command in _CHANGING
        (self._changing if changes else self._reading).add_task(channel)

    def shutdown(self, seconds: float) -> None:
        """Wait for the threads, at most so long; what is queued is dropped."""
        self._changing.shutdown(timeout=seconds / 2)
        self._reading.shutdown(timeout=seconds / 2)


def _lane(threads: int) -> Any:
    lane = ThreadedTaskDispatcher()
    lane.set_thread_count(threads)
    return lane
