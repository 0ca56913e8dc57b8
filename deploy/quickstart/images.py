"""Images for the three task types: those that the settings name, else one made from this machine."""

import json
import platform
import tempfile
from pathlib import Path
from urllib.parse import quote, urlencode

from deploy.quickstart import machine_image
from deploy.quickstart.errors import ImageProblem
from deploy.quickstart.options import Options
from deploy.quickstart.report import Report
from wholelog.engine_client import EngineClient
from wholelog.errors import EngineProblem, EngineTimeout

_SETTINGS = ("image_code_cell", "image_bash_cell", "image_algorithm")
_FIRST_WORD_SECONDS = 5.0  # a registry that cannot be reached must not hold the start
_PROGRESS_SECONDS = 60.0  # a pull that has begun may be silent for so long
_RECIPE = 1  # of the image that is made here: another one gets another tag


def images(socket: Path, options: Options, report: Report) -> dict[str, str]:
    """For each setting whose image cannot be had the image to use instead. Raises ImageProblem, EngineProblem.

    An image that the user named is never replaced; the defaults are, where the engine has none and no registry answers.
    """
    client = EngineClient(socket)
    missing: dict[str, str] = {}
    for setting in _SETTINGS:
        name = options.settings[setting]
        if not _has(client, name):
            missing[setting] = name
    failed = {name: problem for name in dict.fromkeys(missing.values()) if (problem := _pull(client, name, report))}
    instead: dict[str, str] = {}
    for setting, name in missing.items():
        if name not in failed:
            continue
        if options.sources[setting] != "default":
            raise ImageProblem(
                f"{options.sources[setting]}: image {name!r} is not in the engine and cannot be pulled ({failed[name]}): "
                "load it with `docker load`, or leave the setting out"
            )
        instead[setting] = _made_here(
            EngineClient(socket, timeout=300), options.data, f"{name}: {failed[name]}", report
        )
    return instead


def _has(client: EngineClient, name: str) -> bool:
    status, body = client.request("GET", f"/images/{quote(name, safe='/:@')}/json")
    if status not in (200, 404):
        raise EngineProblem(f"the engine answered {status} for image {name!r}: {body[:200].decode(errors='replace')}")
    return status == 200


def _pull(client: EngineClient, name: str, report: Report) -> str:
    """What went wrong; empty if the engine has it now."""
    report.say(f"no image {name!r} in the engine: pulling it")
    repository, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    path = "/images/create?" + urlencode({"fromImage": repository, "tag": tag})
    try:
        for line in client.lines("POST", path, first=_FIRST_WORD_SECONDS, later=_PROGRESS_SECONDS):
            said = json.loads(line)
            if "error" in said or "message" in said:
                return " ".join(str(said.get("error") or said["message"]).split())
    except EngineTimeout:
        return "no registry answered in time"
    except (EngineProblem, ValueError) as error:
        return str(error)
    report.leaves(f"image {name} in the engine (`docker rmi {name}` removes it)")
    return ""


def _made_here(client: EngineClient, data: Path, why: str, report: Report) -> str:
    repository, tag = "wholelog-local", f"python{platform.python_version()}-{_RECIPE}"
    name = f"{repository}:{tag}"
    if not _has(client, name):
        with tempfile.TemporaryFile(dir=data) as tar:
            machine_image.write(tar)
            size = tar.tell()
            tar.seek(0)
            changes = [f"ENV {n}={v}" for n, v in machine_image.ENVIRONMENT.items()] + ['CMD ["bash"]']
            query = urlencode({"fromSrc": "-", "repo": repository, "tag": tag, "changes": changes}, doseq=True)
            status, body = client.request("POST", f"/images/create?{query}", tar)
        if status != 200 or not _has(client, name):
            raise ImageProblem(
                f"the engine did not take the image {name}: {status}: {body[-300:].decode(errors='replace')}"
            )
        report.say(f"{why}; so made {name} ({size >> 20} MiB) from this machine's own Python, bash and programs")
    else:
        report.say(f"{why}; so using {name}, made here earlier")
    report.leaves(f"image {name} in the engine, made from this machine (`docker rmi {name}` removes it)")
    return name
