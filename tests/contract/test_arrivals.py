"""What every backend must give to who follows a container; `store` is each in turn."""

import pytest

from log_store.document import DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.protocols import LogReader
from log_store.query import Arrived, LogQuery
from tests.contract.stores import Store, write
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, messages_of

A, B = container("a"), container("b")
END = 2**63 - 1


def numbered(documents: Documents, first: int) -> DocumentBatch:
    documents.batch.seq = list(range(first, first + len(documents.batch)))
    return documents.batch


def since(reader: LogReader, after: int = -1, until: int = END, shipper: str = "shipper-1") -> list[tuple[int, str]]:
    """All, in steps of 3."""
    found: list[tuple[int, str]] = []
    while arrivals := reader.read_since(A.container_id, shipper, after, until, 3):
        found += [(one.seq, one.line["log_message"]) for one in arrivals]
        after = arrivals[-1].seq
    return found


def test_nothing_has_come(store: Store) -> None:
    reader = store.reader()
    assert reader.heads(A.container_id) == {} and reader.heads("\ud800") == {}
    assert since(reader) == [] and reader.count_since(A.container_id, "shipper-1", -1, END) == 0
    write(store, numbered(Documents(B).add(NOON, "of another"), 5))
    assert reader.heads(A.container_id) == {} and since(reader) == []
    assert reader.read_since(B.container_id, "other", -1, END, 3) == []
    assert reader.read_since(B.container_id, "\ud800", -1, END, 3) == []


def test_in_the_order_of_arrival_whatever_their_times(store: Store) -> None:
    batches = [
        numbered(Documents().add(NOON, "a").add(NOON + 1, "b").add(MIDNIGHT, "c").add(0, "d", day=OTHER_DAY), 10),
        numbered(Documents().add(NOON - 5, "late").add(NOON + 1, "e", "stderr"), 14),
        numbered(Documents(B).add(NOON, "of another"), 16),
        numbered(Documents().add(MIDNIGHT - SECOND, "f"), 2**53 + 1),
    ]
    write(store, *batches)
    reader = store.reader()
    expected = [(10, "a"), (11, "b"), (12, "c"), (13, "d"), (14, "late"), (15, "e"), (2**53 + 1, "f")]
    assert since(reader) == expected
    assert since(reader, 11, 14) == expected[2:5]
    assert since(reader, 14, 14) == since(reader, 15, 2**53) == since(reader, END - 1) == []
    assert reader.heads(A.container_id)["shipper-1"] >= 2**53
    for after, until, count in ((-1, END, 7), (10, 13, 3), (9, 10, 1), (13, 13, 0)):
        assert reader.count_since(A.container_id, "shipper-1", after, until) == count


def test_what_comes_later_is_seen_by_the_same_reader(store: Store) -> None:
    reader = store.reader()
    assert since(reader) == []
    for turn in range(4):
        write(store, numbered(Documents().add(NOON + turn, f"{turn}"), turn))
        assert since(reader, turn - 1) == [(turn, f"{turn}")]
        assert since(reader, turn) == []


def test_a_message_that_is_written_again_has_its_newest_seq_alone(store: Store) -> None:
    write(store, numbered(Documents().add(NOON, "Traceback").add(NOON + 1, "next"), 0))
    grown = Documents().add(NOON, "Traceback\n  File", first="Traceback", version=2, lines=2)
    write(store, numbered(grown, 7))
    reader = store.reader()
    assert since(reader) == [(1, "next"), (7, "Traceback\n  File")]
    assert since(reader, 1) == [(7, "Traceback\n  File")]
    assert reader.count_since(A.container_id, "shipper-1", -1, 6) == 1
    write(store, numbered(Documents().add(NOON, "Traceback"), 3))  # late: undoes nothing
    assert since(reader) == [(1, "next"), (7, "Traceback\n  File")]


def test_each_shipper_has_its_own(store: Store) -> None:
    write(store, numbered(Documents().add(NOON, "one"), 100))
    write(store, numbered(Documents(shipper="shipper-2").add(NOON + 1, "two").add(NOON + 2, "three"), 3))
    reader = store.reader()
    assert reader.heads(A.container_id) == {"shipper-1": 100, "shipper-2": 4}
    assert since(reader) == [(100, "one")]
    assert since(reader, shipper="shipper-2") == [(3, "two"), (4, "three")]


def test_more_than_a_page(store: Store) -> None:
    documents = Documents()
    for number in range(9_000):
        documents.add(MIDNIGHT - 3 * SECOND + number * 700_000, f"{number}", "stderr" if number % 3 else "stdout")
    batch = numbered(documents, 0)
    order = list(range(0, 9_000, 2)) + list(range(1, 9_000, 2))
    write(store, batch.select(order[4_000:6_000]), batch.select(order[:4_000]), batch.select(order[6_000:]))
    reader = store.reader()
    found: list[str] = []
    after, asks = -1, 0
    while arrivals := reader.read_since(A.container_id, "shipper-1", after, END, 1_000):
        found += [one.line["log_message"] for one in arrivals]
        after, asks = arrivals[-1].seq, asks + 1
    assert found == [f"{number}" for number in range(9_000)]
    assert asks > 1
    assert reader.count_since(A.container_id, "shipper-1", -1, END) == 9_000


