"""Retention on a real SQLite store: what goes, what stays, what is stated, and that nothing comes back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from log_shipper.errors import EngineUnavailable, RemovalsDamaged
from log_shipper.losses import Claim, Losses
from log_shipper.retention.plan import AGE, SIZE, TERM, Planner, Policy, doomed, verified
from log_shipper.retention.removed import MOST, REMEMBERED, Order, Removal, Removed
from log_shipper.retention.service import Retention
from log_shipper.retention.writer import RetainingWriter
from log_shipper.rules import RuleBook
from log_store.document import DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.fields import OTHER_DAY
from log_store.open import open_reader, open_remover, open_writer
from log_store.query import LogQuery
from log_store.removal import Holding, Partition
from log_store.rfc3339 import DAY
from log_store.seal import Gap, Seal
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, messages_of
from tests.unit.test_command_line import wholelog
from wholelog_base.log_settings import LogSettings
from wholelog_base.removal_requests import RemovalRequest, RemovalRequests

A, B = container("a"), container("b")
ENDED = Seal(
    A.container_id, NOON, "a", state="sealed", lines=4, verified_until=NOON + 9, finished_at=NOON + 9, version=5
)
OPEN = Seal(B.container_id, NOON, "b", state="open", version=3)
BY_AGE = Policy(keep_for=DAY)
TODAY, TOMORROW = "2026.11.24", "2026.11.25"
LATER = MIDNIGHT + DAY + 1


class Scene:
    """A store with two days of two containers, of which `a` has ended and `b` runs on; and retention that has it."""

    def __init__(self, folder: Path, policy: Policy = BY_AGE) -> None:
        self.folder, self.url, self.counted = folder, f"sqlite://{folder}/logs", dict[str, int]()
        self.store, self.reader, self.remover = open_writer(self.url), open_reader(self.url), open_remover(self.url)
        self.compared, self.forgotten = list[str](), list[str]()
        self.now, self.known, self.terms = LATER, {B.container_id}, dict[str, int]()
        self.compare: Callable[[str], None] = self.compared.append
        self.requests = RemovalRequests(folder)
        self.first = Documents(A).add(NOON, "a1", lines=3).add(NOON + 9, "a2").batch
        self.start(policy)

    def start(self, policy: Policy) -> None:
        self.removed = Removed(self.folder / "removed.json")
        self.writer = RetainingWriter(self.store, self.removed)
        planner = Planner(self.remover, self.reader, policy, lambda: self.terms)
        self.retention = Retention(
            planner, self.removed, self.writer, self.requests, 600, lambda name: self.compare(name),
            lambda: self.known, self.forgotten.append, self.count, lambda: self.now,
        )  # fmt: skip

    def fill(self, *seals: Seal) -> None:
        self.store.write(self.first)
        self.store.write(Documents(B).add(NOON + 5, "b1").add(MIDNIGHT + 5, "b2").batch)
        self.store.write_seals(seals or (ENDED, OPEN))

    def count(self, name: str, by: int) -> None:
        self.counted[name] = self.counted.get(name, 0) + by

    def texts(self, letter: str) -> list[str]:
        return messages_of(self.reader, LogQuery(letter * 64))

    def days(self) -> list[str]:
        return [one.name for one in self.remover.partitions()]

    def seal(self, letter: str) -> Seal:
        (seal,) = self.reader.seals(letter * 64)
        return seal

    def close(self) -> None:
        for one in (self.store, self.reader, self.remover):
            one.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def test_days_that_are_too_old_and_then_the_oldest_until_the_rest_fits() -> None:
    days = [Partition(f"day {n}", n * DAY, (n + 1) * DAY - 1, 10) for n in range(5)]
    other = Partition(OTHER_DAY, None, None, 10)
    now = 4 * DAY + 5
    assert doomed([*days, other], Policy(), now) == []
    assert doomed(days, Policy(keep_for=2 * DAY), now) == [(days[0], AGE), (days[1], AGE)]
    assert doomed([*days, other], Policy(limit=60), now) == []
    assert doomed([*days, other], Policy(limit=41), now) == [(days[0], SIZE), (days[1], SIZE)]
    assert doomed([*days, other], Policy(keep_for=3 * DAY, limit=41), now) == [(days[0], AGE), (days[1], SIZE)]
    assert [day for day, _ in doomed([*days, other], Policy(limit=1), now)] == days[:4]  # never the one that goes on


@pytest.mark.parametrize(
    ("seals", "whole"),
    [
        ([], False),
        ([replace(ENDED, state="open", verified_until=None)], False),
        ([replace(ENDED, state="open", verified_until=NOON + 8)], False),
        ([replace(ENDED, state="open", verified_until=NOON + 9)], True),
        ([ENDED], True),
        ([replace(ENDED, state="gaps", gaps=(Gap(NOON, NOON, 1, "lost"),))], True),
        ([replace(ENDED, state="unverified", verified_until=None, finished_at=None)], True),
        ([replace(ENDED, verified_until=NOON + 1, finished_at=NOON + 1)], False),  # a run that is not stated yet
        ([ENDED, replace(OPEN, started_at=NOON + 10)], True),
        ([ENDED, replace(OPEN, started_at=NOON + 4)], False),
    ],
)
def test_what_is_verified(seals: list[Seal], whole: bool) -> None:
    assert verified(Holding(A.container_id, 2, 4, NOON, NOON + 9), seals) is whole


def test_a_day_that_is_verified_goes_whole_and_the_seals_say_so(scene: Scene) -> None:
    scene.fill(ENDED, replace(OPEN, verified_until=MIDNIGHT))
    scene.retention.look()
    assert scene.days() == [TOMORROW]
    assert (scene.texts("a"), scene.texts("b")) == ([], ["b2"])
    assert scene.seal("a") == replace(ENDED, state="gaps", gaps=(Gap(NOON, NOON + 9, 4, AGE),))
    assert scene.seal("b") == replace(OPEN, verified_until=MIDNIGHT, gaps=(Gap(NOON + 5, NOON + 5, 1, AGE),))
    assert scene.counted == {"days_dropped": 1, "lines_removed": 5}
    scene.retention.look()
    assert scene.counted["lines_removed"] == 5 and scene.compared == []


def test_a_container_that_is_not_verified_keeps_its_own_lines_alone_and_is_compared(scene: Scene) -> None:
    scene.fill()
    scene.retention.look()
    assert scene.days() == [TODAY, TOMORROW]
    assert (scene.texts("a"), scene.texts("b")) == ([], ["b1", "b2"])
    assert scene.seal("b") == OPEN and scene.seal("a").gaps == (Gap(NOON, NOON + 9, 4, AGE),)
    assert scene.compared == [B.container_id]
    scene.store.write_seals([replace(OPEN, verified_until=MIDNIGHT + 6, version=9)])
    scene.retention.look()
    assert scene.days() == [TOMORROW] and scene.texts("b") == ["b2"]


def test_an_engine_that_is_away_ends_no_round(scene: Scene) -> None:
    def away(name: str) -> None:
        raise EngineUnavailable("no engine")

    scene.fill()
    scene.compare = away
    scene.retention.look()
    assert scene.texts("a") == []


def test_what_is_not_verified_goes_where_that_was_asked_for(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Policy(keep_for=DAY, unverified=True))
    scene.fill()
    scene.retention.look()
    assert scene.days() == [TOMORROW] and scene.seal("b").gaps == (Gap(NOON + 5, NOON + 5, 1, AGE),)
    scene.close()


def test_above_the_limit_the_oldest_day_goes(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Policy(limit=1))
    scene.now = MIDNIGHT + 9
    scene.fill(ENDED, replace(OPEN, verified_until=MIDNIGHT))
    scene.retention.look()
    assert scene.days() == [TOMORROW] and scene.seal("a").gaps[0].why == SIZE
    scene.close()


def test_what_has_no_day_of_its_own_goes_by_its_time(scene: Scene) -> None:
    documents = Documents(A).add(7, "long ago", day=OTHER_DAY).add(NOON * 2, "a clock gone wrong", day=OTHER_DAY)
    scene.store.write(documents.batch)
    scene.store.write_seals([replace(ENDED, started_at=0, verified_until=NOON * 3)])
    scene.retention.look()
    assert scene.texts("a") == ["a clock gone wrong"]


def test_nothing_comes_back(scene: Scene) -> None:
    """A replay of the spool and an audit's repair write it again; later versions of the seal keep the gap."""
    scene.fill(ENDED, replace(OPEN, verified_until=MIDNIGHT))
    scene.retention.look()
    grown = Documents(A).add(NOON, "a1 grown", first="a1", version=2).add(MIDNIGHT + 7, "new").batch
    assert scene.writer.write(scene.first).present == 2
    result = scene.writer.write(grown)
    assert (result.stored, result.present, result.rejections) == (1, 1, [])
    assert scene.texts("a") == ["new"] and scene.days() == [TOMORROW]
    scene.writer.write_seals([replace(ENDED, version=77, lines=5)])
    assert scene.seal("a").version == 77 and scene.seal("a").gaps == (Gap(NOON, NOON + 9, 4, AGE),)


