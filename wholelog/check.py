"""`wholelog check`: tries what Wholelog needs, a line each."""

from collections.abc import Callable, Mapping

from log_store.open import StoreOptions, open_reader

from log_store.errors import LogStoreError
from wholelog.engine_client import EngineClient, engine_socket
from wholelog.errors import CommandError
from wholelog.places import connect_socket, make_data_folder
from wholelog_base.settings import SharedSettings


def check(settings: SharedSettings, environ: Mapping[str, str], say: Callable[[str], None]) -> bool:
    """Whether all is well; `say` gets a line for each: what answers, or what is wrong and how to put it right."""
    trials: list[tuple[str, Callable[[], str]]] = [
        ("docker", lambda: _docker(settings, environ)),
        ("store", lambda: check_store(settings)),
        ("socket", lambda: _socket(settings)),
        ("data", lambda: _data(settings)),
    ]
    well = True
    for name, trial in trials:
        try:
            mark, line = "ok ", trial()
        except (CommandError, LogStoreError) as error:
            mark, line, well = "bad", str(error), False
        say(f"{mark} {name:<7} {' '.join(line.split())}")
    return well


def store_options(settings: SharedSettings) -> StoreOptions:
    return StoreOptions(
        index_prefix=settings.index_prefix,
        user=settings.elasticsearch_user,
        password=settings.elasticsearch_password,
        api_key=settings.elasticsearch_api_key,
        ca=settings.elasticsearch_ca,
        fingerprint=settings.elasticsearch_fingerprint,
    )


def check_store(settings: SharedSettings) -> str:
    """One line about the store. Raises LogStoreError."""
    reader = open_reader(settings.store_url, store_options(settings))
    try:
        return reader.check()
    finally:
        reader.close()


def check_store_url(settings: SharedSettings) -> None:
    """Raises StoreMisconfigured for what can be told without a connection."""
    open_reader(settings.store_url, store_options(settings)).close()


def _docker(settings: SharedSettings, environ: Mapping[str, str]) -> str:
    path = engine_socket(settings.docker_host, environ)
    return f"Docker {EngineClient(path).version()} at {path}"


def _socket(settings: SharedSettings) -> str:
    connect_socket(settings.socket_path)
    return f"the shipper listens on {settings.socket_path}"


def _data(settings: SharedSettings) -> str:
    make_data_folder(settings.data)
    return f"{settings.data} can be written"
