"""The REST API as a client sees it."""

import http.client
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.quickstart.errors import SampleProblem
from wholelog_base.addresses import Address, url_of
from wholelog_base.http_connection import connection_to

TOKEN: Final = "WHOLELOG_TOKEN"  # as for the commands that talk to the API


@dataclass(frozen=True, slots=True)
class Api:
    address: Address

    @property
    def url(self) -> str:
        """As a person is told it."""
        return url_of(self.address)

    def curl(self, path: str) -> str:
        """The line of curl that asks for a path."""
        if isinstance(self.address, Path):
            return shlex.join(["curl", "-s", "--unix-socket", str(self.address), f"http://localhost{path}"])
        return shlex.join(["curl", "-s", self.url + path])

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, timeout: float = 30
    ) -> tuple[int, dict[str, Any]]:
        """Status and envelope. Raises SampleProblem where there is no answer, or none that is an envelope."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get(TOKEN):
            headers["Authorization"] = f"Bearer {token}"
        connection = connection_to(self.address, timeout)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            status, read = answer.status, answer.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SampleProblem(f"{method} {path} at {self.url}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        try:
            envelope = json.loads(read)
        except ValueError:
            envelope = None
        if not isinstance(envelope, dict) or not isinstance(envelope.get("data"), dict):
            shown = read[:200].decode(errors="replace")
            raise SampleProblem(f"{method} {path} at {self.url}: answered {status} and no envelope: {shown}")
        return status, envelope

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, timeout: float = 30) -> dict[str, Any]:
        """The `data` of a good answer. Raises SampleProblem."""
        status, envelope = self.call(method, path, body, timeout)
        if status >= 300:
            raise SampleProblem(f"{method} {path} at {self.url}: {status}: {envelope.get('message')}")
        data: dict[str, Any] = envelope["data"]
        return data
