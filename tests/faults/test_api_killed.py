"""kill -9 of the API within POST, DELETE and a long answer, under `wholelog up`."""

import http.client
import json
import os
import random
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faults.conftest import MakeScene, free_port
from tests.faults.scene import Scene, Written, eventually
from tests.services.dockerd import BUSYBOX_IMAGE
from wholelog_base import labels

NUMBERS = b"".join(b"%d\n" % i for i in range(1, 5001))
BODY = {"tags": {"type": "bash_cell"}, "task_desc": {"cmd": "seq 1 5000"}}


@pytest.fixture
def settings() -> dict[str, str]:
    """More than the scene's own; a test gives them by its parameters."""
    return {}


@pytest.fixture
def scene(scenes: MakeScene, settings: dict[str, str]) -> Iterator[Scene]:
    listen = f"127.0.0.1:{free_port()}"
    one = scenes(command="up", listen=listen, image_bash_cell=BUSYBOX_IMAGE, seal_wait="20s", **settings)
    one.shipper.start()
    yield one
    for container in one.client.containers.list(all=True, filters={"label": labels.TASK_ID}, ignore_removed=True):
        container.remove(force=True)


@contextmanager
def kills(scene: Scene, chance: random.Random, times: int) -> Iterator[None]:
    """The API is killed so many times, each time soon after it serves again; at the end it serves."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(times):
                eventually(lambda: scene.shipper.ask("/healthz")[0] == 200, "the API", 30)
                time.sleep(chance.uniform(0, 0.6))
                scene.shipper.signal("api", signal.SIGKILL)
        except BaseException as error:
            failed.append(error)

    killer = threading.Thread(target=run)
    killer.start()
    yield
    killer.join(120)
    assert not failed and not killer.is_alive(), failed


def insist(scene: Scene, path: str, body: dict[str, Any], method: str) -> tuple[int, Any]:
    """As a careful client: the same request again until there is an answer, 60 s at most."""
    found: tuple[int, Any] = (0, None)

    def answered() -> bool:
        nonlocal found
        found = scene.shipper.ask(path, body, method)
        return found[0] not in (0, 503)

    eventually(answered, f"an answer to {method} {path}", 60)
    return found


def containers(scene: Scene) -> list[Any]:
    return list(scene.client.containers.list(all=True, filters={"label": labels.TASK_ID}, ignore_removed=True))


def post(scene: Scene, number: int) -> str:
    status, answer = insist(scene, "/containers", {"request_id": f"post-{number}", **BODY}, "POST")
    assert status in (200, 201), answer
    return str(answer["data"]["container_id"])


@pytest.mark.timeout(300)
def test_killed_while_containers_are_started(scene: Scene, chance: random.Random) -> None:
    """One container for each request, however often it was sent, and all of its lines."""
    with kills(scene, chance, 4), ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda number: post(scene, number), range(16)))
    assert len(set(ids)) == 16
    assert sorted(c.id for c in containers(scene)) == sorted(ids)
    scene.containers = [Written(one, {"stdout": NUMBERS, "stderr": b""}) for one in ids]
    scene.await_end()
    scene.all_whole()


@pytest.mark.timeout(300)
def test_killed_while_containers_are_deleted(scene: Scene, chance: random.Random) -> None:
    """Each is gone in the end, none before all its lines were verified."""
    ids = [post(scene, number) for number in range(8)]
    with kills(scene, chance, 4), ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda one: insist(scene, f"/containers/{one}", {"request_id": f"delete-{one}"}, "DELETE"), ids)
        )
    assert [status for status, _ in answers] == [200] * 8, answers
    eventually(lambda: not containers(scene), "the removal of all", 60)
    scene.containers = [Written(one, {"stdout": NUMBERS, "stderr": b""}) for one in ids]
    scene.all_whole()


@pytest.mark.timeout(300)
def test_killed_within_a_long_answer(scene: Scene, chance: random.Random) -> None:
    """A client never takes the part that it got for the whole."""
    written = scene.write(60_000, seconds=2)
    scene.await_end()
    scene.all_whole()
    broken = 0
    for _ in range(4):
        eventually(lambda: scene.shipper.ask("/healthz")[0] == 200, "the API", 30)
        with urllib.request.urlopen(
            f"http://{scene.shipper.address}/logs?container_id={written.id}", timeout=30
        ) as answer:
            first = answer.read(chance.randint(1, 200_000))
            os.kill(scene.shipper.pid("api"), signal.SIGKILL)
            broken += not _is_whole(lambda got=first, rest=answer: got + rest.read())  # type: ignore[misc]
    assert broken == 4
    eventually(lambda: scene.shipper.ask("/healthz")[0] == 200, "the API", 30)
    status, whole = scene.shipper.ask(f"/logs?container_id={written.id}")
    assert status == 200 and whole["data"]["seal"]["state"] == "sealed"
    assert len(whole["data"]["logs"]) > 50_000


def _is_whole(read: Callable[[], bytes]) -> bool:
    """Whether a client would take it for a whole answer."""
    try:
        json.loads(read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return True
