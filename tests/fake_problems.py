"""Problems without a store: a fake of `log_store.problem.ProblemStore`."""

from collections.abc import Sequence

from log_store.errors import LogStoreError
from log_store.problem import Affected, Occurrence, Problem, Triage
from tests.fake_containers import FULL_ID

NOON = 1_795_521_600 * 10**9
ONE = Problem(
    "00112233aabbccdd", "shipper-1", "ValueError: <*>", "ValueError", "", "error", 3,
    Occurrence(FULL_ID, "first", NOON), Occurrence(FULL_ID, "last", NOON + 5),
    (Affected(FULL_ID, "first", "1", 3, NOON + 5),), 10,
)  # fmt: skip


class MemoryProblems:
    """Set `error` and every call raises it."""

    def __init__(self, *problems: Problem) -> None:
        self.error: LogStoreError | None = None
        self.kept = {(one.id, one.shipper): one for one in problems}
        self.said: dict[str, Triage] = {}

    def write_problems(self, problems: Sequence[Problem]) -> None:
        self._check()
        for one in problems:
            there = self.kept.get((one.id, one.shipper))
            if there is None or there.version <= one.version:
                self.kept[one.id, one.shipper] = one

    def remove_problems(self, shipper: str, ids: Sequence[str]) -> None:
        self._check()
        for one in ids:
            self.kept.pop((one, shipper), None)

    def problems(self) -> list[Problem]:
        self._check()
        return list(self.kept.values())

    def write_triage(self, triage: Triage) -> None:
        self._check()
        there = self.said.get(triage.problem)
        if there is None or there.at <= triage.at:
            self.said[triage.problem] = triage

    def triages(self) -> dict[str, Triage]:
        self._check()
        return dict(self.said)

    def close(self) -> None:
        """Nothing is open."""

    def _check(self) -> None:
        if self.error is not None:
            raise self.error
