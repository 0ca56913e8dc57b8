"""Queues of requests, each with threads of its own (`shares`), so that none waits for another kind of request."""

from typing import Any

from waitress.task import ThreadedTaskDispatcher

from runtime_api.counters import Counters
from runtime_api.params.follow import asks_to_follow
from runtime_api.params.logs import asks_to_wait
from runtime_api.shares import Shares

_CHANGING = frozenset(("POST", "DELETE"))


class Lanes:
    """Waitress' dispatcher, once for each kind. A task is a channel; its first request is the one to be worked on."""

    def __init__(self, shares: Shares, counters: Counters, followers: int) -> None:
        self._changing = _lane(shares.changing)
        self._reading = _lane(shares.reading)
        # One more than may wait, to refuse who would be one too many.
        self._waiting = _lane(shares.waits + 1)
        self._following = _lane(followers + 1)
        counters.watch_waiting("following", lambda: len(self._following.queue))
        counters.watch_waiting("changing", lambda: len(self._changing.queue))
        counters.watch_waiting("reading", lambda: len(self._reading.queue))
        counters.watch_waiting("waiting", lambda: len(self._waiting.queue))

    def add_task(self, channel: Any) -> None:
        self._lane_of(channel.requests[0]).add_task(channel)

    def shutdown(self, seconds: float) -> None:
        """Wait for the threads, at most so long; what is queued is dropped."""
        lanes = (self._changing, self._reading, self._waiting, self._following)
        for lane in lanes:
            lane.set_thread_count(0)  # all begin to end
        for lane in lanes:
            lane.shutdown(timeout=seconds / len(lanes))

    def _lane_of(self, request: Any) -> Any:
        if request.error is None and request.command in _CHANGING:
            return self._changing
        if request.error is None and request.command == "GET":
            if asks_to_follow(request.query):
                return self._following
            if asks_to_wait(request.query):
                return self._waiting
        return self._reading


def _lane(threads: int) -> Any:
    lane = ThreadedTaskDispatcher()
    lane.set_thread_count(threads)
    return lane
