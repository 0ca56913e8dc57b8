"""The values of a container's secret variables: left by the API before the start, read by the shipper, which masks them.

A file for each container, in a folder of the data folder; both are their owner's alone. The engine could be asked for a
container's environment instead, but it does not answer while files are copied, nor after the container's removal, when
lines of it may still be read from the spool: then they would be stored as they are.
"""

import contextlib
import fnmatch
import json
import os
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

SHORTEST: Final = 6  # bytes; what is shorter stands in too many lines that have nothing to do with it
KEPT: Final = 86_400.0  # seconds after the container's removal, in which a replay of the spool may want them
_ID: Final = re.compile(r"[0-9a-f]{64}")
_GONE: Final = ".gone"


def values_of(env: Iterable[str], names: Iterable[str], patterns: Sequence[str]) -> dict[str, str]:
    """Of the variables `NAME=value` those that are named, or whose name fits one of the patterns (`*TOKEN*`, any case)."""
    wanted, found = set(names), {}
    for entry in env:
        name, _, value = entry.partition("=")
        if name in wanted or any(fnmatch.fnmatchcase(name.upper(), pattern.upper()) for pattern in patterns):
            found[name] = value
    return found


def maskable(value: str) -> bool:
    """Whether it is long enough to be masked."""
    return len(value.strip().encode("utf-8", "replace")) >= SHORTEST


class SecretFiles:
    """Safe to use from several threads and processes. Calls raise OSError."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "secrets"

    def keep(self, container_id: str, values: Iterable[str]) -> None:
        """Durable when it returns, in place of what was kept of the container. Raises ValueError for no full id."""
        if not _ID.fullmatch(container_id):
            raise ValueError(f"{container_id!r:.80} must be a container's full id")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._folder / f".{container_id}.{os.getpid()}.new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as out:
            json.dump(sorted(set(values)), out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(new, self._folder / container_id)

    def read(self, container_id: str) -> tuple[str, ...]:
        """() for a container without secrets."""
        if _ID.fullmatch(container_id):
            for name in (container_id, container_id + _GONE):
                with contextlib.suppress(FileNotFoundError):
                    return tuple(json.loads((self._folder / name).read_text()))
        return ()

    def containers(self) -> set[str]:
        """Whose values are kept and that were not removed, as far as is known here."""
        return {name for name in self._names() if _ID.fullmatch(name)}

    def forget(self, container_id: str) -> None:
        """The container has been removed: its values go a day later, and those of others whose day is over."""
        if _ID.fullmatch(container_id):
            with contextlib.suppress(FileNotFoundError):
                os.utime(self._folder / container_id)
                (self._folder / container_id).replace(self._folder / f"{container_id}{_GONE}")
        for name in self._names():
            file = self._folder / name
            with contextlib.suppress(FileNotFoundError):
                if not _ID.fullmatch(name) and file.stat().st_mtime < time.time() - KEPT:
                    file.unlink()

    def remove(self, container_id: str) -> None:
        """Of a container that was never started."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / container_id).unlink()

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._folder)
        except FileNotFoundError:
            return []
