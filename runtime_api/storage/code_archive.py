"""Code in an archive (`.zip`, `.tar`, `.tar.gz`, `.tgz`): checked whole before a byte of it goes into a container."""

import posixpath
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from runtime_api.errors import TransferFailed
from runtime_api.storage.names import safe
from runtime_api.storage.tar_stream import Member

SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz")
_PIECE: Final = 1 << 18  # bytes
_LONGEST_LINK: Final = 4096


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of what an archive may become."""

    size: int = 2 << 30  # bytes
    files: int = 100_000


@contextmanager
def opened(file: Path, what: str, bounds: Bounds) -> Iterator[Iterator[Member]]:
    """Its members, safe below the folder that they go to. Raises TransferFailed for one that is not, before the first."""
    try:
        if what.endswith(".zip"):
            with zipfile.ZipFile(file) as archive:
                found = _checked(
                    ((i.filename, _zip_kind(i), i.file_size, "") for i in archive.infolist()), what, bounds
                )
                yield _of_zip(archive, found, what)
        else:
            with tarfile.open(file) as tar:
                _checked(((m.name, _tar_kind(m), m.size, m.linkname) for m in tar), what, bounds)
                yield _of_tar(tar, what)
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise TransferFailed(f"{what} is no whole archive of code: {type(error).__name__}: {error}"[:300]) from error


def _checked(members: Iterator[tuple[str, str, int, str]], what: str, bounds: Bounds) -> set[str]:
    """The safe names of files and links. Raises TransferFailed."""
    total, links, names = 0, set[str](), set[str]()
    for name, kind, size, link in members:
        if kind == "folder" and not name.strip("./"):
            continue
        plain = safe(name.rstrip("/") if kind == "folder" else name, what)
        if kind == "other":
            raise TransferFailed(
                f"{what} holds {ascii(plain[:200])}, which is neither a file, a folder nor a symbolic link"
            )
        total += size
        if total > bounds.size or len(names) >= bounds.files:
            raise TransferFailed(
                f"{what} would become more than {bounds.size} bytes or {bounds.files} files (setting repo_limit)"
            )
        if kind == "link":
            _check_link(plain, link, what)
            links.add(plain)
        if kind != "folder":
            names.add(plain)
    for name in names:
        words = name.split("/")
        if any("/".join(words[:count]) in links for count in range(1, len(words))):
            raise TransferFailed(f"{what} holds {ascii(name[:200])}, which goes through a symbolic link")
    return names


def _check_link(name: str, target: str, what: str) -> None:
    """A link may lead to where the archive's own files are."""
    led = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if not target or target.startswith("/") or led == ".." or led.startswith("../") or len(target) > _LONGEST_LINK:
        raise TransferFailed(f"{what} holds the symbolic link {ascii(name[:200])}, which leads out of its folder")


def _zip_kind(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16
    if info.is_dir():
        return "folder"
    # A zip's link has its target as content, which is not trusted; made on other systems it has no mode.
    return "file" if stat.S_ISREG(mode) or not stat.S_IFMT(mode) else "other"


def _tar_kind(member: tarfile.TarInfo) -> str:
    if member.isdir():
        return "folder"
    if member.issym():
        return "link"
    return "file" if member.isreg() and not member.issparse() else "other"


def _of_zip(archive: zipfile.ZipFile, names: set[str], what: str) -> Iterator[Member]:
    for info in archive.infolist():
        if info.is_dir():
            continue
        with archive.open(info) as source:
            runs = bool((info.external_attr >> 16) & 0o111)
            yield Member(safe(info.filename, what), info.file_size, _pieces(source), runs)


def _of_tar(archive: tarfile.TarFile, what: str) -> Iterator[Member]:
    for member in archive:
        if member.isdir():
            continue
        name = safe(member.name, what)
        if member.issym():
            yield Member(name, 0, link=member.linkname)
            continue
        source = archive.extractfile(member)
        assert source is not None
        yield Member(name, member.size, _pieces(source), bool(member.mode & 0o111), mtime=int(member.mtime))


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece
