"""Each owner sees its own containers and nothing of another's, by whatever name (engine and store are of dictionaries)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from log_store.seal import Seal
from runtime_api.access.caller import OPERATOR, Caller
from runtime_api.containers.making import container_name
from runtime_api.containers.protocols import Choice, Created, OwnContainers
from runtime_api.containers.queueing import Limits, admitted, may_begin, may_wait, order
from runtime_api.errors import BadRequest, Conflict, NotFound, TooManyTasks
from tests.container_bench import Bench, task, wait_for
from tests.unit.test_task_life import names, row
from wholelog_base import labels

ALICE, BOB, ADMIN = Caller("alice"), Caller("bob"), Caller("root", "admin")
NAMINGS: dict[str, Callable[[Created], str]] = {
    "full id": lambda made: made.container_id,
    "prefix": lambda made: made.container_id[:20],
    "name": lambda made: made.container_name,
    "task id": lambda made: made.task_id,
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.service.close()


def own(bench: Bench, caller: Caller) -> OwnContainers:
    return bench.service.of(caller)


def end(bench: Bench, made: Created, caller: Caller) -> None:
    """It ends, its log is sealed, it is deleted."""
    bench.seal(made.container_id)
    assert own(bench, caller).delete(made.container_id, "").removed


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("where", ["engine", "record", "store"])
def test_what_is_anothers_is_not_there(bench: Bench, naming: str, where: str) -> None:
    """While it runs, from its record once it is deleted, and where the log store alone remembers it."""
    made = own(bench, BOB).create(task("r1", "t1"))
    if where != "engine":
        end(bench, made, BOB)
    if where == "store":
        with bench.service._tasks.file.transaction() as db:
            db.execute("DELETE FROM tasks")
    name = NAMINGS[naming](made)
    asks = [lambda who: who.resolve(name)]
    if where != "store":
        asks.append(lambda who: who.get(name).container_id)
    if where == "engine":
        asks.append(lambda who: who.delete(name, "d").container_id)
    for ask in asks:
        with pytest.raises(NotFound) as hidden:
            ask(own(bench, ALICE))
        with pytest.raises(NotFound) as absent:
            own(bench, ALICE).resolve("f" * len(name))
        assert str(hidden.value).replace(name[:80], "X") == str(absent.value).replace(("f" * len(name))[:80], "X")
        for who in (Caller("bo"), Caller("BOB"), Caller(""), Caller("bob", "monitor")):
            with pytest.raises(NotFound):
                ask(own(bench, who))
    if where == "engine":
        bench.seal(made.container_id)
    for ask in asks[:2]:
        assert ask(own(bench, BOB)) == ask(own(bench, ADMIN)) == ask(own(bench, OPERATOR)) == made.container_id
    if where == "engine":
        assert asks[2](own(bench, ADMIN)) == made.container_id


def test_the_list_has_ones_own_alone(bench: Bench) -> None:
    hers, his = own(bench, ALICE).create(task("r")), own(bench, BOB).create(task("r"))
    gone = own(bench, BOB).create(task("r2"))
    end(bench, gone, BOB)

    def listed(caller: Caller, **choice: object) -> list[str]:
        return [one.container_id for one in own(bench, caller).list(replace(Choice(), **choice))]  # type: ignore[arg-type]

    assert listed(ALICE) == [hers.container_id] and listed(BOB) == [his.container_id]
    assert set(listed(ADMIN)) == {hers.container_id, his.container_id} and listed(Caller("eve")) == []
    assert listed(ALICE, uid="bob") == [] and listed(ALICE, uid="alice") == [hers.container_id]
    assert listed(ADMIN, uid="bob") == [his.container_id] and listed(ADMIN, uid="") == []
    assert listed(BOB, status=("removed",)) == [gone.container_id] and listed(ALICE, status=("removed",)) == []
    assert listed(ALICE, limit=5, after=(1 << 62, "f" * 64)) == [hers.container_id]
    (shown,) = own(bench, ALICE).list()
    assert shown.uid == own(bench, ALICE).get(hers.container_id).uid == "alice"
    assert bench.engine.containers[hers.container_id].spec.labels[labels.UID] == "alice"
    assert own(bench, BOB).get(gone.container_id).uid == "bob"


def test_the_same_request_id_and_task_id_of_two_owners(bench: Bench) -> None:
    """Neither is a 409 that tells of the other, nor the other's answer."""
    hers, his = own(bench, ALICE).create(task("r1", "t1")), own(bench, BOB).create(task("r1", "t1", cmd="false"))
    assert hers.container_id != his.container_id and hers.container_name != his.container_name and not his.again
    assert container_name("t1", "") == "wholelog-t1"
    for _ in range(2):
        assert own(bench, ALICE).create(task("r1", "t1")) == replace(hers, again=True)
        assert own(bench, BOB).create(task("r1", "t1", cmd="false")) == replace(his, again=True)
        assert own(bench, ALICE).resolve("t1") == hers.container_id
        assert own(bench, BOB).resolve("t1") == his.container_id
        bench.reopen()
    for ask in (lambda: own(bench, ADMIN).resolve("t1"), lambda: own(bench, ADMIN).delete("t1", "x")):
        with pytest.raises(BadRequest, match="'t1' is a name of 2 owners' containers: .*'alice'.*'bob'"):
            ask()
    with pytest.raises(Conflict, match="task_desc.task_id: 't1' is taken"):
        own(bench, ALICE).create(task("r2", "t1"))
    for made in (hers, his):
        bench.seal(made.container_id)
    deleted = own(bench, ALICE).delete("t1", "r1")
    assert deleted.container_id == hers.container_id
    assert own(bench, ADMIN).resolve("t1") == his.container_id  # the one that is there
    assert own(bench, BOB).delete("t1", "r1").container_id == his.container_id
    assert own(bench, ALICE).delete("t1", "r1") == deleted
    with pytest.raises(NotFound):
        own(bench, ALICE).delete(his.container_id, "r3")


