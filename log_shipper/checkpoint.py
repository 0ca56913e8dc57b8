"""Up to where the spool has been delivered, and what the stages held there: written as one, read as one."""

import os
from pathlib import Path
from typing import Any

import msgpack
import xxhash

from log_shipper.errors import CheckpointDamaged
from log_shipper.places import private

FORMAT = 1


class Checkpoint:
    """A file replaced whole. `load` gives (position, state), or (0, {}) where there is none yet."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def save(self, position: int, state: dict[str, Any]) -> None:
        body = msgpack.packb([FORMAT, position, state], unicode_errors="surrogateescape")
        new = self._file.with_suffix(".new")
        with open(new, "wb", opener=private) as out:  # it holds lines that are not masked
            out.write(xxhash.xxh3_128_digest(body) + body)
            out.flush()
            os.fsync(out.fileno())
        os.replace(new, self._file)

    def load(self) -> tuple[int, dict[str, Any]]:
        """Raises CheckpointDamaged."""
        try:
            stored = self._file.read_bytes()
        except FileNotFoundError:
            return 0, {}
        if stored[:16] != xxhash.xxh3_128_digest(stored[16:]):
            raise CheckpointDamaged(
                f"{self._file} is damaged: remove it, and the spool is read again from its start (nothing is stored twice)"
            )
        version, position, state = msgpack.unpackb(stored[16:], strict_map_key=False, unicode_errors="surrogateescape")
        if version != FORMAT:
            raise CheckpointDamaged(f"{self._file} was written by another version of Wholelog (format {version})")
        return position, state
