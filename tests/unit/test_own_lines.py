"""What the service itself says of a task: lines of the task's log that nobody else can write."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgpack
import pytest

from log_shipper.audit.entries import about_of
from log_shipper.config import ShipperSettings
from log_shipper.forward.connection import Connection, Sender
from log_shipper.forward.decoder import Limits
from log_shipper.forward.errors import Malformed
from log_shipper.forward.records import entries, messages, option_of
from log_shipper.pipeline import Pipeline
from log_shipper.rules import rules_of
from log_shipper.stages.masking import Mask
from log_store.document import ContainerContext, DocumentBatch
from runtime_api.containers.own_lines import TaskLines
from runtime_api.containers.tasks import Task
from tests.container_bench import wait_for
from wholelog_base.own_lines import OwnLine, OwnLines, own_lines_in, type_of, worded

CONTAINER = "ab" * 32
TIME = 1_795_478_400_123_456_789
OWN = OwnLines(
    "c1", CONTAINER, "wholelog-t1", "t1", "bash_cell", "anna",
    (OwnLine(TIME, worded("queued")), OwnLine(TIME + 1, worded("it\n failed", "error"))),
)  # fmt: skip


def pipeline(mask: Mask | None = None) -> Pipeline:
    rules = replace(rules_of(ShipperSettings(retention=1e9)), mask=mask)
    return Pipeline("test", lambda c, n: ContainerContext(c, n), lambda _: rules, max_message=8 << 20)


def told(pipe: Pipeline, own: OwnLines) -> DocumentBatch:
    batch = pipe.new_batch()
    (message,) = messages(own.message())
    found = own_lines_in(about_of(option_of(message)))
    assert found == own
    pipe.tell(batch, found, 0, TIME)
    return batch


def test_they_are_documents_of_a_stream_of_their_own_and_count_as_no_lines() -> None:
    pipe = pipeline()
    batch = told(pipe, OWN)
    assert batch.message == ["wholelog: queued", "wholelog: error: it failed"]
    assert (batch.stream, batch.log_type, batch.lines) == (["wholelog"] * 2, ["info", "error"], [0, 0])
    assert batch.container[0] == ContainerContext(CONTAINER, "wholelog-t1", "t1", "bash_cell", "anna")
    assert pipe.ledger.accounts == {} and pipe.known_containers() == {CONTAINER}
    pipe.forget(CONTAINER)
    assert pipe.known_containers() == set()


def test_what_is_sent_again_for_its_ack_was_lost_stands_once_also_after_a_restart() -> None:
    pipe, again = pipeline(), pipeline()
    told(pipe, OWN)
    again.restore(msgpack.unpackb(msgpack.packb(pipe.snapshot()), strict_map_key=False))
    assert len(told(pipe, OWN)) == len(told(again, OWN)) == 0
    assert len(told(again, replace(OWN, chunk="c2", lines=(OwnLine(TIME + 2, worded("more")),)))) == 1


def test_secrets_are_masked_in_them_too() -> None:
    own = replace(OWN, lines=(OwnLine(TIME, worded("input s3://key:hunter2-0815@in failed")),))
    assert told(pipeline(Mask(["hunter2-0815"])), own).message == ["wholelog: input s3://key:***@in failed"]


@pytest.mark.parametrize(("log_type", "right"), [("info", "info"), ("warning", "warning"), ("error", "error")])
def test_the_type_is_in_the_line(log_type: str, right: str) -> None:
    assert type_of(worded("said", log_type)) == right


@pytest.mark.parametrize("trusted", [True, False])
def test_nobody_but_our_own_user_may_write_them(trusted: bool) -> None:
    """Not another user, not a sender by TCP, not even dockerd: the connection is closed, and nothing of it is kept."""
    connection = Connection(1, Sender("somebody", trusted=trusted, ours=False), Limits())
    with pytest.raises(Malformed, match="somebody else"):
        connection.receive(OWN.message())
    ours = Connection(2, Sender("the API", trusted=True, ours=True), Limits())
    assert [one.repair for one in ours.receive(OWN.message())] == [True]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_record_that_names_the_stream_does_not_come_into_it(trusted: bool) -> None:
    record = {"container_id": CONTAINER, "source": "wholelog", "log": "wholelog: all is well"}
    batch, pipe = pipeline().new_batch(), pipeline()
    pipe.add(batch, [(0, entries(msgpack.packb(["tag", 1, record]), 1 << 20))], TIME, trusted=trusted)
    assert batch.stream == ["stdout"]
    assert batch.container[0].container_id == (CONTAINER if trusted else "tcp:tag")


class Acceptor:
    """Takes messages; `mute`: gives no ack."""

    def __init__(self, path: Path) -> None:
        self.taken: list[OwnLines] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            reader = msgpack.Unpacker(raw=True)
            while data := connection.recv(1 << 16):
                reader.feed(data)
                for message in reader:
                    own = own_lines_in(about_of(option_of(message)))
                    assert own is not None
                    self.taken.append(own)
                    connection.sendall(msgpack.packb({"ack": own.chunk}))

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


TASKS = {name: Task(name, f"wholelog-{name}", name, "bash_cell", "anna", "i", "d", 0) for name in ("a", "b")}


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[TaskLines]:
    one = TaskLines(tmp_path / "sock", TASKS.get, lambda: TIME)
    yield one
    one.close()


def test_what_is_said_while_the_shipper_is_away_is_sent_in_order_when_it_is_back(
    tmp_path: Path, lines: TaskLines
) -> None:
    """And at one time by the clock: no two have the same."""
    lines.start()
    for number in range(5):
        lines.say("a", f"line {number}")
    lines.say("b", "other", "warning")
    acceptor = Acceptor(tmp_path / "sock")
    wait_for(lambda: sum(len(own.lines) for own in acceptor.taken) == 6)
    said = [(own.container_id, own.uid, line.text) for own in acceptor.taken for line in own.lines]
    assert said == [
        *(("a", "anna", f"wholelog: line {number}") for number in range(5)),
        ("b", "anna", "wholelog: warning: other"),
    ]
    times = [line.time for own in acceptor.taken for line in own.lines]
    assert times == sorted(set(times)) and lines.lost == 0
    acceptor.close()


def test_what_cannot_be_sent_is_counted_and_keeps_nobody_waiting(tmp_path: Path, lines: TaskLines) -> None:
    for number in range(10_003):
        lines.say("a", str(number))
    assert lines.lost == 3
    lines.start()
    lines.close()
    assert lines.lost == 10_003


def test_of_a_container_that_nobody_knows_nothing_is_sent(tmp_path: Path, lines: TaskLines) -> None:
    acceptor = Acceptor(tmp_path / "sock")
    lines.start()
    lines.say("unknown", "x")
    lines.say("a", "y")
    wait_for(lambda: bool(acceptor.taken))
    assert [own.container_id for own in acceptor.taken] == ["a"] and lines.lost == 1
    acceptor.close()
