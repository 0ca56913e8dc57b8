"""Creating, finding and deleting containers, on an engine and a log store of dictionaries."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from log_store.errors import StoreUnavailable
from log_store.seal import Gap, Seal
from runtime_api.containers.engine import ContainerSpec, ImageFacts
from runtime_api.containers.open import with_engine
from runtime_api.containers.protocols import Choice, Containers
from runtime_api.containers.tasks import Tasks
from runtime_api.errors import (
    BadRequest,
    Conflict,
    ContainerBusy,
    EngineFailed,
    EngineUnavailable,
    LogsUnavailable,
    NotFound,
    RuntimeApiError,
    TooManyPulls,
)
from tests.container_bench import Bench, Crash, task, wait_for
from tests.fakes import MemoryStore
from wholelog_base import labels
from wholelog_base.secret_files import SecretFiles


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.service.close()


@pytest.fixture
def shipper(bench: Bench) -> Iterator[socket.socket]:
    """A shipper's socket that listens."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(bench.settings.socket_path))
        listening.listen(100)
        yield listening


def test_it_is_what_the_resources_ask_for(bench: Bench) -> None:
    containers: Containers = bench.service
    assert containers.check() == "Docker 20.10.24, API 1.41, 2 CPUs"


def test_create(bench: Bench) -> None:
    created = bench.service.create(task("r1", "t1", cpu_limit="0.5", mem_limit="64m", env=["A=1"], download_path="/w"))
    spec = bench.engine.containers[created.container_id].spec
    assert created.container_name == spec.name == "wholelog-t1" and created.task_id == "t1" and not created.again
    assert created.image == {"name": "python:3-slim", "digest": "sha256:" + "2" * 64}
    assert spec.labels == {
        labels.TASK_ID: "t1", labels.TYPE: "bash_cell", labels.UID: "", labels.REQUEST_ID: "r1",
        labels.INSTANCE: (bench.settings.data / "instance").read_text().strip(),
    }  # fmt: skip
    assert (spec.nano_cpus, spec.memory, spec.working_dir, spec.env) == (500_000_000, 64 << 20, "/w", ("A=1",))
    assert spec.log_options["fluentd-address"] == f"unix://{bench.settings.socket_path}"


def test_labels_are_the_containers_and_choose_it(bench: Bench, shipper: socket.socket) -> None:
    made = bench.service.create(replace(task("r1", "t1"), labels=("a.b=1", "team=vision")))
    other = bench.service.create(replace(task("r2", "t2"), labels=("team=maps",)))
    spec = bench.engine.containers[made.container_id].spec
    assert (spec.labels["a.b"], spec.labels["team"], spec.labels[labels.TASK_ID]) == ("1", "vision", "t1")
    assert bench.service.get("t1").more["labels"] == {"a.b": "1", "team": "vision"}

    def found(*wanted: str, **more: Any) -> list[str]:
        return sorted(view.more["task_id"] for view in bench.service.list(Choice(labels=wanted, **more)))

    assert found("team") == ["t1", "t2"] and found("team=vision") == found("team", "a.b=1") == ["t1"]
    assert found("team=") == found("tea") == found("wholelog.task_id") == found(f"{labels.TASK_ID}=t1") == []
    bench.seal(made.container_id)
    assert bench.service.delete("t1", "").removed
    del bench.engine.containers[other.container_id]
    assert found("team") == [] and found("team=vision", status=("removed",)) == ["t1"]
    assert found("team=maps", status=("removed",)) == ["t2"]
    assert bench.service.get("t1").more["labels"] == {"a.b": "1", "team": "vision"}
    assert bench.service.get("t2").more["labels"] == {"team": "maps"}


def test_task_ids_are_made_where_none_is_given(bench: Bench) -> None:
    first, second = bench.service.create(task()), bench.service.create(task())
    assert first.task_id != second.task_id and len(first.task_id) == 16


