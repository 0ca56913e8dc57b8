"""Which containers the audit takes for gone, and what is known of their ends."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.seen_ends import SeenEnds
from log_shipper.audit.watcher import Watcher
from log_store.document import ContainerContext
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


class Removed(Received):
    """Lines of one container came, and it is gone before its end could be looked at."""

    def baseline(self, container_id: str) -> Any:
        return SimpleNamespace(open_runs=[], runs_before=lambda started_at: [])

    def has_unstated_lines(self, container_id: str) -> bool:
        return True

    def is_sealed(self, container_id: str, started_at: int) -> bool:
        return False

    def reached(self, seconds: float) -> bool:
        return True


@pytest.mark.parametrize("looked_at_in_time", [False, True])
def test_the_end_of_a_container_that_is_removed_at_once_is_told(tmp_path: Path, looked_at_in_time: bool) -> None:
    """An alert for what failed hangs on it."""
    received, stated, ends = Removed(), threading.Event(), list[Facts]()
    facts = Facts(ContainerContext("a"), 1, 2, False, "unix:///s", exit_code=4)
    answers = [facts] if looked_at_in_time else []
    engine = SimpleNamespace(facts=lambda container_id: answers.pop() if answers else None)
    copies = SimpleNamespace(facts=lambda container_id: replace(facts, exit_code=0), has=lambda container_id: False,
                             keep=lambda container_id, facts=None: None)  # fmt: skip
    auditor = SimpleNamespace(probe=lambda: None, removed=lambda facts, why: stated.set())
    watcher = Watcher(
        cast(Any, engine), cast(Any, auditor), cast(Any, received), cast(Any, copies), addresses=("unix:///s",),
        identity_file=tmp_path / "engine", count=lambda name, by: None, ended=ends.append,
    )  # fmt: skip
    engine.identity, engine.container_ids = lambda: "1.1", lambda: ["old"]

    def stream() -> Iterator[dict[str, Any]]:
        yield event("die", exitCode="4")
        yield event("destroy")
        stated.wait(30)
        watcher.close()

    stream_of = Closable(stream())
    engine.events = lambda: stream_of
    watcher.run()
    assert stated.is_set() and {(one.context.container_id, one.exit_code) for one in ends} == {("a", 4)}


class Closable:
    def __init__(self, events: Iterator[dict[str, Any]]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._events

    def close(self) -> None:
        """As the engine's stream."""


def event(action: str, container: str = "a", **attributes: str) -> dict[str, Any]:
    return {"Action": action, "Actor": {"ID": container, "Attributes": attributes}}


def told(ends: SeenEnds, container: str = "a") -> tuple[int, bool] | None:
    facts = ends.completed(Facts(ContainerContext(container), 1, 2, False, ""))
    return facts and (facts.exit_code, facts.out_of_memory)


def test_how_a_removed_container_ended_is_known_from_the_events() -> None:
    ends = SeenEnds()
    ends.take(event("start"))
    assert told(ends) is None
    ends.take(event("die", exitCode="3"))
    ends.take(event("destroy"))
    ends.take(event("oom", "b"))
    ends.take(event("die", "b", exitCode="137"))
    assert (told(ends), told(ends, "b"), told(ends, "c")) == ((3, False), (137, True), None)


def test_a_new_run_is_not_taken_for_the_one_before() -> None:
    ends = SeenEnds()
    ends.take(event("oom"))
    ends.take(event("die", exitCode="137"))
    ends.take(event("start"))
    assert told(ends) is None
    ends.take(event("die", exitCode="0"))
    assert told(ends) == (0, False)


def test_ends_that_nobody_asks_for_do_not_grow_without_bound() -> None:
    ends = SeenEnds()
    for number in range(10_001):
        ends.take(event("die", str(number), exitCode="1"))
    assert (told(ends, "0"), told(ends, "1")) == (None, (1, False))
