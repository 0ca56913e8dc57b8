"""Images for the three task types: those that the settings name, else one made from this machine."""

import json
import platform
import tempfile
from pathlib import Path
from urllib.parse import quote, urlencode

from deploy.quickstart import machine_image
from deploy.quickstart.engine import Engine
from deploy.quickstart.errors import ImageProblem
from deploy.quickstart.options import Options
from deploy.quickstart.report import Report
from wholelog.engine_client import EngineClient
from wholelog.errors import EngineProblem, EngineTimeout

_SETTINGS = ("image_code_cell", "image_bash_cell", "image_algorithm")
_FIRST_WORD_SECONDS = 5.0  # a registry that cannot be reached must not hold the start
_PROGRESS_SECONDS = 60.0  # a pull that has begun may be silent for so long
_RECIPE = 1  # of the image that is made here: another one gets another tag


def images(engine: Engine, options: Options, report: Report) -> dict[str, str]:
    """For each setting whose image cannot be had the image to use instead. Raises ImageProblem, EngineProblem.

    An image that the user named is never replaced; the defaults are, where the engine has none and no registry answers.
    """
    missing: dict[str, list[str]] = {}
    for setting in _SETTINGS:
        name = options.settings[setting]
        if not _has(engine.client(), name):
            missing.setdefault(name, []).append(setting)
    instead: dict[str, str] = {}
    for name, settings in missing.items():
        problem = _pull(engine, name, report)
        if not problem:
            continue
        for setting in settings:
            if options.sources[setting] != "default":
                raise ImageProblem(
                    f"{options.sources[setting]}: image {name!r} is not in the engine and cannot be pulled ({problem}): "
                    "load it with `docker load`, or leave the setting out"
                )
        instead.update(dict.fromkeys(settings, _made_here(engine, options.data, f"{name}: {problem}", report)))
    return instead


def _has(client: EngineClient, name: str) -> bool:
    status, body = client.request("GET", f"/images/{quote(name, safe='/:@')}/json")
    if status not in (200, 404):
        raise EngineProblem(f"the engine answered {status} for image {name!r}: {body[:200].decode(errors='replace')}")
    return status == 200


def _pull(engine: Engine, name: str, report: Report) -> str:
    """What went wrong; empty if the engine has it now."""
    report.say(f"no image {name!r} in the engine: pulling it")
    repository, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    path = "/images/create?" + urlencode({"fromImage": repository, "tag": tag})
    try:
        for line in engine.client().lines("POST", path, first=_FIRST_WORD_SECONDS, later=_PROGRESS_SECONDS):
            said = json.loads(line)
            if "error" in said or "message" in said:
                return " ".join(str(said.get("error") or said["message"]).split())
    except EngineTimeout:
        return f"no registry answered within {_FIRST_WORD_SECONDS:g} s"
    except (EngineProblem, ValueError) as error:
        return str(error)
    if not engine.own:
        report.leaves(f"image {name} in the engine (`docker rmi {name}` removes it)")
    return ""


def _made_here(engine: Engine, data: Path, why: str, report: Report) -> str:
    repository, tag = "wholelog-local", f"python{platform.python_version()}-{_RECIPE}"
    name = f"{repository}:{tag}"
    client = engine.client(timeout=300)
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
    if not engine.own:
        report.leaves(f"image {name} in the engine, made from this machine (`docker rmi {name}` removes it)")
    return name
