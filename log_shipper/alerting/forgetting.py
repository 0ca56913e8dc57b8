"""What alerts say of a container whose log was removed on purpose: nothing that stood in it."""

from dataclasses import replace
from typing import Final

from log_shipper.alerting.notice import About, about_of, notice_of
from log_shipper.problems.book import Book

_GONE: Final = "the log of {} was removed"


def forget(book: Book, container_id: str) -> None:
    """Part of a transaction. What fires still ends, and what is to be sent still goes, without the messages."""
    ask = book.connection.execute
    for row, told, notice in ask("SELECT rowid, about, notice FROM alert").fetchall():
        about = about_of(told)
        if about.container_id == container_id:
            ask("UPDATE alert SET about = ? WHERE rowid = ?", (_without(about).dumped(), row))
        if notice and (changed := _notice(notice, container_id)) is not None:
            ask("UPDATE alert SET notice = ? WHERE rowid = ?", (changed, row))
    for number, notice in ask("SELECT number, notice FROM outbox").fetchall():
        if (changed := _notice(notice, container_id)) is not None:
            ask("UPDATE outbox SET notice = ? WHERE number = ?", (changed, number))


def _notice(told: str, container_id: str) -> str | None:
    notice = notice_of(told)
    if notice.about.container_id != container_id:
        return None
    return replace(notice, about=_without(notice.about), before=()).dumped()


def _without(about: About) -> About:
    name = about.container_name or about.container_id[:12]
    return replace(about, title=_GONE.format(name), message="", before=())
