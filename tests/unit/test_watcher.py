"""Which containers the audit takes for gone, and what is known of their ends."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from log_shipper.audit.ahead import Ahead
from log_shipper.audit.docker_copy import Engine as DockerEngine
from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.seen_runs import SeenRuns
from log_shipper.audit.watcher import Watcher
from log_shipper.errors import CopyGone, EngineUnavailable
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

    def runs_stated(self, container_id: str) -> set[int]:
        return set()

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
    auditor = SimpleNamespace(probe=lambda: None, unverified=lambda facts, why: stated.set())
    watcher = Watcher(
        cast(Any, engine), cast(Any, auditor), cast(Any, received), cast(Any, copies), addresses=("unix:///s",),
        identity_file=tmp_path / "engine", count=lambda name, by: None, ended=ends.append,
    )  # fmt: skip
    engine.identity, engine.container_ids = lambda: "1.1", lambda: ["old"]
    engine.past_events = lambda container_id: []

    def stream() -> Iterator[dict[str, Any]]:
        yield event("die", 2, exitCode="4")
        yield event("destroy", 3)
        stated.wait(30)
        watcher.close()

    stream_of = Closable(stream())
    engine.events = lambda: stream_of
    watcher.run()
    assert stated.is_set() and {(one.context.container_id, one.exit_code) for one in ends} == {("a", 4)}


def test_events_that_were_read_before_the_end_are_left_to_the_next_start(tmp_path: Path) -> None:
    watcher = Watcher(
        cast(Any, SimpleNamespace()), cast(Any, None), cast(Any, Removed()), cast(Any, None), addresses=("unix:///s",),
        identity_file=tmp_path / "engine", count=lambda name, by: None,
    )  # fmt: skip
    watcher.close()
    watcher._take(event("destroy", 3))


def test_the_files_of_a_container_that_starts_are_opened_before_anybody_looks_at_its_event() -> None:
    """Whoever looks may be busy with another container; a stream that breaks off is told to them, behind what it gave."""
    opened, told = threading.Event(), list[dict[str, Any]]()

    def stream() -> Iterator[dict[str, Any]]:
        yield event("start", 1)
        raise EngineUnavailable("it broke off")

    def keep(container_id: str) -> None:
        opened.set()
        raise RuntimeError("one container's trouble")

    ahead = Ahead(stream(), keep)
    assert opened.wait(30)
    with pytest.raises(EngineUnavailable):
        for one in ahead:
            told.append(one)
    assert told == [event("start", 1)]


@pytest.mark.parametrize("status", ["404 Not Found", "409 Conflict"])
def test_a_copy_whose_removal_is_under_way_is_gone(tmp_path: Path, status: str) -> None:
    """The files that are open have all of it; it is not damaged."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(f"HTTP/1.0 {status}\r\n\r\n{{}}".encode())

        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises(CopyGone):
            DockerEngine(f"unix://{tmp_path / 's'}").tail("a")
        answering.join()


