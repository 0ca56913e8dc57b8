"""Alerts as text, for chats and mails."""

from collections.abc import Iterator, Sequence
from typing import Final

from log_shipper.alerting.notice import Notice
from log_store.rfc3339 import format_ns

MOST_TOLD: Final = 10  # alerts of one message that are told in full
_STATUS: Final = {"firing": "ALERT", "update": "GOES ON", "resolved": "RESOLVED"}


def subject(notices: Sequence[Notice]) -> str:
    """One line."""
    first = headline(notices[0])
    return first if len(notices) == 1 else f"{first} and {len(notices) - 1} more alerts"


def headline(notice: Notice) -> str:
    repeated = (
        f" ({notice.repeated})" if notice.repeated in ("returned", "regressed") and notice.status == "firing" else ""
    )
    return " ".join(f"[{_STATUS[notice.status]}]{repeated} {notice.about.title}".split())


def text(notices: Sequence[Notice], most: int) -> str:
    """All of them, in at most so many bytes of UTF-8."""
    told = "\n\n".join("\n".join(_lines(notice)) for notice in notices[:MOST_TOLD])
    if len(notices) > MOST_TOLD:
        told += f"\n\nand {len(notices) - MOST_TOLD} more alerts:\n" + "\n".join(map(headline, notices[MOST_TOLD:]))
    encoded = told.encode("utf-8", "replace")
    return told if len(encoded) <= most else encoded[: most - 3].decode("utf-8", "ignore") + "…"


def _lines(notice: Notice) -> Iterator[str]:
    about = notice.about
    yield headline(notice)
    where = " ".join(part for part in (about.container_name or about.container_id[:12], about.task_id) if part)
    yield f"{about.log_type}, {notice.count} times since {format_ns(notice.since)[:19]}Z{', in ' + where if where else ''}"
    if notice.link:
        yield notice.link
    if notice.status != "resolved":
        if notice.before or about.message:
            yield ""
        yield from notice.before
        if about.message:
            yield from (f"> {line}" for line in about.message.split("\n"))
