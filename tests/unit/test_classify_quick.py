"""What one expression reads of a header is what reading it token by token finds."""

import random

import pytest

from log_shipper.stages.classify import of_message
from log_shipper.stages.formats.columns import Header
from log_shipper.stages.formats.effort import Effort
from log_shipper.stages.formats.quick import at_once


def test_logcat_is_read_as_token_by_token() -> None:
    pick, told = random.Random(1), 0
    for _ in range(20_000):
        process, thread = (str(pick.randrange(10 ** pick.randrange(1, 8))) for _ in range(2))
        gaps = [pick.choice((" ", "  ", "   ", "-", "")) for _ in range(2)]
        text = pick.choice(("Tag: x", "ERROR x", "error: x", "12", "E x", "/x"))
        line = f"03-17 16:13:38.{pick.choice(('123', '12', '123456'))}{gaps[0]}{process}{gaps[1]}{thread} {pick.choice('VDIWEFAX')} {text}"
        found = at_once(line)
        told += found is not None
        assert found is None or found == Header(line, Effort()).read().found, line
    assert told > 1_000


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("03-17 16:13:38.811  1702  2395 D Tag: an ERROR x", ("debug", "letter")),
        ("03-17 16:13:38.811  1702  2395 A libc: x", ("critical", "letter")),
        ("10:20:30 [app.web#debug] INFO x", None),
        ("10:20:30 [error] x", ("error", "bracket")),
        ("10:20:30 [w-1] INFO x", ("info", "column")),
    ],
)
def test_headers(line: str, found: tuple[str, str] | None) -> None:
    assert found is None or of_message(line) == found
    assert at_once(line) == found
