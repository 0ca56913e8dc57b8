"""Several containers read together: in one order, whole, whatever the backend, the cursor and the page."""

import itertools
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from log_store.document import ContainerContext, DocumentBatch
from log_store.fields import OTHER_DAY
from log_store.query import LogLine, LogOwner, LogQuery, SharedPlace, Whose
from log_store.rfc3339 import DAY
from log_store.seal import Seal
from log_store.several import MOST_CONTAINERS, read_several, shared_place
from tests.contract.stores import Store, write
from tests.contract.test_against_model import OTHER_TIME, TIMES, Version, times, versions
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container
from tests.fakes import MemoryStore

EXAMPLES = itertools.count()
Asked = tuple[int | None, int | None, int | None, str, int]
asked_for = st.tuples(
    times, times, st.none() | st.integers(1, 12), st.sampled_from(("asc", "desc", "tail")), st.integers(-1, 12)
)


def expected(model: MemoryStore, ids: list[str]) -> list[tuple[SharedPlace, LogLine]]:
    """All, in order, without the code that merges."""
    found: list[tuple[SharedPlace, LogLine]] = []
    for row in model.rows.values():
        if row.container_id in ids:
            order_time, *rest = row.place
            place = (order_time, row.container_id, *rest)
            line = row.line() | {"container_id": row.container_id, "container_name": f"of {row.container_id[11]}"}
            found.append((place, line))  # type: ignore[arg-type]
    return sorted(found, key=lambda one: one[0])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(versions, max_size=12), max_size=4), asked=st.lists(asked_for, min_size=1, max_size=5))
def test_as_a_dictionary_that_is_sorted(store: Store, batches: list[list[Version]], asked: list[Asked]) -> None:
    model = MemoryStore()
    writer, reader = store.writer(), store.reader()
    example = next(EXAMPLES)
    ids = [f"{example:08x}{number:04x}" + "0" * 52 for number in range(3)]
    for batch in batches:
        documents = Documents()
        for number, version in enumerate(batch):
            documents.context = ContainerContext(ids[(version.container + number) % 3], "name")
            version.add_to(documents)
        assert writer.write(documents.batch) == model.write(documents.batch)
    writer.refresh()
    rows = expected(model, ids)
    owners = [LogOwner(name, f"of {name[11]}") for name in ids]
    for start, end, size, way, behind in asked:
        after = rows[behind][0] if 0 <= behind < len(rows) else None
        fitting = [
            (place, line)
            for place, line in rows
            if (start is None or start <= time_of(model, line)) and (end is None or time_of(model, line) <= end)
        ]
        wanted = [one for one in fitting if after is None or (one[0] < after if way == "desc" else one[0] > after)]
        if way == "desc":
            wanted.reverse()
        if size is not None:
            wanted = wanted[-size:] if way == "tail" else wanted[:size]
        query = LogQuery("", start, end, size, newest=way == "tail", descending=way == "desc")
        pages = list(read_several(reader, owners, query, after))
        assert [line for page in pages for line in page] == [line for _, line in wanted]
        places = [shared_place(page, row) for page in pages for row in range(len(page))]
        assert places == [place for place, _ in wanted]


def time_of(model: MemoryStore, line: LogLine) -> int:
    return int(model.rows[line["id"]].members["log_time"])


def test_many_pages_of_many_containers(store: Store) -> None:
    """More lines than all pages together hold, so that every container is read in many of them."""
    ids = [f"{number:02d}" * 32 for number in range(20)]
    batch = DocumentBatch("shipper-1")
    for number, name in enumerate(ids):
        documents = Documents(ContainerContext(name, f"name {number}"))
        for line in range(550):
            documents.add(
                NOON + line * 1000 + line * number % 7, f"{number} {line}", "stderr" if line % 3 else "stdout"
            )
        batch.extend(documents.batch)
    write(store, batch)
    reader = store.reader()
    owners = reader.owners(Whose(tuple(ids)), None, None, MOST_CONTAINERS)
    assert [owner.container_id for owner in owners] == ids
    pages = list(read_several(reader, owners, LogQuery("")))
    places = [shared_place(page, row) for page in pages for row in range(len(page))]
    assert len(places) == 550 * 20 and places == sorted(places)
    back = list(read_several(reader, owners, LogQuery("", descending=True, size=3000), places[5000]))
    assert [shared_place(page, row) for page in back for row in range(len(page))] == places[2000:5000][::-1]


