"""What every backend of the log store must do with documents; `store` is each of them in turn."""

import threading
from base64 import b64encode

import pytest

from log_store.document import DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.protocols import WriteResult
from log_store.query import LogQuery
from tests.contract.stores import Store
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


def write(store: Store, *batches: DocumentBatch) -> list[WriteResult]:
    """Write them and make them readable; no row may be rejected."""
    writer = store.writer()
    results = [writer.write(batch) for batch in batches]
    writer.refresh()
    assert [result.rejections for result in results] == [[] for _ in results]
    return results


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


def test_a_greater_version_may_move_a_row(store: Store) -> None:
    """A repair knows the true place of a line in its stream."""
    live = Documents().add(NOON, "one", place=(NOON, 0)).add(NOON, "three", place=(NOON, 1)).batch
    repair = (
        Documents().add(NOON, "two", place=(NOON, 1), version=2).add(NOON, "three", place=(NOON, 2), version=2).batch
    )
    write(store, live, repair)
    assert messages_of(store.reader(), LogQuery(A)) == ["one", "two", "three"]
    back = Documents().add(NOON, "three", place=(NOON + 5, 3), version=3).add(NOON + 1, "four").batch
    write(store, back)
    assert messages_of(store.reader(), LogQuery(A)) == ["one", "two", "four", "three"]


def test_equal_times_keep_the_order_in_which_they_were_written(store: Store) -> None:
    texts = [f"line {n}" for n in range(300)]
    batch = Documents().add_all(texts, step=0).batch
    write(store, batch.select(list(range(299, -1, -2))), batch)  # half of them first, and backwards
    assert messages_of(store.reader(), LogQuery(A)) == texts
    assert messages_of(store.reader(), LogQuery(A, size=7)) == texts[:7]
    assert messages_of(store.reader(), LogQuery(A, size=7, newest=True)) == texts[-7:]


def test_between_streams_time_decides_and_then_the_stream(store: Store) -> None:
    documents = Documents()
    for time, stream, text in (
        (NOON, "stdout", "out 1"),
        (NOON, "stdout", "out 2"),
        (NOON, "stderr", "err 1"),
        (NOON + 1, "stdout", "out 3"),
        (NOON, "stderr", "err 2"),
        (NOON + 2, "stderr", "err 3"),
    ):
        documents.add(time, text, stream)
    write(store, documents.batch)
    assert messages_of(store.reader(), LogQuery(A)) == ["err 1", "err 2", "out 1", "out 2", "out 3", "err 3"]


def test_a_clock_that_steps_back_turns_no_lines_around(store: Store) -> None:
    documents = Documents()
    for time, text in ((10, "one"), (4, "two"), (5, "three"), (10, "four"), (11, "five"), (3, "six"), (12, "seven")):
        documents.add(NOON + time, text)
    write(store, documents.batch)
    reader = store.reader()
    assert messages_of(reader, LogQuery(A)) == ["one", "two", "three", "four", "five", "six", "seven"]
    assert messages_of(reader, LogQuery(A, end=NOON + 5)) == ["two", "three", "six"]
    assert messages_of(reader, LogQuery(A, start=NOON + 10)) == ["one", "four", "five", "seven"]
    assert messages_of(reader, LogQuery(A, size=3, newest=True)) == ["five", "six", "seven"]
    assert messages_of(reader, LogQuery(A, end=NOON + 10, size=2, newest=True)) == ["four", "six"]


def test_a_clock_that_steps_back_across_midnight(store: Store) -> None:
    documents = Documents()
    for hours, text in ((-1, "one"), (1, "two"), (-2, "three"), (-1, "four"), (2, "five"), (25, "six"), (-3, "seven")):
        documents.add(MIDNIGHT + hours * 3600 * SECOND, text)
    write(store, documents.batch)
    reader = store.reader()
    assert messages_of(reader, LogQuery(A)) == ["one", "two", "three", "four", "five", "six", "seven"]
    assert messages_of(reader, LogQuery(A, end=MIDNIGHT - 1)) == ["one", "three", "four", "seven"]
    assert messages_of(reader, LogQuery(A, start=MIDNIGHT)) == ["two", "five", "six"]
    for size in range(1, 9):
        expected = ["one", "two", "three", "four", "five", "six", "seven"]
        assert messages_of(reader, LogQuery(A, size=size)) == expected[:size]
        assert messages_of(reader, LogQuery(A, size=size, newest=True)) == expected[-size:]


