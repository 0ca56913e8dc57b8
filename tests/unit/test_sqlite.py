"""What the SQLite backend does beyond the contract: files, crashes, damage, what cannot be stored."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from log_store.errors import LogStoreError, StoreDamaged, StoreMisconfigured, StoreUnavailable
from log_store.protocols import WriteResult
from log_store.query import LogQuery
from log_store.seal import Seal
from log_store.sqlite.failures import translated
from log_store.sqlite.reader import SqliteReader
from log_store.sqlite.writer import SqliteWriter
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, lines_of, messages_of
from tests.sqlite_stores import hundred, written

A = container("a").container_id
DAY_FILE = "2026.11.24.sqlite"
ROOT = Path(__file__).parents[2]


def test_the_files_are_a_day_each_and_the_seals(tmp_path: Path) -> None:
    documents = Documents().add(NOON, "x").add(MIDNIGHT, "y").add(0, "z", day="other")
    reader = written(tmp_path / "a/b", documents.batch)
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == [
        DAY_FILE,
        "2026.11.25.sqlite",
        "other.sqlite",
        "seals.sqlite",
    ]
    assert reader.check() == f"SQLite {sqlite3.sqlite_version}, 3 partitions in {tmp_path / 'a/b'}"


def test_writes_are_synced_to_a_write_ahead_log(tmp_path: Path) -> None:
    with closing(SqliteWriter(tmp_path)) as writer:
        writer.write(Documents().add(NOON, "x").batch)
        connection = writer._open["2026.11.24"][0]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_the_last_that_changes_with_a_commit_is_the_files_time(tmp_path: Path) -> None:
    """Who follows takes a day for unchanged by its files, and a commit is shown to readers only after its last write to the
    write-ahead log was synced, which may take a second on a busy disk."""
    with closing(SqliteWriter(tmp_path)) as writer:
        for number in range(3):
            if number:
                os.utime(tmp_path / DAY_FILE, (0, 0))
            writer.write(Documents().add(NOON + number, "x").batch)
            times = [(tmp_path / name).stat().st_mtime_ns for name in (f"{DAY_FILE}-wal", DAY_FILE)]
            assert times == sorted(times)


def test_a_folder_that_is_empty_is_no_store_without_logs(tmp_path: Path) -> None:
    """It may be where a disk is to be mounted."""
    with pytest.raises(StoreUnavailable, match="no log store is there"):
        list(SqliteReader(tmp_path).read(LogQuery(A)))
    writer = SqliteWriter(tmp_path / "logs")
    writer.write(hundred().batch)
    shutil.rmtree(tmp_path / "logs")
    (tmp_path / "logs").mkdir()
    with pytest.raises(StoreUnavailable, match="no log store is there"):
        writer.write(hundred().batch)
    assert list((tmp_path / "logs").iterdir()) == []
    writer.close()


def test_damage_in_the_middle_is_said(tmp_path: Path) -> None:
    reader = written(tmp_path, Documents().add_all(f"{number:04d}" + "x" * 500 for number in range(2_000)).batch)
    pages = reader.read(LogQuery(A))
    next(pages)
    size = (tmp_path / DAY_FILE).stat().st_size
    with open(tmp_path / DAY_FILE, "r+b") as file:
        file.seek(size // 2 // 8192 * 8192)
        file.write(b"\xa5" * (size // 4))
    with pytest.raises(StoreDamaged, match=DAY_FILE):
        list(pages)
    with pytest.raises(StoreDamaged, match=DAY_FILE):
        reader.count_lines(A)


def test_a_file_cut_off_is_said(tmp_path: Path) -> None:
    reader = written(tmp_path, Documents().add_all(f"{number:04d}" + "x" * 500 for number in range(2_000)).batch)
    os.truncate(tmp_path / DAY_FILE, 8192 * 20)
    with pytest.raises(StoreDamaged, match=DAY_FILE):
        list(reader.read(LogQuery(A)))


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    reader = written(tmp_path, hundred().batch)
    (tmp_path / DAY_FILE).write_bytes(b"not a database" * 1000)
    for call in (lambda: list(reader.read(LogQuery(A))), lambda: reader.count_lines(A), reader.check):
        with pytest.raises(StoreDamaged, match=DAY_FILE):
            call()
    with closing(SqliteWriter(tmp_path)) as writer, pytest.raises(StoreDamaged, match=DAY_FILE):
        writer.write(hundred().batch)


def test_an_empty_file_is_not_taken_for_an_empty_day(tmp_path: Path) -> None:
    reader = written(tmp_path, hundred().batch)
    (tmp_path / DAY_FILE).write_bytes(b"")
    with pytest.raises(StoreDamaged, match=DAY_FILE):
        list(reader.read(LogQuery(A)))


def test_tables_of_another_version_are_not_touched(tmp_path: Path) -> None:
    reader = written(tmp_path, hundred().batch)
    with closing(sqlite3.connect(tmp_path / DAY_FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreMisconfigured, match="version 99"):
        list(reader.read(LogQuery(A)))
    with closing(SqliteWriter(tmp_path)) as writer, pytest.raises(StoreMisconfigured, match="version 99"):
        writer.write(hundred().batch)


def test_a_seal_that_makes_no_sense_is_said(tmp_path: Path) -> None:
    with closing(SqliteWriter(tmp_path)) as writer:
        writer.write_seals([Seal(A, 1)])
    for text in ("", "[]", "{}", '{"container_id": 1, "gaps": [{"x": 1}]}'):
        with closing(sqlite3.connect(tmp_path / "seals.sqlite")) as connection:
            connection.execute("UPDATE seals SET seal = ?", (text,))
            connection.commit()
        with pytest.raises(StoreDamaged, match="seal"):
            SqliteReader(tmp_path).seals(A)


def test_a_folder_that_is_a_file_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(StoreMisconfigured, match="file"):
            SqliteWriter(path)
        with pytest.raises(StoreMisconfigured, match="file"):
            list(SqliteReader(path).read(LogQuery(A)))


def test_rows_that_no_column_can_hold_are_rejected_and_the_others_stored(tmp_path: Path) -> None:
    documents = Documents().add(NOON, "one").add(NOON + 1, "half a pair: \ud800").add(NOON + 2, "two")
    documents.add(NOON + 3, "no such day", day="2026.02.30").add(NOON + 4, "three").add(MIDNIGHT, "four")
    documents.add(NOON + 5, "great", version=2**63)
    with closing(SqliteWriter(tmp_path)) as writer:
        for stored, present in ((4, 0), (0, 4)):
            result = writer.write(documents.batch)
            assert (result.stored, result.present) == (stored, present)
            assert [(one.row, one.retry) for one in result.rejections] == [(1, False), (3, False), (6, False)]
            assert "surrogates" in result.rejections[0].reason and "2026.02.30" in result.rejections[1].reason
    assert messages_of(SqliteReader(tmp_path), LogQuery(A)) == ["one", "two", "three", "four"]


def test_a_container_whose_name_cannot_be_stored_stops_no_other(tmp_path: Path) -> None:
    batch = Documents(container("b", name="\udfff")).add(NOON, "x").batch
    batch.extend(hundred().batch)
    with closing(SqliteWriter(tmp_path)) as writer:
        result = writer.write(batch)
    assert (result.stored, [one.row for one in result.rejections]) == (100, [0])


def test_closed_ones_say_so(tmp_path: Path) -> None:
    writer, reader = SqliteWriter(tmp_path), SqliteReader(tmp_path, page_rows=10)
    writer.write(hundred().batch)
    pages = reader.read(LogQuery(A))
    next(pages)
    writer.close()
    reader.close()
    for call in (
        lambda: writer.write(hundred().batch),
        lambda: writer.write_seals([Seal(A, 1)]),
        lambda: list(pages),
        lambda: list(reader.read(LogQuery(A))),
        lambda: reader.seals(A),
        reader.check,
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            call()


def test_a_writer_goes_on_where_a_day_was_removed(tmp_path: Path) -> None:
    with closing(SqliteWriter(tmp_path)) as writer:
        writer.write(hundred().batch)
        for suffix in ("-wal", "-shm", ""):
            (tmp_path / (DAY_FILE + suffix)).unlink()
        assert writer.write(hundred().batch) == WriteResult(100, 0)
    assert len(lines_of(SqliteReader(tmp_path), LogQuery(A))) == 100


def test_more_days_than_files_are_kept_open(tmp_path: Path) -> None:
    documents = Documents().add_all((f"{number}" for number in range(40)), step=24 * 3600 * SECOND)
    with closing(SqliteWriter(tmp_path)) as writer:
        writer.write(documents.batch)
        assert len(writer._open) <= 8
        assert writer.write(documents.batch) == WriteResult(0, 40)
    reader = SqliteReader(tmp_path, page_rows=10)
    assert messages_of(reader, LogQuery(A)) == [str(number) for number in range(40)]
    assert messages_of(reader, LogQuery(A, size=15, newest=True)) == [str(number) for number in range(25, 40)]


def test_two_writers_may_share_a_folder(tmp_path: Path) -> None:
    with closing(SqliteWriter(tmp_path)) as one, closing(SqliteWriter(tmp_path)) as two:
        batch = hundred().batch
        assert one.write(batch.select(list(range(60)))).stored == 60
        assert two.write(batch).stored == 40
        assert one.write(batch) == WriteResult(0, 100)


def test_several_processes_may_make_the_same_days_at_once(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from log_store.sqlite.writer import SqliteWriter
from tests.documents import NOON, Documents
writer = SqliteWriter(Path({str(tmp_path)!r}))
print("ready", flush=True)
input()
stored = 0
for day in range(12):
    stored += writer.write(Documents().add_all(["x", "y", "z"], NOON + day * 86_400 * 10**9).batch).stored
print(stored)
"""
    command = [sys.executable, "-c", program]
    run = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in run:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in run:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sum(int(process.communicate(timeout=60)[0]) for process in run) == 36
    assert messages_of(SqliteReader(tmp_path), LogQuery(A)) == ["x", "y", "z"] * 12
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_writer_killed_at_any_moment_has_stored_what_it_said(tmp_path: Path) -> None:
    program = f"""
import sys
import tracemalloc
from pathlib import Path
from log_store.sqlite.writer import SqliteWriter
from tests.documents import NOON, Documents
writer = SqliteWriter(Path({str(tmp_path)!r}))
for turn in range(10_000):
    writer.write(Documents().add_all([f"{{turn}} {{row}}" for row in range(50)], NOON + turn * 1_000_000).batch)
    print(turn, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [next(process.stdout) for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.wait(30)
    turns = len([line for line in said if line.endswith("\n")])
    found = messages_of(SqliteReader(tmp_path), LogQuery(A))  # plays the log that the writer left
    assert len(found) >= turns * 50 and len(found) % 50 == 0
    assert found == [f"{turn} {row}" for turn in range(len(found) // 50) for row in range(50)]
    with closing(SqliteWriter(tmp_path)) as writer:
        assert writer.write(Documents().add_all([f"0 {row}" for row in range(50)]).batch) == WriteResult(0, 50)


def test_a_full_disk_is_said_and_once_it_has_room_all_goes_on(tmp_path: Path) -> None:
    program = f"""
