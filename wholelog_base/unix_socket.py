"""Unix sockets: whether somebody listens at one, and listening at one."""

import contextlib
import errno
import os
import shutil
import socket
import stat
import struct
from dataclasses import dataclass
from pathlib import Path


def try_connection(path: Path, timeout: float = 2.0) -> None:
    """Return where a connection is taken, which is closed at once; `timeout` in seconds. Raises OSError."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(timeout)
        probe.connect(str(path))


def peer_uid(connection: socket.socket) -> int:
    """The user of the process that connected (unix(7), SO_PEERCRED)."""
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


def check_place(path: Path) -> None:
    """Return where a socket could be made, maybe in place of one that a dead process left. Raises OSError."""
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"the folder {path.parent} is not there: make it, or name another path")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, f"this user may not write to the folder {path.parent}")
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(errno.EEXIST, "there is something else than a socket: move it away, or name another path")
    try:
        try_connection(path)
    except ConnectionRefusedError:
        return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


@dataclass(frozen=True, slots=True)
class SocketName:
    path: Path
    made: tuple[int, int]  # see `_made`

    def remove(self) -> None:
        """At the end of who listens there, unless another has taken its place. Raises nothing."""
        with contextlib.suppress(OSError):  # a folder that is gone, or may not be written any more
            if _made(self.path) == self.made:
                self.path.unlink()


def bind(path: Path, group: str = "") -> tuple[socket.socket, SocketName]:
    """A socket for our own user (and root) alone, or for the members of `group` too. Raises OSError."""
    check_place(path)
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(str(path))
        if group:
            _share(path, group)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made, SocketName(path, _made(path))


def _made(path: Path) -> tuple[int, int]:
    """What tells a file from one made later at its place, which may have its number again."""
    found = path.lstat()
    return found.st_ino, found.st_mtime_ns


def _share(path: Path, group: str) -> None:
    try:
        shutil.chown(path, group=group)
    except (LookupError, PermissionError) as error:
        path.unlink()
        known = isinstance(error, PermissionError)
        wrong = f"this user is not in the group {group!r}" if known else f"there is no group {group!r} on this machine"
        raise OSError(errno.EPERM if known else errno.EINVAL, wrong) from error
    path.chmod(0o660)
