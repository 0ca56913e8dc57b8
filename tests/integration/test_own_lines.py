"""Inputs, outputs, retries and timeouts as lines of the task's own log, by a real engine and shipper."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry

from log_store.query import LogQuery
from log_store.sqlite.reader import SqliteReader
from runtime_api.app import create_app
from runtime_api.audit_trail import AuditTrail
from runtime_api.config import ApiSettings
from runtime_api.containers.open import open_containers
from runtime_api.containers.service import ContainerService
from runtime_api.counters import Counters
from runtime_api.schemas.task_body import parse_task
from tests.fake_problems import MemoryProblems
from tests.integration.test_containers_shipper import wait_for
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.shipper import Shipper
from wholelog_base import labels


@pytest.fixture
def service(dockerd: Dockerd, shipper: Shipper, store: SqliteReader, tmp_path: Path) -> Iterator[ContainerService]:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    settings = ApiSettings(
        data=shipper.data, docker_host=dockerd.url, image_bash_cell=BUSYBOX_IMAGE, seal_wait=30.0,
        input_prefixes=(f"file://{tmp_path}/in",), output_prefixes=(f"file://{tmp_path}/out",),
    )  # fmt: skip
    one = open_containers(settings, store, {})
    one.start()
    yield one
    one.close()
    shipper.stop()
    client = dockerd.client()
    for container in client.containers.list(all=True, filters={"label": labels.TASK_ID}, ignore_removed=True):
        container.remove(force=True)
    client.close()


def lines(store: SqliteReader, container_id: str, *streams: str) -> list[tuple[str, str, str]]:
    query = LogQuery(container_id, streams=streams)
    return [(line["stream"], line["log_type"], line["log_message"]) for page in store.read(query) for line in page]


def test_transfers_and_runs_are_told_in_the_log_and_the_seal_counts_what_the_container_wrote(
    shipper: Shipper, service: ContainerService, store: SqliteReader, tmp_path: Path
) -> None:
    shipper.start()
    (tmp_path / "in" / "a.txt").write_text("12345")
    desc = {
        "cmd": "cat a.txt; echo; cp a.txt /out.txt; test -e again || { touch again; exit 3; }", "retries": 1,
        "download_path": "/work",
        "inputs": [{"bucket": f"file://{tmp_path}/in", "from_path": "a.txt"}],
        "outputs": [
            {"to_path": f"file://{tmp_path}/out/b.txt", "from_path": "/out.txt"},
            {"to_path": f"file://{tmp_path}/out/c.txt", "from_path": "/none"},
        ],
    }  # fmt: skip
    made = service.create(parse_task({"tags": {"type": "bash_cell"}, "task_desc": desc}))
    wait_for(lambda: service.get(made.container_id).more["phase"] == "done")
    wait_for(lambda: len(lines(store, made.container_id)) == 6)
    found = lines(store, made.container_id)
    assert [(stream, log_type) for stream, log_type, _ in found] == [
        ("wholelog", "info"), ("stdout", "info"), ("wholelog", "warning"), ("stdout", "info"), ("wholelog", "info"),
        ("wholelog", "error"),
    ]  # fmt: skip
    texts = [text for _, _, text in found]
    assert texts[0].startswith(
        f"wholelog: input 1 of 1, file://{tmp_path}/in/a.txt: copied to /work/a.txt: 1 files, 5 bytes"
    )
    assert texts[1] == texts[3] == "12345"
    assert texts[2].startswith("wholelog: warning: run 1 of 2 ended with exit code 3; it is started again")
    assert texts[4].startswith("wholelog: output 1 of 2, /out.txt: copied to file://")
    assert texts[5].startswith("wholelog: error: output 2 of 2, /none: failed: ")
    assert lines(store, made.container_id, "wholelog") == [one for one in found if one[0] == "wholelog"]
    seals = store.seals(made.container_id)
    assert {seal.state for seal in seals} == {"sealed"} and sum(seal.lines for seal in seals) == 2
    assert store.count_lines(made.container_id) == 2


def test_a_task_that_never_began_says_why_in_its_log(
    shipper: Shipper, service: ContainerService, store: SqliteReader, tmp_path: Path
) -> None:
    """The shipper comes later: what was said waits for it, the container is gone by then."""
    desc = {"cmd": "true", "download_path": "/w", "inputs": [{"bucket": f"file://{tmp_path}/in", "from_path": "none"}]}
    made = service.create(parse_task({"tags": {"type": "bash_cell"}, "task_desc": desc}))
    wait_for(lambda: service.get(made.container_id).status == "removed")
    shipper.start()
    wait_for(lambda: len(lines(store, made.container_id)) == 2)
    (first, last) = lines(store, made.container_id)
    assert first[2].startswith("wholelog: error: input 1 of 1") and last[2].startswith("wholelog: error: inputs[0]: ")


def test_the_audit_trail_is_read_as_a_log(shipper: Shipper, service: ContainerService, store: SqliteReader) -> None:
    shipper.start()
    trail = AuditTrail(shipper.socket)
    trail.start()
    app = create_app(
        service,
        store,
        Counters(CollectorRegistry()),
        time.time_ns,
        ApiSettings(data=shipper.data),
        MemoryProblems(),
        trail.note,
    )
    client = TestClient(app)
    assert client.simulate_delete("/containers/never-was").status_code == 404
    wait_for(lambda: client.simulate_get("/logs?container_id=wholelog-audit").status_code == 200)
    wait_for(lambda: len(client.simulate_get("/logs?container_id=wholelog-audit").json["data"]["logs"]) == 1)
    data = client.simulate_get("/logs?container_id=wholelog-audit").json["data"]
    (line,) = data["logs"]
    assert line["log_type"] == "warning" and line["fields"]["event.action"] == "DELETE /containers/{container_id}"
    assert line["fields"]["http.response.status_code"] == 404 and data["seal"]["state"] == "unverified"
    trail.close()