def test_rejected_rows_are_named_by_their_place_in_the_whole_batch(scene: Scene) -> None:
    scene.fill(ENDED, replace(OPEN, verified_until=MIDNIGHT))
    scene.retention.look()
    batch = Documents(A).add(NOON, "gone").add(MIDNIGHT + 1, "half \ud800").add(MIDNIGHT + 2, "good").batch
    result = scene.writer.write(batch)
    assert [one.row for one in result.rejections] == [1] and (result.stored, result.present) == (1, 1)


def test_a_seal_of_a_later_run_is_borne_out_though_lines_of_the_first_have_gone(scene: Scene) -> None:
    scene.fill(ENDED, replace(OPEN, verified_until=MIDNIGHT))
    scene.retention.look()
    losses = Losses(lambda name: scene.reader.count_lines(name) + scene.removed.lines(name), scene.count)
    second = Seal(B.container_id, MIDNIGHT, state="sealed", lines=1, version=9)
    assert losses.checked(Claim(second, expected=2, last_word=False)) == second
    assert losses.short() == []


@pytest.mark.parametrize("step", ["write_seals", "drop", "remove"])
def test_what_was_broken_off_is_finished_and_counted_once(scene: Scene, step: str) -> None:
    scene.fill(ENDED, OPEN if step == "remove" else replace(OPEN, verified_until=MIDNIGHT))
    whole = getattr(scene.store if step == "write_seals" else scene.remover, step)

    def broken(*arguments: object) -> None:
        raise StoreUnavailable("away")

    target = scene.store if step == "write_seals" else scene.remover
    setattr(target, step, broken)
    with pytest.raises(StoreUnavailable):
        scene.retention.look()
    assert scene.texts("a") == ["a1", "a2"]
    setattr(target, step, whole)
    scene.start(Policy(keep_for=DAY))
    scene.retention.look()
    assert scene.texts("a") == [] and scene.removed.lines(A.container_id) in (0, 4)
    assert scene.seal("a").gaps == (Gap(NOON, NOON + 9, 4, AGE),)


