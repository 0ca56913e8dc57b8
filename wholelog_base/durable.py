"""What outlives a power cut."""

import os
from pathlib import Path


def sync(place: Path) -> None:
    """Have a file, or which names a folder has, on the disk. Raises OSError."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
