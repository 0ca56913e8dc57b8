"""The body of an answer that follows a log."""

import logging
from collections.abc import Callable, Generator, Iterator
from typing import Any

from runtime_api.counters import Counters
from runtime_api.errors import StreamBroken
from runtime_api.following.follower import Alive, End, Sent
from runtime_api.following.wire import Wire

_log = logging.getLogger(__name__)


class FollowStream:
    """An iterator of bytes, for WSGI; `close` calls `on_close`, at whichever end.

    Raises StreamBroken where it cannot go on: the follower comes back, and goes on from its position.
    """

    def __init__(self, wire: Wire, sent: Iterator[Sent], counters: Counters, on_close: Callable[[], None]) -> None:
        self._wire, self._sent, self._counters, self._on_close = wire, sent, counters, on_close
        self._made = self._make()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._made)
        except (StopIteration, StreamBroken):
            raise
        except Exception as error:
            _log.exception("a follower is broken off by an error of ours")
            self._counters.stream_broke()
            self._counters.error("internal")
            raise StreamBroken("an error of ours") from error

    def close(self) -> None:
        try:
            self._made.close()
        finally:
            self._on_close()

    def _make(self) -> Generator[bytes, None, None]:
        yield self._wire.begin()
        count = lines = 0
        for one in self._sent:
            if isinstance(one, list):
                count += len(one)
                lines += sum(event.line["lines"] for event in one)
                self._counters.lines(len(one))
                yield self._wire.events(one)
            elif isinstance(one, Alive):
                yield self._wire.alive(one.position)
            elif isinstance(one, End):
                members: dict[str, Any] = {"seal": one.seal, "count": count, "lines": lines}
                if one.seals is not None:
                    members["seals"] = one.seals
                yield self._wire.end(members, one.position)
                return
        raise StreamBroken("the client has gone")
