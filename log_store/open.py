"""From a URL to a store: the only place that knows which backends there are."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from log_store.errors import StoreMisconfigured
from log_store.problem import ProblemStore
from log_store.protocols import LogReader, LogWriter
from log_store.removal import LogRemover
from log_store.retyping import LogRetyper
from wholelog_base.settings import SharedSettings

_SQLITE: Final = "sqlite://"
_FORMS: Final = "sqlite:///ABSOLUTE/FOLDER, http://HOST:PORT or https://HOST:PORT"


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """What goes with the URL of an Elasticsearch; SQLite needs none of it. Empty: not given."""

    index_prefix: str = ""
    user: str = ""
    password: str = ""
    api_key: str = ""
    ca: str = ""  # PEM file of the certificate authority
    fingerprint: str = ""  # SHA-256 of the certificate

    def __repr__(self) -> str:
        return f"StoreOptions(index_prefix={self.index_prefix!r}, user={self.user!r})"  # never a secret


def store_options(settings: SharedSettings) -> StoreOptions:
    """What the settings say of an Elasticsearch."""
    return StoreOptions(
        index_prefix=settings.index_prefix,
        user=settings.elasticsearch_user,
        password=settings.elasticsearch_password,
        api_key=settings.elasticsearch_api_key,
        ca=settings.elasticsearch_ca,
        fingerprint=settings.elasticsearch_fingerprint,
    )


def open_writer(url: str, options: StoreOptions = StoreOptions()) -> LogWriter:
    """A writer for the store at this URL. Raises StoreMisconfigured; SQLite's folder is made if it is not there."""
    folder = sqlite_folder(url)
    # Imported here: who uses one backend does not pay the import of the other.
    if folder is not None:
        from log_store.sqlite_writer import SqliteWriter

        return SqliteWriter(folder)
    from log_store.elastic_writer import ElasticWriter

    return ElasticWriter(url, options)


def open_reader(url: str, options: StoreOptions = StoreOptions()) -> LogReader:
    """A reader of the store at this URL. Raises StoreMisconfigured; SQLite's folder need not be there yet."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite_reader import SqliteReader

        return SqliteReader(folder)
    from log_store.elastic_reader import ElasticReader

    return ElasticReader(url, options)


def open_retyper(url: str, options: StoreOptions = StoreOptions()) -> LogRetyper:
    """What changes types in the store at this URL. Raises StoreMisconfigured."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite_retyping import SqliteRetyper

        return SqliteRetyper(folder)
    from log_store.elastic_retyping import ElasticRetyper

    return ElasticRetyper(url, options)


def open_remover(url: str, options: StoreOptions = StoreOptions()) -> LogRemover:
    """What removes days and containers from the store at this URL. Raises StoreMisconfigured."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite_removal import SqliteRemover

        return SqliteRemover(folder)
    from log_store.elastic_removal import ElasticRemover

    return ElasticRemover(url, options)


def open_problems(url: str, options: StoreOptions = StoreOptions()) -> ProblemStore:
    """Problems of the store at this URL. Raises StoreMisconfigured; SQLite's folder need not be there yet."""
    folder = sqlite_folder(url)
    if folder is not None:
        from log_store.sqlite_problems import SqliteProblems

        return SqliteProblems(folder)
    from log_store.elastic_problems import ElasticProblems

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
