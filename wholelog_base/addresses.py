"""Where a process of ours listens: HOST:PORT, or a unix socket, `unix:///PATH`."""

from pathlib import Path
from typing import Final

TcpAddress = tuple[str, int]
Address = TcpAddress | Path

UNIX: Final = "unix://"
SOCKET_PATH_BYTES: Final = 107  # sun_path is 108 with its NUL: unix(7)
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # where to find who listens there


def tcp_address(value: str) -> TcpAddress:
    """HOST:PORT; an IPv6 host in brackets. Raises ValueError saying what would fit."""
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal() or len(port) > 5 or int(port) > 65535:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


def tcp_or_unix(value: str) -> Address:
    """Raises ValueError saying what would fit."""
    if value.startswith(UNIX):
        path = value.removeprefix(UNIX)
        if not path.startswith("/") or path.endswith("/") or "\0" in path:
            raise ValueError("must be the absolute path of a unix socket, such as unix:///run/wholelog/api.sock")
        if len(path.encode()) > SOCKET_PATH_BYTES:
            raise ValueError(f"is too long: a unix socket's path has at most {SOCKET_PATH_BYTES} bytes")
        return Path(path)
    try:
        return tcp_address(value)
    except ValueError as error:
        raise ValueError(f"{error}, or unix:///PATH of a socket") from error


def as_text(address: Address) -> str:
    """As `tcp_or_unix` takes it."""
    if isinstance(address, Path):
        return f"{UNIX}{address}"
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reached(address: TcpAddress) -> TcpAddress:
    """Where who listens there is found from this machine itself."""
    host, port = address
    return _ANYWHERE.get(host, host), port


def url_of(address: Address) -> str:
    """By which a client on this machine finds it: http://HOST:PORT or unix:///PATH."""
    return as_text(address) if isinstance(address, Path) else f"http://{as_text(reached(address))}"
