"""A tar that is made while it is read, and one that is read while it comes: never whole in memory or on disk."""

import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from runtime_api.errors import TransferFailed

_BLOCK: Final = 512
_PIECE: Final = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class Member:
    """A file to be put into a tar; a symbolic link where `link` is given. `content` has exactly `size` bytes."""

    name: str
    size: int
    content: Iterable[bytes] = ()
    executable: bool = False
    link: str = ""
    mtime: int = 0  # seconds since 1970


def packed(members: Iterable[Member]) -> Iterator[bytes]:
    """Files of root's that everybody may read. No folders: those that are there keep their mode, others are made."""
    for member in members:
        info = tarfile.TarInfo(member.name)
        info.mode, info.mtime = 0o755 if member.executable else 0o644, member.mtime
        if member.link:
            info.type, info.linkname = tarfile.SYMTYPE, member.link
        else:
            info.size = member.size
        yield info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        sent = 0
        for piece in member.content:
            sent += len(piece)
            yield piece
        if sent != info.size:
            raise TransferFailed(f"{member.name} has {sent} bytes, and was to have {info.size}", again=True)
        if sent % _BLOCK:
            yield bytes(_BLOCK - sent % _BLOCK)
    yield bytes(2 * _BLOCK)


class _Pieces(io.RawIOBase):
    """A file of pieces that come."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def unpacked(pieces: Iterator[bytes], what: str) -> Iterator[tuple[tarfile.TarInfo, Iterator[bytes]]]:
    """Each member with its content, which must be read before the next. Raises TransferFailed for what is no tar."""
    try:
        with tarfile.open(fileobj=io.BufferedReader(_Pieces(pieces), _PIECE), mode="r|") as archive:
            for member in archive:
                yield member, _content(archive, member, what)
    except (tarfile.TarError, EOFError) as error:
        raise TransferFailed(f"{what} is no whole tar: {error}", again=True) from error


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, what: str) -> Iterator[bytes]:
    source = archive.extractfile(member) if member.isreg() else None
    left = member.size if source is not None else 0
    while left:
        assert source is not None
        piece = source.read(min(_PIECE, left))
        if not piece:
            raise TransferFailed(f"{what} broke off in {ascii(member.name[:200])}", again=True)
        left -= len(piece)
        yield piece
