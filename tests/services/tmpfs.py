"""A small disk that can be full, and be made larger afterwards."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Tmpfs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resize(self, size: str) -> None:
        """`size` as mount takes it: `64m`."""
        _run("mount", "-o", f"remount,size={size}", str(self._folder))


@contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[Tmpfs]:
    """A disk of so many bytes at this folder, which is made; it goes with all that is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder))
    try:
        yield Tmpfs(folder)
    finally:
        _run("umount", "--lazy", str(folder))  # lazy: a process that is being killed may still have a file open


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=30)
