"""How containers ended, as the engine's events told it: one that was removed at once can be asked no more."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, Final

from log_shipper.audit.docker_copy import Facts

_MOST: Final = 10_000  # containers; beyond, those that ended longest ago go


@dataclass(frozen=True, slots=True)
class _End:
    exit_code: int | None = None
    out_of_memory: bool = False


class SeenEnds:
    """`take` is called from one thread, `completed` from any."""

    def __init__(self) -> None:
        self._ends: OrderedDict[str, _End] = OrderedDict()

    def take(self, event: dict[str, Any]) -> None:
        """One of the engine's events `start`, `oom`, `die` or `destroy`."""
        container_id, action = event["Actor"]["ID"], event.get("Action")
        end = self._ends.get(container_id, _End())
        if action == "start":
            self._ends.pop(container_id, None)
        elif action == "oom":
            self._ends[container_id] = replace(end, out_of_memory=True)
        elif action == "die":
            told = str(event["Actor"].get("Attributes", {}).get("exitCode", ""))
            self._ends[container_id] = replace(end, exit_code=int(told) if told.isdecimal() else None)
        while len(self._ends) > _MOST:
            self._ends.popitem(last=False)

    def completed(self, facts: Facts) -> Facts | None:
        """The facts of a container that is gone, with how it ended; None where no event told it."""
        end = self._ends.get(facts.context.container_id, _End())
        if end.exit_code is None:
            return None
        return replace(facts, exit_code=end.exit_code, out_of_memory=end.out_of_memory)