def test_a_request_that_a_crash_left_is_its_owners(bench: Bench) -> None:
    """Its container carries the request's id, and is found by the label."""
    made = own(bench, BOB).create(task("r1"))
    with bench.service._tasks.file.transaction() as db:
        db.execute("DELETE FROM tasks")
        db.execute("UPDATE requests SET container_id = NULL")
    hers = own(bench, ALICE).create(task("r1"))
    assert hers.container_id != made.container_id and made.container_id in bench.engine.containers
    assert own(bench, BOB).create(task("r1")).container_id == made.container_id


def test_a_prefix_is_ambiguous_among_ones_own_alone(bench: Bench) -> None:
    made = own(bench, ALICE).create(task())
    spec = bench.engine.containers[made.container_id].spec
    twin = made.container_id[:30] + "0" * 34
    bench.engine.add(replace(spec, name="other", labels={**spec.labels, labels.UID: "bob"}), twin)
    assert own(bench, ALICE).resolve(made.container_id[:30]) == made.container_id
    assert own(bench, BOB).resolve(made.container_id[:30]) == twin
    with pytest.raises(BadRequest, match="begins the ids of 2 containers"):
        own(bench, ADMIN).resolve(made.container_id[:30])


def test_containers_without_an_owner_are_the_administrators(bench: Bench) -> None:
    old = bench.service.create(task(task_id="old"))
    bench.store.write_seals([Seal("c" * 64, 1, "by-hand", state="sealed")])
    for name in ("old", old.container_id, "by-hand", "c" * 64):
        assert own(bench, ADMIN).resolve(name)
        for caller in (ALICE, Caller("")):
            with pytest.raises(NotFound):
                own(bench, caller).resolve(name)


