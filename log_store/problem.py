"""Problems: error and critical messages that are alike, as one shipper has counted them, and what people say of them.

A shipper writes its own count of a problem and nobody else does; what is said of it is written by the API. So neither
needs the other, and the state is found on reading: `state_of`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

ProblemState = Literal["open", "resolved", "ignored", "regressed"]
SAID: Final = ("open", "resolved", "ignored")  # what a person can say
STATES: Final = (*SAID, "regressed")
MOST_PROBLEMS: Final = 1000  # of one shipper; beyond, the one longest unseen is given up
MOST_AFFECTED: Final = 20  # containers that a problem names


@dataclass(frozen=True, slots=True)
class Affected:
    """A container in which a problem was seen."""

    container_id: str
    container_name: str
    task_id: str
    count: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One message of a problem: `id` is the document's."""

    container_id: str
    id: str
    log_time: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Times are nanoseconds since 1970 UTC, of `log_time`. `containers`: those of last, at most MOST_AFFECTED."""

    id: str  # 16 hexadecimal digits: the fingerprint
    shipper: str
    title: str
    kind: str  # the exception's type; '' for a plain message
    uid: str  # the owner of its containers; '' for none
    log_type: str
    count: int
    first: Occurrence
    last: Occurrence
    containers: tuple[Affected, ...]
    version: int  # a store keeps the greatest of (id, shipper)


@dataclass(frozen=True, slots=True)
class Triage:
    """What a person said of a problem at a time (ns); a store keeps the latest."""

    problem: str
    state: str  # of SAID
    at: int
    note: str = ""


class ProblemStore(Protocol):
    """Safe to use from several threads. Every call raises LogStoreError; what was written before one is harmless to repeat."""

    def write_problems(self, problems: Sequence[Problem]) -> None:
        """Store each unless a greater version of its (id, shipper) is there; durable on return."""
        ...

    def remove_problems(self, shipper: str, ids: Sequence[str]) -> None:
        """What the shipper does not count any more; those that are not there are passed over."""
        ...

    def problems(self) -> list[Problem]:
        """Of all shippers; what was written a second ago is in it."""
        ...

    def write_triage(self, triage: Triage) -> None:
        """Store it unless a later one of the same problem is there. On return it can be read."""
        ...

    def triages(self) -> dict[str, Triage]:
        """By problem."""
        ...

    def close(self) -> None: ...


def state_of(problem: Problem, triage: Triage | None) -> ProblemState:
    """A resolved problem that was seen after it was resolved is `regressed`."""
    if triage is None or triage.state == "open":
        return "open"
    if triage.state == "ignored":
        return "ignored"
    return "regressed" if problem.last.log_time > triage.at else "resolved"


def merged(problems: Iterable[Problem]) -> list[Problem]:
    """One for each id, whatever shippers counted it; the last seen first. `shipper` is '' where it was several."""
    found: dict[str, Problem] = {}
    for problem in problems:
        other = found.get(problem.id)
        found[problem.id] = problem if other is None else _both(other, problem)
    return sorted(found.values(), key=lambda one: (-one.last.log_time, one.id))


def _both(one: Problem, other: Problem) -> Problem:
    affected = sorted((*one.containers, *other.containers), key=lambda container: -container.last_seen)
    return replace(
        one, shipper="", count=one.count + other.count,
        first=min(one.first, other.first, key=lambda found: found.log_time),
        last=max(one.last, other.last, key=lambda found: found.log_time), containers=tuple(affected[:MOST_AFFECTED]),
    )  # fmt: skip
