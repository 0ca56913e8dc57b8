"""A `LogQuery` as Elasticsearch's filters. Values stand where the query language takes them for values alone.

What the words of a query mean is decided by `text_query`, which looks at every message that comes back. The filter only
spares most others the way: it lets through all that could match. The standard analyzer keeps together more than a word
(`java.lang.Error` is one term), so terms are looked for that hold the word.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from log_store.elastic.search import Filter, Hit
from log_store.query import Arrived, LogQuery, Place
from log_store.rfc3339 import format_ns
from log_store.selection import is_text

_LAST: Final = (1 << 63) - 1
_SURE: Final = re.compile("[a-z0-9_]*[a-z0-9][a-z0-9_]*|[\u4e00-\u9fff]", re.ASCII)
"""Words that the standard analyzer never cuts in two nor drops (Unicode's annex 29), whatever version it knows."""
_LONGEST_LOOK: Final = 64
"""Characters of a word that the index is asked for: with some hundreds Elasticsearch gives up on the expression."""
_CUT_TERM: Final = ".{128,}"
"""A term that may be one of the pieces of 255 UTF-16 units into which the analyzer cuts what is longer."""


def filters_of(query: LogQuery, start: int, end: int) -> list[Filter]:
    """`start`, `end`: nanoseconds, within what date_nanos holds."""
    filters: list[Filter] = [{"term": {"container_id": query.container_id}}, *time_filter(start, end)]
    if query.log_types:
        filters.append({"terms": {"log_type": list(query.log_types)}})
    if query.streams:
        filters.append({"terms": {"stream": list(query.streams)}})
    if query.arrived is not None:
        filters.append(_arrived(query.arrived))
    for word in query.text.words if query.text is not None else ():
        if _SURE.fullmatch(word):
            cut = {"regexp": {"log_message": {"value": _CUT_TERM}}}
            held = {"wildcard": {"log_message": {"value": f"*{word[:_LONGEST_LOOK]}*"}}}
            filters.append({"bool": {"should": [held, cut], "minimum_should_match": 1}})
    return filters


def time_filter(start: int, end: int) -> list[Filter]:
    if (start, end) == (0, _LAST):
        return []
    # Always nine digits: Elasticsearch rounds up what an upper bound leaves out.
    return [{"range": {"log_time": {"gte": format_ns(start), "lte": format_ns(end)}}}]


def can_be_stored(query: LogQuery) -> bool:
    """False where nothing can be found: a text with half a surrogate pair."""
    place = query.after or ()
    shippers = [one.shipper for one in query.arrived or ()]
    return all(
        is_text(text)
        for text in (query.container_id, *query.log_types, *query.streams, *shippers, *place)
        if isinstance(text, str)
    )


def came_between(shipper: str, after: int, until: int) -> list[Filter]:
    """after < seq <= until."""
    seq = {"gt": min(after, _LAST), "lte": min(until, _LAST)}
    return [{"term": {"shipper": shipper}}, {"range": {"seq": seq}}]


def _arrived(arrived: tuple[Arrived, ...]) -> Filter:
    ways = [{"bool": {"filter": came_between(one.shipper, one.after, one.until)}} for one in arrived]
    return {"bool": {"should": ways, "minimum_should_match": 1}} if ways else {"match_none": {}}


def place_of(hit: Hit) -> Place:
    order_time, stream, ordinal, *_ = hit["sort"]
    return order_time, stream, ordinal, hit["_id"]


def in_order(pages: Iterator[tuple[list[Hit], bool]], *, reverse: bool = False) -> Iterator[list[Hit]]:
    """The hits with those of one (order_time, stream, ordinal) sorted by id, as in every backend.

    The server sorts such by where they lie. The last group of a page that is not the last waits for the next page.
    """
    held: list[Hit] = []
    for page, is_last in pages:
        held += page
        cut = len(held)
        if not is_last:
            last = _group(held[-1])
            cut = next((row for row in range(len(held) - 1, -1, -1) if _group(held[row]) != last), -1) + 1
        if cut:
            yield _by_id(held[:cut], reverse)
            held = held[cut:]
    if held:
        yield _by_id(held, reverse)


def _by_id(hits: list[Hit], reverse: bool) -> list[Hit]:
    if len({hit["sort"][0] for hit in hits}) == len(hits):
        return hits  # as nearly always
    found: list[Hit] = []
    for _, group in groupby(hits, key=_group):
        members = list(group)
        found += members if len(members) == 1 else sorted(members, key=lambda hit: str(hit["_id"]), reverse=reverse)
    return found


def _group(hit: Hit) -> list[object]:
    return list(hit["sort"][:3])
