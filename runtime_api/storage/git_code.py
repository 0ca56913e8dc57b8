"""Code in a git bundle (`.bundle`): its HEAD is checked out beside, and packed without git's own files."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runtime_api.errors import TransferFailed
from runtime_api.storage.code_archive import Bounds
from runtime_api.storage.tar_stream import Member

SUFFIX: Final = ".bundle"
_TIMEOUT: Final = 300.0  # seconds
# No configuration, hook, filter or protocol of anybody's: the bundle is a stranger's.
_ENVIRON: Final = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "file",
    "GIT_LFS_SKIP_SMUDGE": "1", "HOME": "/nonexistent", "LC_ALL": "C",
}  # fmt: skip
_OPTIONS: Final = ("-c", "core.symlinks=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never",
                   "-c", "protocol.file.allow=always", "-c", "transfer.fsckObjects=true")  # fmt: skip


def checked_out(bundle: Path, folder: Path, what: str, bounds: Bounds) -> Iterator[Member]:
    """Its files; symbolic links come as files that hold their target. Raises TransferFailed."""
    git = shutil.which("git")
    if git is None:
        raise TransferFailed(f"{what} is a git bundle, and git is not installed where the API runs")
    _run([git, *_OPTIONS, "clone", "--quiet", "--bare", str(bundle), str(folder / "bare")], what)
    listed = _run([git, "-C", str(folder / "bare"), "ls-tree", "-r", "-l", "-z", "HEAD"], what).split(b"\0")
    fields = [line.partition(b"\t")[0].split() for line in listed if line]  # mode, type, id, size
    sizes = [int(field[3]) for field in fields if field[1] == b"blob"]
    if sum(sizes) > bounds.size or len(sizes) > bounds.files:
        raise TransferFailed(
            f"{what} would become more than {bounds.size} bytes or {bounds.files} files (setting repo_limit)"
        )
    tree = folder / "tree"
    tree.mkdir()
    _run(
        [git, *_OPTIONS, "-C", str(folder / "bare"), f"--work-tree={tree}", "checkout", "--force", "HEAD", "--", "."],
        what,
    )
    return _members(tree)


def _members(tree: Path) -> Iterator[Member]:
    for path in sorted(tree.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with open(path, "rb") as source:
                size = os.fstat(source.fileno()).st_size
                yield Member(
                    path.relative_to(tree).as_posix(), size, iter(lambda s=source: s.read(1 << 18), b""),  # type: ignore[misc]
                    os.access(path, os.X_OK),
                )  # fmt: skip


def _run(command: list[str], what: str) -> bytes:
    environ = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), **_ENVIRON}
    try:
        done = subprocess.run(command, env=environ, capture_output=True, timeout=_TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise TransferFailed(f"{what}: git took longer than {_TIMEOUT:g} seconds") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no word"]
        raise TransferFailed(f"{what}: git cannot take it: {said[0][:200]}")
    return done.stdout
