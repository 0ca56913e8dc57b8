"""The places on this machine that Wholelog needs: its data folder, its address, the shipper's socket."""

import fcntl
import os
import shutil
import socket
import tempfile
from pathlib import Path

from wholelog.errors import AddressInUse, DataFolderUnusable, SocketProblem
from wholelog_base.addresses import SOCKET_PATH_BYTES, Address, as_text
from wholelog_base.settings import SettingsError
from wholelog_base.unix_socket import check_place, try_connection


def make_data_folder(folder: Path) -> None:
    """Make it, for this user alone, and prove that it can be written. Raises DataFolderUnusable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        way_out = "give another with --data DIR, or make it writable for this user"
        raise DataFolderUnusable(f"data folder {folder}: {error.strerror or error}: {way_out}") from error


def try_data_folder(folder: Path) -> str:
    """One line about it; it is not made. Raises DataFolderUnusable."""
    if folder.exists():
        make_data_folder(folder)
        return f"{folder} can be written, {shutil.disk_usage(folder).free >> 20:,} MiB free"
    parent = next(place for place in folder.parents if place.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise DataFolderUnusable(
            f"data folder {folder}: cannot be made in {parent} by this user: give another with --data DIR"
        )
    return f"{folder} is not there yet; the start makes it"


def lock_data_folder(folder: Path, name: str = "supervisor.lock") -> int:
    """Hold the folder for this process: a file descriptor that keeps it until it is closed.

    Raises DataFolderUnusable where another holder of the same `name` has it, with its process id.
    """
    lock = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "?"
        os.close(lock)
        way_out = "end that one first, or give another folder with --data DIR"
        raise DataFolderUnusable(
            f"data folder {folder}: in use by another Wholelog (process {holder}): {way_out}"
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def check_address(address: Address, flag: str = "--listen") -> None:
    """Raises AddressInUse where nobody could listen there; `flag` is what gives another."""
    try:
        if isinstance(address, Path):
            check_place(address)
        else:
            _try_port(*address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        other = "unix:///PATH or HOST:PORT" if isinstance(address, Path) else "HOST:PORT"
        raise AddressInUse(
            f"cannot listen on {as_text(address)}: {reason}: give another address with {flag} {other}"
        ) from error


def _try_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def check_exposure(access: str, address: Address, insists: bool) -> None:
    """Raises SettingsError where anybody could start containers from another machine. `insists`: listen_unprotected."""
    from runtime_api.access.exposure import exposure_problem

    if said := exposure_problem(access, address, insists):
        raise SettingsError([said])


def free_port(host: str, port: int = 0) -> int:
    """`port` where it can be listened on, else one that the system picks. Raises AddressInUse for a bad host."""
    try:
        check_address((host, port))
    except AddressInUse:
        if port == 0:
            raise
        return free_port(host)
    if port:
        return port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def check_socket_path(path: Path, flags: str = "--socket PATH or --data DIR") -> None:
    """Raises SocketProblem where the path is too long for a unix socket."""
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_BYTES:
        way_out = f"give a shorter one with {flags}"
        raise SocketProblem(
            f"socket {path}: {length} bytes, a unix socket's path has at most {SOCKET_PATH_BYTES}: {way_out}"
        )


def connect_socket(path: Path, timeout: float = 2.0) -> None:
    """Raises SocketProblem where nobody takes a connection."""
    check_socket_path(path)
    try:
        try_connection(path, timeout)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SocketProblem(
            f"socket {path}: {reason}: start the shipper (`wholelog up` or `wholelog shipper`)"
        ) from error