def test_how_cmd_is_run(bench: Bench) -> None:
    def run(task_type: str, cmd: str, **desc: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        made = bench.service.create(task(cmd=cmd, task_type=task_type, **desc))
        spec = bench.engine.containers[made.container_id].spec
        return (*spec.entrypoint, *spec.command), spec.env

    command, env = run("code_cell", "print(1)")
    assert command[:3] == ("python3", "-u", "-c") and command[-1] == "print(1)" and env == ("PYTHONUNBUFFERED=1",)
    bench.reopen(cell_order=False)
    assert run("code_cell", "print(1)") == (("python3", "-u", "-c", "print(1)"), ("PYTHONUNBUFFERED=1",))
    assert run("code_cell", "", env=["PYTHONUNBUFFERED="]) == ((), ("PYTHONUNBUFFERED=",))
    command, env = run("bash_cell", "echo $A")
    assert command[:2] == ("sh", "-c") and command[-1] == "echo $A" and env == ()
    assert run("algorithm", "true 'a b' $HOME;") == (("true", "a b", "$HOME;"), ())


def test_the_next_program_is_tried_and_remembered(bench: Bench) -> None:
    bench.engine.programs = {"python"}
    first = bench.service.create(task(task_type="code_cell"))
    assert bench.engine.calls.count("create") == 2 and list(bench.engine.containers) == [first.container_id]
    looked = bench.engine.calls.count("has_file")
    bench.service.create(task(task_type="code_cell"))
    assert bench.engine.calls.count("create") == 3 and bench.engine.calls.count("has_file") == looked


def test_no_program_leaves_nothing_behind(bench: Bench) -> None:
    with pytest.raises(BadRequest, match="task_desc.cmd: image 'python:3-slim' has no program 'nosuch'"):
        bench.service.create(task("r1", task_type="algorithm", cmd="nosuch -x"))
    assert not bench.engine.containers
    (failed,) = bench.service.list(Choice(status=("done",)))
    assert failed.status == "removed" and "'nosuch'" in bench.service.get(failed.container_id).more["reason"]
    bench.engine.programs.add("nosuch")
    assert not bench.service.create(task("r1", task_type="algorithm", cmd="nosuch -x")).again


def test_more_cpus_than_there_are(bench: Bench) -> None:
    assert bench.service.create(task(cpu_limit="2"))
    with pytest.raises(BadRequest, match=r"task_desc.cpu_limit: '2.001' is more than the machine's 2 CPUs"):
        bench.service.create(task("r1", cpu_limit="2001m"))


def test_task_id_taken(bench: Bench) -> None:
    first = bench.service.create(task("r1", "t1"))
    with pytest.raises(Conflict, match="task_desc.task_id: 't1' is taken"):
        bench.service.create(task("r2", "t1"))
    bench.seal(first.container_id)
    assert bench.service.delete("wholelog-t1", "").removed
    assert bench.service.create(task("r2", "t1")).container_id != first.container_id


def test_the_same_request_again(bench: Bench) -> None:
    first = bench.service.create(task("r1"))
    for _ in range(2):
        assert bench.service.create(task("r1")) == replace(first, again=True)
        bench.reopen()
    with pytest.raises(Conflict, match="request_id: 'r1' was used with another body"):
        bench.service.create(task("r1", cmd="false"))
    bench.seal(first.container_id)
    bench.service.delete(first.container_id, "d1")
    assert bench.service.create(task("r1")) == replace(first, again=True)
    assert bench.engine.calls.count("create") == 1


def test_concurrent_twins(bench: Bench) -> None:
    wanted = threading.Barrier(9)
    started = threading.Event()

    def slow_start() -> None:
        started.set()
        time.sleep(0.1)

    bench.engine.on_start = slow_start

    def create(number: int) -> object:
        wanted.wait(10)
        if number == 8:
            assert started.wait(10)
            with pytest.raises(Conflict):
                bench.service.create(task("r1", cmd="false"))
            return None
        return bench.service.create(task("r1"))

    with ThreadPoolExecutor(9) as pool:
        answers = [one for one in pool.map(create, range(9)) if one is not None]
    assert len({one.container_id for one in answers}) == 1 and len(answers) == 8  # type: ignore[attr-defined]
    assert sorted(one.again for one in answers) == [False] + [True] * 7  # type: ignore[attr-defined]
    assert len(bench.engine.containers) == 1


def test_twins_of_a_start_that_fails_fail_alike(bench: Bench) -> None:
    bench.engine.programs = set()
    wanted = threading.Barrier(4)
    bench.engine.on_start = lambda: time.sleep(0.1)

    def create(_: int) -> str:
        wanted.wait(10)
        with pytest.raises(BadRequest) as caught:
            bench.service.create(task("r1"))
        return str(caught.value)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(create, range(4)))) == 1
    assert not bench.engine.containers


