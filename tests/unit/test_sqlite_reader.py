"""How the SQLite backend reads: pages that are apart make one whole, or the read says that they do not."""

import shutil
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from log_store.errors import StoreUnavailable
from log_store.query import LogQuery
from log_store.sqlite.day import Day
from log_store.sqlite.folder import SqliteFolder
from log_store.sqlite.order import AFTER_ALL, BEFORE_ALL, KEYS_BACK, MESSAGE, MOST, ROWS_ON, Wanted, parameters
from log_store.sqlite.reader import SqliteReader
from log_store.sqlite.writer import SqliteWriter
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, lines_of, messages_of
from tests.fakes import MemoryStore
from tests.sqlite_stores import hundred, written

A = container("a").container_id
DAY_FILE = "2026.11.24.sqlite"
ROOT = Path(__file__).parents[2]


def test_no_query_sorts(tmp_path: Path) -> None:
    """Else a page would cost the more, the more rows come after it."""
    written(tmp_path, hundred().batch)
    bound = parameters(1, Wanted(A, 0, NOON), BEFORE_ALL, AFTER_ALL, 10)
    with closing(sqlite3.connect(tmp_path / DAY_FILE)) as connection:
        for query in (ROWS_ON, KEYS_BACK):
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", bound)]
            assert not [step for step in plan if "TEMP" in step or step.startswith("SCAN")], plan
            searches = [step for step in plan if step.startswith("SEARCH")]
            assert len(searches) == 3
            assert all(
                step.count("(container=? AND (") == 1 and "id)>(" in step and "id)<(" in step for step in searches
            )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([MIDNIGHT - 2, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1]),  # log_time
            st.sampled_from([0, 0, 0, 1, 3]),  # order_time - log_time
            st.sampled_from([0, 0, 1, 2]),  # ordinal: also equal ones, where the id decides
            st.sampled_from(["stdout", "stderr"]),
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from([None, "other"]),
        ),
        max_size=40,
        unique_by=lambda row: (row[0], row[3], row[4]),
    ),
    page_rows=st.integers(1, 7),
    start=st.sampled_from([None, MIDNIGHT - 1, MIDNIGHT]),
    end=st.sampled_from([None, MIDNIGHT - 1, MIDNIGHT]),
    size=st.none() | st.integers(1, 20),
    newest=st.booleans(),
)
def test_pages_of_any_size_make_the_same_whole(
    tmp_path: Path,
    rows: list[tuple[int, int, int, str, str, str | None]],
    page_rows: int,
    start: int | None,
    end: int | None,
    size: int | None,
    newest: bool,
) -> None:
    folder = tmp_path / "store"
    shutil.rmtree(folder, ignore_errors=True)
    documents = Documents()
    for time, delay, ordinal, stream, text, day in rows:
        documents.add(time, text, stream, day=day, place=(time + delay, ordinal))
    written(folder, documents.batch)
    model = MemoryStore()
    model.write(documents.batch)
    query = LogQuery(A, start, end, size, newest)
    pages = list(SqliteReader(folder, page_rows).read(query))
    assert all(0 < len(page) <= page_rows for page in pages)
    assert [line for page in pages for line in page] == lines_of(model, query)


def test_a_page_ends_after_some_megabytes(tmp_path: Path) -> None:
    documents = Documents().add_all(f"{number}" + "x" * 3_000_000 for number in range(8))
    written(tmp_path, documents.batch)
    assert [len(page) for page in SqliteReader(tmp_path).read(LogQuery(A))] == [2, 2, 2, 2]


def test_one_document_in_two_partitions_comes_twice_and_stops_nothing(tmp_path: Path) -> None:
    """No shipper's doing: a document's partition is the same for all its versions."""
    twice = Documents().add_all(["1", "2", "3"]).batch
    again = Documents()
    for number, text in enumerate(["1", "2", "3"]):
        again.add(NOON + number * 1000, text, day="other")
    reader = written(tmp_path, twice, again.batch)
    assert messages_of(reader, LogQuery(A)) == ["1", "1", "2", "2", "3", "3"]


def test_times_beyond_64_bits_may_be_asked_for(tmp_path: Path) -> None:
    reader = written(tmp_path, hundred().batch)
    assert len(lines_of(reader, LogQuery(A, -(10**30), 10**30))) == 100
    assert len(lines_of(reader, LogQuery(A, -(10**30), 10**30, size=10**30, newest=True))) == 100
    assert lines_of(reader, LogQuery(A, 10**30)) == lines_of(reader, LogQuery(A, end=-(10**30))) == []


def test_a_read_ends_though_rows_come_as_fast_as_they_are_read(tmp_path: Path) -> None:
    written(tmp_path, hundred().batch)
    with closing(SqliteWriter(tmp_path)) as writer:
        found: list[str] = []
        for number, page in enumerate(SqliteReader(tmp_path, page_rows=10).read(LogQuery(A))):
            found += [line["log_message"] for line in page]
            more = [f"new {number} {row}" for row in range(20)]
            writer.write(Documents().add_all(more, NOON + (number + 1) * SECOND).batch)
    assert found == [str(number) for number in range(100)]


