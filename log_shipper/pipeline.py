"""From spooled records to rows: the stages in their order, and the state that they carry.

All of it can be taken as a snapshot between two batches: a processor that starts from snapshot and position makes the
very same rows again.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, field
from typing import Any

from xxhash import xxh3_128_intdigest

from log_shipper.ledger import Ledger, Windows
from log_shipper.seal_map import seal_from_map, seal_to_map
from log_shipper.stages.document import LIVE, REPAIR, Classify, DayRange, StreamState, add_documents
from log_shipper.stages.partials import PART_BYTES, Identity, Lines, OpenLine, join, whole
from log_shipper.stages.runs import SENDER_PREFIX, Entry, Run, runs_of
from log_store.document import ContainerContext, DocumentBatch
from log_store.fields import STREAMS
from log_store.seal import Seal

MOST_OUTAGES = 1000  # of the acceptor, that are remembered
FRAME_BYTES = 40  # of a line in Docker's copy, beside its text

ContextOf = Callable[[str, str], ContainerContext]


@dataclass(frozen=True, slots=True)
class RepairPass:
    """An authoritative pass over a window of one container; sent by the audit, in pieces of one `id`."""

    id: str
    container_id: str
    last: bool
    start: dict[str, tuple[int, int]] = field(default_factory=dict)  # stream -> (order_time, ordinal) before it
    bits: int = 0
    windows: Windows = field(default_factory=dict)  # with the last piece: what the copy has in the windows put right


class Pipeline:
    """`lock` is held while rows are made: whoever reads the ledger from another thread takes it."""

    def __init__(
        self, shipper: str, context_of: ContextOf, classify: Classify, *, days: DayRange, max_message: int
    ) -> None:
        self.lock = threading.Lock()
        self.ledger = Ledger()
        self._shipper, self._context_of, self._classify, self._days = shipper, context_of, classify, days
        self._max_parts = max(1, max_message // PART_BYTES)
        self._streams: dict[tuple[str, str], StreamState] = {}
        self._repairs: dict[str, dict[str, StreamState]] = {}
        self._sealed: dict[str, dict[int, int]] = {}  # container id -> start of a sealed run -> its lines
        self._outages: list[tuple[int, int]] = []
        self._open_runs: dict[tuple[str, int], Seal] = {}
        self._senders: set[str] = set()
        self._statements: list[Seal] = []

    def new_batch(self) -> DocumentBatch:
        return DocumentBatch(self._shipper)

    def add(
        self, batch: DocumentBatch, parts: Iterable[tuple[int, Iterable[Entry]]], received: int, *, trusted: bool
    ) -> None:
        """Rows for records that came on the live path; a part is (seq of its first record, records)."""
        for run in runs_of(parts, trusted=trusted):
            hashes = list(map(xxh3_128_intdigest, run.text, run.time))
            if run.container_id.startswith(SENDER_PREFIX):
                self._welcome(run)
            else:
                self._account(run, hashes)
            state = self._streams.get((run.container_id, run.stream))
            if state is None:
                state = self._streams[run.container_id, run.stream] = StreamState()
            self._write(batch, run, hashes, state, received, LIVE)

    def repair(self, batch: DocumentBatch, runs: Iterable[Run], received: int, repair: RepairPass) -> None:
        """Rows for records that the audit read from Docker's copy: with their true places, over what is there."""
        states = self._repairs.setdefault(repair.id, {})
        for stream, place in repair.start.items():
            if stream in states:
                self._show_open(batch, repair.container_id, stream, states[stream], received, REPAIR)
            states[stream] = StreamState(*place)
        for run in runs:
            hashes = list(map(xxh3_128_intdigest, run.text, run.time))
            self._write(batch, run, hashes, states.setdefault(run.stream, StreamState()), received, REPAIR)
        if repair.last:
            for stream, state in states.items():
                self._show_open(batch, repair.container_id, stream, state, received, REPAIR)
            del self._repairs[repair.id]
            self.ledger.account(repair.container_id).replace(repair.bits, repair.windows)

    def show_open_lines(self, batch: DocumentBatch, received: int) -> None:
        """Rows for lines whose end has not come yet, as far as they are there."""
        for (container_id, stream), state in self._streams.items():
            self._show_open(batch, container_id, stream, state, received, LIVE)

    def take_statements(self) -> list[Seal]:
        """What has to be said of senders that were not known before."""
        taken, self._statements = self._statements, []
        return taken

    def _welcome(self, run: Run) -> None:
        if run.container_id not in self._senders:
            self._senders.add(run.container_id)
            reason = "sent by another program than Docker: there is no copy to compare it with"
            self._statements.append(
                Seal(run.container_id, 0, run.container_name, state="unverified", reason=reason, version=1)
            )

    def seal(self, batch: DocumentBatch, seal: Seal, received: int) -> None:
        """A run's seal has passed: its audit need not be done again, and a line without an end will not get one."""
        if seal.state != "open":
            for stream in STREAMS:
                state = self._streams.get((seal.container_id, stream))
                if state is not None:
                    self._show_open(batch, seal.container_id, stream, state, received, LIVE)
                    state.open = None
        run, account = (seal.container_id, seal.started_at), self.ledger.account(seal.container_id)
        if seal.state == "open":
            if run not in self._open_runs or seal.version > self._open_runs[run].version:
                self._open_runs[run] = seal
            account.verify(seal.verified_until or 0)
        else:
            self._open_runs.pop(run, None)
            self._sealed.setdefault(seal.container_id, {})[seal.started_at] = seal.lines
            account.verify_all(seal.verified_until or seal.finished_at or 0)

    def lines_sealed(self, container_id: str) -> int:
        """What the seals of its runs say that it wrote, together."""
        return sum(self._sealed.get(container_id, {}).values())

    def is_sealed(self, container_id: str, started_at: int) -> bool:
        return started_at in self._sealed.get(container_id, {})

    def open_run(self, container_id: str, started_at: int) -> Seal | None:
        return self._open_runs.get((container_id, started_at))

    def add_outage(self, start: int, end: int) -> None:
        """The acceptor did not read between these times (ns)."""
        self._outages = [*self._outages, (start, end)][-MOST_OUTAGES:]

    def outages(self) -> list[tuple[int, int]]:
        return list(self._outages)

    def heavy(self, size: int) -> list[str]:
        """Containers of which more than so many bytes have come since they were last compared."""
        return [name for name, account in self.ledger.accounts.items() if account.unverified_bytes > size]

    def open_runs(self) -> list[Seal]:
        """Seals of runs whose end has not been audited."""
        return list(self._open_runs.values())

    def known_containers(self) -> set[str]:
        return {*self.ledger.accounts, *self._sealed, *(container for container, _ in self._open_runs)}

    def forget(self, container_id: str) -> None:
        """The engine has removed it: nothing of it will come any more."""
        self.ledger.close(container_id)
        self._sealed.pop(container_id, None)
        for key in [key for key in self._streams if key[0] == container_id]:
            del self._streams[key]
        for run in [run for run in self._open_runs if run[0] == container_id]:
            del self._open_runs[run]

    def _account(self, run: Run, hashes: list[int]) -> None:
        times = run.time
        if run.part:
            kept = [row for row, text in enumerate(run.text) if text or row not in run.part]
            times, hashes = [times[row] for row in kept], [hashes[row] for row in kept]
        if times:
            account = self.ledger.account(run.container_id)
            account.add(run.stream, times, hashes)
            account.unverified_bytes += sum(map(len, run.text)) + FRAME_BYTES * len(times)

    def _write(
        self, batch: DocumentBatch, run: Run, hashes: list[int], state: StreamState, received: int, revision: int
    ) -> None:
        if run.part or state.open is not None:
            lines, state.open = join(run, hashes, state.open, self._max_parts)
        else:
            lines = whole(run, hashes)
        context = self._context_of(run.container_id, run.container_name)
        self._document(batch, context, run.stream, lines, state, received, revision)

    def _show_open(
        self, batch: DocumentBatch, container_id: str, stream: str, state: StreamState, received: int, revision: int
    ) -> None:
        line = state.open
        if line is not None and len(line.parts) > line.shown:
            lines = Lines()
            lines.add(line)
            self._document(batch, self._context_of(container_id, ""), stream, lines, state, received, revision)

    def _document(
        self, batch: DocumentBatch, context: ContainerContext, stream: str, lines: Lines, state: StreamState,
        received: int, revision: int,
    ) -> None:  # fmt: skip
        add_documents(
            batch, context, stream, lines, state,
            received=received, days=self._days, classify=self._classify, revision=revision,
        )  # fmt: skip

    def snapshot(self) -> dict[str, Any]:
        return {
            "streams": [[*key, _dump(state)] for key, state in self._streams.items()],
            "repairs": {i: {s: _dump(state) for s, state in states.items()} for i, states in self._repairs.items()},
            "ledger": self.ledger.snapshot(),
            "sealed": self._sealed,
            "senders": sorted(self._senders),
            "outages": self._outages,
            "open_runs": [seal_to_map(seal) for seal in self._open_runs.values()],
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        self._streams = {(c, s): _load(dumped) for c, s, dumped in snapshot.get("streams", [])}
        self._repairs = {
            i: {s: _load(dumped) for s, dumped in states.items()} for i, states in snapshot.get("repairs", {}).items()
        }
        self.ledger.restore(snapshot.get("ledger", {}))
        self._outages = [(start, end) for start, end in snapshot.get("outages", ())]
        self._senders = set(snapshot.get("senders", ()))
        self._sealed = dict(snapshot.get("sealed", {}))
        opened = [seal_from_map(told) for told in snapshot.get("open_runs", [])]
        self._open_runs = {(seal.container_id, seal.started_at): seal for seal in opened}


def _dump(state: StreamState) -> list[Any]:
    twins = [(digest.to_bytes(16, "big"), k) for digest, k in state.twins.items()]
    return [state.order_time, state.ordinal, state.last_time, twins, state.open and _dump_line(state.open)]


def _dump_line(line: OpenLine) -> list[Any]:
    identity = line.identity and astuple(line.identity)
    return [line.partial_id, line.time, line.hash.to_bytes(16, "big"), line.seq, line.piece, line.parts, line.shown, identity]  # fmt: skip


def _load(dumped: list[Any]) -> StreamState:
    order_time, ordinal, last_time, twins, line = dumped
    return StreamState(
        order_time, ordinal, last_time, {int.from_bytes(d, "big"): k for d, k in twins}, line and _load_line(line)
    )


def _load_line(dumped: list[Any]) -> OpenLine:
    partial_id, time, digest, seq, piece, parts, shown, identity = dumped
    whose = Identity(*identity) if identity else None
    return OpenLine(partial_id, time, int.from_bytes(digest, "big"), seq, piece, parts, shown, whose)
