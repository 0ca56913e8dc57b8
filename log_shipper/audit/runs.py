"""The runs of a container that one audit covers, and what of its findings belongs to each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from log_shipper.audit.baseline import Baseline, OpenRun
from log_shipper.audit.reconcile import END, CopyAccount
from log_shipper.ledger import NOTHING, Account


@dataclass(frozen=True, slots=True)
class Span:
    """A run, and the times (ns) from which on and before which lines are its own."""

    run: OpenRun
    start: int
    end: int


def spans(baseline: Baseline, last: OpenRun) -> list[Span]:
    """All runs that were not stated to their end, `last` behind them.

    A run's first lines may be stamped before its start, so where the end of the one before is known that divides the two:
    the engine tells of an end once all lines are in its copy, and before it starts the container again.
    """
    runs = [*baseline.runs_before(last.seal.started_at), last]
    ends = [_end(run, after) for run, after in pairwise(runs)]
    return [Span(run, *times) for run, times in zip(runs, pairwise([0, *ends, END]), strict=True)]


def _end(run: OpenRun, after: OpenRun) -> int:
    finished = run.seal.finished_at or 0
    return finished if run.seal.started_at <= finished <= after.seal.started_at else after.seal.started_at


def lines_of(parts: Sequence[Span], truth: Account, copy: CopyAccount, until: int) -> list[int]:
    """The lines of each, of all that stand before `until`: as the copy has them, and where it is not what is true by windows.

    `copy` has counted what stands before the end of each but the last.
    """
    copied = copy.account.windows
    more = {key: window[2] - copied.get(key, NOTHING)[2] for key, window in truth.windows.items()}
    more = {key: lines for key, lines in more.items() if lines and key >= 0}
    total = truth.lines() + truth.late_lines
    late = truth.late_lines
    sums = [
        late + before + _before(more, truth.bits, part.end) for part, before in zip(parts, copy.before, strict=False)
    ]
    sums = [min(count, total) if part.end <= until else total for part, count in zip(parts, sums, strict=False)]
    return [max(0, after - before) for before, after in pairwise([0, *sums, total])]


def shares(parts: Sequence[Span], amounts: Mapping[int, int], bits: int) -> list[int]:
    """What of amounts by window (as an account of `bits` has them) is each one's."""
    sums = [_before(amounts, bits, part.end) for part in parts]
    return [after - before for before, after in pairwise([0, *sums])]


def _before(amounts: Mapping[int, int], bits: int, end: int) -> int:
    """Of windows that begin before `end`; that of what came late does."""
    return sum(amount for key, amount in amounts.items() if (key >> 1) << bits < end)
