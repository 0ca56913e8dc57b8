"""The file of hashed tokens, as it is now."""

import hashlib
import hmac
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runtime_api.access.caller import Caller
from runtime_api.access.tokens import Entry, digest_of, read_lines
from runtime_api.errors import AccessUnavailable

_LARGEST: Final = 16 << 20  # bytes
_SETTLED: Final = 2_000_000_000  # ns since its change, before which a file may change again with the same times

log = logging.getLogger(__name__)


class TokenFile:
    """Safe to use from several threads. Read again whenever the file has changed.

    Lines that do not fit are left out and logged by their number: one mistake neither keeps a token that was taken out nor
    shuts everybody else out. Without a readable file nobody is let in.
    """

    def __init__(self, path: Path, now: Callable[[], int] = time.time_ns) -> None:
        self._path, self._now = path, now
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] = ()
        self._known: dict[bytes, Entry] = {}
        self._said: list[str] = []
        # Entries are found by a keyed hash, so that how long it takes tells nothing of the hashes that there are.
        self._key = secrets.token_bytes(32)

    def caller_of(self, token: str) -> Caller | None:
        """None for one that is not known. Raises AccessUnavailable."""
        digest = digest_of(token)
        entry = self._entries().get(self._place(digest))
        return entry.caller if entry is not None and hmac.compare_digest(entry.digest, digest) else None

    def _entries(self) -> dict[bytes, Entry]:
        try:
            stamp = _stamp(self._path)
            with self._lock:
                if stamp != self._stamp:
                    self._read()
                    fresh = self._now() - max(stamp[:2]) < _SETTLED
                    self._stamp = () if fresh else stamp
                return self._known
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            self._say([f"{self._path} cannot be read: {reason}"])
            raise AccessUnavailable(
                "tokens cannot be checked now: their file cannot be read; see the API's log"
            ) from error

    def _read(self) -> None:
        text = read_file(self._path)
        entries, problems = read_lines(text)
        self._known = {self._place(entry.digest): entry for entry in entries}
        self._say([f"{self._path}: {problem}; it is left out" for problem in problems])

    def _say(self, problems: list[str]) -> None:
        """Each once, until it changes."""
        for problem in problems:
            if problem not in self._said:
                log.error("%s", problem)
        self._said = problems

    def _place(self, digest: bytes) -> bytes:
        return hashlib.blake2b(digest, key=self._key).digest()


def read_file(path: Path) -> str:
    """Raises OSError, UnicodeError."""
    with open(path, "rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(0, f"it is larger than {_LARGEST} bytes")
    return content.decode()


def file_problems(path: Path) -> list[str]:
    """What would keep a service from starting with it."""
    try:
        if path.stat().st_mode & 0o022:
            return [
                f"access_tokens: {path} can be written by others than its owner, who could let themselves in: chmod go-w"
            ]
        _, problems = read_lines(read_file(path))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return [
            f"access_tokens: {path} cannot be read: {reason}; `wholelog token UID --add` makes a token and the file"
        ]
    return [f"access_tokens: {path}: {problem}" for problem in problems]


def _stamp(path: Path) -> tuple[int, ...]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev
