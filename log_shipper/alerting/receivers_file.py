"""`[[notify]]` of the alerts file: where alerts go."""

import re
from pathlib import Path
from typing import Final

from log_shipper.alerting.rules import Receiver
from log_shipper.alerting.table import Table

CHATS: Final = ("slack", "feishu", "dingtalk", "wecom")
KINDS: Final = ("alertmanager", "webhook", "email", *CHATS)
RECEIVER: Final = (
    "name", "kind", "url", "url_file", "secret", "secret_file", "server", "tls", "from", "to", "user", "password",
    "password_file",
)  # fmt: skip
_MAIL_ONLY: Final = ("server", "tls", "from", "to", "user", "password", "password_file")
_URL: Final = re.compile(r"https?://[^\s/?#]+[^\s#]*")
_SERVER: Final = re.compile(r"(?P<host>[^\s:]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_ADDRESS: Final = re.compile(r"[^\s@<>,\"]{1,64}@[^\s@<>,\"]{1,255}")


def receiver_of(table: Table) -> Receiver | None:
    """None where it lacks what its kind needs; the table says what."""
    kind = table.choice("kind", KINDS)
    if "kind" not in table.members:
        table.say("", f"kind: is missing; it must be one of {', '.join(KINDS)}")
    name = table.name("name")
    mail = kind == "email"
    for key in table.members:
        if (key in _MAIL_ONLY and kind and not mail) or (mail and key in ("url", "url_file", "secret", "secret_file")):
            table.say(key, f"{key}: does not go with kind = {kind!r}")
    if mail:
        return _mailbox(table, name)
    url = _secret(table, "url")
    if kind and not _URL.fullmatch(url):
        shown = "the URL" if url else "is missing: it"
        table.say("url", f"url: {shown} must be http(s)://HOST/…; one with a secret in it can stand in a url_file")
    secret = _secret(table, "secret")
    if secret and kind in ("alertmanager", "slack", "wecom"):
        table.say("secret", f"secret: {kind} knows no signature")
    return Receiver(name, kind, url, secret) if kind else None


def _mailbox(table: Table, name: str) -> Receiver:
    server = _SERVER.fullmatch(table.text("server"))
    if server is None or not 0 < int(server["port"]) < 65536:
        table.say("server", f"server: {table.members.get('server')!r:.60} must be HOST:PORT of an SMTP server")
    sender, to = table.text("from"), table.texts("to")
    for key, several in (("from", (sender,)), ("to", to or ("",))):
        for one in several:
            if not _ADDRESS.fullmatch(one):
                table.say(key, f"{key}: {one!r:.60} must be an address: name@example.org")
    user, password = table.text("user"), _secret(table, "password")
    if bool(user) != bool(password):
        table.say("user", "user and password: one is given without the other")
    host = server["host"].strip("[]") if server else ""
    tls = table.choice("tls", ("none", "starttls", "tls")) or "none"
    return Receiver(
        name, "email", server=(host, int(server["port"]) if server else 0), tls=tls, sender=sender, to=to, user=user,
        password=password,
    )  # fmt: skip


def _secret(table: Table, key: str) -> str:
    """Given itself, or as the name of a file that holds it."""
    other = f"{key}_file"
    if other not in table.members:
        return table.text(key)
    if key in table.members:
        table.say(other, f"{other}: {key} is given too")
    try:
        return Path(table.text(other)).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        table.say(other, f"{other}: cannot be read: {error}")
        return ""
