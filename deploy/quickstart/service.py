"""`wholelog up`, run from the environment that was made for it."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.quickstart.background import Background
from deploy.quickstart.errors import SampleProblem, ServiceProblem
from deploy.quickstart.report import Report
from deploy.quickstart.rest import Api
from wholelog_base.settings import PREFIX

_READY_SECONDS = 60.0
_STOP_SECONDS = 40.0  # longer than its supervisor gives its own processes


@contextmanager
def running(
    environment: Path, settings: Mapping[str, str], api: Api, data: Path, report: Report
) -> Iterator[Background]:
    """API and shipper, ready; `settings` by name, as text. Raises ServiceProblem with the end of their log."""
    command = [str(environment / "bin/wholelog"), "up"]
    environ = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    # Not as flags: a store's URL may hold a password, and every user can read a command line.
    environ.update({PREFIX + name.upper(): value for name, value in settings.items()})
    report.say(f"starting the API and the shipper (their log: {data / 'wholelog.log'})")
    service = Background("wholelog up", command, environ, data / "wholelog.log")
    try:
        _wait(service, api)
        yield service
    finally:
        if not service.stop(_STOP_SECONDS):
            report.say("wholelog up did not end in time and was killed")


def _wait(service: Background, api: Api) -> None:
    end = time.monotonic() + _READY_SECONDS
    why = ""
    while time.monotonic() < end and service.ended() is None:
        try:
            status, envelope = api.call("GET", "/readyz", timeout=10)
            if status == 200:
                return
            why = str(envelope.get("message"))
        except SampleProblem as error:
            why = str(error)
        time.sleep(0.1)
    raise ServiceProblem(f"Wholelog did not become ready ({why}); its log ends with\n{service.last_lines()}")
