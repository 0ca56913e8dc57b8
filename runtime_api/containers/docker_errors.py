"""From what docker-py and the HTTP client below it raise to the errors of this API."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests.exceptions
import urllib3.exceptions

from runtime_api.containers.engine import CommandNotFound
from runtime_api.errors import (
    BadRequest,
    Conflict,
    ContainerBusy,
    EngineFailed,
    EngineUnavailable,
    NotFound,
    RuntimeApiError,
)

_LOST = (
    requests.exceptions.RequestException, urllib3.exceptions.HTTPError, docker.errors.DockerException, OSError,
)  # fmt: skip
_LATE = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
_NO_PROGRAM = re.compile(r"executable file not found|exec: .*no such file or directory")
_NOT_STARTABLE = re.compile(r"exec: |argument list too long|OCI runtime create failed|chdir to cwd")


@contextmanager
def asking(what: str) -> Iterator[None]:
    """`what` goes on from "Docker was asked": "to start X". Leaves errors of this API as they are."""
    try:
        yield
    except RuntimeApiError:
        raise
    except docker.errors.APIError as error:
        raise _answered(error, what) from error
    except _LATE as error:
        raise EngineUnavailable(f"Docker was asked {what} and has not answered in time") from error
    except requests.exceptions.InvalidJSONError as error:
        raise EngineUnavailable(f"Docker was asked {what} and gave an answer that makes no sense: {error}") from error
    except _LOST as error:
        raise EngineUnavailable(f"Docker was asked {what} and cannot be reached: {_reason(error)}") from error


@contextmanager
def looking(container_id: str) -> Iterator[None]:
    """As `asking` about a container; while files are copied to or from it the engine keeps everybody waiting."""
    try:
        with asking(f"about {container_id[:12]}"):
            yield
    except EngineUnavailable as error:
        if isinstance(error.__cause__, _LATE):
            raise ContainerBusy(str(error)) from error
        raise


@contextmanager
def starting(what: str) -> Iterator[None]:
    """As `asking`, with an answer that blames the command told from the engine's own faults."""
    try:
        with asking(what):
            yield
    except (BadRequest, NotFound, EngineFailed) as error:
        text = str(error)
        if _NO_PROGRAM.search(text):
            raise CommandNotFound([text]) from error
        if _NOT_STARTABLE.search(text) and not isinstance(error, BadRequest):
            raise BadRequest([text]) from error
        raise


def _answered(error: docker.errors.APIError, what: str) -> RuntimeApiError:
    status = error.response.status_code if error.response is not None else 0
    text = f"Docker was asked {what} and answered: {error.explanation or error}"
    if status == 400 and "client version" in text:
        return EngineUnavailable(
            f"{text}; it has changed its version, and is connected to anew when it is next looked at"
        )
    if status == 404:
        return NotFound(text)
    if status == 409:
        return Conflict(text)
    return BadRequest([text]) if 400 <= status < 500 else EngineFailed(text)


def _reason(error: BaseException) -> str:
    """The innermost cause: the outer ones repeat it in Python's words."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error.strerror or str(error) if isinstance(error, OSError) and error.strerror else str(error)
