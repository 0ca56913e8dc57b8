"""The Elasticsearch backend's reader.

All candidate days are read through one point in time, sorted by (order_time, stream, ordinal): not one day's index after
the other, since order_time may lie in a later day than log_time (a clock that stepped back over midnight).
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from log_store import labelled
from log_store.counting import counted, whole
from log_store.elastic import arrivals, counts, owners, raw, stored_seals
from log_store.elastic.client import ElasticClient
from log_store.elastic.index import DEFAULT_PREFIX, IndexNames
from log_store.elastic.pages import SHORT, has_heavy, heavy_pages, key_before_last, light_pages, short
from log_store.elastic.query import can_be_stored, filters_of, in_order, place_of, time_filter
from log_store.elastic.raw import RawPage
from log_store.elastic.search import PAGE, Filter, Hit, PointInTime, checked_hits, lines_of
from log_store.errors import StoreDamaged, StoreMisconfigured, StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.options import StoreOptions
from log_store.query import Arrival, ContainerRef, Counts, LogOwner, LogQuery, Page, Place, Whose
from log_store.rfc3339 import DAY, day_name
from log_store.seal import Seal
from log_store.selection import is_text, sized

_TIMEOUT: Final = 60.0  # s
_LAST: Final = (1 << 63) - 1  # ns; the last time that date_nanos holds
_MOST_NAMED: Final = 40  # days whose indices are named one by one


class ElasticReader:
    """A `LogReader` on Elasticsearch. Indices that are not there are as good as empty."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        """Connects to nothing yet. Raises StoreMisconfigured."""
        self._names = IndexNames(options.index_prefix or DEFAULT_PREFIX)
        self._client = ElasticClient(url, options, _TIMEOUT)
        self._closed = False

    def read(self, query: LogQuery) -> Iterator[Page]:
        """See `LogReader`. StoreUnavailable also where the caller pauses for more than ten minutes."""
        self._check_open()
        start, end = _range(query)
        if start <= end and can_be_stored(query):
            yield from sized(query, self._forwards, self._backwards)

    def _forwards(self, query: LogQuery, most: int | None) -> Iterator[Page]:
        if (found := self._short(query, most, descending=query.newest)) is not None:
            yield from self._page(found[:most][::-1] if query.newest else found)
            return
        after = query.after
        with PointInTime(self._client, self._indices(*_range(query))) as pit:
            key, filters = _key(after, -1), filters_of(query, *_range(query))
            if query.newest and most is not None:
                key = max(key or [], key_before_last(pit, filters, most) or []) or None
            yield from self._all(
                pit, filters, key, *_limits(query, most, "asc"), lambda place: not after or place > after
            )

    def _backwards(self, query: LogQuery, most: int | None) -> Iterator[Page]:
        if (found := self._short(query, most, descending=True)) is not None:
            yield from self._page(found)
            return
        before = query.after
        with PointInTime(self._client, self._indices(*_range(query))) as pit:
            key, filters = _key(before, _LAST), filters_of(query, *_range(query))
            yield from self._all(
                pit, filters, key, *_limits(query, most, "desc"), lambda place: not before or place < before
            )

    def _all(
        self, pit: PointInTime, filters: list[Filter], key: list[Any] | None, limit: int | None, direction: str, page: int,
        wanted: Callable[[Place], bool],
    ) -> Iterator[Page]:  # fmt: skip
        """`wanted`: of places that may stand where `key` does."""
        asked, edge = (pit, filters, key, limit, direction, page), None if key is None else key[0]
        if has_heavy(pit, filters):
            for hits in in_order(heavy_pages(*asked), reverse=direction == "desc"):
                self._check_open()
                yield from self._page([hit for hit in hits if hit["sort"][0] != edge or wanted(place_of(hit))])
            return
        at_edge = b"%d" % edge if edge is not None else b""
        for rows in raw.in_order(light_pages(*asked), reverse=direction == "desc"):
            self._check_open()
            if raw.time_of(rows[0]) == at_edge:
                rows = [row for row in rows if raw.time_of(row) != at_edge or wanted(raw.place_of(row))]
            if rows:
                yield RawPage(rows)

    def _short(self, query: LogQuery, most: int | None, *, descending: bool) -> list[Hit] | None:
        """At least `most` hits, or all, where few are wanted; None where it takes more than one answer."""
        after, count = query.after, (most or 0) + 2
        if most is None or count > SHORT or (query.newest and after is not None and not query.descending):
            return None
        filters, indices = filters_of(query, *_range(query)), self._indices(*_range(query))
        direction, key = ("desc", _key(after, _LAST)) if descending else ("asc", _key(after, -1))
        hits = short(self._client, indices, filters, key, count, direction)
        if hits is None:
            return None
        groups = list(in_order(iter([(hits, len(hits) < count)]), reverse=descending))
        if len(hits) == count:
            del groups[-1]  # of which others may be left
        found = [
            hit
            for group in groups
            for hit in group
            if after is None or (place_of(hit) < after if descending else place_of(hit) > after)
        ]
        return found if len(found) >= most or len(hits) < count else None

    def _page(self, hits: list[Hit]) -> Iterator[Page]:
        if hits:
            yield Page(lines_of(self._client.place, hits), lambda row: place_of(hits[row]))

    def heads(self, container_id: str) -> dict[str, int]:
        """See `LogReader`."""
        self._check_open()
        return arrivals.heads(self._client, self._names.logs, container_id)

    def read_since(self, container_id: str, shipper: str, after: int, until: int, most: int) -> list[Arrival]:
        """See `LogReader`."""
        self._check_open()
        hits = arrivals.since(self._client, self._names.logs, container_id, shipper, after, until, most)
        return [self._arrival(hit) for hit in hits]

    def count_since(self, container_id: str, shipper: str, after: int, until: int) -> int:
        """See `LogReader`."""
        self._check_open()
        return arrivals.count(self._client, self._names.logs, container_id, shipper, after, until)

    def find(self, container_id: str, name: str) -> Arrival | None:
        """See `LogReader`."""
        self._check_open()
        hits = arrivals.find(self._client, self._names.logs, container_id, name)
        return self._arrival(hits[0]) if hits else None

    def count_by_time(self, query: LogQuery, width: int, seconds: float) -> Counts:
        """See `LogReader`."""
        self._check_open()
        query, (start, end) = whole(query), _range(query)
        if query.text is not None:
            return counted(self.read(query), width, seconds)
        if start > end or not can_be_stored(query):
            return {}
        filters = filters_of(query, start, end)
        return counts.by_time(self._client, self._indices(start, end), filters, width, seconds)

    def owners(self, whose: Whose, start: int | None, end: int | None, most: int) -> list[LogOwner]:
        """See `LogReader`. What its newest message says of a container counts."""
        self._check_open()
        low, high = _bounds(start, end)
        if low > high or not all(map(is_text, whose.texts)):
            return []
        if whose.labels:
            return labelled.owners(
                lambda *asked: stored_seals.labelled(self._client, self._names, *asked),
                lambda fitting, count: self.owners(fitting, start, end, count),
                whose, start, end, most,
            )  # fmt: skip
        filters = [*owners.filters_of(whose), *time_filter(low, high)]
        return owners.find(self._client, self._indices(low, high), filters, most)

    def seals(self, container_id: str) -> list[Seal]:
        """See `LogReader`."""
        return stored_seals.of_container(self._client, self._names, container_id)

    def count_lines(self, container_id: str) -> int:
        """See `LogReader`."""
        if not is_text(container_id):
            return 0
        body = {
            "query": {"bool": {"filter": [{"term": {"container_id": container_id}}]}},
            "aggs": {"lines": {"sum": {"field": "lines"}}},
            "size": 0,
            "track_total_hits": False,
        }
        params = {"allow_partial_search_results": "false"}
        answer = self._client.request("POST", f"/{self._names.logs}/_search", body=body, params=params)
        checked_hits(self._client.place, answer)
        try:
            # A double, exact up to 2**53; without any index there is no aggregation either.
            return int(answer.body["aggregations"]["lines"]["value"]) if "aggregations" in answer.body else 0
        except (KeyError, TypeError, ValueError) as error:
            raise StoreDamaged(f"{self._client.place}: a sum that makes no sense: {answer.body!r:.300}") from error

    def find_containers(self, name: str, uid: str | None = None) -> list[ContainerRef]:
        """See `LogReader`."""
        return stored_seals.find(self._client, self._names, name, uid)

    def check(self) -> str:
        """`Elasticsearch 9.5.3 at http://127.0.0.1:9200, wholelog-logs-*: 12`, the number of indices.

        Raises StoreMisconfigured also where an index of ours has a mapping that is not ours.
        """
        answer = self._client.request(
            "GET", "/_nodes/_local", params={"filter_path": "nodes.*.version"}, expected=(403,)
        )
        version = "(of what version only the privilege `monitor` may see)"
        if answer.status != 403:
            nodes = answer.body.get("nodes") if isinstance(answer.body, dict) else None
            if not isinstance(nodes, dict) or not nodes:
                raise StoreDamaged(f"{self._client.place}: a node without a version: {answer.body!r:.300}")
            version = str(next(iter(nodes.values())).get("version"))
        return f"Elasticsearch {version} at {self._client.place}, {self._names.logs}: {self._count_indices()}"

    def close(self) -> None:
        """Iterators that are under way raise StoreUnavailable at their next page."""
        self._closed = True
        self._client.close()

    def _count_indices(self) -> int:
        params = {"fields": "container_id,order_time", "include_unmapped": "true"}
        answer = self._client.request("GET", f"/{self._names.logs}/_field_caps", params=params)
        indices = answer.body.get("indices", []) if isinstance(answer.body, dict) else None
        fields = answer.body.get("fields") if isinstance(answer.body, dict) else None
        if not isinstance(indices, list) or not isinstance(fields, dict):
            raise StoreDamaged(f"{self._client.place}: fields that make no sense: {answer.body!r:.300}")
        for field, wanted in (("container_id", "keyword"), ("order_time", "long")):
            for kind, capability in fields.get(field, {}).items():
                if kind != wanted:
                    where = capability.get("indices") or indices
                    raise StoreMisconfigured(
                        f"{self._client.place}: {field} is {kind}, not {wanted}, in {', '.join(where)[:300]}: made without "
                        "Wholelog's index template; remove it, or choose another index_prefix"
                    )
        return len(indices)

    def _indices(self, start: int, end: int) -> str:
        """Names of the days of a short range: no other day's state matters then. Else the pattern of all."""
        if end - start > _MOST_NAMED * DAY:
            return self._names.logs
        days = [day_name(day * DAY) for day in range(start // DAY, end // DAY + 1)]
        return ",".join(self._names.of_day(day) for day in [*days, OTHER_DAY])

    def _arrival(self, hit: Hit) -> Arrival:
        try:
            order_time, ordinal = hit["_source"].pop("order_time"), hit["_source"].pop("ordinal")
        except KeyError as error:
            raise StoreDamaged(f"{self._client.place}: a document without {error}: {hit!r:.300}") from error
        line = lines_of(self._client.place, [hit])[0]
        return Arrival(hit["sort"][0], line, (order_time, line["stream"], ordinal, line["id"]))

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable(f"{self._client.place}: this reader has been closed")


def _range(query: LogQuery) -> tuple[int, int]:
    return _bounds(query.start, query.end)


def _bounds(start: int | None, end: int | None) -> tuple[int, int]:
    return max(start or 0, 0), min(_LAST if end is None else end, _LAST)


def _key(place: Place | None, tie: int) -> list[Any] | None:
    return None if place is None else [*place[:3], tie]


def _limits(query: LogQuery, most: int | None, direction: str) -> tuple[int | None, str, int]:
    """What `ordered` takes besides: how many in all, in which direction, and how many a page.

    Behind a place that was given come, first, hits of that place: mostly one. One more waits for its neighbours.
    """
    page = min(query.page or PAGE, PAGE)
    if query.after is None or most is None:
        return (most if query.after is None else None), direction, page
    return None, direction, min(most + 2, page)
