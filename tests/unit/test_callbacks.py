"""The callback of a task's end: signed, after the seal, tried again, and never to where the operator allows none."""

import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_api.containers.callbacks import SIGNATURE, Callbacks
from runtime_api.errors import BadRequest
from runtime_api.outbound import Outbound, post
from runtime_api.storage.prefixes import problem
from tests.container_bench import Bench, task, wait_for
from tests.unit.test_storage import Dribble

SECRET = "of the tests"


class Receiver:
    """An HTTP server that answers with the next of `statuses`, the last one for ever."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((self.path, dict(self.headers.items()), body))
                status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def bench(tmp_path: Path, receiver: Receiver) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.reopen(callback_prefixes=(receiver.url + "/hooks",), callback_secret=SECRET)
    yield bench
    bench.service.close()


def state(bench: Bench, name: str) -> str:
    callback = bench.service.get(name).more["callback"]
    return str(callback["state"]) if callback else ""


def finish(bench: Bench, name: str, exit_code: int = 0) -> None:
    container_id = bench.service.resolve(name)
    bench.engine.change(container_id, "exited", finished_at=time.time_ns(), pid=0, exit_code=exit_code)


def test_the_end_is_told_with_exit_code_seal_and_signature(bench: Bench, receiver: Receiver) -> None:
    bench.service.start()
    made = bench.service.create(task("r1", "t1", callback_url=receiver.url + "/hooks/a?b=1"))
    finish(bench, "t1", 3)
    wait_for(lambda: state(bench, "t1") == "waiting")
    assert not receiver.got  # its seal has not come
    bench.seal(made.container_id)
    wait_for(lambda: state(bench, "t1") == "delivered")
    ((path, headers, body),) = receiver.got
    told = json.loads(body)
    assert (
        path == "/hooks/a?b=1"
        and headers[SIGNATURE] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    )
    assert (told["container_id"], told["task_id"], told["exit_code"]) == (made.container_id, "t1", 3)
    assert told["reason"] == "ended with exit code 3" and told["seal"]["state"] == "sealed"


def test_a_receiver_that_fails_is_asked_again_also_after_a_restart(bench: Bench, receiver: Receiver) -> None:
    receiver.statuses = [503, 200]
    bench.service.start()
    made = bench.service.create(task("r1", "t1", callback_url=receiver.url + "/hooks"))
    bench.seal(made.container_id)
    finish(bench, "t1")
    wait_for(lambda: len(receiver.got) == 1 and state(bench, "t1") == "waiting")
    bench.reopen()
    bench.service.start()
    wait_for(lambda: state(bench, "t1") == "delivered")
    assert len(receiver.got) == 2 and bench.service.get("t1").more["callback"]["tries"] == 2


def test_a_redirect_is_not_followed(bench: Bench, receiver: Receiver) -> None:
    receiver.statuses = [302]
    bench.service.start()
    made = bench.service.create(task("r1", "t1", callback_url=receiver.url + "/hooks"))
    bench.seal(made.container_id)
    finish(bench, "t1")
    wait_for(lambda: state(bench, "t1") == "given up")
    assert [path for path, _, _ in receiver.got] == ["/hooks"]
    assert bench.service.get("t1").more["callback"]["said"] == "answered 302"


def test_it_is_given_up_in_the_end(bench: Bench) -> None:
    """By the clock handed in: hours in no time."""
    made = bench.service.create(task("r1", "t1", callback_url=bench.settings.callback_prefixes[0]))
    bench.service._lives.done(made.container_id, 0, {"started": None})
    now = [0]

    def send(*_: Any) -> int:
        raise OSError("refused")

    callbacks = Callbacks(
        bench.service._tasks, bench.service._lives, bench.store, send, secret="", seal_patience=0, now=lambda: now[0]
    )
    for tries in range(1, 13):
        callbacks.round()
        wait_for(lambda: tries_of(bench, made.container_id) == tries)  # noqa: B023
        now[0] += 3600 * 10**9
    found = bench.service._lives.callback(made.container_id)
    assert found is not None and (found.state, found.tries, found.said) == ("given up", 12, "no answer: refused")


def tries_of(bench: Bench, container_id: str) -> int:
    found = bench.service._lives.callback(container_id)
    return found.tries if found else 0


def test_a_receiver_that_dribbles_keeps_no_other_waiting_and_has_an_end(bench: Bench, receiver: Receiver) -> None:
    dribble = Dribble(b"HTTP/1.1 200 OK\r\nX: ", b"x")
    bench.reopen(callback_prefixes=(dribble.url, receiver.url))
    bench.service.start()
    for name, url in (("t1", dribble.url), ("t2", receiver.url + "/hooks/x")):
        bench.service.create(task(f"r-{name}", name, callback_url=url))
        finish(bench, name)
        bench.seal(bench.service.resolve(name))
    wait_for(lambda: state(bench, "t2") == "delivered")
    assert state(bench, "t1") == "waiting"
    with pytest.raises(TimeoutError, match=r"no answer within 0.5 seconds"):
        post(Outbound(private=True), dribble.url, b"{}", {}, timeout=0.5)
    dribble.close()


def test_a_task_that_never_ran_is_told_too(bench: Bench, receiver: Receiver) -> None:
    bench.reopen(queue_tasks=1)
    bench.service.start()
    bench.service.create(task("r1", "t1"))
    bench.service.create(task("r2", "t2", callback_url=receiver.url + "/hooks/x"))
    assert bench.service.delete("t2", "").removed
    wait_for(lambda: len(receiver.got) == 1)
    told = json.loads(receiver.got[0][2])
    assert (told["reason"], told["exit_code"], told["seal"]) == ("deleted before it started", None, None)


@pytest.mark.parametrize(
    "path", ["/hooksx", "/", "/hooks/../x", "/hooks/%2e%2e/x", "/hooks/a b", "/hooks#x", "/hooks\\x", "/hooks/./x"]
)
def test_urls_that_are_refused(bench: Bench, receiver: Receiver, path: str) -> None:
    with pytest.raises(BadRequest, match="task_desc.callback_url"):
        bench.service.create(task("r1", callback_url=receiver.url + path))
    assert not bench.engine.containers


def test_where_none_is_allowed(bench: Bench, receiver: Receiver) -> None:
    bench.reopen(callback_prefixes=())
    with pytest.raises(
        BadRequest, match=r"callback_url: .* is not taken: the operator allows none \(setting callback_pref"
    ):
        bench.service.create(task("r1", callback_url=receiver.url))


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://a.example/x", True), ("https://a.example/x/y?q=1", True), ("HTTPS://A.example/x", True),
        ("https://a.example/xy", False), ("http://a.example/x", False), ("https://a.example:444/x", False),
        ("https://a.example.evil/x", False), ("https://a.example@evil/x", False), ("https://u:p@a.example/x", False),
        ("https://evil/https://a.example/x", False), ("x", False), ("https://a.example:x/x", False), ("", False),
    ],
)  # fmt: skip
def test_prefixes_hold_at_borders(url: str, fits: bool) -> None:
    assert (problem(url, ("https://a.example/x",), "s") == "") == fits


@given(st.text(max_size=40))
def test_no_text_gets_past_a_prefix_that_it_does_not_begin_with(text: str) -> None:
    assert problem(text, ("s3://bucket/folder",), "s") or text.lower().startswith("s3://bucket/")


def resolver(address: str) -> Any:
    return lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fe80::1", "0.0.0.0", "::ffff:127.0.0.1"],
)
def test_a_name_that_leads_to_this_machine_or_a_private_network(address: str) -> None:
    with pytest.raises(BadRequest, match="which is no public address"):
        post(Outbound(resolve=resolver(address)), "http://a.example/x", b"", {}, 1)


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(receiver: Receiver) -> None:
    """A name that answers otherwise the second time leads nowhere else."""
    port = int(receiver.url.rpartition(":")[2])
    asked = []

    def resolve(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        return resolver("127.0.0.1")(host, port)

    assert post(Outbound(private=True, resolve=resolve), f"http://a.example:{port}/x", b"", {}, 5) == 200
    assert asked == ["a.example"] and receiver.got[0][1]["Host"] == f"a.example:{port}"


def test_no_answer_is_an_error_that_may_be_tried_again(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises((OSError, http.client.HTTPException)):
            partial(post, Outbound(), timeout=0.2)(url, b"", {})