def test_crash_between_start_and_answer(bench: Bench) -> None:
    def crash(*_: object) -> None:
        raise Crash

    bench.service._starter._ends.wake = crash
    with pytest.raises(Crash):
        bench.service.create(task("r1", "t1"))
    (there,) = bench.engine.containers
    bench.reopen()
    with pytest.raises(Conflict):
        bench.service.create(task("r1", "t1", cmd="false"))
    again = bench.service.create(task("r1", "t1"))
    assert (again.container_id, again.task_id, again.again) == (there, "t1", True)
    assert bench.engine.calls.count("create") == 1


def test_crash_before_the_start(bench: Bench) -> None:
    bench.service.create(task("r0"))
    tasks = Tasks(bench.settings.data / "tasks.sqlite")
    tasks.begin("r1", task("r1").fingerprint)
    tasks.close()
    left = ContainerSpec("wholelog-t1", "python:3-slim", {labels.TASK_ID: "t1", labels.REQUEST_ID: "r1"}, {})
    old = bench.engine.add(left)
    created = bench.service.create(task("r1", "t1"))
    assert created.container_id != old and old not in bench.engine.containers and not created.again


def test_crash_that_left_no_container_binds_no_body(bench: Bench) -> None:
    tasks = Tasks(bench.settings.data / "tasks.sqlite")
    tasks.begin("r1", "of another body")
    tasks.close()
    assert not bench.service.create(task("r1")).again


def test_engine_away(bench: Bench) -> None:
    bench.service.create(task("r0"))
    bench.engine.go_away()
    for call in (
        lambda: bench.service.create(task("r1")), bench.service.list, bench.service.check,
        lambda: bench.service.get("x"), lambda: bench.service.delete("x", ""), lambda: bench.service.resolve("x"),
    ):  # fmt: skip
        with pytest.raises(EngineUnavailable):
            call()
    bench.engine.error = None
    assert not bench.service.create(task("r1")).again


def test_start_fails_and_the_engine_goes_away(bench: Bench) -> None:
    """Nobody has got the container's id, and it may have started: it is removed as a deleted one is, later."""

    def away() -> None:
        bench.engine.go_away()
        raise EngineUnavailable("gone")

    bench.engine.on_start = away
    with pytest.raises(EngineUnavailable):
        bench.service.create(task("r1", "t1"))
    (left,) = bench.engine.containers
    bench.engine.error, bench.engine.on_start = None, lambda: None
    bench.reopen()
    bench.service.start()
    wait_for(lambda: left not in bench.engine.containers)
    created = bench.service.create(task("r1", "t1"))
    assert list(bench.engine.containers) == [created.container_id] and not created.again


def test_list_and_get(bench: Bench) -> None:
    assert bench.service.list() == []
    foreign = ContainerSpec("theirs", "python:3-slim", {"other": "label"}, {})
    bench.engine.add(foreign)
    made = bench.service.create(task("r1", "t1", cpu_limit="0.5", mem_limit="64m"))
    (view,) = bench.service.list()
    assert (view.container_id, view.status, view.uid) == (made.container_id, "running", "")
    assert view.more == {
        "phase": "running", "name": "wholelog-t1", "image": {"name": "python:3-slim"}, "task_id": "t1", "type": "bash_cell",
        "labels": {},
    }  # fmt: skip
    shown = bench.service.get("t1")
    assert shown.more["name"] == "wholelog-t1" and shown.more["task_id"] == "t1" and shown.more["type"] == "bash_cell"
    assert (shown.more["cpu_limit"], shown.more["mem_limit"]) == (0.5, 64 << 20)
    assert shown.more["exit_code"] is None and shown.more["finished"] is None and shown.more["image"] == made.image
    bench.engine.change(made.container_id, "exited", exit_code=3, finished_at=1_700_000_009_000_000_000)
    shown = bench.service.get(made.container_id[:12])
    assert (shown.status, shown.cpu, shown.mem) == ("exited", 0.0, "0B / 0B")
    assert (shown.more["exit_code"], shown.more["finished"]) == (3, "2023-11-14T22:13:29.000000000Z")
    with pytest.raises(NotFound):
        bench.service.get("theirs")


