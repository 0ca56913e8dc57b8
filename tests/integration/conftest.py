"""The shipper on a real engine, with the embedded store."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from log_store.sqlite.reader import SqliteReader
from tests.services.dockerd import Dockerd
from tests.services.shipper import Shipper


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def shipper(dockerd: Dockerd, free_port: int) -> Iterator[Shipper]:
    """Not started: tests decide which of its processes run, and when. Its data folder has a short path."""
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/var/tmp"))
    one = Shipper(folder / "data", dockerd.url, free_port)
    one.data.mkdir()
    try:
        yield one
    finally:
        one.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(shipper: Shipper) -> Iterator[SqliteReader]:
    """What the shipper has stored."""
    reader = SqliteReader(shipper.data / "logs")
    yield reader
    reader.close()
