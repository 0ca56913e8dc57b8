"""Alerts by SMTP."""

import hashlib
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

from log_shipper.alerting.notice import Notice
from log_shipper.alerting.rules import Receiver
from log_shipper.alerting.wording import subject, text
from log_shipper.errors import NotTold

SECONDS: Final = 15.0
_MOST: Final = 256 << 10  # bytes of a mail's text


def send_mail(receiver: Receiver, notices: Sequence[Notice]) -> None:
    """One mail of all of them. Raises NotTold."""
    try:
        with _connected(receiver) as server:
            if receiver.user:
                server.login(receiver.user, receiver.password)
            server.send_message(_mail(receiver, notices))
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise NotTold(f"the mail server answered {error.smtp_code}: {said}", final=error.smtp_code == 552) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotTold(f"the mail server {receiver.server[0]}:{receiver.server[1]}: {error}") from error


def _connected(receiver: Receiver) -> smtplib.SMTP:
    host, port = receiver.server
    if receiver.tls == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    if receiver.tls == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server


def _mail(receiver: Receiver, notices: Sequence[Notice]) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "[wholelog] " + "".join(c if c.isprintable() else " " for c in subject(notices))[:200]
    mail["From"], mail["To"], mail["Date"] = receiver.sender, ", ".join(receiver.to), formatdate()
    # The same for the same alerts: a mail that comes twice is told by it.
    digest = hashlib.sha256("".join(notice.dumped() for notice in notices).encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{receiver.sender.rpartition('@')[2]}>"
    thread = hashlib.sha256(f"{notices[0].rule}|{notices[0].subject}|{notices[0].since}".encode()).hexdigest()[:32]
    mail["References"] = f"<{thread}@{receiver.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text(notices, _MOST).replace("\r", " ").replace("\0", " "))
    return mail
