"""What is to go, and what must stay since it is not verified yet. Reads the store, changes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from log_store.protocols import LogReader
from log_store.removal import Holding, LogRemover, Partition
from log_store.rfc3339 import DAY
from log_store.seal import Seal

AGE: Final = "removed by retention: older than the setting logs_for"
SIZE: Final = "removed by retention: the store had more than the setting logs_limit"
TERM: Final = "removed by retention: older than the container's own keep_for"
REASONS: Final = "removed by "  # what all begin with

Expiries = Callable[[], Mapping[str, int]]
"""container id -> how long its lines are kept, ns; those that have a term of their own"""


@dataclass(frozen=True, slots=True)
class Policy:
    keep_for: int = 0  # ns; 0: for ever
    limit: int = 0  # bytes; 0: no limit
    unverified: bool = False  # whether what has not been verified goes, too


@dataclass(frozen=True, slots=True)
class Step:
    """`gone`: what is removed of `partition`; all of it where `whole`. `pinned`: what had to go, and is not verified."""

    partition: Partition
    why: str
    gone: Sequence[Holding]
    until: int | None = None  # ns; of `gone` only what is stamped up to here
    pinned: Sequence[Holding] = ()

    @property
    def whole(self) -> bool:
        return self.until is None and not self.pinned


@dataclass(slots=True)
class Planner:
    """Raises LogStoreError. Asks for each container's seals once."""

    remover: LogRemover
    reader: LogReader
    policy: Policy
    expiries: Expiries = dict
    _seals: dict[str, list[Seal]] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)  # containers that have ended, and of which all has gone

    def steps(self, now: int) -> Iterator[Step]:
        """Oldest first, each planned when it is asked for. `now`: ns since 1970 UTC."""
        self.forget()
        partitions = self.remover.partitions()
        for partition, why in doomed(partitions, self.policy, now):
            yield self._step(partition, why, self.remover.holdings(partition.name), None)
        yield from self._of_other(partitions, now)
        yield from self._of_terms(partitions, now)

    def forget(self) -> None:
        """What the seals said."""
        self._seals.clear()

    def seals(self, container_id: str) -> list[Seal]:
        if container_id not in self._seals:
            self._seals[container_id] = self.reader.seals(container_id)
        return self._seals[container_id]

    def _of_other(self, partitions: Sequence[Partition], now: int) -> Iterator[Step]:
        """What has no day of its own is looked at by its time."""
        for partition in partitions:
            if partition.end is None and self.policy.keep_for:
                until = now - self.policy.keep_for
                holdings = self.remover.holdings(partition.name, until)
                if holdings:
                    yield self._step(partition, AGE, holdings, until)

    def _of_terms(self, partitions: Sequence[Partition], now: int) -> Iterator[Step]:
        for container_id, keep_for in sorted(self.expiries().items()):
            if container_id not in self._spent:
                yield from self._of_term(partitions, container_id, now - keep_for)

    def _of_term(self, partitions: Sequence[Partition], container_id: str, until: int) -> Iterator[Step]:
        seals, found = self.seals(container_id), False
        begin = min((seal.started_at for seal in seals), default=0)
        for partition in partitions:
            in_its_life = partition.end is None or begin <= partition.end
            if in_its_life and (partition.start is None or partition.start <= until):
                holdings = self.remover.holdings(partition.name, until, container_id)
                if holdings:
                    found = True
                    yield self._step(partition, TERM, holdings, until)
        ends = [seal.finished_at for seal in seals]
        if seals and not found and all(end is not None and end < until - DAY for end in ends):
            self._spent.add(container_id)

    def _step(self, partition: Partition, why: str, holdings: Sequence[Holding], until: int | None) -> Step:
        if self.policy.unverified:
            return Step(partition, why, holdings, until)
        pinned = [one for one in holdings if not verified(one, self.seals(one.container_id))]
        return Step(partition, why, [one for one in holdings if one not in pinned], until, pinned)


def doomed(partitions: Sequence[Partition], policy: Policy, now: int) -> list[tuple[Partition, str]]:
    """Whole days that are too old, then the oldest of the others until the rest fits; never the day that goes on."""
    days = sorted((one for one in partitions if one.end is not None), key=lambda one: one.end or 0)
    found: list[tuple[Partition, str]] = []
    left = sum(one.size for one in partitions)
    for day in days:
        assert day.end is not None
        if day.end >= now:
            break
        if policy.keep_for and day.end < now - policy.keep_for:
            found.append((day, AGE))
        elif policy.limit and left > policy.limit:
            found.append((day, SIZE))
        else:
            continue
        left -= day.size
    return found


def verified(holding: Holding, seals: Sequence[Seal]) -> bool:
    """Whether all of it has been compared with Docker's copy, or it is stated that it cannot be."""
    reached = False
    for seal in seals:
        until = max(seal.verified_until or 0, 0 if seal.state == "open" else seal.finished_at or 0)
        if seal.state == "open" and seal.started_at <= holding.last and until < holding.last:
            return False
        reached = reached or seal.state == "unverified" or until >= holding.last
    return reached
