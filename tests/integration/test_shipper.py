"""The shipper on real containers: every line, whole, once, in order, whatever is killed meanwhile."""

import signal
import time
import urllib.request
from collections.abc import Callable, Iterator

import docker
import msgpack
import pytest
from docker.models.containers import Container
from fluent import sender as fluent_sender

from log_store.query import LogLine, LogQuery
from log_store.seal import Seal
from log_store.sqlite.reader import SqliteReader
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.shipper import Shipper

BURST = 20_000


@pytest.fixture
def client(dockerd: Dockerd) -> Iterator[docker.DockerClient]:
    """Containers that a test leaves are removed."""
    before = {container.id for container in dockerd.client().containers.list(all=True, ignore_removed=True)}
    one = dockerd.client()
    yield one
    for container in one.containers.list(all=True, ignore_removed=True):
        if container.id not in before:
            container.remove(force=True)
    one.close()


Start = Callable[[str], Container]


@pytest.fixture
def start(client: docker.DockerClient, shipper: Shipper) -> Start:
    """Start a shell command in a container whose log goes to the shipper."""
    config = shipper.log_config(client.version()["Version"])

    def started(command: str) -> Container:
        container = client.containers.create(BUSYBOX_IMAGE, ["sh", "-c", command], log_config=config)
        container.start()
        return container

    return started


def sealed(store: SqliteReader, container: Container, runs: int = 1) -> Seal:
    """The seal of the container's last run, once it has so many; at most 240 s are waited: machines are busy."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        seals = store.seals(container.id)
        if len(seals) >= runs and seals[-1].state != "open":
            return seals[-1]
        time.sleep(0.02)
    raise AssertionError(f"no seal: {store.seals(container.id)}")


def lines(store: SqliteReader, container_id: str) -> list[LogLine]:
    return [line for page in store.read(LogQuery(container_id)) for line in page]


def texts(store: SqliteReader, container: Container) -> list[str]:
    return [line["log_message"] for line in lines(store, container.id)]


def counted(name: str, shipper: Shipper) -> float:
    page = urllib.request.urlopen(f"http://127.0.0.1:{shipper.port}/metrics", timeout=10).read().decode()
    return float(next(line for line in page.splitlines() if line.startswith(f"wholelog_shipper_{name}")).split()[1])


def test_both_streams_with_dockers_nanoseconds(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """Each line with its stream, its type and the very time that Docker's own copy has."""
    shipper.start()
    container = start("echo out; sleep 0.05; echo 'ERROR: broken' >&2; sleep 0.05; echo")
    seal = sealed(store, container)
    assert (seal.state, seal.lines) == ("sealed", 3)
    found = lines(store, container.id)
    assert [(line["stream"], line["log_type"], line["log_message"]) for line in found] == [
        ("stdout", "info", "out"),
        ("stderr", "error", "ERROR: broken"),
        ("stdout", "info", ""),
    ]
    stamped = [row.split(b" ")[0].decode() for row in container.logs(timestamps=True).splitlines()]
    assert [line["log_time"] for line in found] == stamped


def test_a_container_that_writes_nothing_has_a_seal_of_no_lines(
    shipper: Shipper, start: Start, store: SqliteReader
) -> None:
    """Nothing was written, and it is said."""
    shipper.start()
    container = start("true")
    seal = sealed(store, container)
    assert (seal.state, seal.lines, texts(store, container)) == ("sealed", 0, [])


