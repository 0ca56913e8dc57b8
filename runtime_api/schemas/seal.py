"""The statement of whether a container's log is whole, as answers show it."""

from typing import Any

from log_store.rfc3339 import format_ns
from log_store.seal import Seal


def seal_view(seal: Seal) -> dict[str, Any]:
    """Ready for JSON: times are RFC 3339 text in nanoseconds, null where they are not known."""
    return {
        "state": seal.state,
        "reason": seal.reason,
        "started": _time(seal.started_at or None),
        "finished": _time(seal.finished_at),
        "verified_until": _time(seal.verified_until),
        "lines": seal.lines,
        "put_back": seal.put_back,
        "gaps": [
            {"start": _time(gap.start), "end": _time(gap.end), "lines": gap.lines, "why": gap.why} for gap in seal.gaps
        ],
    }


def _time(ns: int | None) -> str | None:
    return None if ns is None else format_ns(ns)
