"""Who follows a log gets every message whole, once and in order, from either store, however often he is cut off."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from log_store.document import Absorbed, DocumentBatch
from log_store.protocols import LogReader, LogWriter
from log_store.query import LogQuery
from log_store.seal import Seal
from runtime_api.following.feed import Feed
from runtime_api.following.feeds import Feeds
from runtime_api.following.follower import Client, End, Follower
from runtime_api.following.order import Event
from runtime_api.following.position import Mark, Position, parse_position, position_text
from runtime_api.following.source import Source
from tests.contract.stores import Store, write
from tests.documents import NOON, SECOND, Documents, container, messages_of

A = container("a")
SEALED = Seal(A.container_id, NOON, state="sealed", finished_at=NOON + SECOND, lines=1)
BOUND = 60.0  # seconds for anything to come


@dataclass
class Follow:
    """One who follows: cut off after each so many events, he comes back with the last position that he got."""

    reader: LogReader
    query: LogQuery = LogQuery(A.container_id)
    cut_after: Callable[[], int] = lambda: 10**9
    feeds: Callable[[], Feeds] | None = None
    events: list[Event] = field(default_factory=list)
    end: End | None = None
    cuts: int = 0
    _thread: threading.Thread | None = None
    _problem: BaseException | None = None

    def start(self) -> "Follow":
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def until(self, count: int) -> "Follow":
        deadline = time.monotonic() + BOUND
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.events) >= count, [event.line["log_message"] for event in self.events[-20:]]
        return self

    def until_message(self, text: str) -> None:
        deadline = time.monotonic() + BOUND
        while text not in self.messages:
            assert time.monotonic() < deadline, self.messages[-20:]
            time.sleep(0.02)

    def join(self) -> "Follow":
        assert self._thread is not None
        self._thread.join(BOUND)
        assert not self._thread.is_alive()
        if self._problem is not None:
            raise self._problem
        return self

    @property
    def messages(self) -> list[str]:
        return [event.line["log_message"] for event in self.events]

    def whole(self) -> list[str]:
        """What a client has that keeps messages by their ids."""
        kept: dict[str, Event] = {}
        for event in self.events:
            for name in event.gone:
                del kept[name]
            if event.grown is None:
                assert event.line["id"] not in kept, event
            kept[event.line["id"]] = event
        return [event.line["log_message"] for event in sorted(kept.values(), key=lambda event: event.place)]

    def _run(self) -> None:
        try:
            feeds = Feeds(self.reader, lambda _: 0)
            text = ""
            while self.end is None:
                position = parse_position(text, A.container_id) if text else None
                if self.feeds is not None:
                    feeds = self.feeds()
                with feeds.joined(A.container_id) as feed:
                    text = self._follow(feed, position) or text
        except BaseException as error:
            self._problem = error

    def _follow(self, feed: Feed, position: Position | None) -> str:
        left, text = self.cut_after(), ""
        source = Source(self.reader, A.container_id)
        for sent in Follower(source, feed, self.query, position, Client()).sent():
            if isinstance(sent, End):
                self.end = sent
                return sent.position
            for event in sent if isinstance(sent, list) else ():
                self.events.append(event)
                text, left = event.position, left - 1
                if left == 0:
                    self.cuts += 1
                    return text
        raise AssertionError("it ended without its seal")


class Shipper:
    """Writes as the shipper does: seq counts up, and a batch is stored before the next."""

    def __init__(self, store: Store) -> None:
        self.writer: LogWriter = store.writer()
        self.seq = 0
        self.documents = Documents(A)

    def write(self, *, repaired: bool = False) -> None:
        batch, self.documents.batch = self.documents.batch, DocumentBatch(self.documents.shipper)
        batch.seq = list(range(self.seq, self.seq + len(batch)))
        if repaired:
            batch.repaired = set(range(len(batch)))
        self.seq += len(batch)
        assert not self.writer.write(batch).rejections
        self.writer.refresh()

    def say(self, time: int, text: str, stream: str = "stdout", **more: Any) -> None:
        self.documents.add(time, text, stream, **more)
        self.write()

    def seal(self, seal: Seal = SEALED) -> None:
        self.writer.refresh()
        self.writer.write_seals([seal])
        self.writer.refresh()


def test_from_before_the_first_line_to_the_seal(store: Store) -> None:
    shipper, follow = Shipper(store), Follow(store.reader()).start()
    shipper.say(NOON, "one")
    follow.until(1)
    shipper.seal(Seal(A.container_id, NOON))
    shipper.say(NOON + 1, "two", "stderr")
    follow.until(2)
    shipper.say(NOON + 2, "three")
    shipper.seal()
    follow.join()
    assert follow.messages == ["one", "two", "three"]
    assert follow.end is not None and follow.end.seal["state"] == "sealed"
    assert not any(event.late or event.grown is not None for event in follow.events)
    assert parse_position(follow.end.position, A.container_id).ended


def test_a_log_that_has_ended(store: Store) -> None:
    shipper = Shipper(store)
    shipper.seal()
    assert Follow(store.reader()).start().join().messages == []
    for number in range(7):
        shipper.say(
            NOON + number, f"{number}", "stderr" if number % 2 else "stdout", log_type="error" if number % 3 else "info"
        )
    all_of_it = [f"{number}" for number in range(7)]
    for query, expected in (
        (LogQuery(A.container_id), all_of_it),
        (LogQuery(A.container_id, size=2, newest=True), all_of_it[5:]),
        (LogQuery(A.container_id, size=0, newest=True), []),
        (LogQuery(A.container_id, start=NOON + 3), all_of_it[3:]),
        (LogQuery(A.container_id, streams=("stderr",)), ["1", "3", "5"]),
        (LogQuery(A.container_id, log_types=("info",), size=2, newest=True), ["3", "6"]),
    ):
        assert Follow(store.reader(), query).start().join().messages == expected


def test_filters_hold_for_what_comes_too(store: Store) -> None:
    shipper = Shipper(store)
    shipper.say(NOON, "a", log_type="error")
    query = LogQuery(A.container_id, start=NOON - 5, streams=("stdout",), log_types=("error",))
    follow = Follow(store.reader(), query).start().until(1)
    shipper.say(NOON + 1, "b", "stderr", log_type="error")
    shipper.say(NOON + 2, "c", log_type="info")
    shipper.say(NOON - 6, "early", log_type="error")
    shipper.say(NOON + 3, "d", log_type="error")
    shipper.seal()
    assert follow.join().messages == ["a", "d"]


@pytest.mark.parametrize("seed", range(3))
def test_cut_at_random_and_resumed(store: Store, seed: int) -> None:
    """Two streams, of which lines come in the wrong order now and then; cuts at any event; each time with or without
    the feed that there was."""
    chance = random.Random(seed)
    shipper = Shipper(store)
    shared = [Feeds(store.reader(), lambda _: 0)]

    def feeds() -> Feeds:
        if chance.random() < 0.3:
            shared[0] = Feeds(store.reader(), lambda _: 0)
        return shared[0]

    before = chance.randrange(40)
    for number in range(before):
        shipper.documents.add(NOON + number * 1000, f"{number}", chance.choice(("stdout", "stderr")))
    if before:
        shipper.write()
    followers = [
        Follow(store.reader(), cut_after=lambda: chance.randrange(1, 25), feeds=feeds).start(),
        Follow(store.reader(), cut_after=lambda: chance.randrange(1, 4)).start(),
        Follow(store.reader()).start(),
    ]
    number = before
    while number < 400:
        count = chance.randrange(1, 30)
        lines = [(NOON + n * 1000, f"{n}", chance.choice(("stdout", "stderr"))) for n in range(number, number + count)]
        number += count
        for stream in chance.sample(("stdout", "stderr"), 2):
            for time_, text, of in lines:
                if of == stream:
                    shipper.documents.add(time_, text, of)
        shipper.write()
        if chance.random() < 0.5:
            time.sleep(chance.random() * 0.2)
    shipper.seal()
    expected = messages_of(store.reader(), LogQuery(A.container_id))
    assert expected == [f"{n}" for n in range(number)]
    for follow in followers:
        follow.join()
        assert follow.whole() == expected and len(follow.events) == len(expected)
        in_order = [event.place for event in follow.events if not event.late]
        assert in_order == sorted(in_order)
    assert followers[0].cuts > 5 and followers[1].cuts > 50


def test_a_message_that_grows_says_how_much_of_it_was_there(store: Store) -> None:
    shipper, follow = Shipper(store), Follow(store.reader()).start()
    text = "Traceback"
    shipper.say(NOON, text)
    for version in range(2, 5):
        text += f"\n  File {version}"
        shipper.say(NOON, text, first="Traceback", version=version, lines=version, place=(NOON, 0))
        follow.until_message(text)
    shipper.say(NOON, "another text", first="Traceback", version=9, lines=3, place=(NOON, 0))
    follow.until_message("another text")
    shipper.seal()
    assert follow.join().whole() == ["another text"]
    assert follow.events[0].grown is None and not any(event.late for event in follow.events)
    for before, event in zip(follow.events, follow.events[1:-1], strict=False):
        was = before.line["log_message"]
        assert event.grown == len(was) and event.line["log_message"].startswith(was)
    assert follow.events[-1].grown == 0


def test_what_can_be_read_only_after_later_ones_is_not_lost(store: Store) -> None:
    shipper, follow = Shipper(store), Follow(store.reader()).start()
    shipper.seq = 100
    shipper.say(NOON, "a")
    shipper.say(NOON + 9, "c")
    follow.until(2)
    shipper.seq = 60  # the store shows it later than those that came after it
    shipper.say(NOON + 5, "b", place=(NOON + 5, 0))
    follow.until(3)
    assert follow.events[2].late and follow.events[2].missed
    shipper.seq = 80
    shipper.documents.add(NOON + 6, "at the end", place=(NOON + 6, 0))
    shipper.write()
    shipper.seal()
    assert follow.join().whole() == ["a", "b", "at the end", "c"]


def test_what_an_audit_puts_back_is_late_and_never_lost(store: Store) -> None:
    shipper = Shipper(store)
    follow = Follow(store.reader()).start()
    for number in (0, 1, 3, 4):
        shipper.say(NOON + number * SECOND, f"{number}")
    follow.until(4)
    for number in range(5):
        shipper.documents.add(NOON + number * SECOND, f"{number}", version=18, place=(NOON + number * SECOND, 0))
    shipper.write(repaired=True)
    follow.until(5)
    assert follow.messages[4] == "2" and follow.events[4].late
    shipper.say(NOON + 5 * SECOND, "5")
    shipper.seal()
    assert follow.join().whole() == [f"{number}" for number in range(6)] and len(follow.events) == 6


def test_messages_that_another_takes_in_are_gone(store: Store) -> None:
    shipper = Shipper(store)
    follow = Follow(store.reader()).start()
    shipper.say(NOON + 1, "  at a.b")
    shipper.say(NOON + 2, "  at c.d")
    shipper.say(NOON + 3, "next")
    follow.until(3)
    torn = Documents(A).add(NOON + 1, "  at a.b").add(NOON + 2, "  at c.d").batch
    shipper.documents.add(NOON, "Error\n  at a.b\n  at c.d", first="Error", version=18, lines=3, place=(NOON, 0))
    batch = shipper.documents.batch
    batch.absorbed = [Absorbed(A, "stdout", torn.id[n], torn.day[n], torn.log_time[n], 18) for n in range(2)]
    shipper.write(repaired=True)
    follow.until(4)
    assert follow.events[3].late and set(follow.events[3].gone) == set(torn.id)
    shipper.seal()
    assert follow.join().whole() == ["Error\n  at a.b\n  at c.d", "next"]


@pytest.mark.parametrize("sent", [True, False], ids=["after its first line was sent", "while all is held"])
def test_messages_that_another_takes_in_before_they_are_sent_are_not_sent(store: Store, sent: bool) -> None:
    """The last line of a message that has paused: shown as one of its own, and part of another a moment later."""
    shipper = Shipper(store)
    shipper.say(NOON, "begun")
    follow = Follow(store.reader()).start().until(1)
    shipper.say(NOON + 1, "Error")
    if sent:
        follow.until(2)
    shipper.say(NOON + 2, "one")
    shipper.say(NOON + 3, "two")
    parts = Documents(A).add(NOON + 2, "one").add(NOON + 3, "two").batch
    shipper.documents.add(
        NOON + 1, "Error\none\ntwo\n  at a.b", first="Error", version=65, lines=4, place=(NOON + 1, 0)
    )
    shipper.documents.batch.absorbed = [
        Absorbed(A, "stdout", parts.id[n], parts.day[n], parts.log_time[n], 18) for n in range(2)
    ]
    shipper.write()
    shipper.say(NOON + 4, "next")
    shipper.seal()
    assert follow.join().whole() == ["begun", "Error\none\ntwo\n  at a.b", "next"]


def test_who_comes_back_when_its_message_has_grown_or_was_put_back(store: Store) -> None:
    shipper = Shipper(store)
    shipper.say(NOON + SECOND, "begun")
    shipper.say(NOON + SECOND, "other", "stderr")
    first = Follow(store.reader(), cut_after=lambda: 2)
    with Feeds(first.reader, lambda _: 0).joined(A.container_id) as feed:
        text = first._follow(feed, None)
    shipper.say(NOON + SECOND, "begun and done", first="begun", version=2, place=(NOON + SECOND, 0))
    shipper.say(NOON, "put back", version=18, place=(NOON, 0))
    shipper.say(NOON + 2 * SECOND, "next")
    shipper.seal()
    second = Follow(store.reader())
    with Feeds(second.reader, lambda _: 0).joined(A.container_id) as feed:
        second._follow(feed, parse_position(text, A.container_id))
    assert second.messages == ["begun and done", "put back", "next"]
    assert [event.late for event in second.events] == [True, True, False]


def test_a_container_that_is_started_again_goes_on(store: Store) -> None:
    shipper, runs = Shipper(store), [NOON]
    reader = store.reader()
    follow = Follow(reader, feeds=lambda: Feeds(reader, lambda _: runs[-1])).start()
    shipper.say(NOON + 1, "one")
    runs.append(NOON + 5 * SECOND)
    shipper.seal()
    follow.until(1)
    shipper.say(NOON + 6 * SECOND, "two")
    follow.until(2)
    assert follow.end is None
    shipper.seal(Seal(A.container_id, runs[-1], state="gaps", finished_at=NOON + 9 * SECOND))
    follow.join()
    assert follow.end is not None and follow.end.seal["state"] == "gaps" and follow.end.seal["runs"] == 2


def test_what_another_program_sends_has_no_end(store: Store) -> None:
    shipper = Shipper(store)
    shipper.seal(Seal(A.container_id, 0, state="unverified", reason="no copy"))
    shipper.say(NOON, "one")
    follow = Follow(store.reader()).start().until(1)
    time.sleep(1.5)
    shipper.say(NOON + 1, "two")
    follow.until(2)
    shipper.seal()  # it is no container; but the test must end
    assert follow.join().messages == ["one", "two"]


def test_positions_are_texts_for_a_url() -> None:
    for shipper in ("host-1a2b", "~.%/ ünïcode\ud800", ""):
        for place in (None, (NOON, "stdout", 0, "ab.3"), (-1, "other stream", 2**62, "an id / of somebody")):
            position = Position({shipper: Mark(-1, 2**60), "b": Mark(5, 6)}, place, place is None)
            text = position_text("tcp:x y z", position)
            assert all(character.isalnum() or character in "-._~" for character in text)
            assert parse_position(text, "tcp:x y z") == position
            with pytest.raises(ValueError, match="another container"):
                parse_position(text, A.container_id)
    for wrong in (
        "",
        "p1",
        "p1.a.1",
        "p1.a.x",
        "p9.a.0",
        "p1.aaaaaaaaaaaa.1.s~g~0",
        "ü",
        "p1.a.0." + "a" * 3000,
        "p1.aaaaaaaaaaaa.-1",
    ):
        with pytest.raises(ValueError, match="unchanged"):
            parse_position(wrong, A.container_id)


def test_more_than_a_page_is_there_before_and_comes_meanwhile(store: Store) -> None:
    shipper = Shipper(store)
    for number in range(7_000):
        shipper.documents.add(NOON + number * 1000, f"{number}", "stderr" if number % 3 else "stdout")
    shipper.write()
    follow = Follow(store.reader()).start().until(1)
    for number in range(7_000, 16_000):
        shipper.documents.add(NOON + number * 1000, f"{number}", "stderr" if number % 3 else "stdout")
        if number % 3000 == 2999:
            shipper.write()
    shipper.write() if len(shipper.documents.batch) else None
    shipper.seal()
    assert follow.join().messages == [f"{number}" for number in range(16_000)]
    write(store)
