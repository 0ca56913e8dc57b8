"""`wholelog status`: how the running service is, what to do about what is not well, and what the disk holds."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from log_shipper.places import spool_folder
from log_store.errors import LogStoreError
from log_store.open import open_remover
from log_store.options import store_options
from wholelog.engine_client import EngineClient, engine_socket
from wholelog.errors import CommandError, DataFolderUnusable
from wholelog.places import try_data_folder
from wholelog_base.addresses import Address, as_text
from wholelog_base.http_connection import connection_to

_SECONDS: Final = 15.0
_COPIES: Final = "containers/*/container-cached.log*"
_START: Final = {
    "api": "start it (`wholelog up` or `wholelog api`), or name its address with --listen",
    "shipper": "start it (`wholelog up` or `wholelog shipper`), or name its address with --shipper-listen",
}
_TO_DO: Final = {
    "engine": "see that Docker runs and that this user may use its socket (setting docker_host)",
    "store": "see that the log store runs, and its disk; what comes meanwhile waits in the spool",
    "socket": "see the shipper's log: `wholelog up` starts the acceptor again by itself",
}


@dataclass(frozen=True, slots=True)
class Line:
    well: bool
    name: str
    text: str

    def __str__(self) -> str:
        return f"{'ok ' if self.well else 'bad'} {self.name:<15} {' '.join(self.text.split())}"


def health(part: str, address: Address, token: str = "") -> Iterator[Line]:
    """A line for the process, one for each thing that it depends on; `token`: of a caller who may know its details."""
    place = as_text(address)
    try:
        status, told = _get(address, "/readyz", token)
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield Line(False, part, f"no answer at {place} ({error or type(error).__name__}): {_START[part]}")
        return
    states = _states(told)
    yield Line(status == 200, part, f"{place} is {'ready' if status == 200 else 'not ready'}")
    for name, (ready, since, text) in states.items():
        word = "ready" if ready else "not ready"
        yield Line(ready, f"  {name}", f"{word} since {since}: {text}" + ("" if ready else f"; {_TO_DO.get(name, '')}"))


def disk(settings: Any, environ: Mapping[str, str]) -> Iterator[Line]:
    """What is where, in MiB. `settings`: of the shipper."""
    looks: dict[str, Callable[[], str]] = {
        "data": lambda: try_data_folder(settings.data),
        "spool": lambda: f"{_mib(_size(spool_folder(settings.data)))} of {_mib(settings.spool_limit)} (spool_limit)",
        "store": lambda: _store(settings),
        "copies": lambda: _copies(engine_socket(settings.docker_host, environ)),
    }
    for name, look in looks.items():
        try:
            yield Line(True, name, look())
        except (CommandError, LogStoreError, OSError) as error:
            yield Line(False, name, str(error))


def _states(told: dict[str, Any]) -> dict[str, tuple[bool, str, str]]:
    """Of the API, in an envelope, or of the shipper."""
    members = told.get("data", told)
    found = {}
    for name, state in members.items() if isinstance(members, dict) else ():
        if isinstance(state, dict) and "since" in state:
            ready = bool(state.get("ready", state.get("state") == "ready"))
            found[name] = ready, str(state["since"]), str(state.get("detail", state.get("message", "")))
    return found


def _store(settings: Any) -> str:
    with closing(open_remover(settings.store_url, store_options(settings))) as remover:
        partitions = remover.partitions()
    days = [one.name for one in partitions if one.end is not None]
    span = f", {min(days)} to {max(days)}" if days else ""
    limit = f" of {_mib(settings.logs_limit)} (logs_limit)" if settings.logs_limit else ""
    return f"{_mib(sum(one.size for one in partitions))}{limit} in {len(partitions)} partitions{span}"


def _copies(path: Path) -> str:
    root = Path(EngineClient(path).get("/info")["DockerRootDir"])
    try:
        files = [file.stat().st_size for file in root.glob(_COPIES)]
        list((root / "containers").iterdir())
    except PermissionError as error:
        raise DataFolderUnusable(
            f"Docker's copies below {root}: {error.strerror}: run this as a user that may read them"
        ) from error
    return f"{_mib(sum(files))} of Docker's own copies in {len(files)} files below {root}"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*") if file.is_file()) if folder.is_dir() else 0


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


def _get(address: Address, path: str, token: str) -> tuple[int, dict[str, Any]]:
    connection = connection_to(address, _SECONDS)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        if not isinstance(told, dict):
            raise ValueError("another program answers there")
        return answer.status, told
    finally:
        connection.close()
