"""A container's seals as the API shows them: one statement for the asked range, all runs together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from log_store.query import LogOwner
from log_store.rfc3339 import format_ns
from log_store.seal import Gap, Seal, State

# What may still come first, then what is known least.
DECIDING_FIRST: Final[tuple[State, ...]] = ("open", "unverified", "gaps", "sealed")


@dataclass(frozen=True, slots=True)
class Span:
    """A range of times, ns since 1970 UTC, both ends inclusive; None: no end on that side."""

    start: int | None = None
    end: int | None = None

    def touches(self, start: int | None, end: int | None) -> bool:
        """Whether a range has a point in common with it; None: no end, or none that is known."""
        before = end is not None and self.start is not None and end < self.start
        after = start is not None and self.end is not None and self.end < start
        return not before and not after


EVER: Final = Span()


def seal_view(seals: Sequence[Seal], span: Span = EVER, newest_run: int = 0) -> dict[str, Any]:
    """`seals` are all runs of one container, oldest first; times are RFC 3339 text with nanoseconds, or null.

    `state`, its `reason`, and `gaps` speak of `span`: of the runs within it, the one that is open decides, else an
    unverified one, else one with a gap within it. A part of a run up to its `verified_until` is as good as sealed.
    `lines`, `put_back`, `runs` are of the whole log; `started`, `finished` and `verified_until` are the newest run's.
    `newest_run`: the start (ns) of the container's last run as the engine knows it, which may not have been stated yet.
    """
    unstated = not seals or bool(newest_run and all(seal.started_at != newest_run for seal in seals))
    if unstated and span.touches(newest_run or None, None):
        what = "newest run" if seals else "log"
        state, reason = "open", f"nothing has been said of this container's {what} yet"
    else:
        state, reason = _stated(seals, span)
    newest = seals[-1] if seals else Seal("", 0)
    return {
        "state": state,
        "reason": reason,
        "started": _time(newest.started_at or None),
        "finished": _time(newest.finished_at),
        "verified_until": _time(newest.verified_until),
        "lines": sum(seal.lines for seal in seals),
        "put_back": sum(seal.put_back for seal in seals),
        "gaps": [_gap(gap) for seal in seals for gap in seal.gaps if span.touches(gap.start, gap.end)],
        "runs": len(seals),
    }


def with_owner(owner: LogOwner, view: dict[str, Any]) -> dict[str, Any]:
    """One of several statements: whose it is, and its `seal`."""
    return {
        "container_id": owner.container_id,
        "container_name": owner.container_name,
        "task_id": owner.task_id,
        "type": owner.type,
        "uid": owner.uid,
        "seal": view,
    }


def joint_view(seals: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One statement for several containers: each of `seals` has its `container_id`, `container_name` and `seal`.

    The container that is the least well known decides; `started` is the first begin, `finished` the last end where all
    have one, `verified_until` where all are verified; each gap says whose it is.
    """
    views = [one["seal"] for one in seals]
    if not views:
        nothing = seal_view(())
        return {**nothing, "reason": "no container that was asked for has written in this range"}
    least = min(seals, key=lambda one: DECIDING_FIRST.index(one["seal"]["state"]))
    reason = least["seal"]["reason"]
    finished, verified = [view["finished"] for view in views], [view["verified_until"] for view in views]
    return {
        "state": least["seal"]["state"],
        "reason": f"{least['container_name'] or least['container_id'][:12]}: {reason}" if reason else "",
        "started": min((view["started"] for view in views if view["started"]), default=None),
        "finished": max(finished) if all(finished) else None,
        "verified_until": min(verified) if all(verified) else None,
        "lines": sum(view["lines"] for view in views),
        "put_back": sum(view["put_back"] for view in views),
        "gaps": [{**gap, "container_id": one["container_id"]} for one in seals for gap in one["seal"]["gaps"]],
        "runs": sum(view["runs"] for view in views),
    }


def _stated(seals: Sequence[Seal], span: Span) -> tuple[State, str]:
    """State and reason of the run that decides; where no run lies in the span nothing was written in it."""
    found = [(_state(seal, span), seal) for seal in seals if span.touches(seal.started_at or None, _end(seal))]
    if not found:
        return "sealed", ""
    state, deciding = min(reversed(found), key=lambda one: DECIDING_FIRST.index(one[0]))
    return state, deciding.reason if state == deciding.state else ""


def _state(seal: Seal, span: Span) -> State:
    verified = seal.verified_until is not None and span.end is not None and span.end <= seal.verified_until
    if seal.state in ("open", "unverified") and not verified:
        return seal.state
    unnamed = seal.state == "gaps" and not seal.gaps
    return "gaps" if unnamed or any(span.touches(gap.start, gap.end) for gap in seal.gaps) else "sealed"


def _end(seal: Seal) -> int | None:
    """No line of the run is stamped later; None while it may go on."""
    if seal.state == "open" or seal.finished_at is None:
        return None
    return max(seal.finished_at, seal.verified_until or 0)


def _gap(gap: Gap) -> dict[str, Any]:
    return {"from": _time(gap.start), "to": _time(gap.end), "lines": gap.lines, "why": gap.why}


def _time(time: int | None) -> str | None:
    return None if time is None else format_ns(time)
