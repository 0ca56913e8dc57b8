"""A container's seals as the API shows them: one statement, all runs together."""

from collections.abc import Sequence
from typing import Any, Final

from log_store.rfc3339 import format_ns
from log_store.seal import Gap, Seal, State

_WORST_FIRST: Final[tuple[State, ...]] = ("gaps", "unverified", "open", "sealed")


def seal_view(seals: Sequence[Seal]) -> dict[str, Any]:
    """`seals` are all runs of one container, oldest first; times are RFC 3339 text with nanoseconds, or null.

    `state` is that of the worst run (gaps, unverified, open, sealed) and `reason` belongs to it; `lines`, `put_back`
    and `gaps` are of all runs together; `started`, `finished` and `verified_until` are the newest run's.
    """
    if not seals:
        return {
            "state": "open", "reason": "nothing has been said of this container's log yet", "started": None, "finished": None,
            "verified_until": None, "lines": 0, "put_back": 0, "gaps": [], "runs": 0,
        }  # fmt: skip
    deciding = min(reversed(seals), key=lambda seal: _WORST_FIRST.index(seal.state))
    newest = seals[-1]
    return {
        "state": deciding.state,
        "reason": deciding.reason,
        "started": _time(newest.started_at or None),
        "finished": _time(newest.finished_at),
        "verified_until": _time(newest.verified_until),
        "lines": sum(seal.lines for seal in seals),
        "put_back": sum(seal.put_back for seal in seals),
        "gaps": [_gap(gap) for seal in seals for gap in seal.gaps],
        "runs": len(seals),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"from": _time(gap.start), "to": _time(gap.end), "lines": gap.lines, "why": gap.why}


def _time(time: int | None) -> str | None:
    return None if time is None else format_ns(time)
