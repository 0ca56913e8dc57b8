"""Requests that wait for images, through the real server: others that change containers are answered meanwhile."""

import json
import threading
from pathlib import Path

from runtime_api.config import ApiSettings
from runtime_api.containers.engine import ImageFacts
from runtime_api.containers.open import with_engine
from tests.api_server import ask, connect, enveloped, everything, parts, running
from tests.fake_engine import FakeEngine
from tests.fakes import MemoryStore


def post(image: str, request_id: str = "") -> bytes:
    task = {"request_id": request_id, "tags": {"type": "algorithm"}, "task_desc": {"cmd": "true", "image": image}}
    body = json.dumps(task).encode()
    return b"POST /containers HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def test_pulls_of_all_kinds_leave_two_threads(tmp_path: Path) -> None:
    """Of five threads three may wait: for one image or for several, or for the answer to one request sent again."""
    engine, go, pulling = FakeEngine(), threading.Event(), threading.Semaphore(0)
    engine.images["there:1"] = ImageFacts("sha256:" + "1" * 64, ())

    def pull(reference: str, timeout: float) -> None:
        pulling.release()
        assert go.wait(30)
        engine.images[reference] = ImageFacts("sha256:" + "2" * 64, ())

    engine.pull = pull  # type: ignore[method-assign]
    service = with_engine(engine, ApiSettings(data=tmp_path), MemoryStore())
    with running(service, MemoryStore()) as port:
        waiting = [connect(port) for _ in range(12)]
        try:
            for number, connection in enumerate(waiting):
                image = ("a:1", "b:1", "c:1", "a:1")[number % 4]
                connection.sendall(post(image, f"r{number % 4}" if number > 6 else ""))
            for _ in range(3):
                assert pulling.acquire(timeout=10)
            for number in range(5):
                assert enveloped(ask(port, post("there:1", f"t{number}")))["status"] == 200
            refused = ask(port, post("d:1"))
            assert enveloped(refused)["status"] == 429 and parts(refused)[1]["retry-after"] == "10"
            assert "nosuch" in enveloped(ask(port, b"DELETE /containers/nosuch HTTP/1.0\r\n\r\n"))["message"]
            go.set()
            statuses = [enveloped(everything(connection)[0])["status"] for connection in waiting]
        finally:
            go.set()
            for connection in waiting:
                connection.close()
        assert set(statuses) == {200, 429} and statuses.count(200) >= 3
        assert enveloped(ask(port, post("d:1")))["status"] == 200
    service.close()
