"""`GET /logs/histogram`, `/logs/context`, `/logs/patterns`, `/logs/diff`: each bounded in time and memory."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import falcon

from log_store.protocols import LogReader
from log_store.query import LogLine, LogQuery, Page
from log_store.rfc3339 import parse_ns
from runtime_api.access.caller import caller_of
from runtime_api.containers.protocols import Containers
from runtime_api.envelope import MEDIA_TYPE, Clock, timestamp
from runtime_api.errors import BadRequest, NotFound, TooManyStreams
from runtime_api.params.logs import LogParameters
from runtime_api.params.views import read_context, read_histogram, read_patterns
from runtime_api.reading.cursor import cursor_text
from runtime_api.reading.forms import as_json
from runtime_api.seal_view import Span, seal_view
from runtime_api.slots import Slot, Slots
from runtime_api.views.histogram import MOST_SPANS, spans_of, width_for
from runtime_api.views.patterns import MOST_MESSAGES, Miner, mine

SECONDS: Final = 10.0  # for which one request may count or read


class Views:
    """What they need in common; a place of `slots` for each, as for a long answer."""

    def __init__(self, containers: Containers, reader: LogReader, clock: Clock, slots: Slots) -> None:
        self.reader, self.clock, self._containers, self._slots = reader, clock, containers, slots

    def resolve(self, req: falcon.Request, name: str) -> str:
        return self._containers.of(caller_of(req)).resolve(name)

    def slot(self) -> Slot:
        slot = self._slots.take()
        if slot is None:
            raise TooManyStreams(
                f"{self._slots.limit} long answers are being read, which is the most at a time (half of the setting "
                "api_threads): try again"
            )
        return slot

    def seal(self, container_id: str, asked: LogParameters) -> dict[str, Any]:
        return seal_view(self.reader.seals(container_id), Span(asked.start, asked.end if asked.ends else None))

    def query(self, container_id: str, asked: LogParameters) -> LogQuery:
        return asked.selection.query(container_id, asked.start, asked.end if asked.ends else None, None)

    def answer(self, resp: falcon.Response, message: str, data: dict[str, Any]) -> None:
        resp.content_type = MEDIA_TYPE
        members = {"timestamp": timestamp(self.clock()), "status": 200, "message": message, "data": data}
        resp.data = as_json(members) + b"\n"  # a message may hold half a surrogate pair


class Histogram:
    """`data`: `interval_ms`, `buckets` (`from`, `count`, `types`), `count` of all, `seal` of the range."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        views, asked = self._views, read_histogram(req.query_string, self._views.clock())
        with views.slot():
            container_id = views.resolve(req, asked.logs.container)
            seal, query = views.seal(container_id, asked.logs), views.query(container_id, asked.logs)
            bounds = None if asked.logs.empty else self._bounds(query)
            width, buckets = asked.width or 0, list[dict[str, Any]]()
            if bounds is not None:
                width = width or width_for(*bounds, asked.spans)
                if (bounds[1] - bounds[0]) // width >= MOST_SPANS:
                    raise BadRequest(
                        [f"interval: the range would have more than {MOST_SPANS} of it: give a longer one"]
                    )
                counts = views.reader.count_by_time(replace(query, start=bounds[0], end=bounds[1]), width, SECONDS)
                buckets = spans_of(counts, width, *bounds)
        count = sum(bucket["count"] for bucket in buckets)
        data = {"interval_ms": width // 10**6, "buckets": buckets, "count": count, "seal": seal}
        views.answer(resp, f"{count} messages of container {container_id} by time", data)

    def _bounds(self, query: LogQuery) -> tuple[int, int] | None:
        """What of the range has messages, whatever their types and words; None where there is none."""
        whole = LogQuery(query.container_id, query.start, query.end)
        first = _first(self._views.reader.read(replace(whole, size=1)))
        last = _first(self._views.reader.read(replace(whole, size=1, descending=True)))
        if first is None or last is None:
            return None
        times = sorted((parse_ns(first["log_time"]), parse_ns(last["log_time"])))
        # Asked for bounds stay, so that two answers can be laid over one another; in a set-back clock's log they must.
        start = times[0] if query.start is None else query.start
        return start, max(start, times[1] if query.end is None else query.end)


class Context:
    """`data`: `logs`, `at` (which of them it is), `before` and `after`: cursors to go on from, with `order=desc` and `asc`."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        views, asked = self._views, read_context(req.query_string)
        container_id = views.resolve(req, asked.container)
        found = views.reader.find(container_id, asked.name)
        if found is None:
            raise NotFound(f"id: container {container_id[:12]} has no message {asked.name[:100]!r}")
        around = LogQuery(container_id, after=found.place)
        before = _rows(views.reader.read(replace(around, size=asked.before, descending=True)))
        after = _rows(views.reader.read(replace(around, size=asked.after)))
        rows = [*reversed(before), (found.place, found.line), *after]
        data = {
            "logs": [line for _, line in rows],
            "at": len(before),
            "before": cursor_text(container_id, rows[0][0], True),
            "after": cursor_text(container_id, rows[-1][0], False),
        }
        views.answer(resp, f"what stands around a line of container {container_id}", data)


class Patterns:
    """`data`: `patterns` (`pattern`, `count`, `types`, `first`, `last`, `sample`), how many there are, `looked_at`."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        views, asked = self._views, read_patterns(req.query_string, self._views.clock())
        with views.slot():
            container_id = views.resolve(req, asked.logs.container)
            seal = views.seal(container_id, asked.logs)
            miner = Miner()
            mine(_newest(views, container_id, asked.logs), SECONDS, miner)
        patterns = miner.patterns()
        data = {
            "patterns": [pattern.shown() for pattern in patterns[: asked.size]],
            "count": len(patterns),
            "looked_at": miner.looked_at[0],
            "all": miner.all,
            "seal": seal,
        }
        views.answer(resp, f"{len(patterns)} patterns among the messages of container {container_id}", data)


class Diff:
    """`data`: `new` (patterns that the other log has not), `gone` (that only the other has), as in `Patterns`."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        views, asked = self._views, read_patterns(req.query_string, self._views.clock(), diff=True)
        with views.slot():
            one, other = views.resolve(req, asked.logs.container), views.resolve(req, asked.against)
            miner = Miner()
            for side, container_id in enumerate((other, one)):
                mine(
                    _newest(views, container_id, asked.logs if side else _all_of(asked.logs)), SECONDS / 2, miner, side
                )
        new, gone = miner.only_in(1), miner.only_in(0)
        data = {
            "new": [pattern.shown() for pattern in new[: asked.size]],
            "gone": [pattern.shown() for pattern in gone[: asked.size]],
            "looked_at": miner.looked_at[1],
            "looked_at_against": miner.looked_at[0],
            "all": miner.all,
        }
        views.answer(resp, f"{len(new)} patterns of container {one} that {other} has not", data)


def _all_of(asked: LogParameters) -> LogParameters:
    """The range is that of the one log: it says nothing of the other."""
    return replace(asked, start=None, ends=False)


def _newest(views: Views, container_id: str, asked: LogParameters) -> Iterator[Page]:
    """The last messages first: of a long log they count."""
    if asked.empty:
        return iter(())
    query = views.query(container_id, asked)
    return views.reader.read(replace(query, descending=True, size=MOST_MESSAGES + 1))


def _first(pages: Iterator[Page]) -> LogLine | None:
    return next((page[0] for page in pages), None)


def _rows(pages: Iterator[Page]) -> list[tuple[Any, LogLine]]:
    return [(page.place(row), page[row]) for page in pages for row in range(len(page))]
