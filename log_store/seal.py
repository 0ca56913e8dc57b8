"""The statement of whether a container's log is whole: one document per run of a container."""

from dataclasses import dataclass, replace
from typing import Literal

from log_store.document import ContainerContext

State = Literal["open", "sealed", "gaps", "unverified"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines that are missing, or may be. Times are nanoseconds since 1970 UTC, inclusive; None is "not known"."""

    start: int | None
    end: int | None
    lines: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What is known of one run (container id, started_at) of a container.

    `state`: `open` while it runs or awaits its audit; `sealed`: every line that Docker has is in the store;
    `gaps`: verified but for the gaps listed; `unverified`: it could not be compared, `reason` says why.
    """

    container_id: str
    started_at: int  # ns; 0 where not known. A restart is a new run
    container_name: str = ""
    task_id: str = ""
    type: str = ""
    uid: str = ""
    state: State = "open"
    reason: str = ""
    verified_until: int | None = None  # ns; every line stamped up to here has been compared
    lines: int = 0  # lines that the container wrote, as far as known
    put_back: int = 0  # of them, those that the live path had lost and the audit put back
    gaps: tuple[Gap, ...] = ()
    finished_at: int | None = None
    version: int = 0  # a writer keeps the greatest for (container_id, started_at)
    labels: tuple[str, ...] = ()  # of the container, NAME=VALUE each: see wholelog_base.user_labels

    @property
    def context(self) -> ContainerContext:
        """Whose run it is."""
        return ContainerContext(
            self.container_id, self.container_name, self.task_id, self.type, self.uid, labels=self.labels
        )

    def with_gaps(self, gaps: "tuple[Gap, ...]") -> "Seal":
        """The same with these gaps in all; with any it is not `sealed`."""
        return replace(self, state="gaps" if gaps and self.state == "sealed" else self.state, gaps=gaps)
