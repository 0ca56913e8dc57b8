"""Keeps the files of Docker's copy of a container's log that are about to be rotated away, by holding them open.

Docker keeps the last five files of 20 MB, which a fast writer fills in two seconds. A file that is open can be read after
it was removed: that costs nothing, while to read the copy through the engine in time would take a processor of its own.
"""

import gzip
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from log_shipper.audit.local_file import SIZE, last_time
from log_shipper.errors import CopyDamaged
from log_shipper.ledger import MARGIN
from log_store.rfc3339 import parse_ns
from wholelog_base.turns import Turns

log = logging.getLogger(__name__)

NAME = "container-cached.log"
ROTATED = 4  # files beside the current one (moby: daemon/logger/local/local.go)
BLOCK = 1 << 20  # bytes read at a time
TRIES = 20  # to find the files in one state, where they are rotated under us
PAUSE = 0.001  # seconds between two of them; a rotation is five renamings
FULL = 20 << 20  # bytes; a file that has so many is rotated before the next line (moby: local.defaultMaxFileSize)


class File:
    """One file; closed when nobody has it any more. It may grow, and lose its name."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._raw = open(path, "rb", buffering=0)  # noqa: SIM115
        self.packed = path.suffix == ".gz"
        self.inode = os.fstat(self._raw.fileno()).st_ino

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return os.fstat(self._raw.fileno()).st_size

    @property
    def is_gone(self) -> bool:
        """Whether it has no name any more."""
        return os.fstat(self._raw.fileno()).st_nlink == 0

    @property
    def is_full(self) -> bool:
        """Whether it is rotated before another entry comes; what is packed was."""
        return self.packed or self.size >= FULL

    @property
    def kept_size(self) -> int:
        """Bytes on the disk that would not be there if it were not open."""
        return self.size if self.is_gone else 0

    def blocks(self) -> Iterator[bytes]:
        """Its entries from the first to the last that is there now. Raises CopyDamaged."""
        # A descriptor of its own, with its own position: several may read.
        with open(f"/proc/self/fd/{self._raw.fileno()}", "rb") as file:
            if not self.packed:
                while block := file.read(BLOCK):
                    yield block
                return
            try:
                with gzip.open(file) as unpacked:
                    while block := unpacked.read(BLOCK):
                        yield block
            except (OSError, EOFError) as error:
                raise CopyDamaged(f"a packed file of Docker's copy cannot be read: {error}") from error

    def last(self) -> int:
        """The time (ns) of its last entry, 0 where it has none. Raises CopyDamaged."""
        descriptor = self._raw.fileno()
        if self.packed:
            return packed_until(os.pread(descriptor, 1024, 0))
        size = self.size
        if size < 2 * SIZE.size:
            return 0
        (entry,) = SIZE.unpack(os.pread(descriptor, SIZE.size, size - SIZE.size))
        whole = entry + 2 * SIZE.size
        return last_time(os.pread(descriptor, whole, max(0, size - whole)))


@dataclass(frozen=True, slots=True)
class Held:
    """`complete`: of what the copy ever had from the verified time on, nothing is missing before the first file.

    `holes`: indexes of files before which others were rotated away unseen.
    """

    files: tuple[File, ...]
    complete: bool
    holes: frozenset[int] = frozenset()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def kept_size(self) -> int:
        return sum(file.kept_size for file in self.files)

    @property
    def is_last_surely_current(self) -> bool:
        """Of a removed container: whether no file can have followed the last that is held."""
        return not self.files[-1].is_full


class HeldFiles:
    """By container. Safe to use from several threads.

    `root()` is the engine's data root; `limit`: bytes at most that are on the disk for our sake alone.
    """

    def __init__(self, root: Callable[[], Path], limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._limit, self._clock = root, limit, clock
        self._turns = Turns()
        self._held: dict[str, Held] = {}
        self._since: dict[str, float] = {}

    def hold(self, container_id: str) -> bool:
        """Open what is not open yet; False at the limit. Raises OSError where the files cannot be read.

        FileNotFoundError: the container has no such copy, or has been removed before anything of it was held.
        """
        with self._turns.of(container_id):
            base = self._root() / "containers" / container_id / NAME
            held = self._held.get(container_id)
            if held is None:
                self._held[container_id] = _first(_now(base))
                self._since[container_id] = self._clock()
                return True
            if not base.parent.exists() or _is_removed(base, held.files[-1]):
                return True  # removed, or about to be: there is no more to come
            if _is(base, held.files[-1]):
                return True
            if self.kept_size >= self._limit:
                return False
            self._held[container_id] = _with_new(container_id, held, _now(base))
            return True

    def outdated(self) -> list[str]:
        """Containers whose newest file is full, so that another may be there by now. Cheap: asked again and again."""
        return [name for name, held in list(self._held.items()) if held.files[-1].is_full]

    def get(self, container_id: str) -> Held | None:
        return self._held.get(container_id)

    def containers(self) -> list[str]:
        return list(self._held)

    def seconds(self, container_id: str) -> float:
        """For how long it has been held."""
        return self._clock() - self._since.get(container_id, self._clock())

    @property
    def kept_size(self) -> int:
        return sum(held.kept_size for held in list(self._held.values()))

    def drop(self, container_id: str) -> None:
        with self._turns.of(container_id):
            self._held.pop(container_id, None)
            self._since.pop(container_id, None)

    def drop_before(self, container_id: str, verified: int) -> None:
        """Forget files of which all has been verified (ns). Raises CopyDamaged."""
        with self._turns.of(container_id):
            held = self._held.get(container_id)
            if held is None:
                return
            done = 0
            while (
                done < len(held.files) - 1
                and done + 1 not in held.holes
                and held.files[done].last() < verified - MARGIN
            ):
                done += 1
            if done:
                holes = frozenset(index - done for index in held.holes if index > done)
                self._held[container_id] = replace(held, files=held.files[done:], complete=True, holes=holes)


def packed_until(head: bytes) -> int:
    """The time (ns) of the last entry of a packed file, from the first bytes of it. Raises CopyDamaged."""
    try:
        size = int.from_bytes(head[10:12], "little")
        if not head[3] & 4:
            raise ValueError("no extra field")
        return parse_ns(json.loads(head[12 : 12 + size])["lastTime"])
    except (ValueError, KeyError, IndexError) as error:
        raise CopyDamaged(f"a packed file of Docker's copy does not say when it ends: {error}") from error


@dataclass(frozen=True, slots=True)
class _Files:
    """All that the copy has, from the oldest to the current one, at one moment.

    `whole`: there are no others; False where the container was removed meanwhile.
    """

    files: tuple[File, ...]
    whole: bool = True

    @property
    def may_have_lost(self) -> bool:
        """Whether others may have been rotated away: with five files, or with four while a fifth is just removed."""
        return not self.whole or len(self.files) + self.files[-1].is_full > ROTATED


def _now(base: Path) -> _Files:
    """Raises OSError; FileNotFoundError where the container has no copy.

    A rotation is no one step: the oldest is removed, then each is renamed, the current one last (moby: loggerutils.rotate).
    """
    for _ in range(TRIES):
        try:
            current = File(base)  # before all else: the next moment it may be gone
            names = _rotated(base)
            files = (*(File(name) for name in names), current)
            if _is_removed(base, current):  # maybe after others that had rotated
                return _Files(files, whole=False)
            if _rotated(base) == names and all(map(_is, (*names, base), files)):
                return _Files(files)
        except FileNotFoundError:
            if not any(base.parent.glob(f"{NAME}*")):
                raise FileNotFoundError(f"there is no {base}") from None
        time.sleep(PAUSE)
    raise OSError(f"the files at {base} are rotated faster than they can be opened")


def _first(now: _Files) -> Held:
    return Held(now.files, complete=not now.may_have_lost)


def _with_new(name: str, held: Held, now: _Files) -> Held:
    """With the files that have come since: the newest that is held is now one of the rotated ones."""
    last = held.files[-1]
    for index in reversed(range(len(now.files))):
        file = now.files[index]
        if file.inode == last.inode or (file.packed and file.last() == last.last()):
            return replace(held, files=(*held.files, *now.files[index + 1 :]))
    log.warning("files of Docker's copy of %s were rotated away before they could be held", name[:12])
    return replace(held, files=(*held.files, *now.files), holes=held.holes | {len(held.files)})


def _is_removed(base: Path, current: File) -> bool:
    """Whether the newest file went with its container: one that is rotated is full."""
    return current.is_gone and not current.is_full and not base.exists()


def _rotated(base: Path) -> list[Path]:
    """The others, oldest first. Raises FileNotFoundError where one is lacking between them, as while they are renamed.

    Until the packed one is whole the other is there.
    """
    found: list[Path] = []
    for number in range(ROTATED, 0, -1):
        plain = base.with_name(f"{base.name}.{number}")
        name = next((path for path in (plain, plain.with_name(f"{plain.name}.gz")) if path.exists()), None)
        if name is not None:
            found.append(name)
        elif found:
            raise FileNotFoundError(f"there is no {plain} any more")
    return found


def _is(path: Path, file: File) -> bool:
    try:
        return path.stat().st_ino == file.inode
    except FileNotFoundError:
        return False
