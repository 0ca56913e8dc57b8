"""Folders that older versions of this code have made (tests/data/older: by the commits in their names) are read and written."""

import sqlite3
import tarfile
from pathlib import Path

import pytest

from log_store.errors import StoreMisconfigured
from log_store.open import open_reader, open_writer
from log_store.query import LogQuery
from log_store.seal import Gap
from log_store.sqlite.migration import migrate
from log_store.sqlite.schema import VERSION
from tests.documents import NOON, Documents, container, lines_of, messages_of

OLDER = Path(__file__).resolve().parents[1] / "data/older"
A = container("a").container_id


@pytest.fixture(params=sorted(path.name for path in OLDER.glob("sqlite-*.tar.gz")))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(OLDER / request.param) as archive:
        archive.extractall(tmp_path)  # without a filter, which Python 3.11.2 does not know
    return tmp_path / "logs"


def test_a_reader_says_what_to_do_and_the_writer_does_it(folder: Path) -> None:
    reader = open_reader(f"sqlite://{folder}")
    with pytest.raises(StoreMisconfigured, match="start the shipper"):
        list(reader.read(LogQuery(A)))
    writer = open_writer(f"sqlite://{folder}")
    found = lines_of(reader, LogQuery(A))
    assert [line["log_message"] for line in found[:3]] == ["line 0 ✓", "line 1 ✓", "line 2 ✓"]
    assert [line["log_message"] for line in found[38:]] == [
        "line 38 ✓", "line 39 ✓", "tied", "the clock stepped back", "\ufffd bytes", "Error: E\n  at x\n  at y", "next day",
        "long ago",
    ]  # fmt: skip
    assert found[42]["raw"] == "/yBieXRlcw==" and found[43]["log_type"] == "error" and "fields" not in found[0]
    assert (reader.count_lines(A), reader.heads(A)) == (48, {"shipper-1": 43})
    (seal,) = reader.seals(A)
    assert (seal.state, seal.lines, seal.gaps) == ("gaps", 48, (Gap(NOON, NOON + 5, 3, "a reason"),))
    grown = Documents().add(NOON, "line 0 ✓ grown", "stderr", version=99, fields={"k": 1}, place=(NOON, 0)).batch
    grown.id[0] = found[0]["id"]
    assert writer.write(grown).stored == 1
    again = lines_of(reader, LogQuery(A))
    assert (again[0]["log_message"], again[0]["fields"]) == ("line 0 ✓ grown", {"k": 1}) and len(again) == len(found)
    assert len(messages_of(reader, LogQuery("b" * 64))) == 45
    writer.close()


def test_it_is_migrated_once_and_files_of_a_newer_version_stay_as_they_are(folder: Path) -> None:
    open_writer(f"sqlite://{folder}").close()
    connection = sqlite3.connect(folder / "2026.11.24.sqlite", isolation_level=None)
    tables = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 2"
    ).fetchall()
    assert tables == [
        ("table", "arrivals"), ("table", "containers"), ("table", "documents"), ("index", "late"), ("table", "shippers"),
        ("index", "tied"),
    ]  # fmt: skip
    assert not migrate(connection) and connection.execute("SELECT min(revision) FROM containers").fetchone()[0] > 0
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    open_writer(f"sqlite://{folder}").close()  # the other days can be written
    with pytest.raises(StoreMisconfigured, match="use the Wholelog that wrote it"):
        list(open_reader(f"sqlite://{folder}").read(LogQuery(A)))


def test_a_migration_that_breaks_off_leaves_the_file_as_it_was(folder: Path, request: pytest.FixtureRequest) -> None:
    with sqlite3.connect(folder / "2026.11.24.sqlite", isolation_level=None) as connection:
        connection.execute("ALTER TABLE documents ADD COLUMN fields TEXT")  # in the way of the one that is to come
    with sqlite3.connect(folder / "2026.11.24.sqlite", isolation_level=None) as connection:
        with pytest.raises(sqlite3.Error):
            migrate(connection)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert not connection.in_transaction
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert ("moved" in names) is ("6ec57de" not in str(request.node.name))
