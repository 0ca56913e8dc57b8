"""The feeds that are being followed: one for a container, while anybody follows it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from log_store.protocols import LogReader
from log_store.seal import Seal
from runtime_api.errors import LogsUnavailable
from runtime_api.following.feed import Ended, Feed
from runtime_api.following.source import Source
from runtime_api.seal_view import seal_view

_FIRST_LOOK: Final = 60.0  # seconds
_RUN_EVERY: Final = 1.0  # seconds between two questions to the engine


class Feeds:
    """Safe to use from several threads. `newest_run`: see `Containers.newest_run`."""

    def __init__(self, reader: LogReader, newest_run: Callable[[str], int]) -> None:
        self._reader, self._newest_run = reader, newest_run
        self._lock = threading.Lock()
        self._feeds: dict[str, tuple[Feed, int]] = {}  # with its followers

    @contextmanager
    def joined(self, container_id: str) -> Iterator[Feed]:
        """The container's feed, after its first look, which goes on while the block does. Raises LogStoreError."""
        with self._lock:
            feed, followers = self._feeds.get(container_id, (None, 0))
            if feed is None or feed.stopped or feed.end is not None:
                feed, followers = self._begin(container_id), 0
            self._feeds[container_id] = (feed, followers + 1)
        try:
            with feed.changed:
                if not feed.changed.wait_for(lambda: feed.ready, _FIRST_LOOK):
                    raise LogsUnavailable(f"the log store has not answered within {_FIRST_LOOK:.0f} s")
            if feed.problem is not None:
                raise feed.problem
            yield feed
        finally:
            self._leave(container_id, feed)

    def _begin(self, container_id: str) -> Feed:
        feed = Feed(Source(self._reader, container_id), ending(lambda: self._newest_run(container_id)))
        threading.Thread(target=feed.run, name="feed", daemon=True).start()
        return feed

    def _leave(self, container_id: str, feed: Feed) -> None:
        with self._lock:
            known, followers = self._feeds.get(container_id, (None, 0))
            if known is not feed:
                return  # it had ended, and another has begun
            if followers > 1:
                self._feeds[container_id] = (feed, followers - 1)
            else:
                del self._feeds[container_id]
                feed.stop()


def ending(newest_run: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> Ended:
    """For a `Feed`: a log has ended when all its runs are stated, and the engine knows of no newer one.

    The engine is asked about once a second, and only where the seals say that all is over.
    """
    asked_at = -_RUN_EVERY

    def ended(seals: list[Seal]) -> dict[str, Any] | None:
        nonlocal asked_at
        if not seals or seal_view(seals)["state"] == "open" or all(map(_never_ends, seals)):
            return None
        if clock() - asked_at < _RUN_EVERY:
            return None
        asked_at = clock()
        view = seal_view(seals, newest_run=newest_run())
        return None if view["state"] == "open" else view

    return ended


def _never_ends(seal: Seal) -> bool:
    """What another program than Docker sends is stated as unverified at its beginning."""
    return not seal.started_at and seal.finished_at is None and seal.state == "unverified"
