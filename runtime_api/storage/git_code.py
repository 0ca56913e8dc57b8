"""Code in a git bundle (`.bundle`) or a repository by HTTP (`.git`): checked out beside, packed without git's own files."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from runtime_api.errors import TransferFailed
from runtime_api.storage.code_archive import Bounds
from runtime_api.storage.tar_stream import Member

SUFFIX: Final = ".bundle"
_PINS: Final = (2, 37)  # from this version on git connects to the address that it is told (http.curloptResolve)
_REF: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
_TIMEOUT: Final = 300.0  # seconds
# No configuration, hook, filter or protocol of anybody's: the bundle is a stranger's.
_ENVIRON: Final = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
    "GIT_LFS_SKIP_SMUDGE": "1", "HOME": "/nonexistent", "LC_ALL": "C",
}  # fmt: skip
_OPTIONS: Final = ("-c", "core.symlinks=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never",
                   "-c", "credential.helper=", "-c", "transfer.fsckObjects=true")  # fmt: skip
_LOCAL: Final = ("-c", "protocol.file.allow=always")


def checked_out(bundle: Path, folder: Path, what: str, bounds: Bounds) -> Iterator[Member]:
    """Its files; symbolic links come as files that hold their target. Raises TransferFailed."""
    git = _git(what)
    _run([git, *_OPTIONS, *_LOCAL, "clone", "--quiet", "--bare", str(bundle), str(folder / "bare")], what)
    return _tree(git, folder, what, bounds)


def is_repository(url: str) -> bool:
    """Whether it is a repository's, by HTTP: its path ends with `.git`; `?ref=` names a branch or tag of it."""
    parts = urlsplit(url)
    return parts.scheme.lower() in ("http", "https") and parts.path.endswith(".git")


def cloned(url: str, addresses: Sequence[str], folder: Path, bounds: Bounds) -> Iterator[Member]:
    """As `checked_out`, of its newest state; it is fetched from these addresses and no other. Raises TransferFailed."""
    parts, git = urlsplit(url), _git(url)
    ref = _ref(url, parts.query)
    if (version := _version(git)) < _PINS:
        raise TransferFailed(f"{url}: git {version[0]}.{version[1]} cannot be told where to connect; 2.37 or newer can")
    scheme, port = parts.scheme.lower(), parts.port or (443 if parts.scheme.lower() == "https" else 80)
    shown = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
    web = (
        "-c", f"protocol.{scheme}.allow=always", "-c", "http.followRedirects=false", "-c", "http.proxy=",
        "-c", f"http.curloptResolve={parts.hostname}:{port}:{shown}", "-c", "http.lowSpeedLimit=1",
        "-c", "http.lowSpeedTime=60",
    )  # fmt: skip
    chosen = ["--branch", ref] if ref else []
    source = parts._replace(query="").geturl()
    what = ["clone", "--quiet", "--bare", "--depth=1", "--single-branch", "--no-tags", *chosen, "--", source]
    _run([git, *_OPTIONS, *web, *what, str(folder / "bare")], url, bounds)
    return _tree(git, folder, url, bounds)


def _ref(url: str, query: str) -> str:
    """'' for the repository's own HEAD."""
    given = parse_qs(query, keep_blank_values=True)
    (ref,) = given.get("ref", [""])[:1]
    if set(given) - {"ref"} or len(given.get("ref", [])) > 1 or (ref and not _REF.fullmatch(ref)):
        raise TransferFailed(
            f"{url}: of a repository's URL the query may be ?ref= and the name of a branch or tag alone"
        )
    return ref


def _git(what: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise TransferFailed(f"{what} is for git, and git is not installed where the API runs")
    return git


def _version(git: str) -> tuple[int, int]:
    found = re.search(rb"(\d+)\.(\d+)", _run([git, "--version"], "git"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _tree(git: str, folder: Path, what: str, bounds: Bounds) -> Iterator[Member]:
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
        [
            git,
            *_OPTIONS,
            *_LOCAL,
            "-C",
            str(folder / "bare"),
            f"--work-tree={tree}",
            "checkout",
            "--force",
            "HEAD",
            "--",
            ".",
        ],
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


def _run(command: list[str], what: str, bounds: Bounds | None = None) -> bytes:
    """`bounds`: no file that it makes may be larger."""
    if bounds is not None:
        # In blocks of 512 bytes (POSIX, ulimit); a shell, since what Python does between fork and exec is no good in threads.
        command = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', str(bounds.size // 512 + 1), *command]
    environ = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), **_ENVIRON}
    try:
        done = subprocess.run(command, env=environ, capture_output=True, timeout=_TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise TransferFailed(f"{what}: git took longer than {_TIMEOUT:g} seconds") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no word"]
        large = f" (or it is larger than {bounds.size} bytes, setting repo_limit)" if bounds is not None else ""
        raise TransferFailed(f"{what}: git cannot take it: {said[0][:200]}{large}")
    return done.stdout
