"""The audit on real containers that run on, on copies that have rotated, and on what the shipper could not see."""

import contextlib
import json
import shutil
import signal
import sqlite3
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from log_shipper.audit.docker_copy import Engine
from log_shipper.audit.frames import FrameParser
from log_shipper.audit.gaps import ENGINE_GONE
from log_shipper.audit.held import HeldFiles
from log_shipper.audit.local_file import LocalParser
from log_store.sqlite.reader import SqliteReader
from tests.integration.test_shipper import Start, client, counted, lines, sealed, start, texts
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd, import_busybox
from tests.services.shipper import Shipper

__all__ = ["client", "start"]

LINE = "x" * 1000  # what rotates a copy is bytes


def until(what: str, seen: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until `seen()` is true."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_running_container_is_compared_before_its_copy_rotates(
    shipper: Shipper, start: Start, store: SqliteReader
) -> None:
    """130 MB while the shipper is up: the copy has rotated at the end, and nothing is missing all the same."""
    shipper.start()
    count = 132_000
    container = start(f"i=0; while [ $i -lt 6 ]; do yes {LINE} | head -n {count // 6}; i=$((i+1)); sleep 1; done")
    seal = sealed(store, container)
    assert (seal.state, seal.lines, seal.gaps) == ("sealed", count, ())
    assert store.count_lines(container.id) == count


def test_the_files_of_the_copy_say_what_the_engine_says(dockerd: Dockerd, start: Start) -> None:
    """Lines of all kinds, in both streams: the files are read as dockerd itself reads them."""
    script = r"""
        for i in 1 2 3; do
            printf 'line\n\ntab\tand \377\376\0bytes\n'; printf 'crlf\r\n' >&2
            head -c 40000 /dev/zero | tr '\0' x; echo; head -c 16384 /dev/zero | tr '\0' y; echo
            head -c 200000 /dev/zero | tr '\0' z >&2; echo >&2
        done; printf 'no newline'"""
    container = start(script)
    container.wait(timeout=60)
    engine = Engine(dockerd.url)
    held = HeldFiles(engine.root, 1 << 30)
    assert held.hold(container.id)
    files = held.get(container.id)
    assert files is not None and len(files.files) == 1 and files.complete
    ours = LocalParser().receive(b"".join(files.files[0].blocks()))
    theirs = FrameParser().receive(b"".join(engine.copy(container.id)))
    assert len(theirs.time) > 30
    # Which part of its line each is, the engine does not say.
    assert list(ours.part) == [row for row, whole in enumerate(ours.whole) if not whole]
    by_line: dict[bytes, list[int]] = {}
    for part in ours.part.values():
        by_line.setdefault(part.partial_id, []).append(part.ordinal)
    assert len(by_line) >= 6 and all(numbers == [*range(1, len(numbers) + 1)] for numbers in by_line.values())
    assert replace(ours, part={}) == theirs


def test_a_copy_that_rotated_while_the_shipper_was_away_is_a_stated_gap(
    shipper: Shipper, start: Start, store: SqliteReader
) -> None:
    """130 MB without us: what the copy still has comes in, what it lost is a gap with its reason."""
    count = 132_000
    container = start(f"yes {LINE} | head -n {count}")
    assert container.wait(timeout=120)["StatusCode"] == 0
    shipper.start()
    seal = sealed(store, container)
    assert seal.state == "gaps"
    assert len(seal.gaps) == 1, seal.gaps
    gap = seal.gaps[0]
    assert "rotated" in gap.why and gap.start is not None and gap.end is not None
    stored = store.count_lines(container.id)
    assert stored == seal.lines < count


