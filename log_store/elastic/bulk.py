"""What one `_bulk` says of each of its documents."""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from log_store.elastic.failures import Answer, kind_of, reason_of
from log_store.errors import StoreMisconfigured, StoreUnavailable

WANTED: Final = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by"
_NUMBERS: Final = re.compile(r"\b(coordinating|primary)_operation_bytes=(\d+),.*\bmax_\w*bytes=(\d+)")
_BY_THE_CLUSTER: Final = ("validation_exception", "invalid_index_name_exception", "index_not_found_exception")
"""Kinds of 400 and 404 that say nothing of the document: no more shards allowed, no such index and none to be made."""


_LARGE: Final = 1 << 20  # bytes; a smaller document is never refused for its size
PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between tries with a large document alone, where the server does not say whether it can ever be taken."""


class Fate(Enum):
    STORED = "stored"
    PRESENT = "present"  # at this version or a later one
    BUSY = "busy"  # not now
    REFUSED = "refused"  # this document never


@dataclass(slots=True)
class Outcome:
    """`failed`: position in the request -> fate (BUSY or REFUSED) and reason."""

    stored: int = 0
    present: int = 0
    failed: dict[int, tuple[Fate, str]] = field(default_factory=dict)


def outcome_of(place: str, answer: Answer, count: int) -> Outcome:
    """Of a request with `count` documents that was answered 200.

    Raises StoreMisconfigured where a person must act, StoreUnavailable where the answer leaves a fate open.
    """
    items = answer.body.get("items") if isinstance(answer.body, dict) else None
    if not isinstance(items, list) or len(items) != count:
        found = len(items) if isinstance(items, list) else 0
        raise StoreUnavailable(f"{place}: the answer to a bulk of {count} documents has {found} items")
    outcome = Outcome()
    for position, item in enumerate(items):
        try:
            status = item["index"]["status"]
        except (KeyError, TypeError) as error:
            raise StoreUnavailable(f"{place}: an item of a bulk's answer that makes no sense: {item!r:.200}") from error
        if status == 201 or status == 200:
            outcome.stored += 1
        elif status == 409:
            outcome.present += 1
        else:
            outcome.failed[position] = _failure(place, status, item["index"].get("error"))
    return outcome


def check_removed(place: str, answer: Answer, count: int) -> None:
    """Raises StoreUnavailable where one of `count` documents neither went, nor was away, nor has a greater version."""
    items = answer.body.get("items") if isinstance(answer.body, dict) else None
    if answer.status != 200 or not isinstance(items, list) or len(items) != count:
        raise StoreUnavailable(f"{place} did not remove documents: {answer.status} {answer.reason}")
    for item in items:
        deleted = item.get("delete", {}) if isinstance(item, dict) else {}
        if deleted.get("status") not in (200, 404, 409):
            raise StoreUnavailable(f"{place} did not remove a document: {item!r:.300}")


def _failure(place: str, status: Any, error: Any) -> tuple[Fate, str]:
    reason, kind = reason_of(error), kind_of(error)
    if kind == "index_not_found_exception":
        raise StoreMisconfigured(
            f"{place}: {reason}; let action.auto_create_index allow Wholelog's indices (see index_prefix)"
        )
    if kind in _BY_THE_CLUSTER or status == 401 or (status == 403 and kind != "cluster_block_exception"):
        raise StoreMisconfigured(f"{place} refuses every document: {status} {reason}")
    if kind == "index_closed_exception":  # answered 400, and yet no fault of the document
        return Fate.BUSY, f"{status} {reason}"
    if not isinstance(status, int) or status in (403, 408, 429) or status >= 500:
        return Fate.BUSY, f"{status} {reason}"
    return Fate.REFUSED, f"{status} {reason}"


class Step(Enum):
    """What to do with a document that was not taken."""

    REFUSE = "refuse"  # never send it again
    LATER = "later"  # the caller sends it again
    HALVE = "halve"  # send it again now, with half of the others
    ALONE = "alone"  # send it again now, alone
    AGAIN = "again"  # send it again after PAUSES[tries]


@dataclass(frozen=True, slots=True)
class Sent:
    """The request that a document was in."""

    count: int  # of its documents
    size: int  # bytes
    own: int  # bytes of this document
    tries: int  # before this one, alone


def next_step(status: int, fate: Fate, why: str, sent: Sent) -> Step:
    """`status` is that of the whole request."""
    if status in (400, 413):
        return Step.HALVE if sent.count > 1 else Step.REFUSE
    if fate is Fate.REFUSED:
        return Step.REFUSE
    for_ever = too_large_for_ever(why, sent.size)
    if for_ever:
        return Step.HALVE if sent.count > 1 else Step.REFUSE
    if for_ever is None and sent.own >= _LARGE and why.startswith("429") and "cluster_block_exception" not in why:
        if sent.count > 1:
            return Step.ALONE
        return Step.AGAIN if sent.tries < len(PAUSES) else Step.REFUSE
    return Step.LATER


def too_large_for_ever(reason: str, size: int) -> bool | None:
    """Whether a request of `size` bytes was refused for its own size, not for what else the server has to do.

    Elasticsearch weighs each operation (a document counts several times its bytes) against a part of its heap, and says
    both numbers with its 429. None where they are not there.
    """
    numbers = _NUMBERS.search(reason)
    if numbers is None:
        return None
    needed = int(numbers[2])
    if numbers[1] == "primary":
        needed += size  # the same request is weighed as it comes in, and that is not given back before its end
    return needed > int(numbers[3])
