"""`wholelog check`: tries what Wholelog needs, a line each."""

from collections.abc import Callable, Mapping
from pathlib import Path

from log_store.errors import LogStoreError
from log_store.open import open_reader, store_options
from wholelog.engine_client import EngineClient, engine_socket
from wholelog.errors import CommandError, DataFolderUnusable, EngineProblem
from wholelog.places import connect_socket, try_data_folder
from wholelog_base.settings import SharedSettings


def check(
    settings: SharedSettings, image_folder: Path | None, environ: Mapping[str, str], say: Callable[[str], None]
) -> bool:
    """Whether all is well; `say` gets a line for each: what answers, or what is wrong and how to put it right."""
    trials: list[tuple[str, Callable[[], str]]] = [
        ("docker", lambda: _docker(settings, environ)),
        ("store", lambda: check_store(settings)),
        ("socket", lambda: _socket(settings)),
        ("data", lambda: try_data_folder(settings.data)),
        ("images", lambda: _images(image_folder)),
    ]
    well = True
    for name, trial in trials:
        try:
            mark, line = "ok ", trial()
        except (CommandError, LogStoreError) as error:
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


def check_store_url(settings: SharedSettings) -> None:
    """Raises StoreMisconfigured for what can be told without a connection."""
    open_reader(settings.store_url, store_options(settings)).close()


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