def test_large_messages_come_a_few_at_a_time(store: Store) -> None:
    texts = [f"{number} ".ljust(2_000_000, "x") for number in range(12)]
    for number, text in enumerate(texts):
        write(store, numbered(Documents().add(NOON + number, text), number))
    reader = store.reader()
    first = reader.read_since(A.container_id, "shipper-1", -1, END, 1_000)
    assert 0 < len(first) < 12
    assert [text[:3] for _, text in since(reader)] == [text[:3] for text in texts]


def test_a_store_that_is_away(store: Store) -> None:
    reader = store.away_reader()
    for call in (
        lambda: reader.heads(A.container_id),
        lambda: reader.read_since(A.container_id, "shipper-1", -1, END, 3),
        lambda: reader.count_since(A.container_id, "shipper-1", -1, END),
    ):
        with pytest.raises(StoreUnavailable, match="/"):
            call()
    reader.close()


def test_each_has_its_place_in_the_log(store: Store) -> None:
    documents = Documents().add(NOON, "a").add(NOON, "b").add(NOON - 5, "set back").add(NOON + 1, "c", "stderr")
    write(store, numbered(documents, 0))
    reader = store.reader()
    places = {one.line["id"]: one.place for one in reader.read_since(A.container_id, "shipper-1", -1, END, 10)}
    (page,) = reader.read(LogQuery(A.container_id))
    assert [places[line["id"]] for line in page] == [page.place(row) for row in range(4)]


def test_several_of_one_seq_come_together(store: Store) -> None:
    batch = Documents().add_all([f"{number}" for number in range(20)]).batch
    batch.seq = [0, 1, *[2] * 8, *[3] * 10]
    write(store, batch)
    reader = store.reader()
    found: list[str] = []
    after = -1
    while arrivals := reader.read_since(A.container_id, "shipper-1", after, END, 4):
        found += [one.line["log_message"] for one in arrivals]
        after = arrivals[-1].seq
    assert sorted(found, key=int) == [f"{number}" for number in range(20)]


def test_a_range_of_arrivals_in_the_order_of_the_log(store: Store) -> None:
    early = numbered(Documents().add(NOON + 5, "b").add(NOON + 9, "c").add(MIDNIGHT + 1, "e"), 10)
    late = numbered(Documents().add(NOON, "a").add(NOON + 20, "d", "stderr"), 20)
    other = numbered(Documents(shipper="shipper-2").add(NOON + 6, "x").add(NOON + 7, "y"), 3)
    write(store, early, late, other)
    reader = store.reader()

    def read(*arrived: Arrived, **more: object) -> list[str]:
        return messages_of(reader, LogQuery(A.container_id, arrived=arrived, **more))  # type: ignore[arg-type]

    one, two = Arrived("shipper-1", -1, 2**63 - 1), Arrived("shipper-2", 3, 2**63 - 1)
    assert read(one) == ["a", "b", "c", "d", "e"]
    assert read(one, two) == ["a", "b", "y", "c", "d", "e"]
    assert read(Arrived("shipper-1", 10, 20), Arrived("shipper-2", -1, 3)) == ["a", "x", "c", "e"]
    assert read(one, size=2, newest=True) == ["d", "e"] and read(one, descending=True, size=2) == ["e", "d"]
    assert read(Arrived("shipper-1", -1, 12), size=2, newest=True) == ["c", "e"]
    assert read() == read(Arrived("nobody", -1, 100)) == read(Arrived("\ud800", -1, 100)) == []
    (page,) = reader.read(LogQuery(A.container_id, size=1))
    assert read(one, after=page.place(0)) == ["b", "c", "d", "e"]


def test_what_a_repair_finds_as_it_was_has_not_come_anew(store: Store) -> None:
    write(store, numbered(Documents().add(NOON, "a").add(NOON + 2, "c").add(NOON + 4, "torn"), 10))
    repair = (
        Documents()
        .add(NOON, "a", version=18)
        .add(NOON + 1, "put back", version=18)
        .add(NOON + 2, "c", version=18, place=(NOON + 2, 1))
        .add(NOON + 4, "torn\n  and whole", first="torn", version=34, lines=2)
        .add(NOON + 9, "unfit", version=18, day="no day")
    )
    batch = numbered(repair, 100)
    batch.repaired = set(range(5))
    writer = store.writer()
    for result in (writer.write(batch), writer.write(batch)):
        assert [rejection.row for rejection in result.rejections] == [4]
    writer.refresh()
    reader = store.reader()
    assert since(reader) == [(10, "a"), (11, "c"), (101, "put back"), (103, "torn\n  and whole")]
    assert messages_of(reader, LogQuery(A.container_id)) == ["a", "put back", "c", "torn\n  and whole"]
