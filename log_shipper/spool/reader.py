"""The processor's side of the spool."""

import os
from pathlib import Path

from log_shipper.spool.segment import SpoolRecord, find_record, needed, segments, unpack

LOOKED_AT = 32 << 20  # bytes behind a bad record in which a good one is looked for


class SpoolReader:
    """Reads on from a position, following a writer in another process.

    `damage` collects (from, to) ranges of positions that could not be read, for the caller to take and clear: a bad
    record at the tail of the newest segment is "not yet", elsewhere it is damage and the rest of its segment is
    passed over.
    """

    def __init__(self, folder: Path, position: int) -> None:
        self._folder = folder
        self.position = position
        self.damage: list[tuple[int, int]] = []
        self._start, self._end = -1, -1  # of the open segment; its end is known once there is a next one
        self._file = -1

    def read(self, most: int) -> list[SpoolRecord]:
        """Records from about `most` bytes (a larger one comes alone); [] at the tail."""
        while self._seek():
            data = os.pread(self._file, most, self.position - self._start)
            whole = needed(data, 0)
            if whole > len(data):
                data = os.pread(self._file, whole, self.position - self._start)
            records, offset = [], 0
            while (found := unpack(data, offset, self.position)) is not None:
                record, offset = found
                records.append(record)
            self.position += offset
            if records:
                return records
            if not self._pass_over():
                return []
        return []

    def tail(self) -> int:
        """The position after the last byte that is in the spool now."""
        known = segments(self._folder)
        return known[-1][0] + known[-1][1].stat().st_size if known else self.position

    def sync(self) -> None:
        """Have what was read on the disk: a checkpoint must not point behind what a power cut leaves."""
        if self._file >= 0:
            os.fsync(self._file)

    def release(self, position: int) -> None:
        """Remove segments that lie wholly before `position`."""
        known = segments(self._folder)
        for (_, file), (following, _) in zip(known, known[1:], strict=False):
            if following <= position:
                file.unlink()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _pass_over_within(self) -> bool:
        """In the newest segment: a bad record that a good one follows is damage; the last one may be being written."""
        data = os.pread(self._file, LOOKED_AT, self.position - self._start)
        if unpack(data, 0, self.position) is not None:
            return True  # the writer has finished it since it was read: others that follow say nothing against it
        found = find_record(data, 1)
        if found is None:
            return False
        self.damage.append((self.position, self.position + found))
        self.position += found
        return True

    def _seek(self) -> bool:
        """Have the segment of `position` open; False where there is none yet."""
        if self._file >= 0 and self._start <= self.position and (self._end < 0 or self.position < self._end):
            return True
        known = segments(self._folder)
        if not known:
            return False
        if self.position < known[0][0]:
            self.damage.append((self.position, known[0][0]))
            self.position = known[0][0]
        start, file = next(pair for pair in reversed(known) if pair[0] <= self.position)
        if start != self._start:
            self.close()
            self._file = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            self._start = start
        following = [other for other, _ in known if other > start]
        self._end = following[0] if following else -1
        return True

    def _pass_over(self) -> bool:
        """At a record that is not whole: go on to the next segment where there is one."""
        following = [start for start, _ in segments(self._folder) if start > self._start]
        if not following:
            return self._pass_over_within()
        if self._end < 0:  # the writer has rolled since: what was missing may be there now
            self._end = following[0]
            return self.position < self._end
        if self.position < following[0]:
            self.damage.append((self.position, following[0]))
        self.position = following[0]
        return True
