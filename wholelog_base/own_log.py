"""Where a process of ours says what happens: standard error, or files of its own that are rotated."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from wholelog_base.settings import SettingsError

FILE_BYTES: Final = 10 << 20
FILES: Final = 5  # the one that is written, and those before it


def log_to(folder: Path | None, part: str) -> None:
    """From now on into FOLDER/PART.log; None: as before. Call it after `logging.basicConfig`. Raises SettingsError."""
    if folder is None:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder / f"{part}.log", maxBytes=FILE_BYTES, backupCount=FILES - 1)
    except OSError as error:
        raise SettingsError([f"own_logs: {folder} cannot be written: {error.strerror or error}"]) from error
    root = logging.getLogger()
    for old in list(root.handlers):
        handler.setFormatter(old.formatter)
        root.removeHandler(old)
    root.addHandler(handler)