def test_delete_with_seal(bench: Bench, shipper: socket.socket) -> None:
    made = bench.service.create(task("r1", "t1"))
    stop = bench.engine.stop

    def stop_and_seal(container_id: str, grace: float) -> None:
        stop(container_id, grace)
        bench.seal(container_id, state="gaps", gaps=(Gap(1, 2, 4, "why"),), version=2)

    bench.seal(made.container_id, state="open")
    bench.engine.stop = stop_and_seal  # type: ignore[method-assign]
    deleted = bench.service.delete("t1", "d1")
    assert deleted.removed and deleted.seal is not None and deleted.seal["state"] == "gaps"
    assert deleted.message == f"container {made.container_id[:12]} is deleted; gaps: 3 lines, 1 gap"
    assert deleted.seal["gaps"] == [
        {"from": "1970-01-01T00:00:00.000000001Z", "to": "1970-01-01T00:00:00.000000002Z", "lines": 4, "why": "why"}
    ]
    assert not bench.engine.containers
    for name in ("t1", made.container_id, made.container_id[:12], "wholelog-t1"):
        assert bench.service.delete(name, "d1") == deleted
        assert bench.service.resolve(name) == made.container_id
    with pytest.raises(NotFound, match=r"was deleted at .*; its logs stay at /logs"):
        bench.service.delete("t1", "d2")
    shown = bench.service.get("t1")
    assert (shown.container_id, shown.status, shown.mem) == (made.container_id, "removed", "0B / 0B")
    assert shown.more["seal"] == deleted.seal and shown.more["deleted"].endswith("Z")
    assert (shown.more["name"], shown.more["image"], shown.more["type"]) == ("wholelog-t1", made.image, "bash_cell")
    assert shown.more["exit_code"] == 0 and shown.more["started"] < shown.more["finished"]
    bench.service.create(task("r2", "t2"))
    with pytest.raises(Conflict, match="request_id: 'd1' deleted container"):
        bench.service.delete("t2", "d1")


def test_seal_of_an_earlier_run_does_not_count(bench: Bench, shipper: socket.socket) -> None:
    made = bench.service.create(task("r1", "t1"))
    bench.seal(made.container_id, started_at=1)
    deleted = bench.service.delete("t1", "")
    assert not deleted.removed and "not verified within 0.3 seconds" in deleted.message


def test_delete_while_the_shipper_is_away(bench: Bench) -> None:
    """It is kept until its log has been verified; a repeat says what the first time was said."""
    bench.settings = replace(bench.settings, seal_wait=60.0)
    bench.reopen()
    made = bench.service.create(task("r1", "t1"))
    deleted = bench.service.delete("t1", "d1")
    assert not deleted.removed and deleted.seal is None and "log shipper is not there" in deleted.message
    assert bench.service.list()[0].status == "removing" and bench.service.get("t1").status == "removing"
    bench.reopen()
    assert bench.service.delete("t1", "d1") == deleted
    assert made.container_id in bench.engine.containers
    bench.seal(made.container_id)
    assert bench.service.delete("t1", "d2").removed
    assert bench.service.delete("t1", "d1") == deleted