def test_long_lines_come_whole(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """Around Docker's 16 KiB, an empty last part, and a last line that no newline ends."""
    shipper.start()
    sizes = (16_383, 16_384, 16_385, 32_768, 100_000)
    one = "; ".join(f"head -c {size} /dev/zero | tr '\\0' x; echo" for size in sizes)
    container = start(f"{one}; printf end")
    seal = sealed(store, container)
    assert [len(text) for text in texts(store, container)] == [*sizes, 3]
    assert seal.lines == len(sizes) + 1


def test_a_last_line_without_an_end_is_shown_while_the_container_runs(
    shipper: Shipper, start: Start, store: SqliteReader
) -> None:
    """A prompt of 20,000 bytes, then nothing: its first part is readable, and then the whole under the same id."""
    shipper.start()
    container = start("head -c 20000 /dev/zero | tr '\\0' x; sleep 2; echo y")
    end = time.monotonic() + 10
    while not (early := lines(store, container.id)) and time.monotonic() < end:
        time.sleep(0.02)
    assert len(early) == 1 and early[0]["log_message"] == "x" * 16_384
    sealed(store, container)
    late = lines(store, container.id)
    assert [line["log_message"] for line in late] == ["x" * 20_000 + "y"]
    assert late[0]["id"] == early[0]["id"]


def test_bursts_of_several_containers_at_once(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """The driver throws the tail away; each log is whole, once and in order all the same."""
    shipper.start()
    containers = [start(f"seq 1 {BURST}; seq 1 50 >&2") for _ in range(4)]
    for container in containers:
        seal = sealed(store, container)
        assert (seal.state, seal.lines) == ("sealed", BURST + 50)
        found = lines(store, container.id)
        for stream, most in (("stdout", BURST), ("stderr", 50)):
            of_stream = [line["log_message"] for line in found if line["stream"] == stream]
            assert of_stream == [str(number) for number in range(1, most + 1)]
        assert store.count_lines(container.id) == seal.lines


def test_a_container_that_ran_while_the_shipper_was_away(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """It starts and ends without us; its log comes from Docker's copy at our next start."""
    container = start(f"seq 1 {BURST}")
    assert container.wait(timeout=60)["StatusCode"] == 0
    shipper.start()
    seal = sealed(store, container)
    assert (seal.state, seal.lines, seal.put_back) == ("sealed", BURST, BURST)
    assert texts(store, container) == [str(number) for number in range(1, BURST + 1)]


@pytest.mark.parametrize("part", ["acceptor", "processor"])
def test_kill_9_midway(shipper: Shipper, start: Start, store: SqliteReader, part: str) -> None:
    """Whichever process is killed while lines come: none is missing and none is there twice."""
    shipper.start()
    container = start(f"for i in 1 2 3 4 5 6 7 8; do seq 1 {BURST // 8}; sleep 0.2; done")
    time.sleep(0.7)
    shipper.kill(part)
    time.sleep(0.5)
    shipper.start(part)
    seal = sealed(store, container)
    assert (seal.state, seal.lines) == ("sealed", BURST)
    assert texts(store, container) == [str(number) for _ in range(8) for number in range(1, BURST // 8 + 1)]


def test_a_frozen_processor_does_not_stop_the_reading(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """The container ends, its lines are in the spool, and in the store once the processor moves again."""
    shipper.start()
    shipper.signal("processor", signal.SIGSTOP)
    container = start(f"seq 1 {BURST}")
    assert container.wait(timeout=30)["StatusCode"] == 0
    container.reload()
    assert container.status == "exited"
    shipper.signal("processor", signal.SIGCONT)
    assert sealed(store, container).lines == BURST
    assert len(texts(store, container)) == BURST


def test_a_restarted_container_gets_a_seal_for_each_run(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """Docker's copy goes on over a restart; each seal counts its own run's lines."""
    shipper.start()
    container = start("seq 1 100")
    assert sealed(store, container).lines == 100
    container.start()
    container.wait(timeout=30)
    second = sealed(store, container, runs=2)
    assert (second.state, second.lines) == ("sealed", 100)
    assert texts(store, container) == [str(number) for number in range(1, 101)] * 2


def test_a_container_removed_by_force_is_whole(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """Removed before anything of it was looked at, but for the opening of its copy's file."""
    shipper.start()
    container = _that_has_written_one_line(start, store)
    shipper.signal("processor", signal.SIGSTOP)
    container.remove(force=True)
    shipper.signal("processor", signal.SIGCONT)
    seal = sealed(store, container)
    assert (seal.state, seal.lines) == ("sealed", 1)
    assert texts(store, container) == ["one"]


def test_a_container_removed_while_nobody_held_its_copy_is_never_called_whole(
    shipper: Shipper, start: Start, store: SqliteReader
) -> None:
    """What came is kept, and the seal says what cannot be known."""
    shipper.start()
    container = _that_has_written_one_line(start, store)
    shipper.kill("processor")
    container.remove(force=True)
    shipper.start("processor")
    seal = sealed(store, container)
    assert seal.state == "unverified"
    assert "removed" in seal.reason or "not there any more" in seal.reason
    assert texts(store, container) == ["one"]


def _that_has_written_one_line(start: Start, store: SqliteReader) -> Container:
    container = start("echo one; sleep 60")
    end = time.monotonic() + 20
    while not lines(store, container.id) and time.monotonic() < end:
        time.sleep(0.02)
    return container


def test_other_senders_have_a_namespace_of_their_own(shipper: Shipper, store: SqliteReader, free_port: int) -> None:
    """fluent-logger on our socket: found by its tag, and never called verified."""
    shipper.start()
    logger = fluent_sender.FluentSender("app", host=f"unix://{shipper.socket}", port=0, nanosecond_precision=True)
    assert logger.emit("web", {"message": "hello", "level": "info"})
    logger.close()
    end = time.monotonic() + 10
    while not store.seals("tcp:app.web") and time.monotonic() < end:
        time.sleep(0.02)
    assert [line["log_message"] for line in lines(store, "tcp:app.web")] == ["hello"]
    assert [seal.state for seal in store.seals("tcp:app.web")] == ["unverified"]


def test_counters_and_readiness(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """Both processes' counters in one place; /readyz names what is wrong."""
    shipper.start()
    sealed(store, start("seq 1 10"))
    time.sleep(1.2)  # the acceptor leaves its counters once a second
    assert counted("records_received_total", shipper) >= 1
    assert counted("documents_stored_total", shipper) == 10
    shipper.kill("acceptor")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{shipper.port}/readyz", timeout=10)
    assert refused.value.code == 503 and b"acceptor" in refused.value.read()


def test_what_an_ack_promises_survives_kill_9(shipper: Shipper, store: SqliteReader) -> None:
    """An acknowledged chunk is stored, though the acceptor was killed right after."""
    import socket

    shipper.start("acceptor")
    stamp = msgpack.ExtType(0, int(time.time()).to_bytes(4, "big") + bytes(4))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(shipper.socket))
        connection.sendall(msgpack.packb(["acked", [[stamp, {"log": "kept"}]], {"chunk": "c"}]))
        assert b"ack" in connection.recv(100)
    shipper.kill("acceptor")
    shipper.start("acceptor", "processor")
    end = time.monotonic() + 10
    while not lines(store, "tcp:acked") and time.monotonic() < end:
        time.sleep(0.02)
    assert [line["log_message"] for line in lines(store, "tcp:acked")] == ["kept"]
