"""The book of problems: the same count whatever comes twice, grows, or is put right."""

import random
from pathlib import Path
from typing import Any

import pytest

from log_shipper.alerting.alerting import Alerting
from log_shipper.alerting.rules import NO_ALERTS
from log_shipper.errors import BookUnusable
from log_shipper.pipeline import Pipeline, RepairPass
from log_shipper.problems.book import Book, Met
from log_shipper.problems.publishing import Publisher
from log_shipper.problems.sighting import Sighting, sightings
from log_shipper.problems.tables import open_book
from log_shipper.problems.watch import Watch
from log_store.document import Absorbed, ContainerContext, DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.problem import MOST_AFFECTED, MOST_PROBLEMS, Problem
from tests.documents import NOON, SECOND, Documents, container
from tests.fake_problems import MemoryProblems
from tests.unit.test_shipper_core import CONTAINER, TIME, pipeline, record, rows

TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/a.py", line 3, in work',
    "ZeroDivisionError: division by zero",
]


class Counted:
    """A book, its file, and what it publishes."""

    def __init__(self, file: Path, **options: int) -> None:
        self.file, self.store, self.errors = file, MemoryProblems(), dict[str, int]()
        self._options = options
        self.open()

    def open(self) -> None:
        self.book = Book(open_book(self.file), **self._options)
        alerting = Alerting(self.book, NO_ALERTS, dict, lambda told: (told, ()), lambda: NOON)
        self.watch = Watch(self.book, alerting, self.count)
        self.publisher = Publisher(self.book, self.store, "shipper-1", self.count)

    def restart(self) -> None:
        self.book.connection.close()
        self.open()

    def count(self, name: str, by: int) -> None:
        self.errors[name] = self.errors.get(name, 0) + by

    def problems(self) -> list[Problem]:
        """As they are published; in the order of their titles."""
        assert self.errors == {}
        self.publisher.publish()
        return sorted(self.store.problems(), key=lambda one: one.title)

    def counts(self) -> dict[str, int]:
        return {one.title: one.count for one in self.problems()}

    def take(self, found: list[Sighting]) -> list[Met]:
        with self.book.transaction():
            return self.book.take(found)


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    return Counted(tmp_path / "problems.sqlite")


def errors(*texts: str, start: int = NOON, who: ContainerContext | None = None, **more: Any) -> DocumentBatch:
    documents = Documents(who or container())
    for number, text in enumerate(texts):
        documents.add(start + number * SECOND, text, log_type="error", **more)
    return documents.batch


def test_messages_that_are_alike_are_one_problem(counted: Counted) -> None:
    counted.watch.batch(errors("ERROR order 1 refused", "ERROR disk full", "ERROR order 2 refused"))
    one, other = counted.problems()
    assert (one.title, one.count, other.title, other.count) == ("ERROR disk full", 1, "ERROR order <*> refused", 2)
    assert (other.first.log_time, other.last.log_time) == (NOON, NOON + 2 * SECOND)
    assert (other.containers[0].container_name, other.containers[0].task_id) == ("name-a", "task-a")
    assert other.containers[0].count == 2 and other.last.container_id == "a" * 64


def test_lines_that_are_no_errors_are_not_looked_at(counted: Counted) -> None:
    documents = Documents().add(NOON, "ERROR says a warning", log_type="warning").add(NOON + 1, "fine", lines=3)
    counted.watch.batch(documents.batch)
    assert counted.problems() == [] and not counted.book.known()


def test_a_replay_counts_nothing_twice(counted: Counted) -> None:
    batch = errors("ERROR a 1", "ERROR a 2")
    counted.watch.batch(batch)
    before = counted.problems()
    counted.restart()
    counted.watch.batch(batch)
    counted.watch.batch(batch.select([1]))
    assert counted.problems() == before
    counted.watch.batch(errors("ERROR a 3", start=NOON + 9 * SECOND))
    (after,) = counted.problems()
    assert after.count == 3 and after.version > before[0].version


