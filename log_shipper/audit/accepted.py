"""A Forward client of our own acceptor, for what the audit puts back."""

import threading
from pathlib import Path

from log_shipper.errors import NotAccepted
from wholelog_base.forward_client import ForwardClient

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0)  # seconds between tries


class AcceptorClient:
    """Sends a message and returns when the acceptor says that it is durable. Safe to use from several threads."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self._path, self._client = path, ForwardClient(path, timeout)
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def send(self, message: bytes, chunk: str) -> None:
        """Tries for a while, then raises NotAccepted; the acceptor and the stages take the same only once."""
        with self._lock:
            for pause in PAUSES:
                try:
                    return self._client.send(message, chunk)
                except OSError as error:
                    failure = error
                # Where the spool is full it has room again once the store has taken some; from the beginning again, the
                # audit would fill it with what it has.
                if self._ending.wait(pause):
                    break
            raise NotAccepted(
                f"the acceptor at {self._path} does not take what the audit puts back: {failure}"
            ) from failure

    def give_up(self) -> None:
        """We end: who tries again does so no more, and the acceptor may have ended before us."""
        self._ending.set()

    def close(self) -> None:
        self._client.close()