def test_a_row_that_moves_while_it_is_read_ends_the_read(tmp_path: Path) -> None:
    """Behind the pages that are out it would be missed, before them met twice."""
    reader = written(tmp_path, hundred().batch)
    pages = reader.read(LogQuery(A))
    assert len(next(pages)) == 10
    place = (NOON + 1, 0)
    written(tmp_path, Documents().add(NOON + 90_000, "90", version=2, place=place).batch)
    with pytest.raises(StoreUnavailable, match="read again"):
        list(pages)


def test_a_page_is_one_snapshot(tmp_path: Path) -> None:
    """A row that moves between the queries of the last page would be missed, and no later page is there to find out."""
    written(tmp_path, hundred().batch)
    asked: list[str] = []

    class Meddling(SqliteFolder):
        def open_to_read(self, name: str) -> sqlite3.Connection:
            connection = super().open_to_read(name)
            connection.set_trace_callback(meddle)
            return connection

    def meddle(statement: str) -> None:
        if "UNION ALL" in statement:  # the rows, after the container's revision was looked at
            asked.append(statement)
            if len(asked) == 11:  # the last key, then ten pages
                written(tmp_path, Documents().add(NOON + 95_000, "95", version=2, place=(NOON + 1, 0)).batch)

    day = Day(Meddling(tmp_path), "2026.11.24", Wanted(A, 0, MIDNIGHT), page_rows=10)
    found = [row[MESSAGE] for page in day.pages(BEFORE_ALL, MOST) for row in page]
    assert len(asked) == 11
    assert found == [str(number) for number in range(100)]


def test_a_row_that_grows_in_place_or_is_another_containers_does_not_end_it(tmp_path: Path) -> None:
    reader = written(tmp_path, hundred().batch, Documents(container("b")).add(NOON, "x").batch)
    pages = reader.read(LogQuery(A))
    found = list(next(pages))
    written(tmp_path, Documents().add(NOON + 90_000, "grown", first="90", version=2).batch)
    written(tmp_path, Documents(container("b")).add(NOON, "x", version=2, place=(NOON + 9, 4)).batch)
    found += [line for page in pages for line in page]
    assert [line["log_message"] for line in found] == [str(n) if n != 90 else "grown" for n in range(100)]


@pytest.mark.parametrize("put_back", [False, True])
def test_a_day_that_is_removed_while_it_is_read_does_not_look_whole(tmp_path: Path, put_back: bool) -> None:
    reader = written(tmp_path, hundred().batch, Documents().add(MIDNIGHT, "the next day").batch)
    pages = reader.read(LogQuery(A))
    next(pages)
    (tmp_path / DAY_FILE).unlink()
    if put_back:
        written(tmp_path, hundred().batch.select(list(range(50))))
    with pytest.raises(StoreUnavailable, match="read again"):
        list(pages)


def test_a_later_day_that_is_removed_meanwhile_does_not_look_whole(tmp_path: Path) -> None:
    reader = written(tmp_path, hundred().batch, Documents().add(MIDNIGHT, "the next day").batch)
    pages = reader.read(LogQuery(A))
    next(pages)
    (tmp_path / "2026.11.25.sqlite").unlink()
    with pytest.raises(StoreUnavailable, match="removed"):
        list(pages)


def test_a_folder_that_goes_away_while_it_is_read_does_not_look_whole(tmp_path: Path) -> None:
    reader = written(tmp_path / "logs", hundred().batch)
    pages = reader.read(LogQuery(A))
    next(pages)
    (tmp_path / "logs").rename(tmp_path / "unmounted")
    with pytest.raises(StoreUnavailable, match="mounted"):
        list(pages)


def test_a_reader_that_stands_still_does_not_make_the_log_grow(tmp_path: Path) -> None:
    pages = written(tmp_path, hundred().batch).read(LogQuery(A))
    found = list(next(pages))
    with closing(SqliteWriter(tmp_path)) as writer:
        for turn in range(30):
            texts = [f"{turn} {row} ".ljust(4_000, "x") for row in range(1_000)]
            writer.write(Documents().add_all(texts, NOON + (turn + 1) * SECOND).batch)
        assert (tmp_path / (DAY_FILE + "-wal")).stat().st_size < 60_000_000 < (tmp_path / DAY_FILE).stat().st_size
        found += [line for page in pages for line in page]
    assert len(found) == 100


def test_a_long_read_holds_a_page_at_a_time(tmp_path: Path) -> None:
    documents = Documents()
    for number in range(40_000):
        documents.add(MIDNIGHT - 20 * SECOND + number * 1_000_000, f"{number} ".ljust(1_000, "x"))
    written(tmp_path, documents.batch)
    for query in (LogQuery(A), LogQuery(A, size=39_000, newest=True)):
        tracemalloc.start()
        try:
            count = sum(len(page) for page in SqliteReader(tmp_path).read(query))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert count == (query.size or 40_000)
        assert peak < 20_000_000  # of 40 MB
