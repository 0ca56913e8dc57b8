"""What is shown of a container besides its state and figures, while it is there and after its removal."""

from typing import Any

from log_store.rfc3339 import format_ns
from runtime_api.containers.engine import Details
from runtime_api.containers.plan import loaded
from runtime_api.containers.tasks import Task
from wholelog_base import labels, user_labels


def task_of(details: Details) -> Task:
    """What the engine knows of a container of ours."""
    marks = details.summary.labels
    return Task(
        details.summary.container_id, details.summary.name, marks.get(labels.TASK_ID, ""), marks.get(labels.TYPE, ""),
        marks.get(labels.UID, ""), details.summary.image, details.image_id, details.created_at,
        nano_cpus=details.nano_cpus, memory=details.memory,
    )  # fmt: skip


def record_of(details: Details, task: Task | None) -> dict[str, Any]:
    """Members of JSON's types; times as RFC 3339 text, null for what has not come to pass or is not bounded."""
    marks = details.summary.labels
    ended = not details.running and bool(details.started_at)
    return {
        "name": details.summary.name,
        "image": {"name": details.summary.image, "digest": task.digest if task else details.image_id},
        "type": marks.get(labels.TYPE, ""),
        "task_id": marks.get(labels.TASK_ID, ""),
        "labels": user_labels.named(user_labels.texts_of(marks)),
        "command": list(details.command),
        "cpu_limit": details.nano_cpus / 1e9 if details.nano_cpus else None,
        "mem_limit": details.memory or None,
        "created": format_ns(details.created_at),
        "started": format_ns(details.started_at) if details.started_at else None,
        "finished": format_ns(details.finished_at) if ended and details.finished_at else None,
        "exit_code": details.exit_code if ended else None,
        "oom_killed": details.oom_killed,
        "error": details.error,
    }


def record_of_removed(task: Task, kept: dict[str, Any] | None) -> dict[str, Any]:
    """`kept`: its `record_of` as it was removed; None where another hand removed it, and less is known."""
    known = kept or {
        "name": task.container_name,
        "image": {"name": task.image, "digest": task.digest},
        "type": task.type,
        "task_id": task.task_id,
        "labels": user_labels.named(loaded(task.plan).labels),
        "created": format_ns(task.created_at),
    }
    return {**known, "deleted": format_ns(task.deleted_at) if task.deleted_at else None}
