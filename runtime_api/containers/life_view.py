"""What is shown of a task's life, beside what Docker knows of its container."""

from typing import Any

from runtime_api.containers.engine import Details
from runtime_api.containers.lives import Callback, Life


def phase_of(phase: str, state: str) -> str:
    """The phase as the engine's state of the container has it already: a row follows within a second."""
    if phase == "created" and state in ("running", "paused", "restarting"):
        return "running"
    return phase


def life_view(
    life: Life | None, callback: Callback | None, place: int | None, details: Details | None
) -> dict[str, Any]:
    """Members of JSON's types for GET /containers/{id}; `life` is None for a container that the table does not know."""
    if life is None:
        return {}
    view: dict[str, Any] = {
        "phase": phase_of(life.phase, details.summary.state if details else ""),
        "reason": life.result.get("reason", ""),
        "signal": life.result.get("signal"),
        "timed_out": life.timed_out,
        "timeout": life.plan.timeout,
        "retries": life.plan.retries,
        "attempts": life.attempts + (1 if life.started_at or (details and details.started_at) else 0),
        "queue_place": place,
        "inputs": life.result.get("inputs", []),
        "outputs": life.result.get("outputs", []),
        "callback": None,
    }
    if life.attempts and details is not None and details.started_at == life.started_at and life.phase == "created":
        view["attempts"] = life.attempts  # the next is about to begin
    if life.phase in ("outputs", "done"):
        for name in ("exit_code", "oom_killed", "started", "finished"):
            if name in life.result:
                view[name] = life.result[name]
    if callback is not None:
        view["callback"] = {"state": callback.state, "tries": callback.tries, "said": callback.said}
    return view
