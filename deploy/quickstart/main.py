"""The order of things: look, install, start, run the sample, stay, end."""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from deploy.quickstart.background import Background
from deploy.quickstart.engine import Engine, engine
from deploy.quickstart.errors import QuickstartError, ServiceProblem
from deploy.quickstart.images import images
from deploy.quickstart.leftovers import remove_containers
from deploy.quickstart.machine import make_environment
from deploy.quickstart.options import Options, parse
from deploy.quickstart.report import Report
from deploy.quickstart.rest import Api
from deploy.quickstart.sample import run_sample
from deploy.quickstart.service import running
from wholelog.errors import CommandError, EngineProblem
from wholelog.places import lock_data_folder
from wholelog_base.settings import SettingsError

_ROOT = Path(__file__).resolve().parents[2]
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, 1 for what went wrong, 2 for what was given wrong, 130 for Ctrl-C before the sample was done."""
    report = Report()
    installed = os.environ.pop("_DEPLOY_UP_INSTALLED", "")
    if installed:
        report.leaves_packages(installed)
    for ending in _ENDINGS:
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, _interrupt)
    try:
        return _start(parse(arguments, os.environ, _ROOT), report)
    except SettingsError as error:
        return _fail(error.problems, 2)
    except (QuickstartError, CommandError, OSError) as error:
        return _fail([str(error)], 1)
    except KeyboardInterrupt:
        return _fail(["interrupted before the sample task was done"], 130)
    finally:
        report.say_what_is_left()


def _start(options: Options, report: Report) -> int:
    lock_data_folder(options.data, "deploy.lock")  # until this process ends
    report.leaves(f"data folder {options.data} (logs, spool, and the images of an engine started here)")
    with engine(options.settings["docker_host"], os.environ, options.data, report) as docker:
        environment = make_environment(_ROOT, report)
        flags = {**options.flags, "docker_host": f"unix://{docker.socket}", **images(docker, options, report)}
        with running(environment, flags, options.api, options.data, report) as service:
            try:
                container = run_sample(options.api, report)
                if not options.once:
                    _stay(service, options.api, container, report)
                return 0
            finally:
                _ignore_signals()
                _clean(docker, options, report)


def _stay(service: Background, api: Api, container: str, report: Report) -> None:
    """Until Ctrl-C. Raises ServiceProblem where the service ends by itself."""
    task = json.dumps(
        {
            "request_id": f"try-{container[:8]}",  # another at each start: the same would give the same answer again
            "tags": {"type": "bash_cell"},
            "task_desc": {"cmd": "for i in 1 2 3; do echo line $i; done"},
        }
    )
    try:
        report.say(f"Wholelog is up at {api.url} until Ctrl-C. Try:")
        report.show(f"{api.curl('/containers')} -H 'Content-Type: application/json' -d '{task}'")
        report.show(api.curl(f"/logs?container_id={container[:12]}"))
        while service.ended() is None:
            time.sleep(0.5)
    except KeyboardInterrupt:
        report.say("ending")
        return
    raise ServiceProblem(f"Wholelog ended by itself; its log ends with\n{service.last_lines()}")


def _clean(docker: Engine, options: Options, report: Report) -> None:
    try:
        remove_containers(docker, options.socket, options.api, report)
    except EngineProblem as error:
        report.leaves(f"containers started here, if there are any: {error}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """From here on all runs to its end, whose every wait is bounded: a second Ctrl-C would leave things behind."""
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)


def _fail(problems: Sequence[str], code: int) -> int:
    for problem in problems:
        print(f"deploy/up: {problem}", file=sys.stderr, flush=True)
    return code
