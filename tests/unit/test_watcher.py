"""Which containers the audit takes for gone."""

import threading
from pathlib import Path
from typing import Any, cast

from log_shipper.audit.watcher import Watcher
from log_store.seal import Seal


class Received:
    """Lines of a container that has just started come while the engine makes its list."""

    def __init__(self) -> None:
        self.known = {"old"}
        self.asked: list[str] = []
        self.disturbed = threading.Event()

    def known_containers(self) -> set[str]:
        return set(self.known)

    def open_runs(self) -> list[Seal]:
        self.asked.append("open_runs")
        return []


class Engine:
    def __init__(self, received: Received) -> None:
        self._received = received

    def container_ids(self) -> list[str]:
        self._received.known.add("new")
        return ["old"]

    def facts(self, container: str) -> None:
        return None


def test_a_container_that_starts_while_the_list_is_made_has_not_gone(tmp_path: Path) -> None:
    received = Received()
    watcher = Watcher(
        cast(Any, Engine(received)), cast(Any, None), cast(Any, received), cast(Any, None), addresses=("unix:///s",),
        identity_file=tmp_path / "engine", count=lambda name, by: None,
    )  # fmt: skip
    watcher.look_around()
    watcher.close()
    assert received.asked == []