def test_a_message_that_grows_moves_to_its_problem(counted: Counted) -> None:
    first = errors(TRACE[0])
    counted.watch.batch(first)
    assert counted.counts() == {TRACE[0]: 1}
    grown = errors("\n".join(TRACE), first=TRACE[0], version=2, lines=3)
    assert grown.id == first.id
    counted.watch.batch(grown)
    assert counted.counts() == {"ZeroDivisionError: division by zero": 1}
    counted.watch.batch(first)  # a replay of both
    counted.watch.batch(grown)
    assert counted.counts() == {"ZeroDivisionError: division by zero": 1}


def test_one_that_is_no_error_any_more_and_one_that_is_absorbed_go(counted: Counted) -> None:
    batch = errors("ERROR a", "ERROR b")
    counted.watch.batch(batch)
    assert counted.counts() == {"ERROR a": 1, "ERROR b": 1}
    better = Documents().add(NOON, "ERROR a\nno", first="ERROR a", version=2, lines=2).batch
    better.absorbed.append(Absorbed(container(), "stdout", batch.id[1], batch.day[1], batch.log_time[1], 1))
    counted.watch.batch(better)
    assert counted.counts() == {}
    counted.watch.batch(batch)
    assert counted.counts() == {}


def test_the_live_path_a_repair_and_a_replay_of_both_agree(tmp_path: Path) -> None:
    """A trace that lost lines is put right by the audit: it is one problem, as if nothing had been lost."""
    texts = ["ok", *TRACE, "ok", "ERROR order 1", "ok", *TRACE, "done"]
    entries = [record(TIME + number, text.encode()) for number, text in enumerate(texts)]
    whole = Counted(tmp_path / "whole.sqlite")
    whole.watch.batch(rows(pipeline(), *entries))
    expected = whole.counts()
    assert expected == {"ERROR order <*>": 1, "ZeroDivisionError: division by zero": 2}
    for seed in range(8):
        chance = random.Random(seed)
        kept = [entry for entry in entries if chance.random() < 0.6]
        torn = Counted(tmp_path / f"torn{seed}.sqlite")
        for _ in range(2):  # the second time as a replay from the very start
            pipe = pipeline()
            for entry in kept:
                torn.watch.batch(rows(pipe, entry))
            torn.watch.batch(repaired(pipe, entries))
            assert torn.counts() == expected, seed


def repaired(pipe: Pipeline, entries: list[bytes]) -> DocumentBatch:
    """What an audit that knows all writes: every line again, at its true place."""
    from log_shipper.forward.records import entries as parsed
    from log_shipper.stages.runs import runs_of

    batch = pipe.new_batch()
    runs = runs_of([(1000, parsed(b"".join(entries), 1 << 20))], trusted=True, least=1000)
    repair = RepairPass("r1", CONTAINER, True, {"stdout": (-1, 0)}, 0, True)
    pipe.repair(batch, runs, 1000, TIME, repair)
    return batch


def test_first_last_and_containers_are_bounded_and_exact(counted: Counted) -> None:
    for number in range(MOST_AFFECTED + 5):
        who = ContainerContext(f"{number:064x}", f"c{number}")
        counted.watch.batch(errors("ERROR same", start=NOON + number * SECOND, who=who))
    (one,) = counted.problems()
    assert one.count == MOST_AFFECTED + 5 and len(one.containers) == MOST_AFFECTED
    assert one.containers[0].container_name == f"c{MOST_AFFECTED + 4}"
    earlier = errors("ERROR same", start=NOON - SECOND, who=ContainerContext("e" * 64, "early"))
    earlier.repaired.add(0)
    counted.watch.batch(earlier)
    (one,) = counted.problems()
    assert (one.first.container_id, one.last.log_time) == ("e" * 64, NOON + (MOST_AFFECTED + 4) * SECOND)


def test_of_a_log_that_was_removed_nothing_is_counted_nor_comes_back(counted: Counted) -> None:
    other, secret = container("b"), errors("ERROR shared 1", "ERROR the secret word", "ERROR shared 2")
    counted.watch.batch(errors("ERROR shared 3", start=NOON + SECOND, who=other))
    counted.watch.batch(secret)
    assert counted.counts() == {"ERROR shared <*>": 3, "ERROR the secret word": 1}
    for _ in range(2):
        counted.watch.forget("a" * 64)
        (left,) = counted.problems()
        assert (left.title, left.count, [one.container_id for one in left.containers]) == (
            "ERROR shared <*>",
            1,
            ["b" * 64],
        )
        assert left.first == left.last and left.last.container_id == "b" * 64
    counted.restart()
    secret.repaired.update(range(3))
    counted.watch.batch(secret)  # what the audit, or a replay, brings again
    assert counted.counts() == {"ERROR shared <*>": 1}
    counted.watch.forget("c" * 64)
    counted.watch.forget("b" * 64)
    assert counted.problems() == []