def test_removal_in_the_background(bench: Bench) -> None:
    bench.service.start()
    first = bench.service.create(task("r1", "t1"))
    second = bench.service.create(task("r2", "t2"))
    for name in ("t1", "t2"):
        assert not bench.service.delete(name, "").removed
    bench.seal(first.container_id)
    wait_for(lambda: first.container_id not in bench.engine.containers)
    assert second.container_id in bench.engine.containers
    wait_for(lambda: bench.service.list()[0].container_id == second.container_id)
    wait_for(lambda: bench.service.get("t1").status == "removed")


def test_a_container_that_is_copied_answers_delete_and_keeps_no_other_from_its_removal(bench: Bench) -> None:
    """The engine says nothing of it while the storage holds up what is copied."""
    copied, other = bench.service.create(task("r1", "t1")), bench.service.create(task("r2", "t2"))
    inspect, busy = bench.engine.inspect, True

    def says_nothing(container_id: str) -> Any:
        if busy and container_id == copied.container_id:
            raise ContainerBusy("Docker has not answered in time")
        return inspect(container_id)

    bench.engine.inspect = says_nothing  # type: ignore[method-assign]
    with pytest.raises(ContainerBusy):
        bench.service.delete(copied.container_id, "")
    with bench.service._tasks.file.transaction() as db:
        db.execute("UPDATE tasks SET phase = 'outputs' WHERE container_id = ?", (copied.container_id,))
    deleted = bench.service.delete(copied.container_id, "d1")
    assert not deleted.removed and "once what is copied to or from it has ended" in deleted.message
    assert not bench.service.delete("t2", "").removed
    bench.service.start()
    bench.seal(other.container_id)
    wait_for(lambda: other.container_id not in bench.engine.containers)
    assert copied.container_id in bench.engine.containers
    busy = False
    bench.seal(copied.container_id)
    wait_for(lambda: copied.container_id not in bench.engine.containers)
    assert bench.service.delete(copied.container_id, "d1") == deleted


def test_delete_asked_before_a_crash_is_finished(bench: Bench) -> None:
    made = bench.service.create(task("r1", "t1"))

    def crash(*_: object) -> None:
        raise Crash

    stop, bench.engine.stop = bench.engine.stop, crash  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        bench.service.delete("t1", "d1")
    bench.engine.stop = stop  # type: ignore[method-assign]
    bench.seal(made.container_id)
    bench.reopen()
    bench.service.start()
    wait_for(lambda: not bench.engine.containers)


def test_crash_between_removal_and_answer(
    bench: Bench, shipper: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench.service.create(task("r1", "t1"))
    bench.seal(made.container_id)

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Tasks, "keep_answer", crash)
        with pytest.raises(Crash):
            bench.service.delete("t1", "d1")
    assert not bench.engine.containers
    bench.reopen()
    assert bench.service.delete("t1", "d1").removed
    assert bench.service.delete("t1", "d1").container_id == made.container_id


def test_delete_while_the_store_is_away(bench: Bench, shipper: socket.socket) -> None:
    made = bench.service.create(task("r1", "t1"))
    bench.store.error = StoreUnavailable("the store is away")
    deleted = bench.service.delete("t1", "d1")
    assert not deleted.removed and "the store is away" in deleted.message
    assert made.container_id in bench.engine.containers
    assert bench.service.resolve("t1") == made.container_id
    with pytest.raises(LogsUnavailable):
        bench.service.resolve("nosuch")


def test_delete_of_a_container_that_never_started(bench: Bench) -> None:
    bench.engine.add(ContainerSpec("wholelog-t1", "python:3-slim", {labels.TASK_ID: "t1"}, {}))
    assert bench.service.delete("t1", "").removed and not bench.engine.containers


