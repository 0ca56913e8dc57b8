"""A task's life on an engine of dictionaries: queue, timeout, retries, ends, keeping, and a crash at each call."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_api.containers.engine import ContainerSpec
from runtime_api.containers.fair_places import fair_next
from runtime_api.containers.open import with_engine
from runtime_api.containers.protocols import Choice, ContainerView
from runtime_api.containers.queueing import Limits, admitted, may_begin, order, places
from runtime_api.containers.tasks import Task
from runtime_api.errors import BadRequest, EngineFailed, NotFound, RuntimeApiError
from runtime_api.schemas.task import TaskRequest
from tests.container_bench import Bench, Crash, task, wait_for
from wholelog_base import labels

GIB = 1 << 30


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.service.close()


def row(name: str, uid: str = "", phase: str = "queued", cpus: float = 0, memory: int = 0, at: int = 0) -> Task:
    return Task(
        name, name, name, "bash_cell", uid, "", "", at, phase=phase, nano_cpus=int(cpus * 10**9), memory=memory
    )  # fmt: skip


def names(tasks: list[Task]) -> list[str]:
    return [one.container_id for one in tasks]


def test_the_queue_is_fair_between_owners() -> None:
    waiting = [row(f"a{n}", "a", at=n) for n in range(4)] + [row("b0", "b", at=10), row("c0", "c", at=11)]
    assert names(order([row("a9", "a", "running", at=0), *waiting])) == ["b0", "c0", "a0", "a1", "a2", "a3"]
    assert places(waiting, Limits()) == {"a0": 1, "b0": 2, "c0": 3, "a1": 4, "a2": 5, "a3": 6}


def test_what_fits_is_admitted_and_nobody_passes_the_next() -> None:
    limits = Limits(tasks=3, nano_cpus=4 * 10**9, memory=8 * GIB)
    running = [row("r", "x", "running", 2, 2 * GIB)]
    assert names(admitted([*running, row("a", cpus=1, at=1), row("b", cpus=1, at=2), row("c", at=3)], limits)) == [
        "a",
        "b",
    ]
    assert names(admitted([*running, row("a", cpus=3, at=1), row("b", cpus=0.1, at=2)], limits)) == []
    assert names(admitted([*running, row("a", memory=7 * GIB, at=1)], limits)) == []
    assert may_begin(row("a", phase="created"), running, limits)
    assert not may_begin(row("a", phase="created"), [*running, row("b")], limits)
    assert names(admitted([row(f"t{n}", at=n) for n in range(50)], Limits())) == [f"t{n}" for n in range(50)]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["queued", "running"]), st.integers(0, 3)), max_size=30),
    st.integers(0, 5),
    st.integers(0, 6),
)
def test_limits_are_never_passed_and_the_order_is_whole(
    tasks: list[tuple[str, str, int]], most: int, cpus: int
) -> None:
    alive = [row(str(number), uid, phase, cpu, at=number) for number, (uid, phase, cpu) in enumerate(tasks)]
    queued = {one.container_id for one in alive if one.phase == "queued"}
    assert sorted(names(order(alive))) == sorted(queued)
    limits = Limits(tasks=most, nano_cpus=cpus * 10**9)
    chosen = admitted(alive, limits)
    at_work = [one for one in alive if one.phase != "queued"] + chosen
    assert not chosen or limits.fit(at_work)
    assert names(chosen) == names(order(alive))[: len(chosen)]


@given(
    st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=12),
    st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=6),
    st.integers(1, 6),
)
def test_copies_leave_places_for_other_owners(waiting: list[str], under_way: list[str], places: int) -> None:
    tasks = [row(str(number), uid, "inputs", at=number) for number, uid in enumerate(waiting)]
    copying = [row(f"u{number}", uid, "inputs") for number, uid in enumerate(under_way)]
    chosen = fair_next(tasks, copying, places)
    share = max(1, places // 2)
    busy = Counter(one.uid for one in [*copying, *chosen])
    assert len(chosen) <= max(0, places - len(copying)) and len({*names(chosen)}) == len(chosen)
    assert all(busy[one.uid] <= share for one in chosen if one.uid)
    left = [one for one in tasks if one not in chosen]
    if len(copying) + len(chosen) < places:
        assert all(one.uid and busy[one.uid] >= share for one in left), "a place is free"
    for uid in {one.uid for one in tasks}:
        mine = [one for one in tasks if one.uid == uid]
        assert [one for one in mine if one in chosen] == mine[: len([one for one in mine if one in chosen])]


def test_one_owners_slow_copies_hold_half_of_the_places() -> None:
    hers = [row(f"a{number}", "a", "inputs", at=number) for number in range(9)]
    assert names(fair_next(hers, [], 4)) == ["a0", "a1"]
    assert names(fair_next([*hers[2:], row("b0", "b", at=10)], hers[:2], 4)) == ["b0"]


def ask(bench: Bench, request_id: str = "", task_id: str = "", **desc: Any) -> TaskRequest:
    return task(request_id, task_id, **desc)


def phase(bench: Bench, name: str) -> str:
    return str(bench.service.get(name).more["phase"])


def reason(bench: Bench, name: str) -> str:
    return str(bench.service.get(name).more["reason"])


def ends(bench: Bench, name: str, exit_code: int = 0, **members: int) -> None:
    """Its container ends now, as by itself."""
    container_id = bench.service.resolve(name)
    bench.engine.change(container_id, "exited", finished_at=time.time_ns(), pid=0, exit_code=exit_code, **members)


def test_a_full_machine_has_a_queue(bench: Bench) -> None:
    bench.reopen(queue_tasks=1)
    bench.service.start()
    assert bench.service.create(task("r1", "t1")).phase == "created"
    second, third = bench.service.create(task("r2", "t2")), bench.service.create(task("r3", "t3"))
    assert (second.phase, third.phase) == ("queued", "queued")
    shown = bench.service.get("t3")
    assert (shown.status, shown.more["phase"], shown.more["queue_place"]) == ("created", "queued", 2)
    (listed, _) = bench.service.list(Choice(status=("queued",)))
    assert (listed.container_id, listed.more["queue_place"]) == (third.container_id, 2)
    assert bench.service.create(task("r2", "t2")).container_id == second.container_id
    bench.seal(second.container_id, started_at=1)
    assert bench.service.delete("t2", "").removed and reason(bench, "t2") == "deleted before it started"
    assert bench.service.get("t3").more["queue_place"] == 1
    ends(bench, "t1", 3)
    wait_for(lambda: phase(bench, "t1") == "done" and phase(bench, "t3") == "running")
    shown = bench.service.get("t1")
    assert (shown.more["exit_code"], shown.more["reason"]) == (3, "ended with exit code 3")
    with pytest.raises(BadRequest, match="queue_cpus"):
        bench.reopen(queue_tasks=0, queue_cpus=1.0)
        bench.service.create(task("r4", cpu_limit="2"))


def test_a_queue_goes_on_after_a_restart(bench: Bench) -> None:
    bench.reopen(queue_tasks=1)
    bench.service.create(task("r1", "t1"))
    bench.service.create(task("r2", "t2"))
    ends(bench, "t1")
    bench.reopen()
    bench.service.start()
    wait_for(lambda: phase(bench, "t2") == "running")


def test_a_queued_task_that_cannot_start_says_why_and_leaves_nothing(bench: Bench) -> None:
    bench.reopen(queue_tasks=1)
    bench.service.start()
    bench.service.create(task("r1", "t1"))
    made = bench.service.create(task("r2", "t2", cmd="nosuch", task_type="algorithm"))
    ends(bench, "t1")
    wait_for(lambda: made.container_id not in bench.engine.containers)
    wait_for(lambda: phase(bench, "t2") == "done")
    shown = bench.service.get("t2")
    assert shown.status == "removed" and "did not start" in shown.more["reason"] and "nosuch" in shown.more["reason"]
    assert (shown.more["exit_code"], shown.more["started"]) == (None, None)


def test_a_timeout_ends_the_run_and_says_so(bench: Bench) -> None:
    bench.service.start()
    made = bench.service.create(task("r1", "t1", timeout=0.2))
    bench.engine.change(made.container_id, "running", started_at=time.time_ns())
    stop = bench.engine.stop

    def killed(container_id: str, grace: float) -> None:
        stop(container_id, grace)
        bench.engine.change(container_id, "exited", exit_code=137)

    bench.engine.stop = killed  # type: ignore[method-assign]
    wait_for(lambda: phase(bench, "t1") == "done")
    shown = bench.service.get("t1").more
    assert (shown["timed_out"], shown["signal"], shown["exit_code"]) == (True, "SIGKILL", 137)
    assert shown["reason"] == "stopped after its timeout of 0.2 seconds"


def test_retries_start_the_same_container_again(bench: Bench) -> None:
    bench.service.start()
    made = bench.service.create(task("r1", "t1", retries=2))
    for attempt in (1, 2):
        ends(bench, "t1", attempt)
        wait_for(lambda number=attempt + 1: bench.engine.calls.count("start") == number)  # type: ignore[misc]
        wait_for(lambda number=attempt + 1: bench.service.get("t1").more["attempts"] == number)  # type: ignore[misc]
        wait_for(lambda: phase(bench, "t1") == "running")
    ends(bench, "t1", 9)
    wait_for(lambda: phase(bench, "t1") == "done")
    assert bench.service.get("t1").more["exit_code"] == 9 and list(bench.engine.containers) == [made.container_id]
    bench.service.create(task("r2", "t2", retries=2))
    ends(bench, "t2", 0)
    wait_for(lambda: phase(bench, "t2") == "done")
    assert bench.service.get("t2").more["attempts"] == 1


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"exit_code": 0}, "ended with exit code 0"),
        ({"exit_code": 143}, "ended by SIGTERM (exit code 143)"),
        ({"exit_code": 137, "oom_killed": True}, "killed: it needed more memory"),
        ({"exit_code": 200}, "ended with exit code 200"),
    ],
)
def test_how_it_ended(bench: Bench, members: dict[str, Any], said: str) -> None:
    bench.service.start()
    bench.service.create(task("r1", "t1"))
    ends(bench, "t1", **members)
    wait_for(lambda: phase(bench, "t1") == "done")
    assert reason(bench, "t1").startswith(said)


def test_the_last_good_run_of_the_same_kind(bench: Bench) -> None:
    """Of the same type, image and cmd; neither one that failed, nor a later one, nor one of another command."""
    bench.service.start()
    made: dict[str, str] = {}
    for name, cmd, code in (
        ("g1", "x", 0),
        ("o1", "y", 0),
        ("g2", "x", 0),
        ("f1", "x", 3),
        ("mine", "x", 1),
        ("g3", "x", 0),
    ):
        made[name] = bench.service.create(ask(bench, task_id=name, cmd=cmd)).container_id
        ends(bench, name, code)
        wait_for(lambda name=name: phase(bench, name) == "done")  # type: ignore[misc]
    assert bench.service.last_good(made["mine"]) == made["g2"]
    assert bench.service.last_good(made["g2"]) == made["g1"]
    assert bench.service.last_good(made["g1"]) is None and bench.service.last_good(made["o1"]) is None
    assert bench.service.last_good("nothing") is None
    bench.seal(made["g2"])
    bench.service.delete("g2", "")
    wait_for(lambda: made["g2"] not in bench.engine.containers)
    assert bench.service.last_good(made["mine"]) == made["g2"], "its log is there, deleted or not"


def test_a_deleted_task_says_so(bench: Bench) -> None:
    made = bench.service.create(task("r1", "t1"))
    assert not bench.service.delete("t1", "").removed
    assert phase(bench, "t1") == "done"
    bench.seal(made.container_id)
    assert bench.service.delete("t1", "").removed
    assert reason(bench, "t1") == "deleted while it ran; ended with exit code 0"


def test_a_container_that_another_hand_took(bench: Bench) -> None:
    bench.service.start()
    made = bench.service.create(task("r1", "t1"))
    wait_for(lambda: phase(bench, "t1") == "running")
    del bench.engine.containers[made.container_id]
    wait_for(lambda: phase(bench, "t1") == "done")
    assert reason(bench, "t1") == "its container was removed from the engine by another hand"


def test_ended_containers_go_after_their_seal_and_their_records_later(bench: Bench) -> None:
    bench.reopen(finished_for=0.1, records_for=1.5)
    bench.service.start()
    first, second = bench.service.create(task("r1", "t1")), bench.service.create(task("r2", "t2"))
    ends(bench, "t1")
    ends(bench, "t2")
    bench.seal(first.container_id)
    wait_for(lambda: first.container_id not in bench.engine.containers)
    assert second.container_id in bench.engine.containers  # its log has not been verified
    bench.seal(second.container_id)
    wait_for(lambda: not bench.engine.containers)

    def forgotten() -> bool:
        try:
            bench.service.get("t1")
        except NotFound:
            return True
        return False

    wait_for(forgotten)
    assert not bench.service.create(task("r1", "t1")).again


def test_the_list_can_be_chosen_and_paged(bench: Bench) -> None:
    made = [bench.service.create(task(f"r{n}", f"t{n}")).container_id for n in range(5)]
    bench.seal(made[1])
    bench.service.delete("t1", "")
    cell = bench.service.create(task("c", "c", task_type="code_cell")).container_id

    def ids(**choice: Any) -> list[str]:
        return [view.container_id for view in bench.service.list(Choice(**choice))]

    assert ids() == [cell, made[4], made[3], made[2], made[0]]
    assert ids(type="code_cell") == [cell] and ids(uid="x") == [] and ids(status=("removed",)) == [made[1]]
    assert ids(status=("running", "removed"), type="bash_cell") == list(reversed(made))
    seen: list[ContainerView] = []
    while page := bench.service.list(
        Choice(
            status=("running", "removed"), limit=2, after=(seen[-1].created_at, seen[-1].container_id) if seen else None
        )
    ):
        seen += page
    assert [view.container_id for view in seen] == [cell, *reversed(made)]


def test_containers_that_a_crash_left_are_taken_up_or_removed(bench: Bench) -> None:
    bench.service.create(task("r0", "t0"))
    marks = {labels.TASK_ID: "x", labels.INSTANCE: (bench.settings.data / "instance").read_text().strip()}
    unstarted = bench.engine.add(ContainerSpec("wholelog-x", "python:3-slim", marks, {}))
    started = bench.engine.add(ContainerSpec("wholelog-y", "python:3-slim", marks | {labels.TASK_ID: "y"}, {}))
    bench.engine.start(started)
    bench.reopen()
    bench.service.start()
    wait_for(lambda: unstarted not in bench.engine.containers)
    ends(bench, "y", 4)
    wait_for(lambda: bench.service.get("y").more.get("reason") == "ended with exit code 4")


def test_a_fault_of_ours_in_one_task_does_not_keep_the_others(bench: Bench) -> None:
    bench.reopen(queue_tasks=2)
    bench.service.create(task("r1", "t1"))
    bench.service.create(task("r2", "t2"))
    inspect, bad = bench.engine.inspect, bench.service.resolve("t1")

    def fails(container_id: str) -> Any:
        if container_id == bad and threading.current_thread().name.startswith("task step"):
            raise EngineFailed("no sense")
        return inspect(container_id)

    bench.engine.inspect = fails  # type: ignore[method-assign]
    bench.service.start()
    ends(bench, "t1")
    ends(bench, "t2")
    wait_for(lambda: phase(bench, "t2") == "done")


def test_two_processes_on_one_folder(bench: Bench) -> None:
    with pytest.raises(RuntimeApiError, match=r"another API process \(pid \d+\) works on"):
        with_engine(bench.engine, bench.settings, bench.store)
    bench.reopen()


class _Cut:
    """Lets so many calls of an engine through, and then the process ends."""

    def __init__(self, bench: Bench, calls: int) -> None:
        self._left, self._lock = calls, threading.Lock()
        self.cut = False
        for name in ("create", "start", "stop", "remove", "inspect", "has_file", "image"):
            setattr(bench.engine, name, self._counted(getattr(type(bench.engine), name).__get__(bench.engine)))
        for name in ("created", "begin", "ask_deletion", "deleted", "by_id"):
            setattr(bench.service._tasks, name, self._counted(getattr(bench.service._tasks, name)))
        for name in ("done", "runs", "again", "move", "of", "time_is_over"):
            setattr(bench.service._lives, name, self._counted(getattr(bench.service._lives, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            with self._lock:
                if self._left == 0:
                    self.cut = True
                    raise Crash
                self._left -= 1
            return call(*args, **named)

        return counted


@pytest.mark.parametrize("calls", range(0, 40))
def test_a_crash_at_each_call_leaves_no_task_stuck_and_no_orphan(bench: Bench, calls: int) -> None:
    """One task with a retry and one in the queue behind it; the caller asks again as a careful client does."""
    bench.reopen(queue_tasks=1)
    wanted = [task("r1", "t1", retries=1), task("r2", "t2")]
    _Cut(bench, calls)
    lifecycle = bench.service._workers[-1]
    try:
        for one in wanted:
            bench.service.create(one)
        for _ in range(8):
            lifecycle._housekeeping.round()  # type: ignore[attr-defined]
            for found in bench.service._tasks.alive():
                if found.phase == "queued":
                    if may_begin(
                        found, [t for t in bench.service._tasks.alive() if t.phase != "queued"], Limits(tasks=1)
                    ):
                        lifecycle._steps.admit(found)  # type: ignore[attr-defined]
                else:
                    lifecycle._steps.look(found)  # type: ignore[attr-defined]
            _end_all(bench)
    except Crash:
        pass
    else:
        pytest.fail("there are fewer calls than that")
    for name in ("create", "start", "stop", "remove", "inspect", "has_file", "image"):
        vars(bench.engine).pop(name, None)
    bench.reopen()
    bench.service.start()
    made = [bench.service.create(one).container_id for one in wanted]

    def all_done() -> bool:
        _end_all(bench)
        return all(phase(bench, name) == "done" for name in ("t1", "t2"))

    wait_for(all_done)
    assert sorted(bench.engine.containers) == sorted(made)
    assert all(bench.engine.containers[one].details.started_at for one in made)
    assert [bench.service.get(name).more["reason"] for name in ("t1", "t2")] == ["ended with exit code 7"] * 2
    assert bench.service.get("t1").more["attempts"] == 2 and bench.service.get("t2").more["attempts"] == 1


def _end_all(bench: Bench) -> None:
    for container_id, one in list(bench.engine.containers.items()):
        if one.details.running:
            bench.engine.change(container_id, "exited", exit_code=7, finished_at=1_800_000_000_000_000_000, pid=0)
