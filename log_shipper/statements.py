"""What has been stated of containers, and of ourselves, as the spool had it."""

from dataclasses import replace
from typing import Any

from log_shipper.audit.baseline import OpenRun
from log_shipper.seal_map import seal_from_map, seal_to_map
from log_store.seal import Gap, Seal

MOST_OUTAGES = 1000  # of the acceptor, that are remembered
NO_COPY = "sent by another program than Docker: there is no copy to compare it with"


class Statements:
    """Seals that have passed, senders that are no containers, times in which the acceptor did not read."""

    def __init__(self) -> None:
        self._sealed: dict[str, dict[int, tuple[int, int]]] = {}  # container id -> start of a run -> lines, surplus
        self._open_runs: dict[tuple[str, int], OpenRun] = {}
        self._senders: set[str] = set()
        self._new: list[Seal] = []
        self._outages: list[tuple[int, int]] = []

    def add(self, seal: Seal, surplus: int) -> Seal | None:
        """Gives it as it is to be stated: with gaps that were stated meanwhile. None where it comes too late."""
        run = (seal.container_id, seal.started_at)
        known = self._open_runs.get(run)
        if seal.state == "open" and (
            self.is_sealed(*run) or (known is not None and seal.version <= known.seal.version)
        ):
            return None
        if known is not None:
            seal = seal.with_gaps((*(gap for gap in known.seal.gaps if gap not in seal.gaps), *seal.gaps))
            seal = replace(seal, finished_at=seal.finished_at or known.seal.finished_at)
        if seal.state == "open":
            self._open_runs[run] = OpenRun(seal, surplus)
        else:
            self._open_runs.pop(run, None)
            self._sealed.setdefault(seal.container_id, {})[seal.started_at] = (seal.lines, surplus)
        return seal

    def add_gap(self, container_id: str, started_at: int, gap: Gap) -> Seal | None:
        """Gives the run's statement with it; None where the run's end has been stated."""
        known = self._open_runs.get((container_id, started_at))
        if known is None or gap in known.seal.gaps:
            return None
        seal = replace(known.seal, gaps=(*known.seal.gaps, gap), version=known.seal.version + 1)
        self._open_runs[container_id, started_at] = replace(known, seal=seal)
        return seal

    def end(self, container_id: str, started_at: int, ended: int) -> Seal | None:
        """A run is over (ns) though its log is not compared. Gives its statement with that; None where it has one."""
        known = self._open_runs.get((container_id, started_at))
        if known is None or known.seal.finished_at:
            return None
        seal = replace(known.seal, finished_at=ended, version=known.seal.version + 1)
        self._open_runs[container_id, started_at] = replace(known, seal=seal)
        return seal

    def welcome(self, sender: str, name: str) -> None:
        """A sender that is no container: the first time there is something to be said of it."""
        if sender not in self._senders:
            self._senders.add(sender)
            self._new.append(Seal(sender, 0, name, state="unverified", reason=NO_COPY, version=1))

    def take_new(self) -> list[Seal]:
        taken, self._new = self._new, []
        return taken

    def lines_sealed(self, container_id: str) -> tuple[int, int]:
        """What the seals of its runs say that it wrote, together, and how many of it may be counted twice."""
        runs = self._sealed.get(container_id, {}).values()
        return sum(lines for lines, _ in runs), sum(surplus for _, surplus in runs)

    def is_sealed(self, container_id: str, started_at: int) -> bool:
        return started_at in self._sealed.get(container_id, {})

    def starts(self, container_id: str) -> set[int]:
        """Of its runs of which something was stated."""
        return {
            *self._sealed.get(container_id, ()),
            *(start for name, start in self._open_runs if name == container_id),
        }

    def open_runs_of(self, container_id: str) -> tuple[OpenRun, ...]:
        """Oldest first."""
        return tuple(run for (name, _), run in sorted(self._open_runs.items()) if name == container_id)

    def open_runs(self) -> list[Seal]:
        """Seals of runs whose end has not been audited."""
        return [run.seal for run in self._open_runs.values()]

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
            "open_runs": [[seal_to_map(run.seal), run.surplus] for run in self._open_runs.values()],
            "senders": sorted(self._senders),
            "outages": self._outages,
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        self._sealed = dict(snapshot.get("sealed", {}))
        opened = [OpenRun(seal_from_map(told), surplus) for told, surplus in snapshot.get("open_runs", [])]
        self._open_runs = {(run.seal.container_id, run.seal.started_at): run for run in opened}
        self._senders = set(snapshot.get("senders", ()))
        self._outages = [(start, end) for start, end in snapshot.get("outages", ())]
