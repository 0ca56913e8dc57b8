"""A follower's side of `/logs?follow=true`, over a raw connection."""

import json
import socket
from dataclasses import dataclass, field
from typing import Any

from tests.api_server import connect
from tests.fake_containers import FULL_ID


@dataclass
class SseClient:
    """Reads events one after the other; `last` is the id that an EventSource would come back with."""

    connection: socket.socket
    head: dict[str, str] = field(default_factory=dict)
    status: int = 0
    last: str = ""
    _bytes: bytes = b""

    def event(self) -> tuple[str, dict[str, Any]] | None:
        """Kind and data; None at the end. Raises ConnectionError where the stream is broken off."""
        while True:
            block = self.block()
            if block is None:
                return None
            if block.get("data"):
                return block["event"], json.loads(block["data"])

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """All to the end."""
        found = []
        while (one := self.event()) is not None:
            found.append(one)
        return found

    def read_head(self) -> None:
        head = self._until(b"\r\n\r\n").decode()
        first, *lines = head.split("\r\n")
        self.status = int(first.split()[1])
        self.head = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def block(self) -> dict[str, str] | None:
        """The fields of the next; None at the end, which with HTTP/1.0 is that of the connection."""
        try:
            text = self._until(b"\n\n").decode()
        except EOFError:
            return None
        fields = dict(line.partition(": ")[::2] for line in text.split("\n"))
        self.last = fields.get("id", self.last)
        return fields

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._bytes:
            part = self.connection.recv(1 << 16)
            if not part:
                raise EOFError
            self._bytes += part
        found, _, self._bytes = self._bytes.partition(mark)
        return found

    def close(self) -> None:
        self.connection.close()


def follow(port: int, more: str = "", last: str = "", container: str = FULL_ID) -> SseClient:
    """After the answer's head."""
    connection = connect(port)
    connection.settimeout(60)
    header = f"Last-Event-ID: {last}\r\n" if last else ""
    path = f"/logs?container_id={container}&follow=true{more}"
    connection.sendall(f"GET {path} HTTP/1.0\r\nAccept: text/event-stream\r\n{header}\r\n".encode())
    client = SseClient(connection, last=last)
    client.read_head()
    return client
