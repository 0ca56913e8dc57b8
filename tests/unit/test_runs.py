"""A container that is started again before anybody looked: each run's lines count for its own seal."""

from dataclasses import replace

import pytest

from log_shipper.audit.baseline import Baseline, OpenRun
from log_shipper.audit.frames import Frames
from log_shipper.audit.reconcile import END, CopyAccount, compare, union
from log_shipper.audit.runs import lines_of, shares, spans
from log_shipper.ledger import Account
from log_store.seal import Seal
from tests.unit.test_losses_healed import MARGIN, START, Machine, records_of, shown, text_of

SECOND = 10**9


def opened(started_at: int, finished_at: int | None = None) -> OpenRun:
    return OpenRun(Seal("c", started_at, finished_at=finished_at))


def account_of(times: list[int]) -> Account:
    account = Account()
    account.add("stdout", times, [7] * len(times))
    return account


def test_a_run_ends_where_the_engine_said_so_else_where_the_next_began() -> None:
    baseline = Baseline(Account(), (opened(10, 19), opened(30), opened(50, 45), opened(70)), ())
    parts = spans(baseline, opened(70))
    # The third's end is that of the run before it: an older version took it from the engine while the run went on.
    assert [(part.run.seal.started_at, part.start, part.end) for part in parts] == [
        (10, 0, 19), (30, 19, 50), (50, 50, 70), (70, 70, END),
    ]  # fmt: skip


@pytest.mark.parametrize("bits", [24, 40])
def test_lines_count_for_their_run_also_where_a_window_holds_the_end_of_one_and_the_beginning_of_the_next(
    bits: int,
) -> None:
    """A run's first lines are stamped before the start that the engine shows."""
    times = [START + offset for offset in (0, 1, 2, 1000, 1001)]
    parts = spans(Baseline(Account(), (opened(START, START + 500),), ()), opened(START + 1002))
    received, copy = account_of(times[:2]), CopyAccount(None, ends=[START + 500])
    received.widen(bits)
    copy.add(Frames(["stdout"] * 5, times, [b""] * 5, [True] * 5))
    difference = compare(received, copy.account)
    truth = union(received, copy.account, holes=(), until=END)
    assert lines_of(parts, truth, copy, END) == [3, 2]
    assert sum(shares(parts, difference.missing_in, truth.bits)) == 3
    # So far only what stands before a border is counted; the end of the first run may stand behind it.
    assert lines_of(parts, truth, copy, START + 400) == [5, 0]


def test_what_the_next_run_has_written_stays_accounted_when_a_seal_passes() -> None:
    """Else it would be taken for lost, and be written once more."""
    machine = Machine()
    first = [one for row in range(5) for one in records_of("stdout", START + row, b"one")]
    second = [one for row in range(7) for one in records_of("stdout", START + 3 * SECOND + row * SECOND, b"two")]
    machine.write(first, {4})
    machine.restart(START + SECOND, START + 2 * SECOND)
    machine.write(second, set())
    machine.audit()
    assert machine.seals[START].state == "sealed"
    machine.end()
    assert [(seal.lines, seal.put_back) for _, seal in sorted(machine.seals.items())] == [(5, 1), (7, 0)]


def test_a_long_line_of_the_next_run_is_not_cut_by_the_seal_of_the_one_before() -> None:
    """Its parts come before and after the moment at which the first run is stated."""
    machine, without_loss = Machine(), Machine()
    parts = records_of("stdout", START + 60 * SECOND, text_of(("1", 40_000)))
    later = records_of("stderr", START + 60 * SECOND + 2 * MARGIN, b"later")
    for one in (machine, without_loss):
        one.write(records_of("stdout", START, b"one"), set())
        one.restart(START + SECOND, START + 2 * SECOND)
        one.write(parts[:1], set())
        one.write(later, set())
        if one is machine:
            one.audit()
            assert one.seals[START].state == "sealed"
        one.write(parts[1:], set())
    assert shown(machine.messages("stdout")) == shown(without_loss.messages("stdout"))
    assert machine.end().lines == 2


def test_runs_that_cannot_be_compared_share_what_was_received() -> None:
    """Each line counts once: else the seals claim more than the store has."""
    machine = Machine()
    machine.write([one for row in range(5) for one in records_of("stdout", START + row, b"one")], set())
    machine.restart(START + SECOND, START + 2 * SECOND)
    machine.write([one for row in range(7) for one in records_of("stdout", START + 3 * SECOND + row, b"two")], set())
    machine._auditor.unverified(replace(machine._facts(running=False), finished_at=START + 4 * SECOND), "removed")
    found = [(seal.state, seal.lines) for _, seal in sorted(machine.seals.items())]
    assert found == [("unverified", 5), ("unverified", 7)]
