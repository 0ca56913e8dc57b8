"""What every backend of the log store must do with seals; `store` is each of them in turn."""

from dataclasses import replace

from log_store.query import ContainerRef
from log_store.seal import Gap, Seal
from tests.contract.stores import Store
from tests.documents import NOON, SECOND, container

A = container("a").container_id
SEAL = Seal(
    container_id=A,
    started_at=NOON,
    container_name="solver-1",
    task_id="task-1",
    type="algorithm",
    uid="uid-1",
    state="gaps",
    reason="the engine ended: \u00fc \0",
    verified_until=2**63 - 1,
    lines=2**53 + 1,
    put_back=3,
    gaps=(Gap(NOON, NOON + 1, 7, "rotated"), Gap(None, None, None, "")),
    finished_at=NOON + 123_456_789,
    version=4,
    labels=("com.example/team=a=b", "empty=", "\u5317=\u00fc"),
)


def write(store: Store, *seals: Seal) -> None:
    writer = store.writer()
    writer.write_seals(seals)
    writer.refresh()


def test_a_seal_comes_back_as_it_was_written(store: Store) -> None:
    bare = Seal("b" * 64, 0)
    write(store, SEAL, bare)
    assert store.reader().seals(A) == [SEAL]
    assert store.reader().seals("b" * 64) == [bare]


def test_a_container_without_a_seal_has_none(store: Store) -> None:
    write(store)
    assert store.reader().seals(A) == []
    assert store.reader().find_containers("a") == []
    write(store, SEAL)
    assert store.reader().seals("a" * 63) == []
    assert store.reader().seals("a" * 65) == []
    assert store.reader().seals("") == []
    assert store.reader().find_containers("b") == []
    assert store.reader().find_containers("\ud800") == []


def test_the_greatest_version_of_a_run_stays(store: Store) -> None:
    write(store, replace(SEAL, version=2, state="open"))
    write(store, replace(SEAL, version=5, state="sealed", gaps=()))
    write(store, replace(SEAL, version=3, state="unverified"))
    assert store.reader().seals(A) == [replace(SEAL, version=5, state="sealed", gaps=())]
    write(store, replace(SEAL, version=7), replace(SEAL, version=6, state="open"))
    assert store.reader().seals(A) == [replace(SEAL, version=7)]


def test_a_seal_of_an_equal_version_is_taken(store: Store) -> None:
    write(store, SEAL)
    write(store, replace(SEAL, state="sealed"))
    assert store.reader().seals(A) == [replace(SEAL, state="sealed")]


def test_each_run_has_its_own_seal_oldest_first(store: Store) -> None:
    runs = [replace(SEAL, started_at=NOON + number * SECOND, version=9 - number) for number in range(3)]
    write(store, runs[1], runs[2])
    write(store, runs[0])
    assert store.reader().seals(A) == runs


def test_a_nanosecond_makes_another_run(store: Store) -> None:
    runs = [replace(SEAL, started_at=NOON), replace(SEAL, started_at=NOON + 1)]
    write(store, *runs)
    assert store.reader().seals(A) == runs


def seal(container_id: str, started_at: int, name: str = "", task_id: str = "") -> Seal:
    return Seal(container_id, started_at, container_name=name, task_id=task_id, uid="uid-1", version=1)


def ref(of: Seal) -> ContainerRef:
    return ContainerRef(of.container_id, of.container_name, of.task_id, of.uid, of.started_at)


def test_containers_are_found_by_the_start_of_the_id_by_name_and_by_task_id(store: Store) -> None:
    one = seal("abc1" + "0" * 60, NOON, "solver", "task-1")
    two = seal("abc2" + "0" * 60, NOON + 1, "solver", "task-2")
    three = seal("def3" + "0" * 60, NOON + 2, "abc1", "abc")
    write(store, one, two, three)
    reader = store.reader()
    for name, expected in (
        ("abc1", [three, one]),
        ("abc", [three, two, one]),
        ("abc2", [two]),
        (two.container_id, [two]),
        ("solver", [two, one]),
        ("task-2", [two]),
        ("solve", []),
        ("Solver", []),
        ("task", []),
        ("abc*", []),
        ("a?c1", []),
        ("%", []),
        ("_bc1", []),
        (two.container_id + "0", []),
        ("x" * 70_000, []),
        ("solver\0", []),
        ("ABC1", []),
    ):
        assert reader.find_containers(name) == [ref(one) for one in expected], name


def test_containers_of_one_owner_alone(store: Store) -> None:
    """However many of others there are before them."""
    others = [replace(seal(f"ab{number:062x}", NOON + 9, "solver", "t"), uid="uid-2") for number in range(101)]
    own = seal("ab" + "f" * 62, NOON, "solver", "t")
    write(store, *others, own)
    for name in ("ab", "solver", "t", own.container_id):
        assert store.reader().find_containers(name, "uid-1") == [ref(own)]
        assert store.reader().find_containers(name, "uid") == []
    assert store.reader().find_containers(others[0].container_id, "uid-1") == []
    assert len(store.reader().find_containers("solver")) == 100


def test_a_container_is_found_once_as_its_newest_run_says(store: Store) -> None:
    old = seal(A, NOON, "old-name", "task-1")
    new = seal(A, NOON + SECOND, "new-name", "task-1")
    write(store, new, old)
    for name, expected in (("aaa", [new]), ("task-1", [new]), ("new-name", [new]), ("old-name", [old])):
        assert store.reader().find_containers(name) == [ref(one) for one in expected]


def test_a_later_version_may_rename_a_run(store: Store) -> None:
    write(store, replace(SEAL, container_name="first"))
    write(store, replace(SEAL, container_name="second", version=SEAL.version + 1))
    assert store.reader().find_containers("first") == []
    assert [found.container_name for found in store.reader().find_containers("second")] == ["second"]


def test_of_many_containers_the_newest_hundred_are_found_newest_first(store: Store) -> None:
    many = [seal(f"{number:064x}", NOON + number * 37 % 150, "same-name") for number in range(150)]
    restarts = [replace(one, started_at=1 + number) for number, one in enumerate(many)]
    write(store, *many)
    write(store, *restarts)
    found = store.reader().find_containers("same-name")
    newest = sorted(many, key=lambda one: one.started_at, reverse=True)[:100]
    assert found == [ref(one) for one in newest]
