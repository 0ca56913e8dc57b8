"""The tables of the shipper's book: what it has counted, and what it has alerted of. One file in the data folder.

Each document counts once: its row in `occurrence` says under which version and problem. A replay, a repair and a message
that grows come with the same ids, and move or confirm what is there.
"""

import logging
import sqlite3
import time
from pathlib import Path
from typing import Final

from log_shipper.errors import BookUnusable

log = logging.getLogger(__name__)

VERSION: Final = 1
_TABLES: Final = """
CREATE TABLE problem(
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    uid TEXT NOT NULL,
    log_type TEXT NOT NULL,
    count INTEGER NOT NULL DEFAULT 0,
    first_time INTEGER NOT NULL DEFAULT 0,
    first_id TEXT NOT NULL DEFAULT '',
    first_container INTEGER NOT NULL DEFAULT 0,
    last_time INTEGER NOT NULL DEFAULT 0,
    last_id TEXT NOT NULL DEFAULT '',
    last_container INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX changed ON problem(revision);
CREATE INDEX unseen ON problem(last_time);
CREATE TABLE container(
    number INTEGER PRIMARY KEY,
    container_id TEXT NOT NULL UNIQUE,
    container_name TEXT NOT NULL,
    task_id TEXT NOT NULL,
    type TEXT NOT NULL,
    uid TEXT NOT NULL
);
CREATE TABLE occurrence(
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    problem INTEGER NOT NULL,
    container INTEGER NOT NULL,
    time INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX of_problem ON occurrence(problem, time, id);
CREATE TABLE affected(
    problem INTEGER NOT NULL,
    container INTEGER NOT NULL,
    count INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY(problem, container)
) WITHOUT ROWID;
CREATE TABLE given_up(key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE alert(
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    last INTEGER NOT NULL,
    due INTEGER,
    told INTEGER NOT NULL DEFAULT 0,
    count INTEGER NOT NULL,
    told_count INTEGER NOT NULL DEFAULT 0,
    about TEXT NOT NULL,
    notice TEXT NOT NULL DEFAULT '',
    PRIMARY KEY(rule, subject)
);
CREATE INDEX due_alert ON alert(due);
CREATE TABLE matched(
    id TEXT NOT NULL,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY(id, rule)
) WITHOUT ROWID;
CREATE INDEX of_subject ON matched(rule, subject, time);
CREATE TABLE heard(container_id TEXT PRIMARY KEY, at INTEGER NOT NULL, about TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    notifier TEXT NOT NULL,
    alert TEXT NOT NULL,
    status TEXT NOT NULL,
    notice TEXT NOT NULL,
    made INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX due_notice ON outbox(notifier, next_try);
CREATE TABLE kept(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


def open_book(file: Path) -> sqlite3.Connection:
    """A connection for all threads, of which one may use it at a time. Raises BookUnusable."""
    try:
        return _opened(file)
    except sqlite3.OperationalError as error:
        raise BookUnusable(f"{file}: {error}") from error
    except sqlite3.DatabaseError as error:  # no reason not to ship: what it counted so far is lost, and no line
        aside = file.with_suffix(f".damaged-{time.time_ns()}")
        log.error("%s is damaged (%s): it is moved to %s, and problems are counted anew", file, error, aside.name)
        file.rename(aside)
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        return _opened(file)
    except OSError as error:
        raise BookUnusable(f"{file}: {error}") from error


def book_in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(_TABLES)
    return connection


def storable(text: str) -> str:
    """A name of another sender may hold half a surrogate pair, which no table can."""
    return text.encode("utf-8", "replace").decode()


def _opened(file: Path) -> sqlite3.Connection:
    file.touch(0o600)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # Synced at each commit: the checkpoint that follows lets go of the records that this was made of.
        connection.execute("PRAGMA synchronous = FULL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise BookUnusable(f"{file} was written by another version of Wholelog (tables {version}): move it away")
    except BaseException:
        connection.close()
        raise
    return connection
