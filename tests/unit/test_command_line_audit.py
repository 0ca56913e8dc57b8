"""`wholelog audit` as a user meets it, with a shipper of the tests."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.unit.test_command_line import one_line, wholelog

START = 1_795_478_400_000_000_000


def verdict(state: str = "sealed", name: str = "wholelog-t1", **more: Any) -> dict[str, Any]:
    members = {
        "container_id": "ab" * 32, "container_name": name, "started_at": START, "state": state, "reason": "",
        "lines": 1234, "put_back": 2, "verified_until": START, "gaps": [],
    }  # fmt: skip
    return {**members, **more}


class Shipper:
    """Answers every request with `status` and `body`."""

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        self.asked: list[str] = []
        shipper = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shipper.asked.append(self.path)
                self.send_response(shipper.status)
                self.end_headers()
                self.wfile.write(shipper.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def says(self, *verdicts: dict[str, Any]) -> None:
        self.body = json.dumps({"verdicts": verdicts}).encode()


@pytest.fixture
def shipper() -> Iterator[Shipper]:
    one = Shipper()
    thread = threading.Thread(target=one.server.serve_forever)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join(10)


def test_a_verdict_for_each_container(shipper: Shipper) -> None:
    shipper.says(verdict(), verdict("open", "a", started_at=0, put_back=0, lines=0))
    done = wholelog("audit", "--shipper-listen", shipper.address)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "CONTAINER    ID            STARTED                         STATE   LINES  PUT BACK",
        "wholelog-t1  abababababab  2026-11-24T00:00:00.000000000Z  sealed  1,234  2",
        "a            abababababab  ?                               open    0      0",
    ]
    assert shipper.asked == ["/audit?repair=false"]


@pytest.mark.parametrize("state", ["gaps", "open", "unverified"])
def test_a_gap_is_shown_with_its_reason_and_is_exit_code_1(shipper: Shipper, state: str) -> None:
    gaps = [
        {"start": START, "end": None, "lines": 1500, "why": "the copy\nrotated"},
        {"start": None, "end": START, "lines": None, "why": "dockerd ended"},
    ]
    shipper.says(verdict(), verdict(state, gaps=gaps))
    done = wholelog("audit", "--shipper-listen", shipper.address, "--repair")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-2:] == [
        "    gap from 2026-11-24T00:00:00.000000000Z to ?: 1,500 lines, the copy rotated",
        "    gap from ? to 2026-11-24T00:00:00.000000000Z: dockerd ended",
    ]
    assert shipper.asked == ["/audit?repair=true"]


@pytest.mark.parametrize("state", ["gaps", "unverified"])
def test_a_log_that_is_not_known_whole_is_exit_code_1(shipper: Shipper, state: str) -> None:
    shipper.says(verdict(state, reason="another sender"))
    done = wholelog("audit", "--shipper-listen", shipper.address)
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == "    another sender"


def test_one_container_is_named(shipper: Shipper) -> None:
    shipper.says(verdict())
    assert wholelog("audit", "a b&c/é", "--shipper-listen", shipper.address).returncode == 0
    assert shipper.asked == ["/audit?container=a+b%26c%2F%C3%A9&repair=false"]


def test_no_container_at_all(shipper: Shipper) -> None:
    shipper.says()
    done = wholelog("audit", "--shipper-listen", shipper.address)
    assert done.returncode == 0 and "no container" in done.stdout


@pytest.mark.parametrize("status", [400, 404, 503])
def test_what_the_shipper_refuses_is_said_in_its_words(shipper: Shipper, status: int) -> None:
    shipper.status, shipper.body = status, b'{"status": "there is no container x"}'
    line = one_line(wholelog("audit", "x", "--shipper-listen", shipper.address), 1)
    assert line == "wholelog audit: there is no container x"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"verdicts": [1]}', b'{"verdicts": [{}]}', b"null"])
def test_who_is_no_shipper_is_said(shipper: Shipper, body: bytes) -> None:
    shipper.body = body
    line = one_line(wholelog("audit", "--shipper-listen", shipper.address), 1)
    assert "no shipper of this Wholelog" in line and shipper.address in line


def test_nobody_there() -> None:
    line = one_line(wholelog("audit", "--shipper-listen", "127.0.0.1:1"), 1)
    assert "nobody answers at 127.0.0.1:1" in line and "wholelog up" in line
    line = one_line(wholelog("audit", "--shipper-listen", "no.such.host.invalid:1"), 1)
    assert "gave no answer" in line


def test_usage() -> None:
    assert "--repai" in one_line(wholelog("audit", "--repai"), 2)
    assert "'b'" in one_line(wholelog("audit", "a", "b"), 2) or "b: there is no such argument" in one_line(
        wholelog("audit", "a", "b"), 2
    )
