"""Alerts arrive: at a real HTTP server, a real mail server and Debian's Alertmanager."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from log_shipper.alerting.notice import About, Notice
from log_shipper.alerting.receivers import teller_of
from log_shipper.alerting.rules import Receiver
from log_shipper.errors import NotTold
from tests.api_server import eventually
from tests.services.alert_sinks import Alertmanager, HttpSink, Mailbox, http_sink, mailbox
from tests.services.elasticsearch import free_port

HOUR = 3600 * 10**9


def notice(problem: str = "00112233aabbccdd", rule: str = "errors", title: str = "ValueError: no <*> ✓") -> Notice:
    now = time.time_ns()
    about = About(title, "error", "ValueError: no 7\nsecond line", "a" * 64, "web-1", "task-1", "id-1", now, problem)
    before = ("step 1", "step 2")
    return Notice("firing", rule, problem, about, 3, now, now, now + HOUR, before, f"http://wholelog/problems/{problem}", {"team": "x"})  # fmt: skip


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as one:
        yield one


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as one:
        yield one


def test_a_webhook_is_signed_and_has_all_of_it(sink: HttpSink) -> None:
    tell = teller_of(Receiver("ops", "webhook", sink.url + "/hook?a=b", "s3cret"))
    tell([notice(), replace(notice("f" * 16), status="resolved")])
    ((path, headers, body),) = sink.came
    assert path == "/hook?a=b"
    assert headers["x-wholelog-signature"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    one, other = json.loads(body)["alerts"]
    assert (one["status"], other["status"], one["count"]) == ("firing", "resolved", 3)
    assert one["about"]["message"] == "ValueError: no 7\nsecond line" and one["before"] == ["step 1", "step 2"]
    assert one["link"].endswith("/problems/00112233aabbccdd") and one["id"] != other["id"]


@pytest.mark.parametrize("kind", ["slack", "feishu", "dingtalk", "wecom"])
def test_chats_get_text_in_their_own_shape(sink: HttpSink, kind: str) -> None:
    sink.answer = b"ok" if kind == "slack" else b'{"errcode": 0, "errmsg": "ok"}'
    secret = "s3cret" if kind in ("feishu", "dingtalk") else ""
    teller_of(Receiver("chat", kind, sink.url + "/hook?key=1", secret))([notice()])
    ((path, _, raw),) = sink.came
    body = json.loads(raw)
    told = {
        "slack": lambda: body["text"],
        "feishu": lambda: body["content"]["text"],
    }.get(kind, lambda: body["text"]["content"])()
    assert told.startswith("[ALERT] ValueError: no <*> ✓\n") and "> second line" in told and "step 2" in told
    assert body.get("msg_type", body.get("msgtype", "text")) == "text"
    if kind == "dingtalk":
        query = parse_qs(urlsplit(path).query)
        stamp = query["timestamp"][0]
        expected = hmac.new(b"s3cret", f"{stamp}\ns3cret".encode(), hashlib.sha256).digest()
        assert query["sign"] == [base64.b64encode(expected).decode()] and query["key"] == ["1"]
    if kind == "feishu":
        expected = hmac.new(f"{body['timestamp']}\ns3cret".encode(), b"", hashlib.sha256).digest()
        assert body["sign"] == base64.b64encode(expected).decode()


def test_many_alerts_fit_into_what_a_chat_takes(sink: HttpSink) -> None:
    sink.answer = b'{"errcode": 0}'
    many = [notice(title="很长的标题 " * 20) for _ in range(50)]
    teller_of(Receiver("chat", "wecom", sink.url))(many)
    told = sink.bodies()[0]["text"]["content"]
    assert 1900 < len(told.encode()) <= 2000


@pytest.mark.parametrize(
    ("status", "answer", "said", "final"),
    [
        (400, b"no such channel", "answered 400: no such channel", True),
        (503, b"", "answered 503", False),
        (429, b"slow down", "answered 429", False),
        (302, b"", "answered 302", True),
        (200, b'{"errcode": 310000, "errmsg": "sign not match"}', "sign not match", False),
        (200, b"<html>", "makes no sense", False),
    ],
)
def test_what_is_not_taken_is_said_without_the_url(
    sink: HttpSink, status: int, answer: bytes, said: str, final: bool
) -> None:
    sink.status, sink.answer = status, answer
    with pytest.raises(NotTold, match=said) as caught:
        teller_of(Receiver("chat", "dingtalk", sink.url + "/secret-token"))([notice()])
    assert caught.value.final == final and "secret-token" not in str(caught.value)


def test_nobody_at_the_address() -> None:
    for receiver in (
        Receiver("ops", "webhook", f"http://127.0.0.1:{free_port()}/x"),
        Receiver("mail", "email", server=("127.0.0.1", free_port()), sender="a@x", to=("b@x",)),
    ):
        with pytest.raises(NotTold) as caught:
            teller_of(receiver)([notice()])
        assert not caught.value.final


def test_a_mail_with_message_and_context(box: Mailbox) -> None:
    receiver = Receiver(
        "mail", "email", server=("127.0.0.1", box.port), sender="a@example.org", to=("b@x.org", "c@x.org")
    )
    tell, one = teller_of(receiver), notice(title="ValueError: no <*> ✓ \r\nBcc: evil@x.org")
    tell([one])
    tell([one])
    first, again = box.mails
    assert first["Subject"] == "[wholelog] [ALERT] ValueError: no <*> ✓ Bcc: evil@x.org"
    assert (first["From"], first["To"], first["Bcc"]) == ("a@example.org", "b@x.org, c@x.org", None)
    assert first["Message-ID"] == again["Message-ID"]
    content = first.get_content()  # type: ignore[attr-defined]
    assert "> second line" in content and "step 1" in content and "http://wholelog/problems/" in content
    box.refuses = "451 try again later"
    with pytest.raises(NotTold, match="451"):
        tell([one])


def test_alertmanager_fires_groups_resolves_and_may_be_away(sink: HttpSink, tmp_path: Path) -> None:
    manager = Alertmanager(tmp_path, sink.url)
    tell = teller_of(Receiver("am", "alertmanager", manager.url))
    with pytest.raises(NotTold):
        tell([notice()])
    manager.start()
    try:
        first, other = notice(), notice("f" * 16, title="KeyError: <*>")
        tell([first, other, notice("e" * 16, rule="another")])
        tell([replace(first, status="update", count=9)])  # the same alert
        held = {one["labels"]["problem"]: one for one in manager.alerts()}
        assert len(held) == 3
        labels, annotations = held[first.subject]["labels"], held[first.subject]["annotations"]
        assert labels == {
            "alertname": "errors",
            "severity": "error",
            "source": "wholelog",
            "team": "x",
            "problem": first.subject,
        }
        assert annotations["count"] == "9" and annotations["description"].endswith("ValueError: no 7\nsecond line")
        assert held[first.subject]["generatorURL"] == first.link
        assert eventually(lambda: _told(sink, "firing") >= {(2, "errors"), (1, "another")}, 60), sink.bodies()
        now = time.time_ns()
        tell([replace(one, status="resolved", ends_at=now) for one in (first, other)])
        assert eventually(lambda: any(kind == "errors" for _, kind in _told(sink, "resolved")), 60), sink.bodies()
        assert [one["labels"]["alertname"] for one in manager.alerts()] == ["another"]
    finally:
        manager.stop()


def _told(sink: HttpSink, status: str) -> set[tuple[int, str]]:
    """How many alerts of a status were in one group, and of which rule."""
    groups = [(body["groupLabels"]["alertname"], body["alerts"]) for body in sink.bodies()]
    return {(len([one for one in alerts if one["status"] == status]), name) for name, alerts in groups} - {
        (0, "errors")
    }
