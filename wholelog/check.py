"""`wholelog check`: tries what Wholelog needs, a line each."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from log_store.errors import LogStoreError
from log_store.open import open_reader
from log_store.options import store_options
from wholelog.engine_client import EngineClient, engine_socket
from wholelog.errors import AddressInUse, CommandError, DataFolderUnusable, EngineProblem
from wholelog.places import check_address, connect_socket, try_data_folder
from wholelog.preparing import check_callers
from wholelog.processes import Loaded
from wholelog_base.addresses import as_text
from wholelog_base.http_connection import connection_to
from wholelog_base.settings import SettingsError, SharedSettings


def check(loaded: Sequence[Loaded], environ: Mapping[str, str], say: Callable[[str], None]) -> bool:
    """Whether all is well; `say` gets a line for each: what answers, or what is wrong and how to put it right.

    `loaded`: of all parts.
    """
    settings = {one.part.name: one.settings for one in loaded}["api"]
    trials: list[tuple[str, Callable[[], str]]] = [
        ("docker", lambda: _docker(settings, environ)),
        ("store", lambda: check_store(settings)),
        ("socket", lambda: _socket(settings)),
        ("data", lambda: try_data_folder(settings.data)),
        ("images", lambda: _images(settings.image_folder)),
        ("api", lambda: _api(loaded, settings)),
    ]
    well = True
    for name, trial in trials:
        try:
            mark, line = "ok ", trial()
        except (CommandError, LogStoreError, SettingsError) as error:
            mark, line, well = "bad", str(error), False
        say(f"{mark} {name:<7} {' '.join(line.split())}")
    return well


def check_store(settings: SharedSettings) -> str:
    """One line about the store. Raises LogStoreError."""
    reader = open_reader(settings.store_url, store_options(settings))
    try:
        return reader.check()
    finally:
        reader.close()


def _docker(settings: SharedSettings, environ: Mapping[str, str]) -> str:
    path = engine_socket(settings.docker_host, environ)
    client = EngineClient(path)
    version = client.version()
    if "fluentd" not in (client.get("/info").get("Plugins", {}).get("Log") or []):
        raise EngineProblem(
            f"engine at {path}: {version} has no log driver fluentd: use Docker's own engine, 20.10 or later"
        )
    return f"Docker {version} at {path}"


def _socket(settings: SharedSettings) -> str:
    connect_socket(settings.socket_path)
    return f"the shipper listens on {settings.socket_path}"


def _images(folder: Path | None) -> str:
    if folder is None:
        return "no folder of image tars is set (--image-folder), so none is loaded"
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        way_out = "make it readable for this user, or name another with --image-folder"
        raise DataFolderUnusable(f"image folder {folder}: {error.strerror or error}: {way_out}") from error
    return f"{folder} can be read"


def _api(loaded: Sequence[Loaded], settings: Any) -> str:
    """`settings`: the API's."""
    for one in loaded:
        check_callers(one)
    place = f"{as_text(settings.listen)} (access {settings.access})"
    with closing(connection_to(settings.listen, 2.0)) as connection:
        try:
            connection.connect()
        except (ConnectionRefusedError, FileNotFoundError):
            check_address(settings.listen)
            return f"nobody listens on {place} yet; the start does"
        except PermissionError as error:
            way_out = "run this as the API's user, or name a group of this user's with listen_group"
            raise AddressInUse(f"{place}: this user may not use it: {way_out}") from error
        except OSError as error:
            raise AddressInUse(f"{place}: {error.strerror or error}: give another address with --listen") from error
    return f"somebody listens on {place}"
