"""What every backend of the log store must do with documents; `store` is each of them in turn."""

import threading
from base64 import b64encode

import pytest

from log_store.document import DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.protocols import WriteResult
from log_store.query import LogQuery, Whose
from tests.contract.stores import Store, write
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, lines_of, messages_of

A = container("a").container_id
ODD_TEXTS = [
    "",
    " ",
    "\0",
    "a\0b",
    "\t leading and trailing \t",
    "\r",
    "\n",
    "two\nlines",
    "\x1b[31mred\x1b[0m",
    "\x7f\x80\x9f",
    '"quoted" \\ {"json": null}',
    "null",
    "\u2028\u2029",
    "\ufeffmark",
    "\ufffd",
    "\uffff",
    "\U0010ffff",
    "e\u0301 \u05d0\u05d1 \u0627\u0644 \u4e2d\u6587 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "x" * 100_000,
    "\u20ac" * 20_000,
]


def test_a_line_comes_back_with_all_its_members(store: Store) -> None:
    batch = Documents().add(NOON + 7, "disk full", "stderr", log_type="error", lines=3).batch
    assert write(store, batch) == [WriteResult(1, 0)]
    assert lines_of(store.reader(), LogQuery(A)) == [
        {
            "log_time": "2026-11-24T12:00:00.000000007Z",
            "log_type": "error",
            "log_message": "disk full",
            "log_type_by": "level_word",
            "stream": "stderr",
            "id": batch.id[0],
            "lines": 3,
        }
    ]


def test_fields_come_back_as_they_were_given_and_none_is_refused(store: Store) -> None:
    """Among them one key with values of five types, and more keys than a mapping would ever take."""
    values = ["text", 7, 1.5, True, ["a", 2], 2**63, -(2**63), "x" * 1024]
    documents = Documents().add(NOON, "plain")
    for number, value in enumerate(values):
        documents.add(NOON + 1 + number, f"one key {number}", fields={"k": value, "trace.id": "ab", "ä.b c": "d"})
    for number in range(2500):
        documents.add(SECOND + NOON + number, "keys", fields={f"key{number}.{place}": place for place in range(40)})
    assert write(store, documents.batch) == [WriteResult(2501 + len(values), 0)]
    plain, *lines = lines_of(store.reader(), LogQuery(A))
    assert "fields" not in plain
    assert [line["fields"] for line in lines[: len(values)]] == [
        {"k": value, "trace.id": "ab", "ä.b c": "d"} for value in values
    ]
    assert [len(line["fields"]) for line in lines[len(values) :]] == [40] * 2500
    grown = Documents().add(NOON + 1, "one key 0", version=2, fields={"k": "other"}).batch
    grown.id[0] = documents.batch.id[1]
    assert write(store, grown) == [WriteResult(1, 0)]
    assert lines_of(store.reader(), LogQuery(A))[1]["fields"] == {"k": "other"}


def test_a_container_without_lines_has_no_pages(store: Store) -> None:
    write(store, Documents().add(NOON, "x").batch)
    for query in (
        LogQuery("c" * 64),
        LogQuery("a" * 63),
        LogQuery("\ud800"),
        LogQuery(A, end=NOON - 1),
        LogQuery(A, start=NOON + 1),
        LogQuery(A, start=NOON + 1, end=NOON - 1),
        LogQuery(A, start=NOON + 1, size=5, newest=True),
    ):
        assert list(store.reader().read(query)) == []


def test_an_empty_batch_is_no_fault(store: Store) -> None:
    assert write(store, DocumentBatch("shipper-1")) == [WriteResult(0, 0)]


def test_the_same_batch_twice_is_stored_once(store: Store) -> None:
    batch = Documents().add_all(["one", "two", "three"]).batch
    assert write(store, batch, batch, batch.select([2, 0])) == [WriteResult(3, 0), WriteResult(0, 3), WriteResult(0, 2)]
    assert messages_of(store.reader(), LogQuery(A)) == ["one", "two", "three"]


def test_another_writer_finds_what_is_there(store: Store) -> None:
    batch = Documents().add_all(["one", "two"]).batch
    write(store, batch)
    assert write(store, batch) == [WriteResult(0, 2)]


