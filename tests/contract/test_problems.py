"""Problems and what is said of them, on every store."""

from dataclasses import replace

import pytest

from log_store.errors import StoreUnavailable
from log_store.problem import Affected, Occurrence, Problem, ProblemStore, Triage
from tests.api_server import eventually
from tests.contract.stores import Store
from tests.documents import NOON, SECOND

ONE = Problem(
    "00112233aabbccdd", "shipper-1", "ValueError: <*> ✓", "ValueError", "", "error", 3,
    Occurrence("a" * 64, "first", NOON), Occurrence("a" * 64, "last", NOON + SECOND),
    (Affected("a" * 64, "name-a", "task-a", 3, NOON + SECOND),), 10,
)  # fmt: skip


@pytest.fixture
def problems(store: Store) -> ProblemStore:
    return store.problems()


def told(problems: ProblemStore, *expected: Problem) -> bool:
    return eventually(lambda: sorted(problems.problems(), key=lambda one: (one.id, one.shipper)) == list(expected), 30)


def test_an_empty_store_has_none(problems: ProblemStore) -> None:
    assert (problems.problems(), problems.triages()) == ([], {})


def test_the_greatest_version_of_each_shipper_stays(problems: ProblemStore) -> None:
    newer, other = replace(ONE, count=4, version=11), replace(ONE, shipper="shipper-2", count=9)
    problems.write_problems([newer, other])
    problems.write_problems([ONE])
    assert told(problems, newer, other)
    problems.write_problems([newer])  # once more, after a crash
    problems.write_problems([])
    assert told(problems, newer, other)


def test_what_is_removed_is_gone_and_may_come_again(problems: ProblemStore) -> None:
    other = replace(ONE, shipper="shipper-2")
    problems.write_problems([ONE, other])
    problems.remove_problems("shipper-1", [ONE.id, "never there"])
    assert told(problems, other)
    again = replace(ONE, version=12)
    problems.write_problems([again])
    assert told(problems, again, other)


def test_the_latest_that_was_said_stays_and_can_be_read_at_once(problems: ProblemStore) -> None:
    said = Triage(ONE.id, "resolved", NOON, "fixed in 1.2")
    problems.write_triage(said)
    assert problems.triages() == {ONE.id: said}
    problems.write_triage(replace(said, state="ignored", at=NOON - 1))
    assert problems.triages() == {ONE.id: said}
    later = replace(said, state="open", at=NOON + 1, note="")
    problems.write_triage(later)
    assert problems.triages() == {ONE.id: later}


def test_a_store_that_is_away_says_so(store: Store) -> None:
    away = store.away_problems()
    for call in (away.problems, away.triages, lambda: away.write_problems([ONE])):
        with pytest.raises(StoreUnavailable):
            call()
    away.close()
