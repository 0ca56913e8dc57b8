"""What has been stated of containers, and of ourselves, as the spool had it."""

from typing import Any

from log_shipper.seal_map import seal_from_map, seal_to_map
from log_store.seal import Seal

MOST_OUTAGES = 1000  # of the acceptor, that are remembered
NO_COPY = "sent by another program than Docker: there is no copy to compare it with"


class Statements:
    """Seals that have passed, senders that are no containers, times in which the acceptor did not read."""

    def __init__(self) -> None:
        self._sealed: dict[str, dict[int, int]] = {}  # container id -> start of a sealed run -> its lines
        self._open_runs: dict[tuple[str, int], Seal] = {}
        self._senders: set[str] = set()
        self._new: list[Seal] = []
        self._outages: list[tuple[int, int]] = []

    def add(self, seal: Seal) -> None:
        run = (seal.container_id, seal.started_at)
        if seal.state == "open":
            known = self._open_runs.get(run)
            if known is None or seal.version > known.version:
                self._open_runs[run] = seal
        else:
            self._open_runs.pop(run, None)
            self._sealed.setdefault(seal.container_id, {})[seal.started_at] = seal.lines

    def welcome(self, sender: str, name: str) -> None:
        """A sender that is no container: the first time there is something to be said of it."""
        if sender not in self._senders:
            self._senders.add(sender)
            self._new.append(Seal(sender, 0, name, state="unverified", reason=NO_COPY, version=1))

    def take_new(self) -> list[Seal]:
        taken, self._new = self._new, []
        return taken

    def lines_sealed(self, container_id: str) -> int:
        """What the seals of its runs say that it wrote, together."""
        return sum(self._sealed.get(container_id, {}).values())

    def is_sealed(self, container_id: str, started_at: int) -> bool:
        return started_at in self._sealed.get(container_id, {})

    def open_run(self, container_id: str, started_at: int) -> Seal | None:
        return self._open_runs.get((container_id, started_at))

    def open_runs_before(self, container_id: str, started_at: int) -> list[Seal]:
        """The container's earlier runs that have no seal, oldest first."""
        return [
            run for (name, start), run in sorted(self._open_runs.items()) if name == container_id and start < started_at
        ]

    def open_runs(self) -> list[Seal]:
        """Seals of runs whose end has not been audited."""
        return list(self._open_runs.values())

    def containers(self) -> set[str]:
        return {*self._sealed, *(container for container, _ in self._open_runs)}

    def add_outage(self, start: int, end: int) -> None:
        """The acceptor did not read between these times (ns)."""
        self._outages = [*self._outages, (start, end)][-MOST_OUTAGES:]

    def outages(self) -> list[tuple[int, int]]:
        return list(self._outages)

    def forget(self, container_id: str) -> None:
        self._sealed.pop(container_id, None)
        for run in [run for run in self._open_runs if run[0] == container_id]:
            del self._open_runs[run]

    def snapshot(self) -> dict[str, Any]:
        return {
            "sealed": self._sealed,
            "open_runs": [seal_to_map(seal) for seal in self._open_runs.values()],
            "senders": sorted(self._senders),
            "outages": self._outages,
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        self._sealed = dict(snapshot.get("sealed", {}))
        opened = [seal_from_map(told) for told in snapshot.get("open_runs", [])]
        self._open_runs = {(seal.container_id, seal.started_at): seal for seal in opened}
        self._senders = set(snapshot.get("senders", ()))
        self._outages = [(start, end) for start, end in snapshot.get("outages", ())]