def test_a_greater_version_replaces_in_place_and_a_late_smaller_one_undoes_nothing(store: Store) -> None:
    def trace(text: str, version: int, lines: int) -> DocumentBatch:
        documents = Documents().add(NOON, "before")
        documents.add(NOON + 1, text, first="Traceback", version=version, lines=lines, log_type="error")
        return documents.add(NOON + 2, "after").batch

    whole = "Traceback\n  File x\nValueError: y"
    results = write(store, trace("Traceback", 1, 1), trace(whole, 3, 3), trace("Traceback\n  File x", 2, 2))
    assert results == [WriteResult(3, 0), WriteResult(1, 2), WriteResult(0, 3)]
    found = lines_of(store.reader(), LogQuery(A))
    assert [(line["log_message"], line["lines"]) for line in found] == [("before", 1), (whole, 3), ("after", 1)]


def test_an_equal_version_replaces_nothing(store: Store) -> None:
    first = Documents().add(NOON, "first", first="id", version=5).batch
    second = Documents().add(NOON, "second", first="id", version=5).batch
    assert write(store, first, second) == [WriteResult(1, 0), WriteResult(0, 1)]
    assert messages_of(store.reader(), LogQuery(A)) == ["first"]


def test_versions_within_one_batch(store: Store) -> None:
    documents = Documents()
    for version in (1, 3, 2):
        documents.add(NOON, f"version {version}", first="id", version=version, place=(NOON, 0))
    assert write(store, documents.batch) == [WriteResult(2, 1)]
    assert messages_of(store.reader(), LogQuery(A)) == ["version 3"]


def test_large_versions_are_exact(store: Store) -> None:
    great = 2**53 + 1
    for version, text in ((great, "great"), (great - 1, "less"), (great + 1, "greater")):
        write(store, Documents().add(NOON, text, first="id", version=version).batch)
    assert messages_of(store.reader(), LogQuery(A)) == ["greater"]


def test_texts_of_all_kinds(store: Store) -> None:
    write(store, Documents().add_all(ODD_TEXTS).batch)
    assert messages_of(store.reader(), LogQuery(A)) == ODD_TEXTS


