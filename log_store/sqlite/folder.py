"""The folder of the SQLite backend: its files, and connections to them.

`2026.11.24.sqlite`, `other.sqlite` (a day partition each) and `seals.sqlite`. A file appears whole, with its tables, or
not at all. Retention is an unlink of a day's `-wal`, `-shm` and file, in this order: a log that outlived its file would be
played into the next file of that name.
"""

import logging
import os
import re
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from log_store import rfc3339
from log_store.errors import StoreDamaged, StoreMisconfigured, StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.sqlite import arrivals, migration, schema
from log_store.sqlite.failures import translated
from wholelog_base.durable import sync

log = logging.getLogger(__name__)

SUFFIX: Final = ".sqlite"
SEALS: Final = "seals"
BUSY_SECONDS: Final = 10.0
_CACHE_KIB: Final = 16_384
_CHECKPOINT_PAGES: Final = 4_000  # 32 MiB of write-ahead log: fewer pages are written twice than at SQLite's 1000
_LOG_BYTES: Final = 64 * 1024 * 1024  # to which a write-ahead log that has grown beyond it is cut
_NAME: Final = re.compile(r"(\d{4}\.\d\d\.\d\d|other)\.sqlite", re.ASCII)


class SqliteFolder:
    """Where the files are. Every method raises LogStoreError, and nothing else, for what SQLite or the system refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, name: str) -> Path:
        """The file of a partition (`2026.11.24`, `other`) or of the seals (`seals`)."""
        return self.path / (name + SUFFIX)

    def days(self) -> list[str]:
        """The names of the partitions that are there, `other` last."""
        with translated(self.path / SEALS):
            names = os.listdir(self.path)
        return sorted(match[1] for name in names if (match := _NAME.fullmatch(name)))

    def make(self) -> None:
        """Make the folder and the seals' file in it, by which a store is known; days that are there are opened once."""
        with translated(self.path / SEALS):
            if not self.path.is_dir():
                self.path.mkdir(parents=True, exist_ok=True)
                sync(self.path.parent)
        self.open_to_write(SEALS).close()
        for name in self.days():  # those of an older Wholelog are brought up to date
            try:
                self.open_to_write(name).close()
            except (StoreDamaged, StoreMisconfigured) as error:
                log.warning("a day that cannot be used; the others can: %s", error)

    def check(self) -> None:
        """Raises StoreUnavailable where there is no store."""
        if self.identity(SEALS) is None:
            raise StoreUnavailable(
                f"{self.path}: no log store is there: the shipper makes it when it starts; if it was there, see whether "
                "its disk is mounted"
            )

    def open_to_write(self, name: str) -> sqlite3.Connection:
        """A connection that commits durably; the file is made if it is not there."""
        path = self.file(name)
        with translated(path):
            if not path.exists():
                self._create(name)
            connection = self._connect(path, "rw")
            try:
                migration.migrate(connection)
                schema.check_version(connection, str(path))
                # FULL syncs the log at each commit; NORMAL would leave the last batches to a power cut, and the spool
                # that they came from is released once a write has returned.
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
                connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
                connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
                if name != SEALS:
                    arrivals.prepare(connection)
                self.touch(name)  # a writer before may have been killed behind its commit
            except BaseException:
                connection.close()
                raise
        return connection

    def open_to_read(self, name: str) -> sqlite3.Connection:
        """A connection that cannot write. Raises StoreUnavailable if the file is gone since `days`."""
        path = self.file(name)
        with translated(path):
            if not path.exists():
                self.check()
                raise StoreUnavailable(f"{path}: removed while it was being read: read again")
            connection = self._connect(path, "ro")
            try:
                schema.check_version(connection, str(path))
            except BaseException:
                connection.close()
                raise
        return connection

    def state(self, name: str) -> tuple[int, ...]:
        """Another when a commit has been shown meanwhile (see `touch`); by chance the same within a few milliseconds."""
        path = self.file(name)
        found: list[int] = []
        with translated(path):
            for one in (path, path.with_name(path.name + "-wal")):
                try:
                    status = os.stat(one)
                except FileNotFoundError:
                    continue
                found += (status.st_ino, status.st_size, status.st_mtime_ns)
        return tuple(found)

    def touch(self, name: str) -> None:
        """Make `state` another one; to be called behind each commit.

        SQLite writes and syncs its write-ahead log first, and only then shows readers what is in it (sqlite.org/walformat.html,
        the WAL-index). Who asked between the two has seen the log's last change, but not what it brought.
        """
        with translated(self.file(name)), suppress(FileNotFoundError):  # a file that was removed has another state
            os.utime(self.file(name))

    def identity(self, name: str) -> tuple[int, int] | None:
        """Which file the name leads to, None if to none: another answer later means that it was removed."""
        with translated(self.file(name)):
            try:
                status = os.stat(self.file(name))
            except FileNotFoundError:
                return None
        return status.st_dev, status.st_ino

    def _connect(self, path: Path, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    def _create(self, name: str) -> None:
        """Under another name first, so that no reader meets a file without tables."""
        fresh = self._fresh_name(name)
        fresh.unlink(missing_ok=True)
        try:
            connection = sqlite3.connect(fresh, isolation_level=None)
            try:
                schema.create(connection, name == SEALS)
            finally:
                connection.close()
            try:
                os.link(fresh, self.file(name))
            except FileExistsError:
                return  # another writer was quicker
            sync(self.path)
        finally:
            fresh.unlink(missing_ok=True)

    def _fresh_name(self, name: str) -> Path:
        return self.path / f".{name}.{os.getpid()}.{threading.get_ident()}.new"


def known_day(name: str) -> bool:
    """Whether this can name a partition."""
    if name == OTHER_DAY:
        return True
    try:
        rfc3339.day_start(name)
    except ValueError:
        return False
    return True
