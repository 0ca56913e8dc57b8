"""How each kind of receiver is told: Alertmanager, a signed webhook, chats, e-mail."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlencode

from log_shipper.alerting.http import post, post_json
from log_shipper.alerting.mail import send_mail
from log_shipper.alerting.notice import Notice
from log_shipper.alerting.rules import Receiver
from log_shipper.alerting.wording import text
from log_shipper.errors import NotTold
from log_store.rfc3339 import format_ns

SIGNATURE: Final = "X-Wholelog-Signature"
_AT_LEAST: Final = 300 * 10**9  # ns for which Alertmanager is told that an alert goes on, at the least
_CHAT_BYTES: Final = {"slack": 12_000, "feishu": 20_000, "dingtalk": 15_000, "wecom": 2_000}

Tell = Callable[[Sequence[Notice]], None]
"""Raises NotTold"""


def teller_of(receiver: Receiver) -> Tell:
    """How this receiver is told."""
    if receiver.kind == "alertmanager":
        return lambda notices: _alertmanager(receiver, notices)
    if receiver.kind == "webhook":
        return lambda notices: _webhook(receiver, notices)
    if receiver.kind == "email":
        return lambda notices: send_mail(receiver, notices)
    return lambda notices: _chat(receiver, notices)


def _alertmanager(receiver: Receiver, notices: Sequence[Notice]) -> None:
    """POST /api/v2/alerts (prometheus.io/docs/alerting/latest/alerts_api)."""
    post_json(receiver.url.rstrip("/") + "/api/v2/alerts", [_alert(one) for one in notices])


def _alert(notice: Notice) -> dict[str, Any]:
    """Labels are what Alertmanager tells alerts apart by: the same as long as it goes on."""
    about, now = notice.about, time.time_ns()
    labels = {"alertname": notice.rule, "severity": about.log_type, "source": "wholelog", **notice.labels}
    if about.problem:
        labels["problem"] = about.problem
    else:
        labels |= {"container": about.container_name, "container_id": about.container_id, "task": about.task_id}
    annotations = {
        "summary": about.title, "description": "\n".join([*notice.before, about.message]), "count": str(notice.count),
        "container": about.container_name, "container_id": about.container_id, "task": about.task_id,
        "repeated": notice.repeated,
    }  # fmt: skip
    end = notice.ends_at if notice.status == "resolved" else max(notice.ends_at, now + _AT_LEAST)
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {name: value for name, value in annotations.items() if value},
        "startsAt": format_ns(notice.since), "endsAt": format_ns(end), "generatorURL": notice.link,
    }  # fmt: skip


def _webhook(receiver: Receiver, notices: Sequence[Notice]) -> None:
    """`{"alerts": […]}`, signed as the callbacks of tasks are."""
    body = json.dumps({"alerts": [_shown(one) for one in notices]}, ensure_ascii=False).encode()
    headers = {}
    if receiver.secret:
        headers[SIGNATURE] = "sha256=" + hmac.new(receiver.secret.encode(), body, hashlib.sha256).hexdigest()
    post(receiver.url, body, headers)


def _shown(notice: Notice) -> dict[str, Any]:
    told = {**asdict(notice), **{name: format_ns(getattr(notice, name)) for name in ("since", "last", "ends_at")}}
    about = told["about"]
    del about["before"]
    about["log_time"] = format_ns(about["log_time"]) if about["log_time"] else None
    told["before"] = list(notice.before)
    # Where a delivery was not acknowledged it comes again: the same id.
    told["id"] = hashlib.sha256(notice.dumped().encode()).hexdigest()[:32]
    return told


def _chat(receiver: Receiver, notices: Sequence[Notice]) -> None:
    told = text(notices, _CHAT_BYTES[receiver.kind])
    url, body, secret = receiver.url, dict[str, Any](), receiver.secret
    if receiver.kind == "slack":
        body = {"text": told}
    elif receiver.kind == "feishu":
        body = {"msg_type": "text", "content": {"text": told}}
        if secret:
            stamp = str(int(time.time()))
            body |= {"timestamp": stamp, "sign": _signed(f"{stamp}\n{secret}".encode(), b"")}
    else:
        body = {"msgtype": "text", "text": {"content": told}}
        if secret:
            stamp = str(time.time_ns() // 10**6)
            query = urlencode({"timestamp": stamp, "sign": _signed(secret.encode(), f"{stamp}\n{secret}".encode())})
            url += ("&" if "?" in url else "?") + query
    _check(receiver.kind, post_json(url, body))


def _check(kind: str, answer: bytes) -> None:
    """These answer 200 to what they refuse, and say so in the body. Raises NotTold."""
    if kind == "slack":
        return
    try:
        told = json.loads(answer)
        code = told.get("errcode", told.get("code", told.get("StatusCode", 0)))
    except (ValueError, AttributeError) as error:
        raise NotTold(f"{kind}: an answer that makes no sense: {answer[:200]!r}") from error
    if code != 0:
        raise NotTold(f"{kind} refuses it: {answer[:300].decode('utf-8', 'replace')}")


def _signed(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
