"""SQLite's errors as those of the log store."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from log_store.errors import LogStoreError, StoreDamaged, StoreMisconfigured, StoreUnavailable

_PRIMARY: Final = 0xFF  # of an extended result code, https://sqlite.org/rescode.html
_FOR_NOW: Final = {
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_LOCKED: "another thread holds it",
    sqlite3.SQLITE_PROTOCOL: "another process holds it",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_INTERRUPT: "interrupted",
}
_NOT_ALLOWED: Final = (sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Inside, an error of SQLite or of the system about this file leaves as a LogStoreError that names it."""
    try:
        yield
    except sqlite3.Error as error:
        raise _of_sqlite(error, path) from error
    except OSError as error:
        raise _of_system(error, path) from error


def _of_sqlite(error: sqlite3.Error, path: Path) -> LogStoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # Python's own errors have none
    primary = code & _PRIMARY
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailable(f"{path}: this store has been closed")
    if primary == sqlite3.SQLITE_CANTOPEN:
        return _of_unopened(error, path)
    if primary in _NOT_ALLOWED:
        return StoreMisconfigured(f"{path}: {error}; {_way_out(path)}")
    if primary in _FOR_NOW and code != sqlite3.SQLITE_IOERR_SHORT_READ:
        return StoreUnavailable(f"{path}: {_FOR_NOW[primary]}: {error}")
    return StoreDamaged(f"{path}: {error}; move the file away to go on without it, or put it back from a copy")


def _of_unopened(error: sqlite3.Error, path: Path) -> LogStoreError:
    """SQLite does not say why it could not open; ask the system."""
    if not path.parent.exists():
        return StoreUnavailable(f"{path}: its folder is not there: see whether its disk is mounted")
    if not os.access(path.parent, os.R_OK | os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.R_OK)):
        return StoreMisconfigured(f"{path}: {error}; {_way_out(path)}")
    return StoreUnavailable(f"{path}: {error}")


def _of_system(error: OSError, path: Path) -> LogStoreError:
    if isinstance(error, (PermissionError, NotADirectoryError, FileExistsError)):
        return StoreMisconfigured(f"{path}: {error.strerror}; {_way_out(path)}")
    return StoreUnavailable(f"{path}: {error.strerror or error}")


def _way_out(path: Path) -> str:
    return (
        f"the folder {path.parent} and its files must be readable and writable by uid {os.geteuid()}, also for reading "
        "(SQLite keeps its index of the write-ahead log beside the file): chown it, or name another folder in the store's URL"
    )