import resource
from pathlib import Path
from log_store.errors import StoreUnavailable
from log_store.sqlite.writer import SqliteWriter
from tests.documents import NOON, Documents
writer = SqliteWriter(Path({str(tmp_path)!r}))
writer.write(Documents().add_all(["first"]).batch)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
batch = Documents().add_all([f"{{row}} " + "x" * 10_000 for row in range(1_000)], NOON + 1).batch
for attempt in range(2):
    try:
        writer.write(batch)
        print("stored")
    except StoreUnavailable as error:
        print("refused:", error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(writer.write(batch).stored)
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    first, second, third = ran.stdout.splitlines() or pytest.fail(ran.stderr)
    assert first.startswith("refused: ") and second.startswith("refused: ") and DAY_FILE in first
    assert third == "1000"
    assert len(lines_of(SqliteReader(tmp_path), LogQuery(A))) == 1_001


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, StoreUnavailable),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreUnavailable),
        (sqlite3.SQLITE_LOCKED, StoreUnavailable),
        (sqlite3.SQLITE_FULL, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_SHORT_READ, StoreDamaged),
        (sqlite3.SQLITE_READONLY, StoreMisconfigured),
        (sqlite3.SQLITE_PERM, StoreMisconfigured),
        (sqlite3.SQLITE_CORRUPT, StoreDamaged),
        (sqlite3.SQLITE_NOTADB, StoreDamaged),
        (sqlite3.SQLITE_ERROR, StoreDamaged),
    ],
)
def test_each_error_of_sqlite_has_its_kind(tmp_path: Path, code: int, kind: type[LogStoreError]) -> None:
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorcode = code
    with pytest.raises(kind, match="what SQLite says") as raised, translated(tmp_path / DAY_FILE):
        raise error
    assert DAY_FILE in str(raised.value)


def test_the_last_context_of_a_container_is_kept(tmp_path: Path) -> None:
    written(tmp_path, hundred().batch)
    written(tmp_path, Documents(replace(container("a"), container_name="renamed", uid="2")).add(NOON, "0").batch)
    with closing(sqlite3.connect(tmp_path / DAY_FILE)) as connection:
        found = connection.execute("SELECT container_id, container_name, task_id, type, uid FROM containers").fetchall()
    assert found == [(A, "renamed", "task-a", "bash_cell", "2")]
