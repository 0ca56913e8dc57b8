"""kill -9 of the API after something of a task was recorded, and before it could be handed to the shipper as a line of its log."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import free_port
from tests.faults.scene import eventually
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.supervised import Supervised


class Place:
    """A data folder, on which an API and a shipper are started, each by itself."""

    def __init__(self, dockerd: Dockerd, folder: Path) -> None:
        self.folder = folder
        self.shipper = Supervised(
            "shipper", folder / "data", dockerd.url, free_port(), listen=f"127.0.0.1:{free_port()}",
            image_bash_cell=BUSYBOX_IMAGE, input_prefixes=f"file://{folder}/in", seal_wait="1s",
        )  # fmt: skip
        address, self.shipper.address = self.shipper.address, ""  # the shipper alone is waited for at its start
        self._api = Supervised("api", folder / "data", dockerd.url, self.shipper.port)
        self._api.environ, self._api.address = self.shipper.environ, address

    @contextmanager
    def api(self) -> Iterator[None]:
        """It is killed at the end."""
        with open(self.folder / "api.log", "ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "wholelog", "api"], env=self._api.environ, stderr=log)
        try:
            eventually(lambda: self.ask("/healthz")[0] == 200, "the API")
            yield
        finally:
            process.kill()
            process.wait()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        return self._api.ask(path, body)

    def said(self, container_id: str) -> list[str]:
        status, answer = self.ask(f"/logs?container_id={container_id}&stream=wholelog")
        return [line["log_message"] for line in answer["data"]["logs"]] if status == 200 else []


@pytest.fixture
def place(dockerd: Dockerd) -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/var/tmp"))
    (folder / "data").mkdir(mode=0o700)
    one = Place(dockerd, folder)
    yield one
    one.shipper.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(240)
def test_what_was_recorded_is_said_once_in_the_log_after_a_kill(place: Place) -> None:
    desc = {"cmd": "true", "download_path": "/w", "inputs": [{"bucket": f"file://{place.folder}/in"}]}
    with place.api():
        status, answer = place.ask("/containers", {"tags": {"type": "bash_cell"}, "task_desc": desc})
        assert status == 200, answer
        container_id = answer["data"]["container_id"]
        eventually(lambda: phase(place, container_id) == "done", "the end of the task")
    place.shipper.start()
    for _ in range(2):  # the second one has nothing left to say
        with place.api():
            eventually(lambda: len(place.said(container_id)) >= 2, "what was recorded")
            first, last = place.said(container_id)
            assert first.startswith("wholelog: error: input 1 of 1") and last.startswith("wholelog: error: inputs[0]: ")


def phase(place: Place, container_id: str) -> str:
    status, answer = place.ask(f"/containers/{container_id}")
    assert status == 200, answer
    return str(answer["data"]["container"]["phase"])