def test_whose_logs_there_are(store: Store) -> None:
    reader = store.reader()
    assert reader.owners(Whose(), None, None, 9) == []
    one = replace(container("a"), type="code_cell", uid="u1")
    two = replace(container("b"), type="bash_cell", uid="u1")
    three = replace(container("c"), type="bash_cell", uid="u2")
    write(
        store, Documents(one).add(NOON, "x").add(MIDNIGHT + 5, "y").batch, Documents(two).add(NOON + SECOND, "z").batch
    )
    write(store, Documents(three).add(7, "old", day=OTHER_DAY).batch)

    def found(whose: Whose, start: int | None = None, end: int | None = None, most: int = 9) -> str:
        return "".join(owner.container_id[0] for owner in reader.owners(whose, start, end, most))

    assert reader.owners(Whose(uids=("u2",)), None, None, 9) == [
        LogOwner("c" * 64, "name-c", "task-c", "bash_cell", "u2")
    ]
    assert found(Whose()) == "abc" and found(Whose(), most=2) == "ab"
    assert found(Whose(uids=("u1",))) == found(Whose(uids=("u1", "none"))) == "ab"
    assert found(Whose(uids=("u1",), types=("bash_cell",))) == found(Whose(task_ids=("task-b",))) == "b"
    assert found(Whose(container_ids=("a" * 64, "c" * 64))) == "ac"
    assert found(Whose(container_ids=("a" * 64,), uids=("u2",))) == ""
    assert found(Whose(), NOON + 1) == "ab" and found(Whose(), NOON + 1, MIDNIGHT) == "b"
    assert found(Whose(), end=8) == "c" and found(Whose(), NOON + 5, NOON + 4) == ""
    assert found(Whose(uids=("\ud800",))) == found(Whose(types=("",))) == ""


def test_by_the_labels_that_statements_say(store: Store) -> None:
    assert store.reader().owners(Whose(labels=("a=1",)), None, None, 9) == []
    one, two = replace(container("a"), uid="u1"), replace(container("b"), type="code_cell", uid="u2")
    write(store, *(Documents(who).add(NOON, "x").batch for who in (one, two, container("c"), container("d"))))
    labels = ("a.b=1", "team=vision=2")
    seals = [
        Seal(one.container_id, NOON, type="bash_cell", uid="u1", labels=labels, version=1),
        Seal(
            two.container_id,
            NOON,
            type="code_cell",
            uid="u2",
            labels=("a.b=1", "a=2"),
            version=1,
            finished_at=NOON + SECOND,
        ),
        Seal(two.container_id, NOON + 9 * SECOND, type="code_cell", uid="u2", labels=("a.b=1", "a=2"), version=1),
        Seal("c" * 64, NOON, version=1),
        Seal("f" * 64, NOON, labels=labels, version=1),  # has not written
    ]
    store.writer().write_seals(seals)
    store.writer().refresh()
    reader = store.reader()

    def found(
        *labels: str, start: int | None = None, end: int | None = None, most: int = 9, **whose: tuple[str, ...]
    ) -> str:
        chosen = reader.owners(Whose(labels=labels, **whose), start, end, most)
        return "".join(owner.container_id[0] for owner in chosen)

    assert reader.owners(Whose(labels=("team=vision=2",)), None, None, 9) == [
        LogOwner("a" * 64, "name-a", "task-a", "bash_cell", "u1")
    ]
    assert found("a.b=1") == found("a.b") == "ab" and found("a.b", most=1) == "a"
    assert found("a.b", "a=2") == "b" and found("a.b", "team") == "a" and found("a=2", "team") == ""
    for nothing in ("a.b=", "a.b=12", "team=vision", "tea", "a.B=1", "=", "", "a%b=1", "a_b", "a.b=\ud800"):
        assert found(nothing) == "", nothing
    assert (
        found("a.b", uids=("u2",))
        == found("a.b", types=("code_cell",))
        == found("a.b", container_ids=("b" * 64,))
        == "b"
    )
    assert found("a.b", container_ids=("c" * 64,)) == ""
    assert found("a.b", start=NOON + 1) == "" and found("a.b", end=NOON - 1) == "" and found("a.b", start=NOON) == "ab"


def test_the_model_has_rows_on_all_days() -> None:
    assert OTHER_TIME in TIMES and max(TIMES) - min(TIMES) > 2 * DAY
