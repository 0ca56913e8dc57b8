"""Removing days and containers, on every backend."""

import threading

import pytest

from log_store.document import DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.query import LogQuery
from log_store.removal import Holding, LogRemover
from log_store.rfc3339 import DAY
from tests.contract.stores import Store, write
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, messages_of

A, B = container("a"), container("b")
TODAY, TOMORROW = "2026.11.24", "2026.11.25"


@pytest.fixture
def remover(store: Store) -> LogRemover:
    return store.open_remover()


def two_days(store: Store) -> None:
    for context in (A, B):
        documents = (
            Documents(context).add(NOON, "one", lines=3).add(NOON + 5, "two", "stderr").add(MIDNIGHT, "next day")
        )
        write(store, documents.add(7, "long ago", day=OTHER_DAY).batch)


def test_partitions_are_named_with_bounds_and_size(store: Store, remover: LogRemover) -> None:
    assert remover.partitions() == [] and remover.holdings(TODAY) == []
    two_days(store)
    today, tomorrow, other = remover.partitions()
    assert (today.name, today.start, today.end) == (TODAY, MIDNIGHT - DAY, MIDNIGHT - 1)
    assert (tomorrow.name, tomorrow.start) == (TOMORROW, MIDNIGHT)
    assert (other.name, other.start, other.end) == (OTHER_DAY, None, None)
    assert all(one.size > 0 for one in (today, tomorrow, other))


def test_holdings_say_what_a_day_has_of_whom(store: Store, remover: LogRemover) -> None:
    two_days(store)
    ids = [A.container_id, B.container_id]
    assert remover.holdings(TODAY) == [Holding(one, 2, 4, NOON, NOON + 5) for one in ids]
    assert remover.holdings(TODAY, NOON + 4) == [Holding(one, 1, 3, NOON, NOON) for one in ids]
    assert remover.holdings(TODAY, NOON - 1) == []
    assert remover.holdings(TODAY, NOON + 4, B.container_id) == [Holding(B.container_id, 1, 3, NOON, NOON)]
    assert remover.holdings(TODAY, None, "c" * 64) == remover.holdings(TODAY, None, "\ud800") == []
    assert remover.holdings(OTHER_DAY) == [Holding(one, 1, 1, 7, 7) for one in ids]


def test_a_day_is_dropped_whole_and_may_come_again(store: Store, remover: LogRemover) -> None:
    two_days(store)
    reader = store.reader()
    remover.drop(TODAY)
    remover.drop(TODAY)
    assert messages_of(reader, LogQuery(A.container_id)) == ["next day", "long ago"]
    assert [one.name for one in remover.partitions()] == [TOMORROW, OTHER_DAY]
    assert reader.count_lines(B.container_id) == 2
    write(store, Documents(A).add(NOON + 9, "again").batch)
    assert messages_of(reader, LogQuery(A.container_id)) == ["again", "next day", "long ago"]


def test_the_writer_that_had_a_dropped_day_open_goes_on(store: Store, remover: LogRemover) -> None:
    writer = store.writer()
    writer.write(Documents(A).add(NOON, "before").batch)
    remover.drop(TODAY)
    assert writer.write(Documents(A).add(NOON + 1, "after").batch).stored == 1
    writer.refresh()
    assert messages_of(store.reader(), LogQuery(A.container_id)) == ["after"]


def test_one_container_goes_and_the_others_stay(store: Store, remover: LogRemover) -> None:
    two_days(store)
    reader = store.reader()
    assert remover.remove(TODAY, A.container_id, NOON) == 1
    assert messages_of(reader, LogQuery(A.container_id)) == ["two", "next day", "long ago"]
    assert remover.remove(TODAY, A.container_id) == 1
    assert remover.remove(TODAY, A.container_id) == 0
    assert remover.remove(OTHER_DAY, A.container_id) == remover.remove(TOMORROW, A.container_id) == 1
    assert remover.remove("2020.01.01", A.container_id) == remover.remove(TODAY, "\ud800") == 0
    assert messages_of(reader, LogQuery(A.container_id)) == [] and reader.heads(A.container_id) == {}
    assert messages_of(reader, LogQuery(B.container_id)) == ["one", "two", "next day", "long ago"]


def test_many_go_beside_writes(store: Store, remover: LogRemover) -> None:
    """Batches of removal and of writing take turns: nobody is refused, and nothing else goes."""
    many = Documents(A).add_all((f"{number}" for number in range(3_000)), step=1000).batch
    write(store, many)
    ended, failures = threading.Event(), list[BaseException]()
    written = DocumentBatch("shipper-1")

    def write_on() -> None:
        try:
            writer = store.writer()
            number = 0
            while not ended.is_set() and number < 500:
                batch = Documents(B).add(NOON + number * SECOND // 100, f"{number}").batch
                assert writer.write(batch).stored == 1
                written.extend(batch)
                number += 1
        except BaseException as error:  # shown by the assertion below
            failures.append(error)

    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        assert remover.remove(TODAY, A.container_id, NOON + 2_999 * 1000 - 1) == 2_999
    finally:
        ended.set()
        thread.join()
    assert failures == []
    store.writer().refresh()
    assert messages_of(store.reader(), LogQuery(A.container_id)) == ["2999"]
    assert messages_of(store.reader(), LogQuery(B.container_id)) == written.message


def test_a_read_that_meets_a_removal_says_so_or_is_whole(store: Store, remover: LogRemover) -> None:
    texts = [f"{number}" for number in range(6_000)]
    write(store, Documents(A).add_all(texts, step=1000).batch)
    pages = store.reader().read(LogQuery(A.container_id))
    found = [line["log_message"] for line in next(pages)]
    remover.remove(TODAY, A.container_id, NOON + 5_500 * 1000)
    try:
        for page in pages:
            found += [line["log_message"] for line in page]
    except StoreUnavailable as error:
        assert "read again" in str(error)
    else:
        assert found == texts
    assert messages_of(store.reader(), LogQuery(A.container_id)) == texts[5_501:]
