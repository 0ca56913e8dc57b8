"""`wholelog up`, run from the environment that was made for it."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.quickstart.background import Background
from deploy.quickstart.errors import SampleProblem, ServiceProblem
from deploy.quickstart.report import Report
from deploy.quickstart.rest import call

_READY_SECONDS = 60.0
_STOP_SECONDS = 40.0  # longer than its supervisor gives its own processes


@contextmanager
def running(environment: Path, flags: Mapping[str, str], url: str, data: Path, report: Report) -> Iterator[Background]:
    """API and shipper, ready. Raises ServiceProblem with the end of their log."""
    command = [str(environment / "bin/wholelog"), "up"]
    for name, value in flags.items():
        command += ["--" + name.replace("_", "-"), value]
    environ = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    report.say(f"starting the API and the shipper (their log: {data / 'wholelog.log'})")
    service = Background("wholelog up", command, environ, data / "wholelog.log")
    try:
        _wait(service, url)
        yield service
    finally:
        if not service.stop(_STOP_SECONDS):
            report.say("wholelog up did not end in time and was killed")


def _wait(service: Background, url: str) -> None:
    end = time.monotonic() + _READY_SECONDS
    why = ""
    while time.monotonic() < end and service.ended() is None:
        try:
            status, envelope = call("GET", f"{url}/readyz", timeout=10)
            if status == 200:
                return
            why = str(envelope.get("message"))
        except SampleProblem as error:
            why = str(error)
        time.sleep(0.1)
    raise ServiceProblem(f"Wholelog did not become ready ({why}); its log ends with\n{service.last_lines()}")