def test_a_message_of_8_mib(store: Store) -> None:
    long = "".join(f"{number:07d} \u00fc ...\n" for number in range(8 * 1024 * 1024 // 15))
    assert 8_000_000 < len(long.encode()) <= 8 * 1024 * 1024
    write(store, Documents().add_all(["before", long, "after"]).batch)
    found = messages_of(store.reader(), LogQuery(A))
    assert [len(text) for text in found] == [6, len(long), 5]
    assert found[1] == long or pytest.fail("the text came back changed")


def test_bytes_that_are_not_utf8(store: Store) -> None:
    raw = b"\xff\xfe caf\xe9 \0"
    text = raw.decode("utf-8", "replace")
    write(store, Documents().add(NOON, "plain").add(NOON + 1, text, raw=raw).batch)
    plain, odd = lines_of(store.reader(), LogQuery(A))
    assert "raw" not in plain
    assert (odd["log_message"], odd["raw"]) == (text, b64encode(raw).decode())
    write(store, Documents().add(NOON + 1, "now it is", first=text, version=2).batch)
    assert "raw" not in lines_of(store.reader(), LogQuery(A))[1]


def test_containers_are_apart_even_where_their_ids_begin_alike(store: Store) -> None:
    ids = ["a" * 64, "a" * 63 + "b", "a" * 12, "a" * 12 + " other sender/\u00fc", "A" * 64]
    for number, name in enumerate(ids):
        context = container("a")
        context = type(context)(name, context.container_name, context.task_id, context.type, context.uid)
        write(store, Documents(context).add_all([f"{number} first", f"{number} second"], start=NOON + number).batch)
    for number, name in enumerate(ids):
        assert messages_of(store.reader(), LogQuery(name)) == [f"{number} first", f"{number} second"]
        assert store.reader().count_lines(name) == 2


def test_one_batch_of_several_containers_and_days(store: Store) -> None:
    batch = DocumentBatch("shipper-1")
    for letter in "abc":
        batch.extend(
            Documents(container(letter))
            .add_all([f"{letter} {n}" for n in range(4)], MIDNIGHT - 2 * SECOND, SECOND)
            .batch
        )
    write(store, batch.select([5, 0, 11, 2, 7, 4, 1, 9, 3, 8, 6, 10]))
    for letter in "abc":
        assert messages_of(store.reader(), LogQuery(letter * 64)) == [f"{letter} {n}" for n in range(4)]


def test_lines_are_counted_over_all_days_as_they_are_stored_now(store: Store) -> None:
    documents = Documents().add(NOON, "x").add(NOON + 1, "trace", lines=2).add(MIDNIGHT, "y", "stderr")
    write(store, documents.add(0, "old", day=OTHER_DAY, lines=5).batch, Documents(container("b")).add(NOON, "z").batch)
    assert store.reader().count_lines(A) == 9
    write(store, Documents().add(NOON + 1, "whole trace", first="trace", version=2, lines=12).batch)
    assert store.reader().count_lines(A) == 19
    assert store.reader().count_lines("b" * 64) == 1
    assert store.reader().count_lines("a" * 12) == 0
    assert store.reader().count_lines("\ud800") == 0


def test_several_threads_write_the_same_and_other_documents(store: Store) -> None:
    batch = (
        Documents().add_all((f"{number}" for number in range(4_000)), step=SECOND * 20).batch
    )  # nearly a day: two files
    writer = store.writer()
    shares = [list(range(start, 4_000, 4)) for start in range(4)]
    results: list[WriteResult] = []

    def write_all(first: int) -> None:
        for share in shares[first:] + shares[:first]:
            results.append(writer.write(batch.select(share)))

    threads = [threading.Thread(target=write_all, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.refresh()
    assert len(results) == 16 and not any(result.rejections for result in results)
    assert (sum(result.stored for result in results), sum(result.present for result in results)) == (4_000, 12_000)
    assert messages_of(store.reader(), LogQuery(A)) == batch.message


def test_a_read_beside_writes_misses_and_doubles_nothing(store: Store) -> None:
    """Rows grow in place, others are put back before and behind, and more come: all that was there comes once, in order."""
    base = Documents().add_all((f"{number}" for number in range(12_000)), step=1000).batch
    write(store, base)
    ended = threading.Event()
    failures: list[BaseException] = []

    def write_on() -> None:
        try:
            writer = store.writer()
            for turn in range(15):
                documents = Documents()
                for number in range(turn, 12_000, 40):
                    first = base.message[number]
                    documents.add(NOON + number * 1000, f"{first} grown", first=first, version=turn + 2)
                    documents.add(
                        NOON + number * 1000 + 1 + turn, "put back", place=(NOON + number * 1000 + 1 + turn, 0)
                    )
                documents.add_all((f"new {number}" for number in range(200)), start=NOON + SECOND + turn * SECOND)
                writer.write(documents.batch)
                writer.refresh()
        except BaseException as error:  # shown by the assertion below
            failures.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=write_on)
    thread.start()
    reader = store.reader()
    known = set(base.id)
    reads = 0
    while reads == 0 or not ended.is_set():
        found = lines_of(reader, LogQuery(A))
        assert [line["id"] for line in found if line["id"] in known] == base.id
        assert [line["log_time"] for line in found] == sorted({line["log_time"] for line in found})
        reads += 1
    thread.join()
    assert failures == []
    assert len(messages_of(reader, LogQuery(A))) == 12_000 + 15 * (300 + 200)


def test_a_day_that_begins_makes_no_reader_fail(store: Store) -> None:
    """The place of a new day is made with its first line, and who reads meanwhile gets an answer all the same."""
    writer, days, ended = store.writer(), 6, threading.Event()

    def write_on() -> None:
        try:
            for day in range(days):
                writer.write(Documents().add(NOON + day * 86_400 * SECOND, f"of day {day}").batch)
        finally:
            ended.set()

    thread = threading.Thread(target=write_on)
    thread.start()
    reader, seen = store.reader(), 0
    while not ended.is_set():
        lines, answer = lines_of(reader, LogQuery(A)), reader.owners(Whose(), None, None, 1)
        assert len(lines) >= seen and len(answer) <= 1
        seen = len(lines)
    thread.join()
    writer.refresh()
    assert messages_of(reader, LogQuery(A)) == [f"of day {day}" for day in range(days)]


def test_check_says_in_one_line_what_answers(store: Store) -> None:
    said = store.reader().check()
    assert said.strip() and "\n" not in said
    assert any(char.isdigit() for char in said)


def test_a_store_that_is_away_is_unavailable_and_its_text_says_where(store: Store) -> None:
    reader = store.away_reader()
    calls = (
        lambda: list(reader.read(LogQuery(A))),
        lambda: list(reader.read(LogQuery(A, size=3, newest=True))),
        lambda: reader.count_lines(A),
        lambda: reader.seals(A),
        lambda: reader.find_containers("a"),
        lambda: reader.check(),
    )
    for call in calls:
        with pytest.raises(StoreUnavailable) as raised:
            call()
        assert "/" in str(raised.value) and len(str(raised.value)) < 500  # a path or a URL
    writer = store.away_writer()
    with pytest.raises(StoreUnavailable, match="/"):
        writer.write(Documents().add(NOON, "x").batch)
    reader.close()
    writer.close()


def test_close_may_be_called_again(store: Store) -> None:
    writer, reader = store.writer(), store.reader()
    for one in (writer, reader):
        one.close()
        one.close()
