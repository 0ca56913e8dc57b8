"""In which order, and of which range, every backend of the log store must give documents; `store` is each in turn."""

from log_store.fields import OTHER_DAY
from log_store.query import LogQuery
from tests.contract.stores import Store, write
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, lines_of, messages_of

A = container("a").container_id


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
