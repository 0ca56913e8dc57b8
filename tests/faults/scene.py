"""One shipper with its store and the containers that write under it, and the judgement of what is stored at the end."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from log_shipper.audit.gaps import CUT, READERS_CUT
from log_store.errors import StoreUnavailable
from log_store.protocols import LogReader
from log_store.query import LogLine, LogQuery
from log_store.rfc3339 import parse_ns
from log_store.seal import Seal
from tests.faults.compare import Outcome, compare
from tests.faults.figures import Row
from tests.services import writer
from tests.services.dockerd import BUSYBOX_IMAGE, PYTHON_IMAGE, Dockerd
from tests.services.shipper import Shipper
from tests.services.supervised import Supervised

SCRIPT = Path(writer.__file__)
BOUND = 60.0  # seconds; no step may take longer


@dataclass(slots=True)
class Written:
    """A container, and what it writes if it is not cut short."""

    id: str
    streams: dict[str, bytes]
    progress: Path | None = None
    runs: int = 1
    ended: float = 0.0  # seconds since the epoch, as the engine says
    cut: bool = False  # ended within its writing: what it had written by then counts
    seals: list[Seal] = field(default_factory=list)

    def so_far(self) -> dict[str, int]:
        """Bytes that it has written of each stream."""
        assert self.progress is not None
        told = self.progress.read_bytes() if self.progress.exists() else b""
        if len(told) < writer.PROGRESS.size:
            return {"stdout": 0, "stderr": 0}
        out, err = writer.PROGRESS.unpack(told)
        return {"stdout": out, "stderr": err}


def eventually(holds: Callable[[], bool], what: str, seconds: float = BOUND) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


class Scene:
    def __init__(
        self, engine: Dockerd, shipper: Shipper | Supervised, reader: LogReader, row: Row, folder: Path, seed: int
    ) -> None:
        self.engine, self.reader, self.row, self._folder = engine, reader, row, folder
        self.shipper: Any = shipper
        self.client: docker.DockerClient = engine.client()
        self._config: Any = shipper.log_config(self.client.version()["Version"])
        self._next = seed
        self.prefix = ""  # of Elasticsearch's indices
        self.containers: list[Written] = []

    def write(self, lines: int = 20_000, seconds: float = 4.0, width: int = 80, **options: Any) -> Written:
        """Start a container that writes its own known sequence (tests/services/writer.py), spread over so many seconds."""
        self._next += 1
        place = self._folder / f"progress-{self._next}"
        place.mkdir()
        command = ["python3", "-S", "-B", "/writer.py", *map(str, (self._next, lines, seconds, width)), "/progress/now"]
        mounts = {str(SCRIPT): {"bind": "/writer.py", "mode": "ro"}, str(place): {"bind": "/progress", "mode": "rw"}}
        container = self._create(PYTHON_IMAGE, command, volumes=mounts, **options)
        return self._started(container, writer.streams(self._next, lines, width), place / "now")

    def run(self, script: str, out: bytes = b"", err: bytes = b"", **options: Any) -> Written:
        """Start a shell script that writes just this."""
        return self._started(
            self._create(BUSYBOX_IMAGE, ["sh", "-c", script], **options), {"stdout": out, "stderr": err}
        )

    def container(self, written: Written) -> Container:
        return self.client.containers.get(written.id)

    def await_progress(self, written: Written, part: float) -> None:
        """Until it has written such a part of its bytes."""
        total = sum(map(len, written.streams.values()))
        eventually(lambda: sum(written.so_far().values()) >= part * total, f"{part:.0%} of the writing")

    def await_end(self, *which: Written, seconds: float = BOUND) -> None:
        """Until the engine says that these (all, unless named) have ended; the engine must not be kept from it."""
        end = time.monotonic() + seconds
        for written in which or self.containers:
            self.container(written).wait(timeout=max(1, end - time.monotonic()))
            eventually(lambda w=written: self.status(w) != "running", "its end", 20)  # type: ignore[misc]

    def status(self, written: Written) -> str:
        return str(self.client.api.inspect_container(written.id)["State"]["Status"])

    def seals(self, *, but: tuple[Written, ...] = (), seconds: float = BOUND) -> None:
        """Wait for the seals of all containers, and count what is in the store into the figures' row."""
        begun = time.time()
        waiting = [w for w in self.containers if w not in but]
        for written in waiting:
            written.ended = max(begun, self._finished(written))
        end = time.monotonic() + seconds
        late: dict[str, float] = {}
        while len(late) < len(waiting):
            for written in waiting:
                if written.id not in late and self._is_sealed(written):
                    late[written.id] = time.time() - written.ended
            assert time.monotonic() < end, f"no seal within {seconds:g} s: {self._unsealed(waiting, late)}"
            time.sleep(0.05)
        for written in waiting:
            outcome = self.outcome(written)
            state = written.seals[-1].state
            self.row.add(outcome, state, sum(seal.put_back for seal in written.seals), late[written.id])

    def all_whole(self, **waiting: Any) -> None:
        """Every container is sealed, every byte of it is there once and in order, and the seals count its lines.

        On a busy machine dockerd may have given up reading before it was through. Then that has to be said.
        """
        self.seals(**waiting)
        for written in self.containers:
            outcome = self.outcome(written)
            told = f"{written.id[:12]}: {outcome} {written.seals}"
            assert outcome.whole, told
            assert all(seal.state == "sealed" or self._is_cut(seal) for seal in written.seals), told
            assert sum(seal.lines for seal in written.seals) == outcome.written, told

    def _is_cut(self, seal: Seal) -> bool:
        """Whether its gap is that alone, and the engine told of the end so late that it is true."""
        ends = self.client.api.events(
            since=0, until=int(time.time()), decode=True, filters={"container": seal.container_id, "event": "die"}
        )
        late = any(end["timeNano"] - (seal.finished_at or 0) >= READERS_CUT for end in ends)
        return late and seal.state == "gaps" and {gap.why for gap in seal.gaps} == {CUT}

    def all_honest(self, *, torn: bool = False, **waiting: Any) -> None:
        """Nothing twice or torn, order kept; where lines are missing no seal says `sealed`, and each other has its reason."""
        self.seals(**waiting)
        for written in self.containers:
            self.honest(written, torn=torn)

    def honest(self, written: Written, *, torn: bool = False) -> None:
        """`torn`: the engine itself may have torn lines; then they are lines that are missing and lines that nobody wrote."""
        outcome = self.outcome(written)
        told = f"{written.id[:12]}: {outcome} {written.seals}"
        assert not outcome.doubled and outcome.in_order, told
        assert torn or not outcome.foreign, told
        states = {seal.state for seal in written.seals}
        assert "open" not in states, told
        if outcome.missing or outcome.foreign:
            assert states != {"sealed"}, told
        for seal in written.seals:
            if seal.state == "gaps":
                assert seal.gaps and all(gap.why for gap in seal.gaps), told
            if seal.state == "unverified":
                assert seal.reason, told

    def outcome(self, written: Written) -> Outcome:
        at_least = written.so_far() if written.cut else None
        return compare(written.streams, at_least, self.lines(written.id))

    def counted(self, name: str) -> float:
        """A counter of the shipper's /metrics."""
        page = urllib.request.urlopen(f"http://127.0.0.1:{self.shipper.port}/metrics", timeout=10).read().decode()
        found = [line for line in page.splitlines() if line.startswith(f"wholelog_shipper_{name}")]
        return float(found[0].split()[1])

    def lines(self, container_id: str) -> Iterator[LogLine]:
        for page in self.reader.read(LogQuery(container_id)):
            yield from page

    def close(self) -> None:
        for written in self.containers:
            try:
                self.client.api.remove_container(written.id, force=True)
            except docker.errors.NotFound:
                continue  # the test removed it
        self.client.close()

    def create(self, script: str, out: bytes = b"", err: bytes = b"", **options: Any) -> Written:
        """As `run`, but not started."""
        return self._known(self._create(BUSYBOX_IMAGE, ["sh", "-c", script], **options), {"stdout": out, "stderr": err})

    def _create(self, image: str, command: list[str], **options: Any) -> Container:
        created: Container = self.client.containers.create(image, command, log_config=self._config, **options)
        return created

    def _started(self, container: Container, streams: dict[str, bytes], progress: Path | None = None) -> Written:
        written = self._known(container, streams, progress)
        container.start()
        return written

    def _known(self, container: Container, streams: dict[str, bytes], progress: Path | None = None) -> Written:
        written = Written(str(container.id), streams, progress)
        self.containers.append(written)
        return written

    def _finished(self, written: Written) -> float:
        try:
            return parse_ns(self.client.api.inspect_container(written.id)["State"]["FinishedAt"]) / 1e9
        except (docker.errors.NotFound, ValueError):
            return 0.0

    def _is_sealed(self, written: Written) -> bool:
        try:
            written.seals = self.reader.seals(written.id)
        except StoreUnavailable:
            return False
        return len(written.seals) >= written.runs and all(seal.state != "open" for seal in written.seals)

    def _unsealed(self, waiting: list[Written], late: dict[str, float]) -> str:
        log = self.shipper.log.read_text(errors="replace")[-2500:]
        return "\n".join([*(f"{w.id[:12]}: {w.seals}" for w in waiting if w.id not in late), log])