class Closable:
    def __init__(self, events: Iterator[dict[str, Any]]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._events

    def close(self) -> None:
        """As the engine's stream."""


def event(action: str, time: int, container: str = "a", **attributes: str) -> dict[str, Any]:
    return {"Action": action, "Actor": {"ID": container, "Attributes": attributes}, "timeNano": time}


def seen(*events: dict[str, Any]) -> SeenRuns:
    runs = SeenRuns()
    for one in events:
        runs.take(one)
    return runs


def told(runs: SeenRuns, container: str = "a") -> tuple[int, bool] | None:
    facts = runs.completed(Facts(ContainerContext(container), 1, 2, False, ""))
    return facts and (facts.exit_code, facts.out_of_memory)


def test_how_a_removed_container_ended_is_known_from_the_events() -> None:
    runs = seen(event("start", 1))
    assert told(runs) is None
    for one in (
        event("die", 2, exitCode="3"),
        event("destroy", 3),
        event("oom", 4, "b"),
        event("die", 5, "b", exitCode="137"),
    ):
        runs.take(one)
    assert (told(runs), told(runs, "b"), told(runs, "c")) == ((3, False), (137, True), None)


def test_a_new_run_is_not_taken_for_the_one_before() -> None:
    runs = seen(event("oom", 1), event("die", 2, exitCode="137"), event("start", 3))
    assert told(runs) is None
    runs.take(event("die", 4, exitCode="0"))
    assert told(runs) == (0, False)


def test_ends_that_nobody_asks_for_do_not_grow_without_bound() -> None:
    runs = seen(*(event("die", number + 1, str(number), exitCode="1") for number in range(10_001)))
    assert (told(runs, "0"), told(runs, "1")) == (None, (1, False))


LOOP = [event(what, time, **how) for what, time, how in (
    ("start", 10, {}), ("die", 20, {"exitCode": "1"}), ("start", 30, {}), ("die", 40, {"exitCode": "2"}), ("start", 50, {}),
)]  # fmt: skip


def test_runs_that_nobody_asked_about_are_told_with_their_own_starts_and_ends() -> None:
    """The first was stated, by the engine's own time of its start."""
    runs = seen(*LOOP, *LOOP)  # what comes again counts once
    assert [(start, run.ended, run.exit_code) for start, run in runs.before("a", 49, {9})] == [(9, 20, 1), (30, 40, 2)]
    assert runs.newest("a", {9, 49}) == 49 and runs.newest("a", {9}) == 50
    facts = Facts(ContainerContext("a"), 49, 0, True, "")
    assert runs.has(facts) and not runs.has(replace(facts, started_at=51))
    assert runs.newest("a", {9}) == 49  # what the engine has shown need not be stated yet
    runs.forget_before("a", 49)
    for one in LOOP:
        runs.take(one)
    assert runs.before("a", 49, {9}) == []


def test_an_end_of_which_no_start_is_known_is_no_run_of_its_own() -> None:
    """The engine remembers its last events only."""
    runs = seen(*LOOP[1:])
    assert [start for start, _ in runs.before("a", 49, set())] == [30]
    assert [start for start, _ in runs.before("a", 49, {9})] == [9, 30]


class Looping(Received):
    """A container whose first run was stated."""

    def runs_stated(self, container_id: str) -> set[int]:
        return {9}

    def is_sealed(self, container_id: str, started_at: int) -> bool:
        return False

    def baseline(self, container_id: str) -> Any:
        return SimpleNamespace(runs_before=lambda started_at: [])


def test_runs_that_were_over_before_anybody_looked_are_opened_and_their_ends_told(tmp_path: Path) -> None:
    """Their events were missed: the engine is asked for those that it remembers."""
    ended, opened = list[Facts](), list[tuple[int, int]]()
    facts = Facts(ContainerContext("a"), 49, 0, True, "unix:///s")
    engine = SimpleNamespace(
        facts=lambda container: facts, container_ids=lambda: ["a"], past_events=lambda container_id: LOOP
    )
    auditor = SimpleNamespace(
        open=lambda facts: opened.append((facts.started_at, 0)),
        open_ended=lambda facts, baseline: opened.append((facts.started_at, facts.finished_at)),
    )
    watcher = Watcher(
        cast(Any, engine), cast(Any, auditor), cast(Any, Looping()), cast(Any, SimpleNamespace(keep=lambda *of: None)),
        addresses=("unix:///s",), identity_file=tmp_path / "engine", count=lambda name, by: None, ended=ended.append,
    )  # fmt: skip
    cast(Any, watcher._received).known = {"a"}
    watcher.look_around()
    watcher.close()
    assert opened == [(9, 20), (30, 40), (49, 0)]
    assert [(one.started_at, one.exit_code, one.running) for one in ended] == [(9, 1, False), (30, 2, False)]