def test_lines_that_come_while_a_day_goes_are_stated_too(scene: Scene) -> None:
    scene.fill(ENDED, replace(OPEN, verified_until=MIDNIGHT))
    late = Documents(B).add(NOON + 50, "late", "stderr").batch
    write_seals = scene.store.write_seals

    def and_more(seals: list[Seal]) -> None:
        if not late.lines[0] == 0:
            scene.store.write(late)
            late.lines[0] = 0
        write_seals(seals)

    scene.store.write_seals = and_more  # type: ignore[method-assign, assignment]
    scene.retention.look()
    assert scene.days() == [TOMORROW]
    assert scene.seal("b").gaps == (Gap(NOON + 5, NOON + 50, 2, AGE),)


def test_a_containers_own_term(scene: Scene, tmp_path: Path) -> None:
    scene.fill(ENDED, replace(OPEN, verified_until=MIDNIGHT * 2))
    scene.terms = {A.container_id: 3600 * SECOND, B.container_id: DAY + 20}
    scene.now = NOON + 3600 * SECOND + 5
    scene.start(Policy())
    scene.retention.look()
    assert (scene.texts("a"), scene.texts("b")) == (["a2"], ["b1", "b2"])
    scene.now = MIDNIGHT + DAY
    scene.retention.look()
    assert (scene.texts("a"), scene.texts("b")) == ([], ["b2"])
    assert scene.seal("a").gaps == (Gap(NOON, NOON + 9, 4, TERM),)


