"""The service and the shipper together on a real engine: a deleted container's log is whole."""

import time
from collections.abc import Callable, Iterator

import pytest

from log_store.query import LogQuery
from log_store.sqlite.reader import SqliteReader
from runtime_api.config import ApiSettings
from runtime_api.containers.open import open_containers
from runtime_api.containers.protocols import Created
from runtime_api.containers.service import ContainerService
from runtime_api.schemas.task_body import parse_task
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.shipper import Shipper
from wholelog_base import labels


@pytest.fixture
def service(dockerd: Dockerd, shipper: Shipper, store: SqliteReader) -> Iterator[ContainerService]:
    one = open_containers(
        ApiSettings(data=shipper.data, docker_host=dockerd.url, seal_wait=30.0, image_bash_cell=BUSYBOX_IMAGE),
        store,
        {},
    )
    one.start()
    yield one
    one.close()
    client = dockerd.client()
    for container in client.containers.list(all=True, filters={"label": labels.TASK_ID}, ignore_removed=True):
        container.remove(force=True)
    client.close()


def create(service: ContainerService, cmd: str, task_id: str = "t1") -> Created:
    return service.create(parse_task({"tags": {"type": "bash_cell"}, "task_desc": {"cmd": cmd, "task_id": task_id}}))


def texts(store: SqliteReader, container_id: str) -> list[str]:
    return [line["log_message"] for page in store.read(LogQuery(container_id)) for line in page]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def written(dockerd: Dockerd, container_id: str) -> bytes:
    client = dockerd.client()
    logs: bytes = client.containers.get(container_id).logs(tail=1)
    client.close()
    return logs


CELL = """
import sys
for n in range(3000):
    print("out", n)
    print("err", n, file=sys.stderr)
print("a number:")
int("x")
"""


def test_a_cells_prints_and_its_traceback_keep_their_order_and_stream(
    shipper: Shipper, service: ContainerService, store: SqliteReader, python_image: str
) -> None:
    """Also those that the live path lost: the audit puts them back in the same places."""
    shipper.start()
    desc = {"image": python_image, "cmd": CELL, "task_id": "t1"}
    made = service.create(parse_task({"tags": {"type": "code_cell"}, "task_desc": desc}))
    wait_for(lambda: service.get("t1").more["seal"]["state"] == "sealed")
    lines = [line for page in store.read(LogQuery(made.container_id)) for line in page]
    told = [(line["stream"], line["log_message"]) for line in lines]
    assert told[:6000] == [(f"std{kind}", f"{kind} {n}") for n in range(3000) for kind in ("out", "err")]
    (before, traceback) = told[6000:]
    assert before == ("stdout", "a number:")
    assert traceback[0] == "stderr" and traceback[1].startswith("Traceback") and "ValueError" in traceback[1]
    assert lines[-1]["log_type"] == "error"


def test_deleting_a_running_container_keeps_every_line(
    dockerd: Dockerd, shipper: Shipper, service: ContainerService, store: SqliteReader
) -> None:
    shipper.start()
    made = create(service, "seq 20000; sleep 600")
    wait_for(lambda: written(dockerd, made.container_id) == b"20000\n")
    deleted = service.delete("t1", "d1")
    assert deleted.removed and deleted.seal is not None
    assert (deleted.seal["state"], deleted.seal["lines"]) == ("sealed", 20000)
    assert texts(store, made.container_id) == [str(number) for number in range(1, 20001)]
    assert service.list() == [] and service.resolve("t1") == made.container_id
    assert service.delete("t1", "d1") == deleted


def test_deleted_while_the_shipper_is_away(
    dockerd: Dockerd, shipper: Shipper, service: ContainerService, store: SqliteReader
) -> None:
    """The container is kept until a shipper has come and has put every line where it belongs."""
    made = create(service, "seq 3000; sleep 600")
    wait_for(lambda: written(dockerd, made.container_id) == b"3000\n")
    assert not service.delete("t1", "d1").removed
    assert [view.status for view in service.list()] == ["removing"]
    shipper.start()
    wait_for(lambda: service.list() == [])
    assert texts(store, made.container_id) == [str(number) for number in range(1, 3001)]
    assert [seal.state for seal in store.seals(made.container_id)] == ["sealed"]


def test_a_container_that_wrote_nothing_is_deleted(
    shipper: Shipper, service: ContainerService, store: SqliteReader
) -> None:
    shipper.start()
    made = create(service, "true")
    deleted = service.delete("t1", "")
    assert deleted.removed and deleted.seal is not None and deleted.seal["lines"] == 0
    assert texts(store, made.container_id) == []
