"""kill -9 of the API while tasks wait, run, are tried again and run out of time, under `wholelog up`."""

import random
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scene import Scene, eventually
from tests.faults.test_api_killed import containers, insist, kills, scene  # noqa: F401 - a fixture

TASKS = 12


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "in").write_bytes(bytes(20 << 20))
    return {"queue_tasks": "3", "input_prefixes": f"file://{tmp_path}/in", "output_prefixes": f"file://{tmp_path}/out"}


def body(number: int, folder: Path) -> dict[str, Any]:
    """A quarter of them ends well, one fails once more than it is tried, one runs into its timeout, one copies."""
    out = {"to_path": f"file://{folder}/out/{number}", "from_path": "/work/out"}
    more: list[dict[str, Any]] = [
        {"cmd": "seq 1 2000"},
        {"cmd": "echo once; exit 3", "retries": 2},
        {"cmd": "echo long; sleep 600", "timeout": "2s"},
        {
            "cmd": "cat in > out",
            "download_path": "/work",
            "inputs": [{"bucket": f"file://{folder}/in"}],
            "outputs": [out],
        },
    ]
    return {"request_id": f"task-{number}", "tags": {"type": "bash_cell"}, "task_desc": more[number % 4]}


def shown(scene: Scene, container_id: str) -> dict[str, Any]:  # noqa: F811
    status, answer = insist(scene, f"/containers/{container_id}", None, "GET")  # type: ignore[arg-type]
    assert status == 200, answer
    found: dict[str, Any] = answer["data"]["container"]
    return found


@pytest.mark.timeout(300)
def test_no_task_is_stuck_or_lost(scene: Scene, chance: random.Random, tmp_path: Path) -> None:  # noqa: F811
    with kills(scene, chance, 5):
        ids = [
            insist(scene, "/containers", body(number, tmp_path), "POST")[1]["data"]["container_id"]
            for number in range(TASKS)
        ]
    eventually(lambda: all(shown(scene, one)["phase"] == "done" for one in ids), "the end of all", 120)
    for number, one in enumerate(ids):
        found = shown(scene, one)
        said = (found["exit_code"], found["attempts"], found["timed_out"])
        assert said == [(0, 1, False), (3, 3, False), (137, 1, True), (0, 1, False)][number % 4], found
        if number % 4 == 3:
            assert found["outputs"][0]["state"] == "done" and (tmp_path / f"out/{number}").read_bytes() == bytes(
                20 << 20
            )
    assert sorted(container.id for container in containers(scene)) == sorted(ids)
    for number, one in enumerate(ids):
        eventually(lambda: is_told(scene, one, number % 4), "what is said of it", 60)  # noqa: B023


def is_told(scene: Scene, container_id: str, kind: int) -> bool:  # noqa: F811
    """Whether each thing that was recorded of a task (of `body`) stands in its log once; what is copied again is said again."""
    status, answer = scene.shipper.ask(f"/logs?container_id={container_id}&stream=wholelog")
    texts = [line["log_message"] for line in answer["data"]["logs"]] if status == 200 else []

    def times(text: str) -> int:
        return sum(text in one for one in texts)

    runs, over = times("it is started again"), times("stopped: its timeout")
    assert runs <= 2 and over <= 1
    return (runs, over, times("output 1 of 1") > 0) == [(0, 0, False), (2, 0, False), (0, 1, False), (0, 0, True)][kind]


@pytest.mark.timeout(300)
def test_killed_and_nobody_asks_again(scene: Scene, chance: random.Random, tmp_path: Path) -> None:  # noqa: F811
    """Each container that a killed POST left ran to its end or is gone."""
    for number in range(6):
        eventually(lambda: scene.shipper.ask("/healthz")[0] == 200, "the API", 30)
        with kills(scene, chance, 1):
            for again in range(3):
                scene.shipper.ask(
                    "/containers", {**body(3 * (again == 1), tmp_path), "request_id": f"{number}-{again}"}, "POST"
                )
    scene.shipper.signal("api", signal.SIGKILL)
    eventually(lambda: scene.shipper.ask("/containers")[0] == 200, "the API", 30)

    def settled() -> bool:
        listed = scene.shipper.ask("/containers")[1]
        return listed is not None and all(one["phase"] == "done" for one in listed["data"]["containers"])

    eventually(settled, "the end of all", 120)
    assert {container.attrs["State"]["Status"] for container in containers(scene)} <= {"exited"}
