"""The service of containers on an engine and a log store of dictionaries."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from log_store.seal import Seal
from runtime_api.config import ApiSettings
from runtime_api.containers.engine import ImageFacts
from runtime_api.containers.open import with_engine
from runtime_api.containers.service import ContainerService
from runtime_api.schemas.task import TaskRequest
from runtime_api.schemas.task_body import parse_task
from tests.fake_engine import FakeEngine
from tests.fakes import MemoryStore
from wholelog_base import labels, user_labels


class Bench:
    """A service that can be opened again, with everything that it talks to."""

    def __init__(self, folder: Path) -> None:
        self.settings = ApiSettings(data=folder, seal_wait=0.3, image_pull=True)
        self.engine, self.store = FakeEngine(), MemoryStore()
        self.engine.images["python:3-slim"] = ImageFacts("sha256:" + "2" * 64, ())
        self.service = self._open()

    def _open(self) -> ContainerService:
        return with_engine(self.engine, self.settings, self.store)

    def reopen(self, **settings: Any) -> None:
        self.service.close()
        self.settings = replace(self.settings, **settings)
        self.service = self._open()

    def seal(self, container_id: str, **members: object) -> Seal:
        """What the shipper would write of the container's run."""
        details = self.engine.containers[container_id].details
        seal = Seal(
            container_id, details.started_at, details.summary.name,
            details.summary.labels.get(labels.TASK_ID, ""),
            uid=details.summary.labels.get(labels.UID, ""), state="sealed", lines=3, version=1,
            labels=user_labels.texts_of(details.summary.labels),
        )  # fmt: skip
        seal = replace(seal, **members)  # type: ignore[arg-type]
        self.store.write_seals([seal])
        return seal


class Crash(BaseException):
    """The process ends here."""


def task(
    request_id: str = "", task_id: str = "", cmd: str = "true", task_type: str = "bash_cell", **desc: object
) -> TaskRequest:
    body = {
        "request_id": request_id,
        "tags": {"type": task_type},
        "task_desc": {"task_id": task_id, "cmd": cmd, **desc},
    }
    return parse_task(body)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)
