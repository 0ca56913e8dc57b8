"""Errors of the runtime API; each carries the HTTP status that it becomes.

RuntimeApiError
├── BadRequest         400  the body or a parameter does not fit; names every problem at once
├── Unauthorized       401  no token, or none that is good; comes with WWW-Authenticate
├── Forbidden          403  the caller is known, and may not ask this
├── NotFound           404  no such container
├── Conflict           409  the same request_id or task_id with another body
├── BodyTooLarge       413  the body is larger than `body_limit`
├── NotJson            415  the body is of another type than JSON, or compressed
├── TooManyStreams     429  as many long answers as there may be are being read; comes with Retry-After
├── TooManyWaits       429  as many requests as may wait for a seal do so; comes with Retry-After
├── TooManyFollowers   429  as many requests as may follow a log do so; comes with Retry-After
├── TooManyPulls       429  as many requests as may wait for an image do so; comes with Retry-After
├── TooManyRequests    429  the caller asks more often than one may; comes with Retry-After
├── TooManyTasks       429  as many of the owner's tasks as may wait for a place do so; comes with Retry-After
├── TransferFailed     500  an input or output; told in the task's record, never as an answer
├── Ending             503  this process ends, and the next one goes on
├── AccessUnavailable  503  whether a token is good cannot be known now; comes with Retry-After
├── EngineUnavailable  503  Docker cannot be reached; comes with Retry-After
│   └── ContainerBusy  503  it says nothing of one container, which somebody copies to or from
├── EngineFailed       500  Docker answered with a fault that is not the caller's
├── LogsUnavailable    503  the log store cannot be reached; comes with Retry-After
└── LogsFailed         500  the log store was reached, but its settings or its data do not fit
StreamBroken           never an answer: one that had begun cannot be ended well, so its connection is reset
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


class Unauthorized(RuntimeApiError):
    """Its text has nothing of what was given. `given`: whether there was a token at all."""

    status = 401

    def __init__(self, text: str, *, given: bool = True) -> None:
        super().__init__(text)
        self.challenge = 'Bearer realm="wholelog"' + (', error="invalid_token"' if given else "")


class Forbidden(RuntimeApiError):
    status = 403


class NotFound(RuntimeApiError):
    status = 404


class Conflict(RuntimeApiError):
    status = 409


class BodyTooLarge(RuntimeApiError):
    status = 413


class NotJson(RuntimeApiError):
    status = 415


class TooManyStreams(RuntimeApiError):
    status = 429
    retry_after = 5


class TooManyWaits(RuntimeApiError):
    status = 429
    retry_after = 5


class TooManyFollowers(RuntimeApiError):
    status = 429
    retry_after = 5


class TooManyPulls(RuntimeApiError):
    status = 429
    retry_after = 10


class TooManyRequests(RuntimeApiError):
    status = 429

    def __init__(self, text: str, retry_after: int = 1) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TooManyTasks(RuntimeApiError):
    status = 429
    retry_after = 10


class TransferFailed(RuntimeApiError):
    """`again`: whether another try may help."""

    def __init__(self, text: str, *, again: bool = False) -> None:
        super().__init__(text)
        self.again = again


class AccessUnavailable(RuntimeApiError):
    status = 503
    retry_after = 5


class Ending(RuntimeApiError):
    status = 503
    retry_after = 5


class EngineUnavailable(RuntimeApiError):
    status = 503
    retry_after = 5


class ContainerBusy(EngineUnavailable):
    pass


class EngineFailed(RuntimeApiError):
    status = 500


class LogsUnavailable(RuntimeApiError):
    status = 503
    retry_after = 5


class LogsFailed(RuntimeApiError):
    status = 500


class StreamBroken(Exception):
    pass
