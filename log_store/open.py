"""From a URL to a store: the only place that knows which backends there are."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from log_store.errors import StoreMisconfigured
from log_store.options import DEFAULTS, StoreOptions
from log_store.problem import ProblemStore
from log_store.protocols import LogReader, LogWriter
from log_store.removal import LogRemover
from log_store.retyping import LogRetyper

_SQLITE: Final = "sqlite://"
_FORMS: Final = "sqlite:///ABSOLUTE/FOLDER, http://HOST:PORT or https://HOST:PORT"


def open_writer(url: str, options: StoreOptions = DEFAULTS) -> LogWriter:
    """A writer for the store at this URL. Raises StoreMisconfigured; SQLite's folder is made if it is not there."""
    folder = sqlite_folder(url)
    # Imported here: who uses one backend does not pay the import of the other.
    if folder is not None:
        from log_store.sqlite.writer import SqliteWriter

        return SqliteWriter(folder)
    from log_store.elastic.writer import ElasticWriter

    return ElasticWriter(url, options)


def open_reader(url: str, options: StoreOptions = DEFAULTS) -> LogReader:
    """A reader of the store at this URL. Raises StoreMisconfigured; SQLite's folder need not be there yet."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite.reader import SqliteReader

        return SqliteReader(folder)
    from log_store.elastic.reader import ElasticReader

    return ElasticReader(url, options)


def open_retyper(url: str, options: StoreOptions = DEFAULTS) -> LogRetyper:
    """What changes types in the store at this URL. Raises StoreMisconfigured."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite.retyping import SqliteRetyper

        return SqliteRetyper(folder)
    from log_store.elastic.retyping import ElasticRetyper

    return ElasticRetyper(url, options)


def open_remover(url: str, options: StoreOptions = DEFAULTS) -> LogRemover:
    """What removes days and containers from the store at this URL. Raises StoreMisconfigured."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite.removal import SqliteRemover

        return SqliteRemover(folder)
    from log_store.elastic.removal import ElasticRemover

    return ElasticRemover(url, options)


def open_problems(url: str, options: StoreOptions = DEFAULTS) -> ProblemStore:
    """Problems of the store at this URL. Raises StoreMisconfigured; SQLite's folder need not be there yet."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite.problems import SqliteProblems

        return SqliteProblems(folder)
    from log_store.elastic.problems import ElasticProblems

    return ElasticProblems(url, options)


def sqlite_folder(url: str) -> Path | None:
    """The folder of a `sqlite://` URL, taken as it is written (no %-escapes); None for a good http(s) URL."""
    if url.startswith(_SQLITE):
        folder = url.removeprefix(_SQLITE)
        if not folder.startswith("/") or "\0" in folder:
            raise StoreMisconfigured(f"store {url!r}: the folder must be absolute: sqlite:///ABSOLUTE/FOLDER")
        return Path(folder)
    if not _is_http(url):
        raise StoreMisconfigured(f"store {_without_secrets(url)!r}: must be {_FORMS}")
    return None


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bad port, a broken IPv6 address
        return False


def _without_secrets(url: str) -> str:
    return re.sub(r"(?<=//).*@", "***@", url)
