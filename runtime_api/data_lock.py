"""One API process on a data folder: two would each start what waits in its table of tasks."""

import fcntl
import os
from pathlib import Path

from runtime_api.errors import RuntimeApiError


class DataLock:
    """Held until `release` or the process's end, however that comes. Raises RuntimeApiError where another holds it."""

    def __init__(self, data: Path) -> None:
        path = data / "api.lock"
        try:
            data.mkdir(parents=True, exist_ok=True)
            self._file = open(path, "a+")  # noqa: SIM115 - open as long as the lock is held
        except OSError as error:
            raise RuntimeApiError(f"the lock {path} cannot be had: {error.strerror or error}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read(20).strip() or "unknown"
            self._file.close()
            raise RuntimeApiError(
                f"data: another API process (pid {holder}) works on {data}: end it, or give this one a folder of its own"
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        self._file.close()
