"""`DELETE /logs`: who may, when, and what is answered; the shipper's part is in test_retention.py."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import falcon
import pytest
from falcon.testing import Result, TestClient

from log_store.seal import Gap, Seal
from runtime_api.access.caller import OPERATOR, Caller
from runtime_api.error_handlers import ErrorHandlers
from runtime_api.resources.log_removal import LogRemoval
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fakes import MemoryStore
from tests.unit.test_app import NOW
from wholelog_base.removal_requests import RemovalRequest, RemovalRequests

SEALED = Seal(FULL_ID, 5, "first", state="sealed", lines=3, finished_at=9, version=1)


class Scene:
    def __init__(self, folder: Path) -> None:
        self.store, self.requests = MemoryStore(), RemovalRequests(folder)
        self.caller = OPERATOR
        removal = LogRemoval(FakeContainers(), self.store, self.requests, lambda: NOW, 0.5)
        counters = SimpleNamespace(error=lambda kind: None)
        self.app = falcon.App(middleware=[self])
        ErrorHandlers(lambda: NOW, counters, "").add_to(self.app)  # type: ignore[arg-type]
        self.app.add_route("/logs", SimpleNamespace(on_delete=removal.answer))

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        req.context.caller = self.caller

    def delete(self, query: str = "container_id=first") -> Result:
        return TestClient(self.app).simulate_delete(f"/logs?{query}")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.store.write_seals([SEALED])
    return made


def test_it_is_asked_of_the_shipper_and_answered_once_it_is_done(scene: Scene) -> None:
    def shipper() -> None:
        while not (asked := scene.requests.pending()):
            time.sleep(0.01)
        gap = Gap(5, 9, 3, f"removed by {asked[0].by}")
        scene.store.write_seals([SEALED.with_gaps((gap,))])
        scene.requests.done(asked[0])

    thread = threading.Thread(target=shipper)
    thread.start()
    answer = scene.delete()
    thread.join()
    assert answer.status_code == 200 and answer.json["data"]["container_id"] == FULL_ID
    assert answer.json["data"]["removed"] is True and answer.json["data"]["seal"]["state"] == "gaps"
    assert answer.json["data"]["seal"]["gaps"][0]["why"] == "removed by an administrator"


def test_without_the_shipper_the_request_is_kept(scene: Scene, tmp_path: Path) -> None:
    scene.caller = Caller("root", "admin")
    answer = scene.delete()
    assert (answer.status_code, answer.json["data"]["removed"]) == (200, False) and "as soon as" in answer.json[
        "message"
    ]
    assert RemovalRequests(tmp_path).pending() == [RemovalRequest(FULL_ID, "administrator root", NOW)]
    (tmp_path / "removals/odd.json").write_text("{}")
    assert len(RemovalRequests(tmp_path).pending()) == 1


def test_users_may_not_and_a_log_that_grows_stays(scene: Scene) -> None:
    scene.caller = Caller("u")
    assert scene.delete().status_code == 403 and scene.requests.pending() == []
    scene.caller = OPERATOR
    scene.store.write_seals([Seal(FULL_ID, 10, state="open", version=1)])
    answer = scene.delete()
    assert answer.status_code == 409 and "wait for the seal" in answer.json["message"]


def test_bad_requests_and_a_data_folder_that_is_not_there(scene: Scene, tmp_path: Path) -> None:
    assert scene.delete("").status_code == 400
    assert "no such parameter" in scene.delete("container=first").json["message"]
    assert scene.delete("container_id=zz").status_code == 404
    tmp_path.rename(tmp_path.with_name("gone"))
    assert scene.delete().status_code == 503
    tmp_path.with_name("gone").rename(tmp_path)
