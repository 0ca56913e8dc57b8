"""What every backend must do when types of stored messages are changed."""

from collections.abc import Sequence

from log_store.document import DocumentBatch
from log_store.fields import OTHER_DAY
from log_store.protocols import WriteResult
from log_store.query import LogLine, LogQuery
from log_store.retyping import Judgement, Retyped, StoredMessage
from log_store.rfc3339 import DAY
from tests.contract.stores import Store, write
from tests.documents import NOON, SECOND, Documents, container, lines_of

A, B = container("a"), container("b")
LAST = (1 << 63) - 1


def judge(messages: Sequence[StoredMessage]) -> list[Judgement]:
    """`x` of container a is an error, with a field; all else stays what a plain line is."""
    return [
        ("error", "rule", b'{"k":"v"}')
        if one.message.startswith("x") and one.container == A
        else ("info", "default", None)
        for one in messages
    ]


def retype(store: Store, start: int = 0, end: int = LAST, container_id: str = "", dry: bool = False) -> Retyped:
    retyper, total = store.open_retyper(), Retyped()
    try:
        for page in retyper.retype(start, end, container_id, judge, dry=dry):
            total.add(page)
    finally:
        retyper.close()
    store.writer().refresh()
    return total


def lines(store: Store, container_id: str = A.container_id) -> list[LogLine]:
    return lines_of(store.reader(), LogQuery(container_id))


def filled(store: Store) -> DocumentBatch:
    documents = (
        Documents(A)
        .add(NOON, "x1")
        .add(NOON, "x1 again", "stderr", log_type="error")
        .add(NOON + 1, "y", fields={"a": 1})
    )
    documents.add(NOON + DAY, "x2", raw=b"\xff", lines=2).add(NOON + 2 * DAY, "x3" * 4000).add(5, "x4", day=OTHER_DAY)
    other = Documents(B).add(NOON, "x of another")
    write(store, documents.batch, other.batch)
    return documents.batch


def test_types_reasons_and_fields_change_and_nothing_else(store: Store) -> None:
    filled(store)
    before = lines(store)
    total = retype(store)
    assert (total.seen, total.changed) == (7, 6)  # the other container's line was and is plain
    assert total.moves == {("info", "error"): 4}
    after = lines(store)
    for old, new in zip(before, after, strict=True):
        same = {name: value for name, value in old.items() if name not in ("log_type", "log_type_by", "fields")}
        assert same == {name: value for name, value in new.items() if name not in ("log_type", "log_type_by", "fields")}
        expected = ("error", "rule", {"k": "v"}) if new["log_message"].startswith("x") else ("info", "default", None)
        assert (new["log_type"], new["log_type_by"], new.get("fields")) == expected
    assert [
        line["log_message"] for line in lines_of(store.reader(), LogQuery(A.container_id, log_types=("error",)))
    ] == [line["log_message"] for line in after if line["log_message"].startswith("x")]
    again = retype(store)
    assert (again.seen, again.changed) == (7, 0)


def test_only_the_range_and_the_container_and_nothing_on_trial(store: Store) -> None:
    filled(store)
    before = lines(store)
    assert retype(store, dry=True).changed == 6 and lines(store) == before
    assert retype(store, container_id=B.container_id).seen == 1
    assert retype(store, NOON, NOON).seen == 3
    assert retype(store, NOON + 1, NOON + SECOND, A.container_id).seen == 1
    assert retype(store, NOON + 3 * DAY).seen == 0


def test_what_a_writer_writes_meanwhile_stays(store: Store) -> None:
    batch = filled(store)
    grown = batch.select([0])
    grown.version[0], grown.message[0], grown.log_type[0] = 2, "x1\nmore", "warning"

    def slow(messages: Sequence[StoredMessage]) -> list[Judgement]:
        if any(one.message == "x1" for one in messages):
            write(store, grown)
        return judge(messages)

    retyper = store.open_retyper()
    for _ in retyper.retype(NOON, NOON, A.container_id, slow, dry=False):
        pass
    retyper.close()
    store.writer().refresh()
    (line,) = [line for line in lines(store) if line["id"] == batch.id[0]]
    assert (line["log_message"], line["log_type"]) == ("x1\nmore", "warning")


def test_a_later_version_goes_over_what_was_retyped(store: Store) -> None:
    batch = filled(store)
    retype(store)
    grown = batch.select([0])
    grown.version[0], grown.message[0], grown.log_type[0] = 2, "x1\nmore", "warning"
    assert write(store, grown) == [WriteResult(1, 0)]
    assert [line["log_type"] for line in lines(store) if line["id"] == batch.id[0]] == ["warning"]
    assert retype(store, NOON, NOON, A.container_id).moves == {("warning", "error"): 1}


def test_many_pages(store: Store) -> None:
    write(store, Documents(A).add_all(f"x{number}" for number in range(4500)).batch)
    assert retype(store).changed == 4500
    assert {line["log_type"] for line in lines(store)} == {"error"}
