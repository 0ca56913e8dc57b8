"""The little of Docker's Engine API that the command line needs, over the engine's unix socket."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from wholelog.errors import EngineProblem, EngineTimeout
from wholelog_base.http_connection import UnixConnection

_DEFAULT = "unix:///var/run/docker.sock"
_LOCAL_ONLY = (
    "the engine must be on this machine, since its log driver writes to a unix socket here and its own copy of the "
    "logs is read here: run Wholelog on that machine, or name a local engine: unix:///PATH.sock"
)


def engine_socket(docker_host: str, environ: Mapping[str, str]) -> Path:
    """The engine's socket: the setting, else DOCKER_HOST, else Docker's default. Raises EngineProblem."""
    host = docker_host or environ.get("DOCKER_HOST", "") or _DEFAULT
    scheme, mark, path = host.partition("://")
    if not mark:
        scheme, path = "unix", host
    if scheme != "unix":
        shown = f"{scheme}://{urlsplit(host).hostname or ''}"  # never the user and password
        raise EngineProblem(f"engine {shown}: {_LOCAL_ONLY}")
    if not path.startswith("/"):
        raise EngineProblem(f"engine {host!r}: must be unix:///ABSOLUTE/PATH.sock")
    return Path(path)


class EngineClient:
    """One request a call. Every method raises EngineProblem where the engine cannot be reached or refuses."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout

    def version(self) -> str:
        """The engine's version as it writes it, such as `20.10.24+dfsg1`."""
        return str(self.get("/version").get("Version", ""))

    def get(self, path: str) -> dict[str, Any]:
        found = self._good(path)
        if not isinstance(found, dict):
            raise EngineProblem(f"engine at {self._path}: {path} answered no object")
        return found

    def get_list(self, path: str) -> list[dict[str, Any]]:
        found = self._good(path)
        if not isinstance(found, list):
            raise EngineProblem(f"engine at {self._path}: {path} answered no list")
        return found

    def request(self, method: str, path: str, body: IO[bytes] | None = None) -> tuple[int, bytes]:
        """Status and whole body, whatever the status. `body` is a tar."""
        with self._answer(method, path, self._timeout, body) as (_, answer):
            return answer.status, answer.read()

    def lines(self, method: str, path: str, first: float, later: float) -> Iterator[bytes]:
        """The lines of an answer as they come. Raises EngineTimeout after `first` seconds without any, `later` between."""
        with self._answer(method, path, first) as (sock, answer):
            while line := answer.readline():
                sock.settimeout(later)
                if line.strip():
                    yield line

    def _good(self, path: str) -> Any:
        status, body = self.request("GET", path)
        if status != 200:
            shown = body[:200].decode(errors="replace")
            raise EngineProblem(f"engine at {self._path}: {path} answered {status}: {shown}")
        try:
            return json.loads(body)
        except ValueError as error:
            raise EngineProblem(f"engine at {self._path}: {path} answered no JSON") from error

    @contextmanager
    def _answer(
        self, method: str, path: str, timeout: float, body: IO[bytes] | None = None
    ) -> Iterator[tuple[socket.socket, http.client.HTTPResponse]]:
        connection = UnixConnection(self._path, timeout, "docker")
        try:
            headers = {"Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"} if body else {}
            connection.request(method, path, body=body, headers=headers, encode_chunked=True)
            sent_on = connection.sock  # which an answer that ends its connection takes from it
            yield sent_on, connection.getresponse()
        except TimeoutError as error:
            raise EngineTimeout(self._reason(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise EngineProblem(self._reason(error)) from error
        finally:
            connection.close()

    def _reason(self, error: Exception) -> str:
        place = f"engine at {self._path}"
        if isinstance(error, FileNotFoundError):
            return f"{place}: there is no such socket: start Docker's engine, or name another with DOCKER_HOST"
        if isinstance(error, PermissionError):
            return (
                f"{place}: this user may not use it: join the group docker (usermod -aG docker USER) and log in again"
            )
        if isinstance(error, ConnectionRefusedError):
            return f"{place}: nobody answers there: start Docker's engine (systemctl start docker)"
        if isinstance(error, TimeoutError):
            return f"{place}: no answer within {self._timeout:g} s: look at dockerd's own log"
        return f"{place}: {error or type(error).__name__}"