def test_ranges_are_inclusive_to_the_nanosecond_at_both_ends(store: Store) -> None:
    write(store, Documents().add_all(["-1", "0", "1", "2"], start=NOON - 1, step=1).batch)
    reader = store.reader()
    for start, end, expected in (
        (NOON, NOON, ["0"]),
        (NOON, NOON + 1, ["0", "1"]),
        (NOON + 1, None, ["1", "2"]),
        (None, NOON - 1, ["-1"]),
        (NOON - 1, NOON + 2, ["-1", "0", "1", "2"]),
        (0, 2**63 - 1, ["-1", "0", "1", "2"]),
        (NOON + 3, None, []),
    ):
        assert messages_of(reader, LogQuery(A, start, end)) == expected
        assert messages_of(reader, LogQuery(A, start, end, size=1)) == expected[:1]
        assert messages_of(reader, LogQuery(A, start, end, size=1, newest=True)) == expected[-1:]


def test_ranges_are_inclusive_at_midnight(store: Store) -> None:
    write(store, Documents().add_all(["last of the day", "first of the day"], start=MIDNIGHT - 1, step=1).batch)
    reader = store.reader()
    assert messages_of(reader, LogQuery(A, end=MIDNIGHT - 1)) == ["last of the day"]
    assert messages_of(reader, LogQuery(A, start=MIDNIGHT)) == ["first of the day"]
    assert messages_of(reader, LogQuery(A, MIDNIGHT - 1, MIDNIGHT)) == ["last of the day", "first of the day"]


def test_more_than_a_page(store: Store) -> None:
    """Times increase, repeat and step back; both streams; over midnight."""
    documents = Documents()
    total = 25_000
    for number in range(total):
        back = 7_000_000 if number % 97 == 0 else 0
        time = MIDNIGHT - 10 * SECOND + number // 3 * 2_000_000 - back
        documents.add(time, f"{number}", "stderr" if number % 5 == 0 else "stdout")
    batch = documents.batch
    write(store, *(batch.select(list(range(start, start + 5_000))) for start in range(0, total, 5_000)))
    places = sorted(zip(batch.order_time, batch.stream, batch.ordinal, batch.message, strict=True))
    expected = [message for *_, message in places]
    reader = store.reader()
    pages = list(reader.read(LogQuery(A)))
    assert len(pages) > 1 and all(pages)
    assert [line["log_message"] for page in pages for line in page] == expected
    for size in (1, 4_999, 5_000, 5_001, 10_000, 20_001, total, total + 1):
        assert messages_of(reader, LogQuery(A, size=size)) == expected[:size]
        assert messages_of(reader, LogQuery(A, size=size, newest=True)) == expected[-size:]


def test_more_than_a_page_of_one_time(store: Store) -> None:
    texts = [f"{number}" for number in range(12_000)]
    batch = Documents().add_all(texts, step=0).batch
    write(store, batch.select(list(range(6_000))), batch.select(list(range(6_000, 12_000))))
    assert messages_of(store.reader(), LogQuery(A)) == texts
    assert messages_of(store.reader(), LogQuery(A, NOON, NOON, size=6_001, newest=True)) == texts[-6_001:]


def test_an_iterator_may_be_dropped(store: Store) -> None:
    write(store, Documents().add_all(f"{number}" for number in range(12_000)).batch)
    reader = store.reader()
    for _ in range(50):
        assert next(reader.read(LogQuery(A)))[0]["log_message"] == "0"
    assert len(messages_of(reader, LogQuery(A))) == 12_000


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


def test_the_partition_of_other_times(store: Store) -> None:
    """Its rows stand among those of the days by their time."""
    documents = Documents()
    documents.add(0, "1970", day=OTHER_DAY).add(1, "1970 and a nanosecond", day=OTHER_DAY)
    documents.add(NOON, "one").add(NOON + 1, "between", day=OTHER_DAY).add(NOON + 2, "two")
    documents.add(MIDNIGHT, "the next day").add(2**63 - 1, "2262", day=OTHER_DAY)
    write(store, documents.batch)
    reader = store.reader()
    assert messages_of(reader, LogQuery(A)) == documents.batch.message
    assert messages_of(reader, LogQuery(A, size=2, newest=True)) == ["the next day", "2262"]
    assert messages_of(reader, LogQuery(A, size=3)) == ["1970", "1970 and a nanosecond", "one"]
    assert messages_of(reader, LogQuery(A, 0, NOON + 1)) == documents.batch.message[:4]
    assert lines_of(reader, LogQuery(A, start=2**63 - 1))[0]["log_time"] == "2262-04-11T23:47:16.854775807Z"


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
