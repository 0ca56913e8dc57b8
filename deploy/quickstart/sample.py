"""The sample task: started, watched and read back through the REST API alone."""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from deploy.quickstart.errors import SampleProblem
from deploy.quickstart.report import Report
from deploy.quickstart.rest import Api

_RUN_SECONDS = 120.0
_SEAL_SECONDS = 30.0
LINES = [
    "INFO: hello from a container",
    "DEBUG: every line it writes is kept",
    "ERROR: this one went to stderr",
    "and this is the last one",
]
PROGRAM = f"""import sys
print({LINES[0]!r})
print({LINES[1]!r})
print({LINES[2]!r}, file=sys.stderr)
sys.stdout.write({LINES[3]!r})  # without a newline
"""


def run_sample(api: Api, report: Report) -> str:
    """Runs it and prints what /logs gives; the container's full id. Raises SampleProblem where a line or the seal is missing."""
    body = {"request_id": str(uuid.uuid4()), "tags": {"type": "code_cell"}, "task_desc": {"cmd": PROGRAM}}
    report.say("starting a sample task: POST /containers")
    started = api.ask("POST", "/containers", body, timeout=120)
    container = str(started["container_id"])
    _wait_for_end(api, container)
    logs = _read(api, container)
    report.say(f"its lines: GET /logs?container_id={container[:12]}")
    for line in logs.get("logs", []):
        report.show(json.dumps(line, ensure_ascii=False))
    seal = seal_of(logs)
    report.show(json.dumps({"seal": seal}, ensure_ascii=False))
    api.ask("DELETE", f"/containers/{quote(container)}", {"request_id": str(uuid.uuid4())}, timeout=60)
    report.say("the container is deleted; its lines stay")
    got = sorted(str(line.get("log_message")) for line in logs.get("logs", []))
    if got != sorted(LINES):
        raise SampleProblem(f"the sample wrote {len(LINES)} lines, /logs gave {len(got)}: {got}")
    if seal.get("state") != "sealed":
        raise SampleProblem(f"the sample's log is not sealed after {_SEAL_SECONDS:g} s: {seal}")
    return container


def seal_of(logs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The statement of whether all is there; {} where /logs makes none."""
    seal = logs.get("seal")
    return seal if isinstance(seal, dict) else {}


def _wait_for_end(api: Api, container: str) -> None:
    end = time.monotonic() + _RUN_SECONDS
    while time.monotonic() < end:
        state = api.ask("GET", f"/containers/{quote(container)}")["container"]
        if state["status"] in ("exited", "dead"):
            return
        time.sleep(0.2)
    raise SampleProblem(f"the sample task did not end within {_RUN_SECONDS:g} s; its state is {state['status']!r}")


def _read(api: Api, container: str) -> dict[str, Any]:
    """/logs, once it is sealed; or as it is when it takes too long. A 503 asks to come again."""
    end = time.monotonic() + _SEAL_SECONDS
    path = f"/logs?container_id={quote(container)}"
    while True:
        status, envelope = api.call("GET", path)
        late = time.monotonic() > end
        if status >= 300 and (status != 503 or late):
            raise SampleProblem(f"GET {path}: {status}: {envelope.get('message')}")
        logs: dict[str, Any] = envelope["data"]
        if status < 300 and (late or seal_of(logs).get("state") not in (None, "open")):
            return logs
        time.sleep(0.1)
