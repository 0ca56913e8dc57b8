"""A problem as JSON, as both stores keep it."""

from dataclasses import asdict
from typing import Any

import orjson

from log_store.errors import StoreDamaged
from log_store.problem import Affected, Occurrence, Problem, Triage


def dumped(value: Problem | Triage) -> bytes:
    return orjson.dumps(asdict(value))


def problem_of(told: Any) -> Problem:
    """Raises StoreDamaged."""
    try:
        first, last = Occurrence(**told["first"]), Occurrence(**told["last"])
        containers = tuple(Affected(**one) for one in told["containers"])
        return Problem(**{**told, "first": first, "last": last, "containers": containers})
    except (KeyError, TypeError) as error:
        raise StoreDamaged(f"a problem that makes no sense ({error}): {told!r:.200}") from error


def triage_of(told: Any) -> Triage:
    """Raises StoreDamaged."""
    try:
        return Triage(**told)
    except TypeError as error:
        raise StoreDamaged(f"what was said of a problem makes no sense ({error}): {told!r:.200}") from error
