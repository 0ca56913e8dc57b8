"""The runs of containers as the engine's events told of them: of one that is over, or was removed, it can be asked no more."""

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, Final

from log_shipper.audit.docker_copy import Facts

_MOST: Final = 10_000  # containers; beyond, those that were seen first go
_MOST_RUNS: Final = 256  # of one container: the engine remembers so many events


@dataclass(slots=True)
class SeenRun:
    """Times in ns, of the events; 0: none was seen."""

    started: int = 0
    ended: int = 0
    exit_code: int | None = None
    out_of_memory: bool = False

    def of(self, facts: Facts, started_at: int = 0) -> Facts:
        """What is known of it; `facts` are another run's of that container."""
        return replace(
            facts, started_at=started_at or self.started, finished_at=self.ended, running=False,
            exit_code=self.exit_code or 0, out_of_memory=self.out_of_memory,
        )  # fmt: skip


@dataclass(slots=True)
class _Container:
    runs: list[SeenRun] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # ns, by the engine's own time, of runs that it has shown
    told: int = 0  # ns; events up to here are of runs of which nothing need be remembered


class SeenRuns:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._containers: OrderedDict[str, _Container] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, event: dict[str, Any]) -> None:
        """One of the engine's events `start`, `oom` or `die`, in their order; one that comes again counts once."""
        time, action = event.get("timeNano", 0), event.get("Action")
        if action not in ("start", "oom", "die"):
            return
        with self._lock:
            one = self._containers.setdefault(event["Actor"]["ID"], _Container())
            if time <= max([one.told, *(seen for run in one.runs for seen in (run.started, run.ended))]):
                return
            if action == "start" or not one.runs or one.runs[-1].ended:
                one.runs = [*one.runs, SeenRun()][-_MOST_RUNS:]
            run = one.runs[-1]
            if action == "start":
                run.started = time
            elif action == "oom":
                run.out_of_memory = True
            else:
                told = str(event["Actor"].get("Attributes", {}).get("exitCode", ""))
                run.ended, run.exit_code = time, int(told) if told.isdecimal() else None
            while len(self._containers) > _MOST:
                self._containers.popitem(last=False)

    def has(self, facts: Facts) -> bool:
        """Whether the start of the run that the engine shows was seen; then all before it was, as far as anybody can."""
        with self._lock:
            one = self._containers.setdefault(facts.context.container_id, _Container())
            if facts.started_at not in one.starts:
                one.starts = [*one.starts, facts.started_at][-_MOST_RUNS:]
            return any(run.started >= facts.started_at for run in one.runs)

    def before(self, container_id: str, started_at: int, stated: Collection[int]) -> list[tuple[int, SeenRun]]:
        """Runs that were over before that of `started_at` began, oldest first, each with its start.

        `stated`: the starts (ns) of runs of which something was stated. The engine's own time of a start is a little
        before that of its event; a run whose start is among them keeps that one. What has no start seen and none stated
        counts with the run behind it.
        """
        return [(start, run) for start, run in self._named(container_id, stated) if 0 < run.ended < started_at]

    def newest(self, container_id: str, stated: Collection[int]) -> int:
        """The start of the last run, named alike; 0 where no event told of one."""
        return max((start for start, _ in self._named(container_id, stated)), default=0)

    def forget_before(self, container_id: str, started_at: int) -> None:
        """These have been stated."""
        with self._lock:
            if (one := self._containers.get(container_id)) is not None:
                over = [run.ended for run in one.runs if 0 < run.ended < started_at]
                one.runs = [run for run in one.runs if run.ended not in over]
                one.starts = [start for start in one.starts if start >= started_at]
                one.told = max([one.told, *over])

    def completed(self, facts: Facts) -> Facts | None:
        """The facts of a container that is gone, with how its last run ended; None where no event told it."""
        with self._lock:
            one = self._containers.get(facts.context.container_id)
            run = one.runs[-1] if one is not None and one.runs else SeenRun()
        if run.exit_code is None:
            return None
        return replace(facts, exit_code=run.exit_code, out_of_memory=run.out_of_memory)

    def _named(self, container_id: str, stated: Collection[int]) -> list[tuple[int, SeenRun]]:
        with self._lock:
            one = self._containers.get(container_id, _Container())
            found, before = list[tuple[int, SeenRun]](), one.told
            for run in one.runs:
                known = [start for start in (*stated, *one.starts) if before < start <= (run.started or run.ended)]
                if known or run.started:
                    found.append((max(known, default=run.started), run))
                before = run.ended
            return found
