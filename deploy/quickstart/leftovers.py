"""The containers that this start of Wholelog has on the engine, and their removal at the end."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from deploy.quickstart.engine import Engine
from deploy.quickstart.errors import SampleProblem
from deploy.quickstart.report import Report
from deploy.quickstart.rest import Api
from wholelog.engine_client import EngineClient
from wholelog.errors import EngineProblem
from wholelog_base.labels import TASK_ID

_DELETE_SECONDS = 45.0
_GONE_SECONDS = 10.0


def remove_containers(engine: Engine, log_socket: Path, api: Api, report: Report) -> None:
    """Ours are those with our label whose log goes to our socket: not another Wholelog's on the same engine.

    By the API first, which keeps their last lines; what is left after that by the engine. Raises EngineProblem.
    """
    client = engine.client()
    ours = _ours(client, log_socket)
    if not ours:
        return
    report.say(f"removing {len(ours)} container(s) that were started here")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda container: _delete(api, container), ours))
    end = time.monotonic() + _GONE_SECONDS
    while (left := _ours(client, log_socket)) and time.monotonic() < end:
        time.sleep(0.2)
    for container in left:
        report.say(f"container {container[:12]} was not removed by the API in time; removing it by force")
        client.request("DELETE", f"/containers/{container}?force=1&v=1")


def _ours(client: EngineClient, log_socket: Path) -> list[str]:
    filters = quote(json.dumps({"label": [TASK_ID]}))
    listed = client.get_list(f"/containers/json?all=1&filters={filters}")
    return [str(one["Id"]) for one in listed if _address(client, str(one["Id"])) == f"unix://{log_socket}"]


def _address(client: EngineClient, container: str) -> str:
    try:
        configuration = client.get(f"/containers/{container}/json")["HostConfig"]["LogConfig"].get("Config") or {}
    except EngineProblem:
        return ""  # gone since it was listed
    return str(configuration.get("fluentd-address", ""))


def _delete(api: Api, container: str) -> None:
    try:
        api.call("DELETE", f"/containers/{container}", {"request_id": f"end-{container}"}, timeout=_DELETE_SECONDS)
    except SampleProblem:
        return  # the engine is asked next what is left
