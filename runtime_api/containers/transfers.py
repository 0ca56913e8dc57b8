"""Inputs and outputs of tasks."""

from collections.abc import Callable

from runtime_api.containers.lives import Life


class NoTransfers:
    """While the body's `inputs`, `outputs` and `repo_path` are refused."""

    def fetch(self, life: Life, cancelled: Callable[[], bool]) -> str:
        return "inputs are not taken"

    def deliver(self, life: Life, cancelled: Callable[[], bool]) -> str:
        return "outputs are not taken"
