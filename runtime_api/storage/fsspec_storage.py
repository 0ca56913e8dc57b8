"""Storage by fsspec: `file`, `s3`, `memory` and whatever else is installed."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import fsspec
from fsspec.spec import AbstractBufferedFile

from runtime_api.errors import RuntimeApiError, TransferFailed
from runtime_api.storage.names import safe
from runtime_api.storage.prefixes import prefix_of
from runtime_api.storage.protocol import Sink, StoredFile, unwatched

log = logging.getLogger(__name__)

PIECE: Final = 1 << 20  # bytes
MOST_FILES: Final = 100_000
_FINAL: Final = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError, ImportError, ValueError)


class FsspecStorage:
    """`options`: by protocol, what fsspec's file system is made with. `allowed`: prefixes, which links must not leave."""

    def __init__(self, allowed: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> None:
        self._allowed, self._options = allowed, options

    def files(self, url: str, alive: Callable[[], None] = unwatched) -> list[StoredFile]:
        with _failing(url):
            system, root = self._system(url)
            info = system.info(root)
            if info["type"] == "file":
                self._stays(url, root)
                return [StoredFile("", int(info["size"]), url)]
            found = system.find(root, detail=True)
            base = root.rstrip("/") + "/"
            listed: list[StoredFile] = []
            for path, one in sorted(found.items()):
                alive()
                if one["type"] != "file" or path.endswith("/") or not path.startswith(base):
                    continue
                if len(listed) == MOST_FILES:
                    raise TransferFailed(f"{url} holds more than {MOST_FILES} files")
                self._stays(url, path)
                name = safe(path[len(base) :], url)
                listed.append(StoredFile(name, int(one["size"]), f"{url.rstrip('/')}/{path[len(base) :]}"))
        if not listed:
            raise TransferFailed(f"{url} is a folder without files")
        return listed

    def read(self, file: StoredFile, alive: Callable[[], None] = unwatched) -> Iterator[bytes]:
        left = file.size
        with _failing(file.place):
            system, path = self._system(file.place)
            self._stays(file.place, path)
            with system.open(path, "rb", block_size=4 * PIECE, cache_type="readahead") as source:
                while left:
                    alive()
                    piece = source.read(min(PIECE, left))
                    if not piece:
                        raise TransferFailed(f"{file.place} has become shorter while it was read", again=True)
                    left -= len(piece)
                    yield piece

    @contextmanager
    def write(self, url: str) -> Iterator[Sink]:
        with _failing(url):
            system, path = self._system(url)
            parent = path.rpartition("/")[0]
            self._stays(url, parent)
            system.makedirs(parent, exist_ok=True)
            target = system.open(path, "wb", autocommit=False)
            try:
                yield target
                target.close()
            except BaseException:
                _discard(target)
                raise
            target.commit()

    def size(self, url: str) -> int:
        with _failing(url):
            system, path = self._system(url)
            return int(system.info(path)["size"])

    def _system(self, url: str) -> tuple[Any, str]:
        protocol = urlsplit(url).scheme.lower()
        options = {"use_listings_cache": False, **self._options.get(protocol, {})}
        system = fsspec.filesystem(protocol, skip_instance_cache=True, **options)
        return system, str(system._strip_protocol(url))

    def _stays(self, url: str, path: str) -> None:
        """Links of the machine's own files must not lead out of what is allowed. Raises TransferFailed."""
        if urlsplit(url).scheme.lower() not in ("file", "local"):
            return
        base = os.path.realpath(urlsplit(prefix_of(url, self._allowed)).path)
        real = os.path.realpath(path)
        if real != base and not real.startswith(base.rstrip("/") + "/"):
            raise TransferFailed(f"{url} leads out of what the operator allows by a symbolic link")


def _discard(target: Any) -> None:
    """Nothing is kept; an error on the way does not hide the one that led here."""
    try:
        target.discard()
        if isinstance(target, AbstractBufferedFile):
            target.closed = True  # else it would write what is left in its buffer when it is collected
        else:
            target.close()
    except Exception as error:
        log.warning("a part of an output that failed may be left: %s", error)


@contextmanager
def _failing(url: str) -> Iterator[None]:
    try:
        yield
    except RuntimeApiError:  # of what is copied, too: the engine may go away
        raise
    except _FINAL as error:
        raise TransferFailed(f"{url}: {_said(error)}") from error
    except Exception as error:  # each storage has its own kinds
        raise TransferFailed(f"{url}: {_said(error)}", again=True) from error


def _said(error: Exception) -> str:
    known = {FileNotFoundError: "is not there", PermissionError: "may not be used"}
    for kind, text in known.items():
        if isinstance(error, kind):
            return text
    return f"{type(error).__name__}: {error}"[:300]
