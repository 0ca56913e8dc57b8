"""`GET /logs/histogram`, `/logs/context`, `/logs/patterns`, `/logs/diff`: each bounded in time and memory."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import falcon

from log_store.counting import add
from log_store.protocols import LogReader
from log_store.query import Counts, LogLine, LogOwner, LogQuery, Page
from log_store.rfc3339 import parse_ns
from runtime_api.access.caller import Caller, caller_of
from runtime_api.containers.protocols import Containers
from runtime_api.envelope import MEDIA_TYPE, Clock
from runtime_api.errors import BadRequest, NotFound, TooManyStreams
from runtime_api.params.logs import LogParameters
from runtime_api.params.views import read_context, read_histogram, read_patterns
from runtime_api.reading.chosen import Choosing, Chosen
from runtime_api.reading.cursor import cursor_text
from runtime_api.reading.forms import envelope_of_lines
from runtime_api.seal_view import Span
from runtime_api.slots import Slot, Slots
from runtime_api.views.histogram import MOST_SPANS, spans_of, width_for
from runtime_api.views.patterns import MOST_MESSAGES, Miner, mine

SECONDS: Final = 10.0  # for which one request may count or read


class Views:
    """What they need in common; a place of `slots` for each, as for a long answer."""

    def __init__(self, containers: Containers, reader: LogReader, clock: Clock, slots: Slots) -> None:
        self.containers, self.reader, self.clock, self._slots = containers, reader, clock, slots
        self.choosing = Choosing(containers, reader)

    def slot(self, caller: Caller) -> Slot:
        slot = self._slots.take(caller.uid)
        if slot is None:
            raise TooManyStreams(
                f"{self._slots.limit} long answers are being read, which is the most at a time (half of the setting "
                "api_threads; half of them of one caller): try again"
            )
        return slot

    def statement(self, chosen: Chosen, asked: LogParameters) -> dict[str, Any]:
        """`seal`, and of several `seals`."""
        return chosen.statement(self.reader, Span(asked.start, asked.end if asked.ends else None))

    def query(self, container_id: str, asked: LogParameters) -> LogQuery:
        return asked.selection.query(container_id, asked.start, asked.end if asked.ends else None, None)

    def newest(self, chosen: Chosen, asked: LogParameters) -> Iterator[Page]:
        """The last messages first: of a long log they count."""
        if asked.empty:
            return iter(())
        query = self.query("" if chosen.together else chosen.owners[0].container_id, asked)
        return chosen.read(self.reader, replace(query, descending=True, size=MOST_MESSAGES + 1))

    def answer(self, resp: falcon.Response, message: str, data: dict[str, Any]) -> None:
        resp.content_type = MEDIA_TYPE
        resp.data = envelope_of_lines(self.clock(), message, data)


class Histogram:
    """`data`: `interval_ms`, `buckets` (`from`, `count`, `types`), `count` of all, `seal` of the range, of several `seals`."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        views, asked = self._views, read_histogram(req.query_string, self._views.clock())
        with views.slot(caller_of(req)):
            chosen = views.choosing.of(asked.logs, caller_of(req))
            statement, query = views.statement(chosen, asked.logs), views.query("", asked.logs)
            bounds = None if asked.logs.empty else self._bounds(chosen, query)
            width, buckets = asked.width or 0, list[dict[str, Any]]()
            if bounds is not None:
                width = width or width_for(*bounds, asked.spans)
                if (bounds[1] - bounds[0]) // width >= MOST_SPANS:
                    raise BadRequest(
                        [f"interval: the range would have more than {MOST_SPANS} of it: give a longer one"]
                    )
                counts = self._counts(chosen, replace(query, start=bounds[0], end=bounds[1]), width)
                buckets = spans_of(counts, width, *bounds)
        count = sum(bucket["count"] for bucket in buckets)
        data = {"interval_ms": width // 10**6, "buckets": buckets, "count": count, **statement}
        views.answer(resp, f"{count} messages of {chosen.title} by time", data)

    def _counts(self, chosen: Chosen, query: LogQuery, width: int) -> Counts:
        deadline = time.monotonic() + SECONDS
        counts: Counts = {}
        for owner in chosen.owners:
            mine, left = replace(query, container_id=owner.container_id), deadline - time.monotonic()
            for span, types in self._views.reader.count_by_time(mine, width, left).items():
                for log_type, count in types.items():
                    add(counts, span, log_type, count)
        return counts

    def _bounds(self, chosen: Chosen, query: LogQuery) -> tuple[int, int] | None:
        """What of the range has messages, whatever their types and words; None where there is none."""
        whole = LogQuery("" if chosen.together else chosen.owners[0].container_id, query.start, query.end)
        first = _first(chosen.read(self._views.reader, replace(whole, size=1)))
        last = _first(chosen.read(self._views.reader, replace(whole, size=1, descending=True)))
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
        container_id = views.choosing.one(asked.container, caller_of(req))
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
        with views.slot(caller_of(req)):
            chosen = views.choosing.of(asked.logs, caller_of(req))
            statement = views.statement(chosen, asked.logs)
            miner = Miner()
            mine(views.newest(chosen, asked.logs), SECONDS, miner)
        patterns = miner.patterns()
        data = {
            "patterns": [pattern.shown() for pattern in patterns[: asked.size]],
            "count": len(patterns),
            "looked_at": miner.looked_at[0],
            "all": miner.all,
            **statement,
        }
        views.answer(resp, f"{len(patterns)} patterns among the messages of {chosen.title}", data)


class Diff:
    """`data`: `new` (patterns that the other log has not), `gone` (that only the other has), as in `Patterns`; `against`:
    the other's id. Where none is named it is that of the last good run of the same kind of task."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        views, asked = self._views, read_patterns(req.query_string, self._views.clock(), diff=True)
        with views.slot(caller_of(req)):
            chosen = views.choosing.of(asked.logs, caller_of(req))
            one = chosen.owners[0].container_id
            other = views.choosing.one(asked.against, caller_of(req)) if asked.against else self._last_good(one)
            miner = Miner()
            against = Chosen((LogOwner(other),), together=False)
            mine(views.newest(against, _all_of(asked.logs)), SECONDS / 2, miner, 0)
            mine(views.newest(chosen, asked.logs), SECONDS / 2, miner, 1)
        new, gone = miner.only_in(1), miner.only_in(0)
        data = {
            "new": [pattern.shown() for pattern in new[: asked.size]],
            "gone": [pattern.shown() for pattern in gone[: asked.size]],
            "against": other,
            "looked_at": miner.looked_at[1],
            "looked_at_against": miner.looked_at[0],
            "all": miner.all,
        }
        views.answer(resp, f"{len(new)} patterns of container {one} that {other} has not", data)

    def _last_good(self, container_id: str) -> str:
        found = self._views.containers.last_good(container_id)
        if found is None:
            raise NotFound(
                f"against: no earlier task of the same type, image and cmd as that of container {container_id[:12]} is known "
                "to have ended with exit code 0: name a container to compare with"
            )
        return found


def _all_of(asked: LogParameters) -> LogParameters:
    """The range is that of the one log: it says nothing of the other."""
    return replace(asked, start=None, ends=False)


def _first(pages: Iterator[Page]) -> LogLine | None:
    return next((page[0] for page in pages), None)


def _rows(pages: Iterator[Page]) -> list[tuple[Any, LogLine]]:
    return [(page.place(row), page[row]) for page in pages for row in range(len(page))]