def test_a_term_comes_from_the_label(tmp_path: Path) -> None:
    settings = LogSettings(keep_for="12h")
    from log_shipper.config import ShipperSettings

    book = RuleBook(ShipperSettings())
    assert book.keep_for(replace(A, log=settings.label())) == 12 * 3600 and book.keep_for(A) == 0
    assert book.keep_for(replace(A, log='{"keep_for":"soon"}')) == 0


def test_a_request_is_done_at_once_and_only_for_its_container(scene: Scene) -> None:
    scene.fill(ENDED, replace(ENDED, started_at=NOON + 20, verified_until=None, finished_at=None, state="unverified"))
    scene.requests.put(RemovalRequest(A.container_id, "an administrator", NOON + DAY))
    assert scene.requests.waits(A.container_id)
    scene.retention.answer_requests()
    assert not scene.requests.waits(A.container_id) and scene.forgotten == [A.container_id]
    assert (scene.texts("a"), scene.texts("b")) == ([], ["b1", "b2"])
    first, _ = scene.reader.seals(A.container_id)
    assert first.gaps == (Gap(NOON, NOON + 9, 4, "removed by an administrator at 2026-11-25T12:00:00.000000000Z"),)
    assert scene.writer.write(scene.first).present == 2
    assert scene.writer.write(Documents(A).add(NOON + DAY + 1, "a new run").batch).stored == 1


def test_a_container_that_is_gone_is_forgotten_after_a_day_and_its_seal_is_not(tmp_path: Path) -> None:
    removed = Removed(tmp_path / "removed.json")
    removed.begin(Order(TODAY), {"c": Removal(1, 5, 9, 3, AGE, 100)}, {})
    removed.end({"c"}, 100 + 2 * REMEMBERED)
    assert Removed(tmp_path / "removed.json").lines("c") == 3
    removed.end((), 100 + REMEMBERED)
    assert removed.lines("c") == 3
    stated = removed.stated(Seal("c", 0, state="sealed", finished_at=6))
    removed.end((), 101 + REMEMBERED)
    assert removed.lines("c") == 0 and Removed(tmp_path / "removed.json").order is None
    removed.begin(Order(TOMORROW), {"c": Removal(20, 30, 39, 4, AGE, 100)}, {"c": [stated]})
    assert removed.stated(replace(stated, state="open")).gaps == (Gap(1, 30, 7, AGE),)


def test_reasons_are_bounded_and_a_damaged_note_is_said(tmp_path: Path) -> None:
    removed = Removed(tmp_path / "removed.json")
    for number in range(30):
        removed.begin(Order(TODAY, "c"), {"c": Removal(number, number, number, 1, f"removed by {number}")}, {})
    assert removed.lines("c") == 30 and len(removed.stated(Seal("c", 0, state="sealed")).gaps) == MOST
    for text in (b"", b"[]", orjson.dumps({"format": 2}), b'{"format":1,"order":null,"known":{"c":[[1]]}}'):
        (tmp_path / "removed.json").write_bytes(text)
        with pytest.raises(RemovalsDamaged, match="removed.json"):
            Removed(tmp_path / "removed.json")


def test_an_empty_batch_passes(scene: Scene) -> None:
    assert scene.writer.write(DocumentBatch("s")).stored == 0


def test_a_dry_run_says_what_would_go_and_changes_nothing(scene: Scene) -> None:
    day = Documents(A).add(DAY, "1970", day="1970.01.02").batch
    scene.store.write(day)
    scene.store.write(Documents(B).add(DAY, "1970", day="1970.01.02").batch)
    scene.store.write_seals([replace(ENDED, started_at=0), replace(OPEN, started_at=0)])
    told = wholelog("retention", "--dry-run", "--data", str(scene.folder), "--logs-for", "7d")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        f"1970.01.02: in part, 1 lines of 1 containers: {AGE}", f"    stays, since it is not verified yet: {'b' * 12}",
    ]  # fmt: skip
    assert "nothing is to go" in wholelog("retention", "--data", str(scene.folder)).stdout
    assert scene.texts("a") == ["1970"]
    told = wholelog("retention", "--data", str(scene.folder), "--logs-for", "7d", "--logs-unverified")
    assert told.stdout.startswith("1970.01.02: whole, 0.1 MiB, 2 lines of 2 containers: removed by retention")