def test_storage_of_each_owner(bench: Bench) -> None:
    """What a prefix with {uid} names is its owner's alone, and nobody's where callers are not told apart."""
    bench.reopen(input_prefixes=("s3://b/in/{uid}", "s3://b/shared"), output_prefixes=("s3://b/out/{uid}",))
    inputs = lambda name: [{"bucket": f"s3://b/in/{name}", "from_path": "x"}]  # noqa: E731
    outputs = lambda name: [{"to_path": f"s3://b/out/{name}/x", "from_path": "/x"}]  # noqa: E731
    assert own(bench, ALICE).create(task("r1", inputs=inputs("alice"), outputs=outputs("alice"))).phase == "inputs"
    assert own(bench, BOB).create(task("r1", inputs=[{"bucket": "s3://b/shared"}])).phase == "inputs"
    for caller, name in ((ALICE, "bob"), (OPERATOR, "alice"), (OPERATOR, ""), (ADMIN, "alice"), (Caller(".."), "..")):
        for more in ({"inputs": inputs(name)}, {"outputs": outputs(name)}, {"repo_path": f"s3://b/in/{name}/code.zip"}):
            with pytest.raises(
                BadRequest,
                match="is not below what the operator allows|is not taken: the operator|must not hold . or ..",
            ):
                own(bench, caller).create(task("r2", **more))


def test_what_an_owners_own_bounds_hold_back_is_passed_by_others() -> None:
    limits = Limits(tasks=4, each=Limits(tasks=2), queued=2)
    alive = [row("a1", "a", "running"), row("a2", "a", "running"), row("a3", "a", at=1), row("b1", "b", at=2)]
    assert names(admitted(alive, limits)) == ["b1"] and names(order(alive, limits)) == ["b1", "a3"]
    assert may_begin(row("c1", "c"), alive[:3], limits) and not may_begin(row("c1", "c"), alive, limits)
    assert not may_begin(row("a4", "a"), alive[:2], limits) and may_wait(row("a4", "a"), alive, limits)
    alive.append(row("a4", "a", at=3))
    assert not may_wait(row("a5", "a"), alive, limits) and may_wait(row("b2", "b"), alive, limits)
    assert may_begin(row("x", ""), [row(f"x{n}", "", "running") for n in range(3)], limits)
    cpus = Limits(each=Limits(nano_cpus=2 * 10**9))
    waiting = [row("a1", "a", "running", 1), row("a2", "a", cpus=1.5, at=1), row("a3", "a", cpus=0.5, at=2)]
    assert names(admitted(waiting, cpus)) == []  # nor does the small one pass the large one


def test_quotas_hold_where_all_is_asked_at_once(bench: Bench) -> None:
    bench.reopen(owner_tasks=2, owner_queued=3, queue_tasks=4)
    bench.service.start()

    def create(number: int) -> str:
        try:
            return own(bench, ALICE if number % 2 else BOB).create(task(f"r{number}", f"t{number}")).phase
        except TooManyTasks:
            return "refused"

    with ThreadPoolExecutor(24) as pool:
        asked = list(pool.map(create, range(24)))
    for uid in (0, 1):
        assert sorted(asked[uid::2]) == ["created"] * 2 + ["queued"] * 3 + ["refused"] * 7


def test_quotas(bench: Bench) -> None:
    bench.reopen(owner_tasks=1, owner_cpus=1.5, owner_memory=2 << 30, owner_queued=1)
    bench.service.start()
    first = own(bench, ALICE).create(task("r1", "t1"))
    second = own(bench, ALICE).create(task("r2", "t2"))
    assert (first.phase, second.phase) == ("created", "queued")
    calls = len(bench.engine.calls)
    with pytest.raises(TooManyTasks, match="1 of your tasks wait .*owner_queued") as refused:
        own(bench, ALICE).create(task("r3", "t3"))
    assert refused.value.status == 429 and refused.value.retry_after
    assert "create" not in bench.engine.calls[calls:], "nothing is made for it"
    assert own(bench, BOB).create(task("r1", "t1")).phase == "created"
    with pytest.raises(BadRequest, match="an owner's tasks together may have .*owner_cpus"):
        own(bench, BOB).create(task("r4", cpu_limit="2"))
    assert [bench.service.create(task()).phase for _ in range(3)] == ["created"] * 3, "nobody's are not bounded"
    bench.engine.change(first.container_id, "exited", finished_at=1_800_000_000_000_000_000, pid=0)
    wait_for(lambda: bench.service.get(second.container_id).more["phase"] == "running")
    assert own(bench, ALICE).create(task("r3", "t3")).phase == "queued"
