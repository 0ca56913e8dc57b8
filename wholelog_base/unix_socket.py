"""Whether somebody listens at a unix socket."""

import socket
from pathlib import Path


def try_connection(path: Path, timeout: float = 2.0) -> None:
    """Return where a connection is taken, which is closed at once; `timeout` in seconds. Raises OSError."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(timeout)
        probe.connect(str(path))
