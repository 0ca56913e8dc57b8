"""The cheap comparison of an ended container's copy says "the same" only where the whole one finds no difference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.frames import Frames
from log_shipper.audit.held import Held
from log_shipper.audit.reading import SMALL, Reading
from log_shipper.audit.reconcile import END, CopyAccount, compare, is_same
from log_shipper.config import ShipperSettings
from log_shipper.ledger import FRAME_BYTES, Account
from log_shipper.rules import rules_of
from log_store.document import ContainerContext

GROUPER = rules_of(ShipperSettings()).grouper
TIME = 1_795_478_400_000_000_000
FACTS = Facts(ContainerContext("ab" * 32), started_at=TIME, finished_at=TIME, running=False, address="")

Record = tuple[str, int, bytes, bool]
texts = st.sampled_from(
    [
        b"ERROR: it failed",
        b"Traceback (most recent call last):",
        b'  File "a.py", line 1, in <module>',
        b"ValueError: no",
        b"",
    ]
)
written = st.lists(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.integers(0, 3), texts, st.booleans()), min_size=1, max_size=40
)


def account(records: list[Record], *, grouped: bool, block: int = 7) -> Account:
    copy = CopyAccount(GROUPER if grouped else None)
    for start in range(0, len(records), block):
        copy.add(Frames(*(list(column) for column in zip(*records[start : start + block], strict=True))))
    return copy.account


def stamped(rows: list[tuple[str, int, bytes, bool]]) -> list[Record]:
    """Steps of 0 to 30 ms, so that lines share windows and times."""
    time, records = TIME, []
    for stream, step, text, whole in rows:
        time += step * 10**7
        records.append((stream, time, text, whole))
    return records


@given(written, st.data())
def test_the_same_records_are_the_same_messages_and_one_less_or_other_is_not(
    rows: list[tuple[str, int, bytes, bool]], data: st.DataObject
) -> None:
    records = stamped(rows)
    received = account(records, grouped=True, block=3)
    assert is_same(received, account(records, grouped=False))
    assert not compare(received, account(records, grouped=True)).windows

    counted = [row for row, (_, _, text, whole) in enumerate(records) if text or whole]
    if counted:
        row = data.draw(st.sampled_from(counted))
        stream, time, text, whole = records[row]
        assert not is_same(received, account(records[:row] + records[row + 1 :], grouped=False))
        other = [*records[:row], (stream, time, text + b"!", whole), *records[row + 1 :]]
        assert not is_same(received, account(other, grouped=False))


def test_lines_are_counted_alike_however_the_copy_is_cut() -> None:
    """A block of whole lines ends a line of parts, also where the next of its parts has the same time."""
    records = stamped([("stdout", 0, b"a", whole) for whole in (True, True, False, True, True, True, False)])
    for grouped in (True, False):
        assert account(records, grouped=grouped, block=3).windows == account(records, grouped=grouped, block=7).windows


@pytest.mark.parametrize(("lines_less", "likely"), [(0, True), (4000, False)])
def test_a_copy_of_another_size_is_not_compared_cheaply(lines_less: int, likely: bool) -> None:
    class OnDisk:
        packed, size = False, 20_000 * (100 + 28)

        def last(self) -> int:
            return TIME  # the last line came; it is another that is missing

    received = Account()
    times = [TIME + row for row in range(20_000 - lines_less)]
    received.add("stdout", times, times)
    received.unverified_bytes = len(times) * (100 + FRAME_BYTES)
    assert received.unverified_bytes > SMALL
    reading = Reading(FACTS, Held((OnDisk(),), complete=True), 0, END)  # type: ignore[arg-type]
    assert reading.is_likely_same(received) is likely


def test_nothing_is_taken_for_the_same_once_lines_were_put_back() -> None:
    received = Account()
    received.add("stdout", [TIME], [1])
    received.unverified_bytes = 2 * SMALL
    reading = Reading(FACTS, None, 0, END)
    assert reading.is_likely_same(received)
    received.replace(received.bits, {})
    assert not reading.is_likely_same(received.copy())
