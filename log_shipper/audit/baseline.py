"""What an audit goes by: what the processor knows of a container at one moment."""

from dataclasses import dataclass
from typing import Protocol

from log_shipper.ledger import Account
from log_store.seal import Seal


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run whose end has not been stated. `surplus`: of the seal's lines so many may be counted twice."""

    seal: Seal
    surplus: int = 0


@dataclass(frozen=True, slots=True)
class Baseline:
    """All of one moment: a seal that passes drops from the account what it counts, so the two must fit."""

    account: Account  # a copy
    open_runs: tuple[OpenRun, ...]  # of the container, oldest first
    outages: tuple[tuple[int, int], ...]  # (from, to, in ns) in which the acceptor did not read

    def run(self, started_at: int) -> OpenRun | None:
        return next((run for run in self.open_runs if run.seal.started_at == started_at), None)

    def runs_before(self, started_at: int) -> list[OpenRun]:
        return [run for run in self.open_runs if run.seal.started_at < started_at]


class Known(Protocol):
    """What the processor knows. Safe to use from several threads."""

    def baseline(self, container_id: str) -> Baseline: ...
