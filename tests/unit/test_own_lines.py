"""What the service itself says of a task: lines of the task's log that nobody else can write."""

import socket
import threading
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
from runtime_api.containers.line_outbox import LineOutbox, Said, put
from runtime_api.containers.lives import Lives
from runtime_api.containers.own_lines import TaskLines
from runtime_api.containers.tasks import Task, Tasks
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
    """Takes messages; `mute`: gives no ack, and hangs up."""

    def __init__(self, path: Path, *, mute: bool = False) -> None:
        self.taken: list[OwnLines] = []
        self._mute, self._path = mute, path
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
            with connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        reader = msgpack.Unpacker(raw=True)
        while data := connection.recv(1 << 16):
            reader.feed(data)
            for message in reader:
                own = own_lines_in(about_of(option_of(message)))
                assert own is not None
                self.taken.append(own)
                if self._mute:
                    return
                connection.sendall(msgpack.packb({"ack": own.chunk}))

    def texts(self) -> list[tuple[str, str]]:
        return [(own.container_id, line.text) for own in self.taken for line in own.lines]

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._path.unlink()


class Api:
    """The part of the API that says things; `again` is another start of it, after the one before was killed."""

    def __init__(self, folder: Path, most: int = 100) -> None:
        self.folder, self.most = folder, most
        self.tasks = Tasks(folder / "tasks.sqlite")
        self.tasks.file.now = lambda: TIME
        self.lives = Lives(self.tasks.file)
        self.lines = TaskLines(folder / "sock", self.tasks, most)

    def begin(self, *names: str) -> None:
        for name in names:
            task = Task(name, f"wholelog-{name}", name, "bash_cell", "anna", "i", "d", 0)
            self.tasks.created(task, "", said=lambda phase: [Said(f"begins {phase}")])

    def again(self) -> "Api":
        self.tasks.close()
        return Api(self.folder, self.most)

    def waiting(self) -> int:
        return LineOutbox(self.tasks.file, 1).count()

    def close(self) -> None:
        self.lines.close()
        self.tasks.close()


def test_what_is_said_while_the_shipper_is_away_is_sent_in_order_when_it_is_back(tmp_path: Path) -> None:
    """And at one time by the clock: no two have the same."""
    api = Api(tmp_path)
    api.lines.start()
    api.begin("a", "b")
    for number in range(5):
        api.lives.note("a", Said(f"line {number}"))
    api.lives.note("b", Said("other", "warning"))
    acceptor = Acceptor(tmp_path / "sock")
    wait_for(lambda: api.waiting() == 0)
    assert acceptor.texts() == [
        ("a", "wholelog: begins running"),
        ("b", "wholelog: begins running"),
        *(("a", f"wholelog: line {number}") for number in range(5)),
        ("b", "wholelog: warning: other"),
    ]
    assert {own.uid for own in acceptor.taken} == {"anna"}
    times = [line.time for own in acceptor.taken for line in own.lines]
    assert times == sorted(set(times)) and api.lines.lost == 0
    acceptor.close()
    api.close()


def test_what_a_killed_api_had_not_handed_over_is_sent_by_the_next(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.begin("a")
    api = api.again()  # nothing of it was sent
    acceptor = Acceptor(tmp_path / "sock")
    api.lines.start()
    wait_for(lambda: api.waiting() == 0)
    assert acceptor.texts() == [("a", "wholelog: begins running")]
    acceptor.close()
    api.close()


def test_what_was_handed_over_but_not_acknowledged_is_sent_again_as_the_same(tmp_path: Path) -> None:
    """More was said meanwhile: it does not join what the shipper may have already."""
    api, acceptor = Api(tmp_path), Acceptor(tmp_path / "sock", mute=True)
    api.begin("a")
    api.lines.start()
    wait_for(lambda: len(acceptor.taken) > 0)
    acceptor.close()
    api.lines.close()
    api = api.again()
    api.lives.note("a", Said("more"))
    second = Acceptor(tmp_path / "sock")
    api.lines.start()
    wait_for(lambda: api.waiting() == 0)
    first, more = second.taken
    assert first == acceptor.taken[0] and more.chunk != first.chunk and len(more.lines) == 1
    pipe = pipeline()
    assert sum(len(told(pipe, own)) for own in (*acceptor.taken, *second.taken)) == 2
    second.close()
    api.close()


def test_a_change_and_its_line_are_there_both_or_not_at_all(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.begin("a")
    for _ in range(2):  # as a step that is done again after a crash
        api.lives.time_is_over("a", Said("time"))
    assert api.waiting() == 2
    api.lives.again("a", 1, Said("again"))
    api.lives.time_is_over("a", Said("time"))
    assert api.waiting() == 4
    for _ in range(2):
        api.lives.done("a", TIME, {"reason": "x"}, Said("end"))
    api.lives.move("a", "created", Said("after the end"))
    task = api.tasks.by_id("a")
    assert task is not None and api.waiting() == 5
    for _ in range(2):
        api.tasks.ask_deletion(task, "", TIME, Said("deleted"))
    api.lives.note("none", Said("of nobody"))
    with pytest.raises(ZeroDivisionError), api.tasks.file.transaction() as db:
        put(api.tasks.file, db, "a", Said("rolled back"))
        raise ZeroDivisionError
    assert api.waiting() == 6
    api.close()


def test_of_too_many_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    api = Api(tmp_path, most=10)
    api.begin("a")
    for number in range(12):
        api.lives.note("a", Said(str(number)))
    acceptor = Acceptor(tmp_path / "sock")
    api.lines.start()
    wait_for(lambda: api.waiting() == 0)
    assert api.lines.lost == 3 and [text for _, text in acceptor.texts()] == [f"wholelog: {n}" for n in range(2, 12)]
    acceptor.close()
    api.close()


def test_of_a_container_that_nobody_knows_any_more_nothing_is_sent(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.begin("a", "b")
    with api.tasks.file.transaction() as db:
        db.execute("DELETE FROM tasks WHERE container_id = 'a'")
    acceptor = Acceptor(tmp_path / "sock")
    api.lines.start()
    wait_for(lambda: api.waiting() == 0)
    assert [one for one, _ in acceptor.texts()] == ["b"] and api.lines.lost == 1
    acceptor.close()
    api.close()