def test_the_number_of_problems_is_bounded_by_those_longest_unseen(counted: Counted) -> None:
    words = [f"{chr(97 + a)}{chr(97 + b)}{chr(97 + c)}" for a in range(12) for b in range(10) for c in range(10)]
    counted.watch.batch(errors(*(f"ERROR {word}" for word in words)))
    counted.problems()
    counted.watch.batch(errors("ERROR again", start=NOON + 10_000 * SECOND))
    found = counted.problems()
    assert MOST_PROBLEMS <= len(found) <= MOST_PROBLEMS + MOST_PROBLEMS // 20
    assert min(one.first.log_time for one in found) > NOON
    counted.watch.batch(errors(f"ERROR {words[0]}", start=NOON + 20_000 * SECOND))
    assert f"ERROR {words[0]}" in counted.counts()  # seen again


def test_what_is_remembered_is_bounded_and_the_count_stays(tmp_path: Path) -> None:
    counted = Counted(tmp_path / "problems.sqlite", most_occurrences=100)
    old = errors(*(f"ERROR a {number}" for number in range(150)))
    counted.watch.batch(old)
    counted.book.prune()
    counted.watch.batch(old)  # a replay of what is forgotten counts nothing
    counted.watch.batch(errors("ERROR a 999", start=NOON + 500 * SECOND))
    counted.restart()
    counted.watch.batch(old)
    (one,) = counted.problems()
    assert (one.count, one.first.log_time, one.last.log_time) == (151, NOON, NOON + 500 * SECOND)


def test_a_store_that_is_away_gets_all_of_it_later(counted: Counted) -> None:
    counted.store.error = StoreUnavailable("gone")
    counted.watch.batch(errors("ERROR a 1", "ERROR b"))
    with pytest.raises(StoreUnavailable):
        counted.publisher.publish()
    counted.restart()
    counted.store.error = None
    assert counted.counts() == {"ERROR a <*>": 1, "ERROR b": 1}


def test_what_was_not_known_before_is_told(counted: Counted) -> None:
    first, growing = errors("ERROR a 1"), errors(TRACE[0], start=NOON + SECOND)
    assert [met.is_new for met in counted.take(sightings(first, ()))] == [True]
    assert counted.take(sightings(first, ())) == []
    (met,) = counted.take(sightings(growing, ()))
    grown = errors("\n".join(TRACE), start=NOON + SECOND, first=TRACE[0], version=2, lines=3)
    (moved,) = counted.take(sightings(grown, ()))
    assert not moved.is_new and moved.number != met.number


def test_an_error_of_the_book_stops_no_line_and_is_counted(counted: Counted) -> None:
    counted.book.connection.execute("DROP TABLE affected")
    counted.watch.batch(errors("ERROR a"))
    assert counted.errors == {"problem_errors": 1}


def test_a_damaged_book_is_moved_aside_and_a_newer_one_refused(tmp_path: Path) -> None:
    file = tmp_path / "problems.sqlite"
    file.write_bytes(b"no database at all" * 1000)
    counted = Counted(file)
    counted.watch.batch(errors("ERROR a"))
    assert counted.counts() == {"ERROR a": 1}
    assert list(tmp_path.glob("problems.damaged-*"))
    counted.book.connection.execute("PRAGMA user_version = 99")
    counted.book.connection.close()
    with pytest.raises(BookUnusable, match="another version"):
        open_book(file)


def test_text_of_any_kind_can_be_counted(counted: Counted) -> None:
    who = ContainerContext("tcp:a-program-\udcff", "na\udcffme")
    counted.watch.batch(errors("ERROR \x00 \ufffd \u2028", "ERROR " + "x" * 100_000, who=who))
    assert len(counted.problems()) == 2