def test_concurrent_deletes_with_one_request_id(bench: Bench, shipper: socket.socket) -> None:
    made = bench.service.create(task("r1", "t1"))
    bench.seal(made.container_id)
    wanted = threading.Barrier(4)

    def delete(_: int) -> object:
        wanted.wait(10)
        return bench.service.delete("t1", "d1")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(delete, range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert bench.engine.calls.count("stop") == 1


def test_a_container_that_another_hand_removed(bench: Bench) -> None:
    made = bench.service.create(task("r1", "t1"))
    del bench.engine.containers[made.container_id]
    with pytest.raises(NotFound, match="was removed from the engine by another hand; its logs stay at /logs"):
        bench.service.delete("t1", "d1")
    shown = bench.service.get("t1")
    assert (shown.status, shown.more["deleted"], shown.more["seal"]["state"]) == ("removed", None, "open")
    assert bench.service.resolve("t1") == made.container_id


def test_twins_with_another_body_wait_for_nothing_that_failed(bench: Bench) -> None:
    """A first one that fails does not bind its request id."""
    bench.engine.programs = set()
    with pytest.raises(BadRequest):
        bench.service.create(task("r1", cmd="false"))
    bench.engine.programs = {"sh"}
    assert not bench.service.create(task("r1", cmd="true")).again


def test_resolve(bench: Bench) -> None:
    def ours(task_id: str, container_id: str) -> str:
        spec = ContainerSpec(f"wholelog-{task_id}", "python:3-slim", {labels.TASK_ID: task_id}, {})
        return bench.engine.add(spec, container_id)

    one, two = ours("t1", "ab1" + "0" * 61), ours("t2", "ab2" + "0" * 61)
    bench.engine.add(ContainerSpec("theirs", "python:3-slim", {}, {}), "c0" + "0" * 62)
    assert bench.service.resolve("ab1") == bench.service.resolve(one) == bench.service.resolve("wholelog-t1") == one
    with pytest.raises(BadRequest) as caught:
        bench.service.resolve("ab")
    assert "ab1000000000 (wholelog-t1)" in str(caught.value) and "ab2000000000 (wholelog-t2)" in str(caught.value)
    with pytest.raises(BadRequest):
        bench.service.delete("ab", "")
    for name in ("c0", "theirs", "nosuch", "", "f" * 64, "é%_*", "x" * 5000):
        with pytest.raises(NotFound) as missing:
            bench.service.resolve(name)
        assert len(str(missing.value)) < 300
    assert two in bench.engine.containers


def test_a_name_means_the_living_container_else_the_newest(bench: Bench) -> None:
    def run_and_delete() -> str:
        made = bench.service.create(task("", "t1"))
        bench.seal(made.container_id)
        assert bench.service.delete("t1", "").removed
        return made.container_id

    run_and_delete()
    newest = run_and_delete()
    assert bench.service.resolve("t1") == bench.service.resolve("wholelog-t1") == newest
    living = bench.service.create(task("", "t1")).container_id
    assert bench.service.resolve("t1") == living


def test_two_instances_on_one_engine(bench: Bench, tmp_path: Path) -> None:
    other = with_engine(bench.engine, replace(bench.settings, data=tmp_path / "other"), MemoryStore())
    mine, theirs = bench.service.create(task("r1", "t1")), other.create(task("r1", "t2"))
    assert mine.container_id != theirs.container_id and not theirs.again
    old = ContainerSpec("wholelog-t0", "python:3-slim", {labels.TASK_ID: "t0"}, {})  # of a time before the label
    bench.engine.add(old, "e" * 64)
    assert {view.container_id for view in bench.service.list()} == {mine.container_id, "e" * 64}
    assert {view.container_id for view in other.list()} == {theirs.container_id, "e" * 64}
    for name in ("t2", theirs.container_id, theirs.container_id[:12]):
        for call in (bench.service.get, bench.service.resolve, lambda name: bench.service.delete(name, "")):
            with pytest.raises(NotFound):
                call(name)
    bench.reopen()
    assert len(bench.service.list()) == 2
    other.close()


@pytest.mark.parametrize("content", ["", "x", "0123456789abcdeg\n"])
def test_an_instance_without_an_id_that_makes_sense(bench: Bench, content: str) -> None:
    (bench.settings.data / "instance").write_text(content)
    with pytest.raises(RuntimeApiError, match="label wholelog.instance shows it"):
        with_engine(bench.engine, bench.settings, bench.store)


def test_the_seal_of_a_container_is_shown(bench: Bench) -> None:
    made = bench.service.create(task("r1", "t1"))
    assert bench.service.get("t1").more["seal"]["state"] == "open"
    bench.seal(made.container_id, started_at=5)
    shown = bench.service.get("t1").more["seal"]
    assert (shown["state"], shown["runs"]) == ("open", 1) and "newest run" in shown["reason"]
    bench.seal(made.container_id)
    assert bench.service.get("t1").more["seal"]["state"] == "sealed"
    bench.store.error = StoreUnavailable("the store is away")
    more = bench.service.get("t1").more
    assert more["seal"] is None and "the store is away" in more["seal_problem"]


def test_newest_run(bench: Bench) -> None:
    made = bench.service.create(task("r1", "t1"))
    started = bench.engine.containers[made.container_id].details.started_at
    assert bench.service.newest_run(made.container_id) == started
    assert bench.service.newest_run("f" * 64) == 0
    bench.engine.go_away()
    assert bench.service.newest_run(made.container_id) == 0


def test_pulls_leave_threads_for_what_needs_none(bench: Bench) -> None:
    """Twins of a task that waits for its image are bounded with the others that do."""
    pulling, go = threading.Event(), threading.Event()

    def pull(reference: str, timeout: float) -> None:
        pulling.set()
        assert go.wait(20)
        bench.engine.images[reference] = ImageFacts("sha256:" + "3" * 64, ())

    bench.engine.pull = pull  # type: ignore[method-assign]
    bench.settings = replace(bench.settings, api_threads=12)  # two of four threads for images
    bench.reopen()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(bench.service.create, task("r1", image="a:1"))
        assert pulling.wait(10)
        second = pool.submit(bench.service.create, task("r1", image="a:1"))
        wait_for(lambda: bench.service._starter._images._pulls.taken == 2)
        for another in (task("r1", image="a:1"), task("r2", image="a:1"), task("r3", image="b:1")):
            with pytest.raises(TooManyPulls, match="api_threads"):
                bench.service.create(another)
        assert not bench.service.create(task("r4")).again
        go.set()
        assert first.result(20).container_id == second.result(20).container_id
    assert not bench.service.create(task("r3", image="b:1")).again
    assert bench.service._starter._images._pulls.taken == 0


def test_a_container_that_only_the_store_knows(bench: Bench) -> None:
    """Such as one that was started by hand with our log driver, or before the data folder was lost."""
    bench.store.write_seals([Seal("d" * 64, 5, "by-hand", state="sealed")])
    assert (
        bench.service.resolve("by-hand") == bench.service.resolve("ddd") == bench.service.resolve("d" * 64) == "d" * 64
    )
    for call in (bench.service.get, lambda name: bench.service.delete(name, "")):
        with pytest.raises(NotFound):
            call("by-hand")


def test_default_image_that_cannot_be_had(bench: Bench) -> None:
    bench.engine.images.clear()
    with pytest.raises(EngineFailed, match=r"default image of a bash_cell \(setting image_bash_cell\) can't be had"):
        bench.service.create(task("r1"))


def test_what_is_secret_is_left_for_the_shipper_before_the_start(bench: Bench) -> None:
    """Named by the task or by the operator's patterns; what is too short is not kept."""
    bench.reopen(secret_env=("*token*",))
    files, there = SecretFiles(bench.settings.data), list[set[str]]()
    bench.engine.on_start = lambda: there.append(files.containers())
    made = bench.service.create(
        task(env=["A=first-secret", "MY_TOKEN=second", "PIN=1", "B=seen"], secrets=["A", "PIN"])
    )
    assert files.read(made.container_id) == ("first-secret", "second") and there == [{made.container_id}]


def test_a_task_whose_secrets_cannot_be_written_is_not_started(bench: Bench) -> None:
    (bench.settings.data / "secrets").write_text("no folder")
    with pytest.raises(RuntimeApiError, match="what is secret of the task cannot be written"):
        bench.service.create(task(env=["A=first-secret"], secrets=["A"]))
    assert bench.engine.containers == {} and "start" not in bench.engine.calls
