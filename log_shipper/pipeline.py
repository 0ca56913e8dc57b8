"""From spooled records to rows: the stages in their order, and the state that they carry.

All of it can be taken as a snapshot between two batches: a processor that starts from snapshot and position makes the
very same rows again.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, field
from typing import Any

from xxhash import xxh3_128_intdigest

from log_shipper.audit.baseline import Baseline
from log_shipper.ledger import FRAME_BYTES, Ledger, Windows
from log_shipper.stages.adoption import adopt
from log_shipper.stages.document import LIVE, PASS_BITS, REPAIR, Rules, add_documents
from log_shipper.stages.multiline import GroupState
from log_shipper.stages.own_lines import add_own_lines
from log_shipper.stages.partials import Identity, Lines, OpenLine, join, most_parts, whole
from log_shipper.stages.runs import Entry, Run, is_sender, runs_of
from log_shipper.stages.stream_state import Head, StreamState
from log_shipper.statements import Statements
from log_store.document import ContainerContext, DocumentBatch
from log_store.fields import WHOLELOG, WRITTEN
from log_store.seal import Seal
from wholelog_base.own_lines import OwnLines

log = logging.getLogger(__name__)

RulesOf = Callable[[ContainerContext], Rules]
ContextOf = Callable[[str, str], ContainerContext]


@dataclass(frozen=True, slots=True)
class RepairPass:
    """An authoritative pass over a window of one container; sent by the audit, in pieces of one `id`."""

    id: str
    container_id: str
    last: bool
    start: dict[str, tuple[int, int]] = field(default_factory=dict)  # stream -> (order_time, ordinal) before it
    number: int = 0  # of the piece; one that comes a second time (its ack was lost) counts once
    exact: bool = False  # nothing was received that the copy lacks: its messages are the true ones
    bits: int = 0
    windows: Windows = field(default_factory=dict)  # with the last piece: what the copy has in the windows put right


@dataclass(slots=True)
class _Repair:
    """A pass that is under way."""

    revision: int
    states: dict[str, StreamState] = field(default_factory=dict)
    next_number: int = 0


class Pipeline:
    """`lock` is held while rows are made: whoever reads the ledger from another thread takes it."""

    def __init__(self, shipper: str, context_of: ContextOf, rules_of: RulesOf, *, max_message: int) -> None:
        self.lock = threading.Lock()
        self.ledger = Ledger()
        self.statements = Statements()
        self._shipper, self._context_of, self._rules_of = shipper, context_of, rules_of
        self._max_parts = most_parts(max_message)
        self._streams: dict[tuple[str, str], StreamState] = {}
        self._repairs: dict[str, _Repair] = {}
        self._next_seq = 0  # greater than that of any row so far: who follows a container asks for what came later
        self._last_own = ""  # chunk: one that comes a second time (its ack was lost) counts once
        self._exact_repairs: dict[str, int] = {}  # container id -> passes that knew all that was received

    def new_batch(self) -> DocumentBatch:
        return DocumentBatch(self._shipper)

    def add(
        self, batch: DocumentBatch, parts: Iterable[tuple[int, Iterable[Entry]]], received: int, *, trusted: bool
    ) -> None:
        """Rows for records that came on the live path; a part is (its position in the spool, records)."""
        least = self._next_seq
        runs = runs_of(parts, trusted=trusted, least=least)
        self._next_seq = max([least, *(run.seq[-1] + 1 for run in runs)])
        for run in runs:
            hashes = list(map(xxh3_128_intdigest, run.text, run.time))
            state = self._streams.get((run.container_id, run.stream))
            if state is None:
                state = self._streams[run.container_id, run.stream] = StreamState()
            first, waits = len(batch), bool(run.part) or state.open is not None or state.waiting is not None
            starts = self._write(batch, run, hashes, state, received, LIVE)
            if waits:  # a line that waited for its end comes now
                batch.seq[first:] = [max(seq, least) for seq in batch.seq[first:]]
            if is_sender(run.container_id):
                self.statements.welcome(run.container_id, run.container_name)
            else:
                self._account(run, hashes, starts)

    def repair(self, batch: DocumentBatch, runs: Iterable[Run], seq: int, received: int, repair: RepairPass) -> None:
        """Rows for records that the audit read from Docker's copy: with their true places, over what is there."""
        under_way = self._repairs.get(repair.id)
        if under_way is None:
            number = self._exact_repairs.get(repair.container_id, 0) + repair.exact
            self._exact_repairs[repair.container_id] = number
            under_way = self._repairs[repair.id] = _Repair(number << PASS_BITS | REPAIR)
        if repair.number != under_way.next_number:
            if repair.number > under_way.next_number:  # the seal's count will say what it lacks
                log.error("a repair of %s lacks pieces before number %d", repair.container_id[:12], repair.number)
            return
        under_way.next_number += 1
        for stream in WRITTEN:  # as it stands, for the repair to put right
            live = self._streams.get((repair.container_id, stream))
            if live is not None:
                self._show_waiting(batch, repair.container_id, stream, live, received, LIVE)
        first = len(batch)
        states, revision = under_way.states, under_way.revision
        for stream, place in repair.start.items():
            if stream in states:
                self._show_open(batch, repair.container_id, stream, states[stream], received, revision, repair.exact)
            states[stream] = StreamState(*place)
        for run in runs:
            run.seq = self._seqs(seq, len(run.time))
            hashes = list(map(xxh3_128_intdigest, run.text, run.time))
            state = states.setdefault(run.stream, StreamState())
            self._write(batch, run, hashes, state, received, revision, absorbs=repair.exact)
        if repair.last:
            self._end_repair(batch, repair, under_way, self._seqs(seq, 1)[0], received)
        batch.repaired.update(range(first, len(batch)))

    def _seqs(self, position: int, count: int) -> list[int]:
        first = max(position, self._next_seq)
        self._next_seq = first + count
        return list(range(first, first + count))

    def _end_repair(
        self, batch: DocumentBatch, repair: RepairPass, under_way: "_Repair", seq: int, received: int
    ) -> None:
        context = self._context_of(repair.container_id, "")
        for stream, state in under_way.states.items():
            self._show_open(batch, repair.container_id, stream, state, received, under_way.revision, repair.exact)
            live = self._streams.setdefault((repair.container_id, stream), StreamState())
            adopt(
                batch, context, stream, live, state, self._rules_of(context),
                received=received, revision=under_way.revision, seq=seq,
            )  # fmt: skip
        del self._repairs[repair.id]
        self.ledger.account(repair.container_id).replace(repair.bits, repair.windows)

    def tell(self, batch: DocumentBatch, own: OwnLines, seq: int, received: int) -> None:
        """Rows for what the service itself says of a task."""
        if own.chunk == self._last_own:
            return
        self._last_own = own.chunk
        state = self._streams.setdefault((own.container_id, WHOLELOG), StreamState())
        rules = self._rules_of(self._context_of(own.container_id, own.container_name))
        add_own_lines(batch, own, state, rules, seq=self._seqs(seq, len(own.lines)), received=received)

    def show_open_lines(self, batch: DocumentBatch, received: int) -> None:
        """Rows for lines whose end has not come yet, as far as they are there, and for those that a later one may yet join."""
        for (container_id, stream), state in self._streams.items():
            self._show_open(batch, container_id, stream, state, received, LIVE)

    def seal(self, batch: DocumentBatch, seal: Seal, surplus: int, received: int) -> Seal | None:
        """A run's seal has passed: its audit need not be done again, and a line without an end will not get one.

        Gives it as it is to be stated, None where nothing is.
        """
        account = self.ledger.account(seal.container_id)
        stated = self.statements.add(seal, surplus)
        if stated is None:
            return None
        if seal.state == "open":
            account.verify(seal.verified_until or 0)
            return stated
        until = seal.verified_until or seal.finished_at or 0
        goes_on = bool(self.statements.open_runs_of(seal.container_id))
        for stream in WRITTEN:
            state = self._streams.get((seal.container_id, stream))
            if state is None:
                continue
            self._show_waiting(batch, seal.container_id, stream, state, received, LIVE)
            if state.open is None or (goes_on and state.open.time > until):
                continue  # a line of the next run gets its end
            self._show_open(batch, seal.container_id, stream, state, received, LIVE)
            state.open = None
        account.verify_all(until)
        return stated

    def baseline(self, container_id: str) -> Baseline:
        statements = self.statements
        account = self.ledger.account(container_id).copy()
        return Baseline(account, statements.open_runs_of(container_id), tuple(statements.outages()))

    def heavy(self, size: int) -> list[str]:
        """Containers of which more than so many bytes have come since they were last compared."""
        return [name for name, account in self.ledger.accounts.items() if account.unverified_bytes > size]

    def known_containers(self) -> set[str]:
        own = (container for container, stream in self._streams if stream == WHOLELOG)
        return {*self.ledger.accounts, *self.statements.containers(), *own}

    def forget(self, container_id: str) -> None:
        """The engine has removed it: nothing of it will come any more. What still waits is shown in its time."""
        self.ledger.close(container_id)
        self.statements.forget(container_id)
        self._exact_repairs.pop(container_id, None)
        for key, state in list(self._streams.items()):
            if key[0] == container_id and state.waiting is None:
                del self._streams[key]

    def _account(self, run: Run, hashes: list[int], starts: list[int]) -> None:
        """`starts`: of the records that are whole lines."""
        times, fresh = run.time, None
        if run.part:
            whole_lines = iter(starts)
            starts = [row in run.part or next(whole_lines) for row in range(len(times))]
            kept = [row for row, text in enumerate(run.text) if text or row not in run.part]
            times, hashes, starts = ([column[row] for row in kept] for column in (times, hashes, starts))
            fresh = [row not in run.part or run.part[row].ordinal == 1 for row in kept]
        if times:
            account = self.ledger.account(run.container_id)
            account.add(run.stream, times, hashes, starts, fresh)
            account.unverified_bytes += sum(map(len, run.text)) + FRAME_BYTES * len(times)

    def _write(
        self, batch: DocumentBatch, run: Run, hashes: list[int], state: StreamState, received: int, revision: int,
        *, absorbs: bool = False,
    ) -> list[int]:  # fmt: skip
        """Of each record that is a whole line whether it begins a message, as `Grouping.starts` says."""
        if run.part or state.open is not None:
            lines, state.open = join(run, hashes, state.open, self._max_parts)
        else:
            lines = whole(run, hashes)
        context = self._context_of(run.container_id, run.container_name)
        starts = add_documents(
            batch, context, run.stream, lines, state, self._rules_of(context), received=received, revision=revision, absorbs=absorbs
        )  # fmt: skip
        return [start for row, start in enumerate(starts) if row not in lines.open] if lines.open else starts

    def _show_open(
        self, batch: DocumentBatch, container_id: str, stream: str, state: StreamState, received: int, revision: int,
        absorbs: bool = False,
    ) -> None:  # fmt: skip
        self._show_waiting(batch, container_id, stream, state, received, revision, absorbs)
        line = state.open
        if line is not None and len(line.parts) > line.shown:
            lines = Lines()
            lines.add(line)
            lines.seq = self._seqs(0, 1)
            self._show(batch, container_id, stream, state, lines, received, revision, absorbs)

    def _show_waiting(
        self, batch: DocumentBatch, container_id: str, stream: str, state: StreamState, received: int, revision: int,
        absorbs: bool = False,
    ) -> None:  # fmt: skip
        if state.waiting is not None:
            state.waiting.seq = self._seqs(0, len(state.waiting.seq))
            self._show(batch, container_id, stream, state, Lines(), received, revision, absorbs)

    def _show(
        self, batch: DocumentBatch, container_id: str, stream: str, state: StreamState, lines: Lines, received: int,
        revision: int, absorbs: bool,
    ) -> None:  # fmt: skip
        context = self._context_of(container_id, "")
        add_documents(
            batch, context, stream, lines, state, self._rules_of(context), received=received, revision=revision,
            absorbs=absorbs, show=True,
        )  # fmt: skip

    def snapshot(self) -> dict[str, Any]:
        return {
            "streams": [[*key, _dump(state)] for key, state in self._streams.items()],
            "repairs": {
                i: [r.revision, {s: _dump(x) for s, x in r.states.items()}, r.next_number]
                for i, r in self._repairs.items()
            },
            "exact_repairs": self._exact_repairs,
            "last_own": self._last_own,
            "next_seq": self._next_seq,
            "ledger": self.ledger.snapshot(),
            "statements": self.statements.snapshot(),
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        self._streams = {(c, s): _load(dumped) for c, s, dumped in snapshot.get("streams", [])}
        self._repairs = {
            i: _Repair(revision, {stream: _load(dumped) for stream, dumped in states.items()}, number)
            for i, (revision, states, number) in snapshot.get("repairs", {}).items()
        }
        self._next_seq = snapshot.get("next_seq", 0)
        self._exact_repairs = dict(snapshot.get("exact_repairs", {}))
        self._last_own = snapshot.get("last_own", "")
        self.ledger.restore(snapshot.get("ledger", {}))
        self.statements.restore(snapshot.get("statements", {}))


def _dump(state: StreamState) -> list[Any]:
    twins = _pack(state.twins)
    head = state.head and _dump_head(state.head)
    line = state.open and _dump_line(state.open)
    before = [_dump_head(head) for head in state.before]
    waiting = state.waiting and _dump_lines(state.waiting)
    return [state.order_time, state.ordinal, state.last_time, twins, line, state.group.dump(), head, before, waiting]


def _pack(by_hash: dict[int, int]) -> list[tuple[bytes, int]]:
    return [(digest.to_bytes(16, "big"), value) for digest, value in by_hash.items()]


def _unpack(packed: list[tuple[bytes, int]]) -> dict[int, int]:
    return {int.from_bytes(digest, "big"): value for digest, value in packed}


def _dump_head(head: Head) -> list[Any]:
    return [astuple(head.identity), head.times, head.texts, head.raws, head.records, head.lines, head.revision]


def _dump_lines(lines: Lines) -> list[Any]:
    hashes = [digest.to_bytes(16, "big") for digest in lines.hash]
    return [lines.time, lines.text, hashes, lines.seq, lines.records, lines.lines]


def _load_lines(dumped: list[Any]) -> Lines:
    time, text, hashes, *rest = dumped
    return Lines(time, text, [int.from_bytes(digest, "big") for digest in hashes], *rest)


def _dump_line(line: OpenLine) -> list[Any]:
    identity = line.identity and astuple(line.identity)
    return [line.partial_id, line.time, line.hash.to_bytes(16, "big"), line.seq, line.piece, line.parts, line.shown, identity, line.revision]  # fmt: skip


def _load(dumped: list[Any]) -> StreamState:
    order_time, ordinal, last_time, twins, line, group, head, *later = dumped
    before, waiting = later or ([], None)  # a checkpoint of before 0.1 has none
    return StreamState(
        order_time, ordinal, last_time, _unpack(twins), line and _load_line(line), GroupState.load(group),
        head and _load_head(head), list(map(_load_head, before)), waiting and _load_lines(waiting),
    )  # fmt: skip


def _load_head(dumped: list[Any]) -> Head:
    return Head(Identity(*dumped[0]), *dumped[1:])


def _load_line(dumped: list[Any]) -> OpenLine:
    partial_id, time, digest, seq, piece, parts, shown, identity, *later = (
        dumped  # a checkpoint of before 0.1 has no more
    )
    whose = Identity(*identity) if identity else None
    return OpenLine(partial_id, time, int.from_bytes(digest, "big"), seq, piece, parts, shown, whose, *later)
