"""Batches on their way to a store that holds them back."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from log_shipper.delivery.dead_letters import DeadLetters
from log_shipper.delivery.delivery import MOST_WAITING, Delivery
from log_store.document import ContainerContext, DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.protocols import WriteResult
from tests.api_server import eventually
from tests.documents import NOON, Documents, container
from tests.fakes import MemoryStore

CONTEXTS = [container(letter) for letter in "abcdef"]


class HeldStore(MemoryStore):
    """A write of a container in `held` waits until it is taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[str] = set()
        self.written: list[str] = []
        self._changed = threading.Condition()

    def write(self, batch: DocumentBatch) -> WriteResult:
        with self._changed:
            names = {context.container_id for context in batch.container}
            assert self._changed.wait_for(lambda: not names & self.held, 30)
        result = super().write(batch)
        self.written += batch.message
        return result

    def free(self, name: str) -> None:
        with self._changed:
            self.held.discard(name)
            self._changed.notify_all()


@pytest.fixture
def store() -> HeldStore:
    return HeldStore()


@pytest.fixture
def delivery(store: HeldStore, tmp_path: Path) -> Iterator[Delivery]:
    one = Delivery(
        store, DeadLetters(tmp_path / "dead"), connections=2, beat=lambda: None, count=lambda *_: None,
        refused=lambda *_: None,
    )  # fmt: skip
    yield one
    for context in CONTEXTS:
        store.free(context.container_id)
    one.stop()


def batch(*rows: tuple[ContainerContext, str]) -> DocumentBatch:
    made = DocumentBatch("shipper-1")
    for number, (context, text) in enumerate(rows):
        made.extend(Documents(context).add(NOON + number, text).batch)
    return made


def test_a_container_is_written_in_order_and_another_lane_does_not_wait(delivery: Delivery, store: HeldStore) -> None:
    first = CONTEXTS[0]
    store.held.add(first.container_id)
    delivery.submit(batch(*[(context, context.container_id[0]) for context in CONTEXTS]))
    delivery.submit(batch((first, "second")))
    others = {"b", "c", "d", "e", "f"}
    assert eventually(lambda: bool(others & set(store.written)))
    assert "second" not in store.written and "a" not in store.written
    store.free(first.container_id)
    delivery.drain()
    assert store.written.index("a") < store.written.index("second") and others < set(store.written)


def test_rows_of_several_containers_go_by_their_lanes(delivery: Delivery, store: HeldStore) -> None:
    rows = [(context, f"{context.container_id[0]}{number}") for number in range(3) for context in CONTEXTS]
    delivery.submit(batch(*rows))
    delivery.submit(batch(*[(context, context.container_id[0] + "x") for context in CONTEXTS]))
    delivery.drain()
    assert sorted(store.written) == sorted([text for _, text in rows] + [c.container_id[0] + "x" for c in CONTEXTS])
    for context in CONTEXTS:
        letter = context.container_id[0]
        assert [text for text in store.written if text[0] == letter] == [
            f"{letter}0",
            f"{letter}1",
            f"{letter}2",
            f"{letter}x",
        ]


def test_what_goes_after_all_waits_in_its_lane_and_holds_up_nobody(delivery: Delivery, store: HeldStore) -> None:
    first, done = CONTEXTS[0], list[str]()
    store.held.add(first.container_id)
    delivery.submit(batch(*[(context, context.container_id[0]) for context in CONTEXTS]))
    mark = delivery.call_after(lambda: done.extend(store.written))
    assert not delivery.passed(mark)
    delivery.submit(batch((CONTEXTS[1], "later")))  # and this returns
    store.free(first.container_id)
    delivery.drain()
    assert delivery.passed(mark) and set("abcdef") <= set(done) and "later" in store.written


def test_so_much_may_wait_and_no_more(delivery: Delivery, store: HeldStore) -> None:
    first, beats = CONTEXTS[0], threading.Event()
    store.held.add(first.container_id)
    delivery._beat = beats.set
    for number in range(8):
        delivery.submit(batch((first, f"{number}" * (MOST_WAITING // 8 - 1000))))
    assert not beats.is_set()  # none of these waited
    waits = threading.Thread(target=delivery.submit, args=(batch((first, "x" * (MOST_WAITING // 8))),))
    waits.start()
    assert eventually(beats.is_set) and waits.is_alive()
    store.free(first.container_id)
    waits.join(30)
    delivery.drain()
    assert [text[0] for text in store.written] == [*"01234567x"]


def test_a_store_that_is_away_does_not_change_the_order(delivery: Delivery, store: HeldStore) -> None:
    store.error = StoreUnavailable("away")
    delivery.submit(batch((CONTEXTS[0], "1")))
    delivery.submit(batch((CONTEXTS[0], "2")))
    assert eventually(lambda: delivery.trouble == "away")
    store.error = None
    delivery.drain()
    assert store.written == ["1", "2"]
