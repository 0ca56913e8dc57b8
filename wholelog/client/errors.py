"""Errors of the client; the text of each says what was wrong, and what would be right.

ClientError
├── Refused            the API answered with an error that this class of it does not name; `status` is HTTP's
│   ├── BadRequest     400: the request does not fit
│   ├── Unauthorized   401: no token, or none that is good
│   ├── Forbidden      403: the token is good, and its owner may not ask this
│   ├── NotFound       404: no such container
│   ├── Conflict       409: the same request_id or task_id with another body
│   └── Busy           429, 502, 503 or 504, for longer than the client's patience
├── Unreachable        nobody answers at the address, or the connection broke, for longer than the patience
└── NotWholelog        what answers there does not speak Wholelog's API
"""


class ClientError(Exception):
    """Base of them all."""


class Refused(ClientError):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BadRequest(Refused):
    pass


class Unauthorized(Refused):
    pass


class Forbidden(Refused):
    pass


class NotFound(Refused):
    pass


class Conflict(Refused):
    pass


class Busy(Refused):
    """`retry_after`: seconds, as the API advises; None where it does not."""

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(status, message)
        self.retry_after = retry_after


class Unreachable(ClientError):
    pass


class NotWholelog(ClientError):
    pass
