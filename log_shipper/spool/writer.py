"""The acceptor's side of the spool."""

import fcntl
import os
from pathlib import Path

from log_shipper.errors import SpoolFull, SpoolLocked
from log_shipper.spool.segment import pack, segment_name, segments


class SpoolWriter:
    """Appends records; a record is in the page cache when `append` returns and on the disk when `sync` does.

    A new writer opens a new segment: what a predecessor left torn is never written behind. Raises SpoolLocked where
    another process writes here.
    """

    def __init__(self, folder: Path, *, segment_bytes: int, limit_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._segment_bytes, self._limit = folder, segment_bytes, limit_bytes
        self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SpoolLocked(
                f"another shipper works on {folder}: end it first, or give this one a data folder of its own"
            ) from error
        known = segments(folder)
        self._start = known[-1][0] + known[-1][1].stat().st_size if known else 0
        self._size = 0
        self._older = sum(file.stat().st_size for _, file in known)
        self._file = self._open()

    @property
    def position(self) -> int:
        """Where the next record will stand."""
        return self._start + self._size

    def append(self, kind: int, flags: int, connection: int, received: int, count: int, body: bytes) -> int:
        """The record's position. Raises SpoolFull at the limit and where the disk takes no more; nothing of it stays."""
        record = pack(kind, flags, connection, received, count, body)
        if self._size and self._size + len(record) > self._segment_bytes:
            self._roll()
        if self._older + self._size + len(record) > self._limit:
            self._count_again()
            if self._older + self._size + len(record) > self._limit:
                raise SpoolFull(f"the spool in {self._folder} has reached its limit of {self._limit} bytes")
        position = self.position
        try:
            written = os.write(self._file, record)
        except OSError as error:
            raise SpoolFull(f"the spool's disk takes no more: {error}") from error
        if written < len(record):
            os.ftruncate(self._file, self._size)
            os.lseek(self._file, self._size, os.SEEK_SET)
            raise SpoolFull(f"the disk of the spool in {self._folder} is full")
        self._size += written
        return position

    def sync(self) -> None:
        os.fsync(self._file)

    def close(self) -> None:
        self.sync()
        os.close(self._file)
        os.close(self._lock)

    def _roll(self) -> None:
        os.fsync(self._file)
        os.close(self._file)
        self._older += self._size
        self._start += self._size
        self._size = 0
        self._file = self._open()

    def _open(self) -> int:
        flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC
        return os.open(self._folder / segment_name(self._start), flags, 0o600)

    def _count_again(self) -> None:
        """The reader releases segments: see what is really there."""
        self._older = sum(_size(file) for start, file in segments(self._folder) if start != self._start)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # released in between
        return 0
