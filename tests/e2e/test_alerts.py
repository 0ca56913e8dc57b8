"""From a container's line to a problem and an alert: a real engine, the real shipper, a real receiver."""

import json
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container

from log_store.open import open_problems
from tests.services.alert_sinks import HttpSink, http_sink
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.elasticsearch import free_port
from tests.services.supervised import Supervised

FILE = """
link = "http://wholelog:8080"
[[notify]]
name = "ops"
kind = "webhook"
url = "{url}"
[[rule]]
name = "errors"
on = "problem"
notify = "ops"
[[rule]]
name = "failed"
on = "failed"
notify = "ops"
"""
MORE = '[[rule]]\nname = "hello"\non = "lines"\nmatch = "hello"\nnotify = "ops"\n'
SCRIPT = """
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "step $i"; done
sleep 0.3
echo 'Traceback (most recent call last):' >&2
echo '  File "/app/pay.py", line 12, in charge' >&2
echo 'ValueError: order '$1' refused' >&2
exit $2
"""


class Scene:
    def __init__(self, dockerd: Dockerd, sink: HttpSink, data: Path, **settings: str) -> None:
        self.sink, self.client = sink, dockerd.client()
        self.file = data / "alerts.toml"
        data.mkdir()
        self.file.write_text(FILE.format(url=sink.url))
        self.shipper = Supervised("shipper", data, dockerd.url, free_port(), alerts=str(self.file), **settings)
        self.problems = open_problems(f"sqlite://{data}/logs")
        self._started: list[Container] = []

    def run(self, script: str, *arguments: str, auto_remove: bool = False) -> Container:
        config = self.shipper.log_config(self.client.version()["Version"])
        command = ["sh", "-c", script, "sh", *arguments]
        container = self.client.containers.create(BUSYBOX_IMAGE, command, log_config=config, auto_remove=auto_remove)
        if not auto_remove:
            self._started.append(container)
        container.start()
        return container

    def told(self, rule: str) -> list[dict[str, Any]]:
        bodies = [json.loads(body) for _, _, body in self.sink.came]
        return [alert for body in bodies for alert in body["alerts"] if alert["rule"] == rule]

    def wait(self, holds: Callable[[], bool]) -> None:
        self.shipper.wait(holds, 120)

    def close(self) -> None:
        self.shipper.stop()
        for container in self._started:
            container.remove(force=True)
        self.client.close()


@pytest.fixture
def scene(dockerd: Dockerd) -> Iterator[Scene]:
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/var/tmp"))
    with http_sink() as sink:
        one = Scene(dockerd, sink, folder / "data")
        try:
            one.shipper.start()
            yield one
        finally:
            one.close()
            shutil.rmtree(folder, ignore_errors=True)


def test_one_alert_for_a_problem_whatever_is_killed_and_whoever_brings_its_lines(scene: Scene) -> None:
    first = scene.run(SCRIPT, "7", "3")
    scene.wait(lambda: bool(scene.told("errors")) and bool(scene.told("failed")))
    (alert,), (failed,) = scene.told("errors"), scene.told("failed")
    assert (alert["status"], alert["repeated"], alert["about"]["title"]) == (
        "firing",
        "new",
        "ValueError: order <*> refused",
    )
    assert alert["about"]["message"].endswith("in charge\nValueError: order 7 refused")
    assert alert["before"] == [f"step {number}" for number in range(3, 13)]
    assert alert["about"]["container_id"] == first.id and alert["link"].endswith(alert["about"]["problem"])
    assert failed["about"]["message"] == "exit code 3" and failed["about"]["container_id"] == first.id

    scene.shipper.stop()  # what is written now is in Docker's copy alone
    scene.run(SCRIPT, "8", "0").wait()
    scene.shipper.start()
    scene.wait(lambda: [one.count for one in scene.problems.problems()] == [2])
    scene.shipper.signal("processor", signal.SIGKILL)
    scene.run(SCRIPT, "9", "0").wait()
    scene.wait(lambda: [one.count for one in scene.problems.problems()] == [3])
    assert len(scene.told("errors")) == len(scene.told("failed")) == 1

    scene.file.write_text(FILE.format(url=scene.sink.url) + MORE)
    scene.shipper.signal("supervisor", signal.SIGUSR1)
    scene.wait(lambda: "the alerts file was read again: 3 rules" in scene.shipper.log.read_text())
    scene.run("echo hello; sleep 60")
    scene.wait(lambda: bool(scene.told("hello")))

    gone = scene.run("echo bye; exit 4", auto_remove=True)
    scene.wait(lambda: len(scene.told("failed")) == 2)
    last = scene.told("failed")[1]["about"]
    assert (last["message"], last["container_id"]) == ("exit code 4", gone.id)
