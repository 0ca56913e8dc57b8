"""From the engine's JSON (Docker Engine API 1.41 and later) to what the runtime knows."""

import re
from typing import Any

from log_store.rfc3339 import parse_ns
from runtime_api.containers.engine import DEFAULT_PATH, Details, EngineFacts, ImageFacts, Summary
from runtime_api.containers.usage import Usage, memory_in_use

_NEVER = "0001-01-01T00:00:00Z"
_ENDED = re.compile(r"Exited \((\d{1,10})\)", re.ASCII)  # a list says it in words alone


def facts(info: dict[str, Any], version: dict[str, Any]) -> EngineFacts:
    return EngineFacts(version["Version"], version["ApiVersion"], info["NCPU"], info["MemTotal"])


def summary(item: dict[str, Any]) -> Summary:
    """An item of GET /containers/json."""
    names = item.get("Names") or [""]
    ended = _ENDED.match(item.get("Status") or "")
    return Summary(
        item["Id"], names[0].removeprefix("/"), item["Image"], item.get("Labels") or {}, item["State"],
        int(ended[1]) if ended else None,
    )  # fmt: skip


def details(item: dict[str, Any]) -> Details:
    """GET /containers/{id}/json."""
    state, config, host = item["State"], item["Config"], item["HostConfig"]
    name = item["Name"].removeprefix("/")
    return Details(
        summary=Summary(item["Id"], name, config["Image"], config.get("Labels") or {}, state["Status"]),
        image_id=item["Image"],
        created_at=_time(item["Created"]),
        started_at=_time(state["StartedAt"]),
        finished_at=_time(state["FinishedAt"]),
        exit_code=state["ExitCode"],
        oom_killed=bool(state["OOMKilled"]),
        error=state.get("Error") or "",
        pid=state["Pid"],
        stop_signal=config.get("StopSignal") or "SIGTERM",
        nano_cpus=host.get("NanoCpus") or 0,
        memory=host.get("Memory") or 0,
        command=(*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
        working_dir=config.get("WorkingDir") or "/",
    )


def image_facts(item: dict[str, Any]) -> ImageFacts:
    """GET /images/{name}/json."""
    config = item.get("Config") or {}
    path = next((one[5:] for one in config.get("Env") or () if one.startswith("PATH=")), "")
    places = tuple(place for place in path.split(":") if place.startswith("/")) or DEFAULT_PATH
    return ImageFacts(item["Id"], tuple(item.get("RepoDigests") or ()), places)


def usage(item: dict[str, Any]) -> Usage | None:
    """GET /containers/{id}/stats; None where the container does not run."""
    cpu, memory = item["cpu_stats"], item["memory_stats"]
    if "usage" not in memory or "system_cpu_usage" not in cpu:
        return None
    spent = cpu["cpu_usage"]
    cpus = cpu.get("online_cpus") or len(spent.get("percpu_usage") or ()) or 1
    numbers = memory.get("stats") or {}
    cache = numbers.get("total_inactive_file", numbers.get("inactive_file", 0))
    used = memory_in_use(memory["usage"], cache)
    return Usage(spent["total_usage"], cpu["system_cpu_usage"], cpus, used, memory["limit"])


def _time(text: str) -> int:
    return 0 if text == _NEVER else parse_ns(text)
