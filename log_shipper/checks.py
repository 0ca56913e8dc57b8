"""Whether what the shipper depends on answers; each says '' or what is wrong."""

from collections.abc import Callable
from pathlib import Path

from log_shipper.errors import EngineUnavailable
from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from wholelog_base.unix_socket import try_connection


def engine_check(trouble: Callable[[], str], ping: Callable[[], None]) -> str:
    """`trouble`: of the engine's events. `ping` raises EngineUnavailable."""
    try:
        ping()
    except EngineUnavailable as error:
        return str(error)
    return trouble()


def store_check(trouble: str, reader: LogReader) -> str:
    """`trouble`: of the last write."""
    if trouble:
        return trouble
    try:
        reader.seals("none")
    except LogStoreError as error:
        return str(error)
    return ""


def socket_check(path: Path) -> str:
    try:
        try_connection(path)
    except OSError as error:
        return f"the acceptor does not take connections at {path}: {error}"
    return ""
