"""Errors of the runtime API; each carries the HTTP status that it becomes.

RuntimeApiError
├── BadRequest         400  the body or a parameter does not fit; names every problem at once
├── NotFound           404  no such container
├── Conflict           409  the same request_id or task_id with another body
├── EngineUnavailable  503  Docker cannot be reached; comes with Retry-After
├── EngineFailed       500  Docker answered with a fault that is not the caller's
└── LogsUnavailable    503  the log store cannot be reached; comes with Retry-After
"""

from collections.abc import Sequence


class RuntimeApiError(Exception):
    """Its text is the `message` of the answer: what was wrong, with field and value, and what would be right."""

    status = 500
    retry_after: int | None = None  # seconds


class BadRequest(RuntimeApiError):
    status = 400

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class NotFound(RuntimeApiError):
    status = 404


class Conflict(RuntimeApiError):
    status = 409


class EngineUnavailable(RuntimeApiError):
    status = 503
    retry_after = 5


class EngineFailed(RuntimeApiError):
    status = 500


class LogsUnavailable(RuntimeApiError):
    status = 503
    retry_after = 5
