"""Which variables of a task are masked in its log: those that it names, and those that the operator's patterns name."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime_api.schemas.task import TaskRequest
from wholelog_base.secret_files import maskable, values_of


@dataclass(frozen=True, slots=True)
class SecretChoice:
    patterns: Sequence[str] = ()

    def values(self, task: TaskRequest) -> list[str]:
        """That are long enough to be masked."""
        return [value for value in self._chosen(task).values() if maskable(value)]

    def told(self, task: TaskRequest) -> dict[str, list[str]]:
        """By name, for the answer; {} where there are none."""
        chosen = self._chosen(task)
        if not chosen:
            return {}
        return {
            "masked": [name for name, value in chosen.items() if maskable(value)],
            "too_short": [name for name, value in chosen.items() if not maskable(value)],
        }

    def _chosen(self, task: TaskRequest) -> dict[str, str]:
        return values_of(task.env, task.secrets, self.patterns)
