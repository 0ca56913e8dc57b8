"""Problems in SQLite: a small file beside the days, which the shipper and the API both write."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from orjson import loads

from log_store.errors import StoreMisconfigured, StoreUnavailable
from log_store.problem import Problem, Triage
from log_store.problem_json import dumped, problem_of, triage_of
from log_store.sqlite.failures import translated
from log_store.sqlite.folder import BUSY_SECONDS, SUFFIX, SqliteFolder

NAME: Final = "problems"
_VERSION: Final = 1
_TABLES: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS problems(
    id TEXT NOT NULL,
    shipper TEXT NOT NULL,
    version INTEGER NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY(id, shipper)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS triages(id TEXT PRIMARY KEY, at INTEGER NOT NULL, triage TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_STORE: Final = """
INSERT INTO problems(id, shipper, version, problem) VALUES (?, ?, ?, ?)
ON CONFLICT(id, shipper) DO UPDATE SET version = excluded.version, problem = excluded.problem
WHERE excluded.version >= version
"""
_SAY: Final = """
INSERT INTO triages(id, at, triage) VALUES (?, ?, ?)
ON CONFLICT(id) DO UPDATE SET at = excluded.at, triage = excluded.triage WHERE excluded.at >= at
"""


class SqliteProblems:
    """A `ProblemStore` in a store's folder. Each call opens the file anew: there are few."""

    def __init__(self, path: Path) -> None:
        """The folder need not be there yet."""
        self._folder = SqliteFolder(path)
        self._file = path / (NAME + SUFFIX)
        self._closed = False

    def write_problems(self, problems: Sequence[Problem]) -> None:
        rows = [(one.id, one.shipper, one.version, dumped(one).decode()) for one in problems]
        with self._connection() as connection, connection:
            connection.executemany(_STORE, rows)

    def remove_problems(self, shipper: str, ids: Sequence[str]) -> None:
        with self._connection() as connection, connection:
            connection.executemany("DELETE FROM problems WHERE id = ? AND shipper = ?", [(one, shipper) for one in ids])

    def problems(self) -> list[Problem]:
        with self._connection() as connection:
            return [problem_of(loads(told)) for (told,) in connection.execute("SELECT problem FROM problems")]

    def write_triage(self, triage: Triage) -> None:
        with self._connection() as connection, connection:
            connection.execute(_SAY, (triage.problem, triage.at, dumped(triage).decode()))

    def triages(self) -> dict[str, Triage]:
        with self._connection() as connection:
            found = [triage_of(loads(told)) for (told,) in connection.execute("SELECT triage FROM triages")]
        return {one.problem: one for one in found}

    def close(self) -> None:
        self._closed = True

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        if self._closed:
            raise StoreUnavailable(f"{self._file}: this store has been closed")
        self._folder.check()
        with translated(self._file):
            # Logs are their owner's alone, and so are the messages here.
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(self._file, timeout=BUSY_SECONDS)) as connection:
                self._prepare(connection)
                yield connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            raise StoreMisconfigured(
                f"{self._file}: its tables have version {version}, not {_VERSION}: use the Wholelog that wrote it"
            )
        if version == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)
        connection.execute("PRAGMA synchronous = FULL")