def test_lines_lost_in_the_middle_come_back_while_it_runs(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """The acceptor is away for a moment; what was written then is put back soon, in its place."""
    shipper.start()
    container = start("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); sleep 0.1; done")
    until("first lines", lambda: len(lines(store, container.id)) > 5)
    shipper.kill("acceptor")
    time.sleep(2)
    shipper.start("acceptor")
    until("the lost lines", lambda: any(seal.put_back for seal in store.seals(container.id) if seal.state == "open"))
    container.kill()
    assert sealed(store, container).state == "sealed"
    found = texts(store, container)
    assert len(found) > 40 and found == [f"line {number}" for number in range(len(found))]


def test_a_killed_engine_is_a_stated_gap(free_port: int) -> None:
    """dockerd is killed within the container's life: its log is never called whole."""
    folder = Path(tempfile.mkdtemp(prefix="wl-k-", dir="/var/tmp"))
    engine = Dockerd(folder)
    shipper = Shipper(folder / "data", engine.url, free_port)
    shipper.data.mkdir()
    try:
        engine.start()
        client = engine.client()
        import_busybox(client)
        shipper.start()
        store = SqliteReader(shipper.data / "logs")
        config = shipper.log_config(client.version()["Version"])
        command = ["sh", "-c", "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.05; done"]
        container = client.containers.create(BUSYBOX_IMAGE, command, log_config=config)
        container.start()
        until("first lines", lambda: len(lines(store, container.id)) > 5)
        engine.kill()
        engine.start()
        seal = sealed(store, container)
        assert seal.state == "gaps"
        assert ENGINE_GONE in [gap.why for gap in seal.gaps]
        found = texts(store, container)
        assert found == [f"line {number}" for number in range(len(found))]
    finally:
        shipper.stop()
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_restart_of_the_processor_audits_what_ended_meanwhile(
    shipper: Shipper, start: Start, store: SqliteReader
) -> None:
    """Containers that start and end while nobody watches, some of them removed: each gets its statement."""
    shipper.start()
    running = start("seq 1 10; sleep 60")
    until("lines", lambda: len(lines(store, running.id)) == 10)
    shipper.kill("processor")
    ended = start("seq 1 20")
    ended.wait(timeout=30)
    running.remove(force=True)
    shipper.start("processor")
    assert (sealed(store, ended).state, sealed(store, ended).lines) == ("sealed", 20)
    gone = sealed(store, running)
    assert gone.state == "unverified" and "removed" in gone.reason
    assert len(lines(store, running.id)) == 10


def test_an_acceptor_that_stood_still_says_so(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """Longer than five seconds without reading is an outage, and looked at."""
    shipper.start()
    shipper.signal("acceptor", signal.SIGSTOP)
    container = start("seq 1 100")
    time.sleep(6)
    shipper.signal("acceptor", signal.SIGCONT)
    seal = sealed(store, container)
    assert (seal.state, seal.lines) == ("sealed", 100)
    until("the outage is counted", lambda: counted("outages_total", shipper) >= 1)


def verdicts(shipper: Shipper, query: str) -> list[dict[str, object]]:
    page = urllib.request.urlopen(f"http://127.0.0.1:{shipper.port}/audit?{query}", timeout=60)
    found: list[dict[str, object]] = json.load(page)["verdicts"]
    return found


def test_a_verdict_for_each_container_and_a_repair(shipper: Shipper, start: Start, store: SqliteReader) -> None:
    """What the store lost afterwards is found by nobody until an authoritative pass writes it again."""
    shipper.start()
    whole, running = start("seq 1 1000"), start("echo up; sleep 60")
    sealed(store, whole)
    until("the running one's line", lambda: len(lines(store, running.id)) == 1)
    found = {verdict["container_id"]: verdict for verdict in verdicts(shipper, "")}
    assert (found[whole.id]["state"], found[whole.id]["lines"]) == ("sealed", 1000)
    assert found[running.id]["state"] == "open"
    (day,) = (shipper.data / "logs").glob("20*.sqlite")
    with contextlib.closing(sqlite3.connect(day)) as connection, connection:
        connection.execute("DELETE FROM documents WHERE message LIKE '5%'")
    assert len(lines(store, whole.id)) < 1000
    (verdict,) = verdicts(shipper, f"container={whole.id[:12]}&repair=true")
    assert (verdict["state"], verdict["lines"]) == ("sealed", 1000)
    assert texts(store, whole) == [str(number) for number in range(1, 1001)]
    with pytest.raises(urllib.error.HTTPError) as refused:
        verdicts(shipper, "container=nobody")
    assert refused.value.code == 404 and b"nobody" in refused.value.read()


def test_a_container_that_is_copied_from_keeps_no_other_waiting(
    shipper: Shipper, start: Start, store: SqliteReader, dockerd: Dockerd
) -> None:
    """The engine says nothing of it meanwhile; it is audited once that is over."""
    busy = start("dd if=/dev/zero of=/large bs=1000000 count=60; echo one")
    assert busy.wait(timeout=60)["StatusCode"] == 0
    copier = dockerd.client()
    pieces, _ = copier.api.get_archive(busy.id, "/large")  # the engine waits for us to read
    try:
        shipper.start()
        other = start("echo two")
        assert sealed(store, other).state == "sealed", shipper.log.read_text()
        assert not any(seal.state == "sealed" for seal in store.seals(busy.id))
    finally:
        for _ in pieces:
            pass
        copier.close()
    assert sealed(store, busy).state == "sealed"
