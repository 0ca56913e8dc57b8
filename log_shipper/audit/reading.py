"""Docker's copy of a container's log as the audit reads it: the files that are held, else through the engine."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.frames import FrameParser, Frames
from log_shipper.audit.gaps import NOT_ROTATED
from log_shipper.audit.held import File, Held
from log_shipper.audit.local_file import ENTRY_BYTES, LocalParser
from log_shipper.audit.reconcile import END
from log_shipper.audit.torn import TornLines
from log_shipper.errors import CopyDamaged, CopyGone, EngineUnavailable
from log_shipper.ledger import FRAME_BYTES, MARGIN, Account

SMALL = 1 << 20
"""Bytes of a copy of which a second reading costs nothing that matters."""


class Engine(Protocol):
    """See `docker_copy.Engine`."""

    def copy(self, container_id: str, since: int = 0) -> Iterator[bytes]: ...

    def tail(self, container_id: str) -> bytes: ...

    def facts(self, container: str) -> Facts | None: ...


@dataclass(slots=True)
class Reading:
    """Which part of a copy is read, each time the same: frames in their order, those before `since` (ns) may lack.

    After a reading: `may_have_rotated`, whether some may have gone before the first; `holes`, (from, to) in ns, of which
    the copy has nothing any more. `torn_before`: its first may be the rest of a line, if stamped before that (ns).
    """

    facts: Facts
    held: Held | None
    since: int
    until: int
    torn_before: int = 0
    may_have_rotated: bool = False
    holes: list[tuple[int, int]] = field(default_factory=list)
    _first: int = 0  # ns, the first frame's; the same at each reading, or part of it has gone meanwhile

    def frames(self, engine: Engine) -> Iterator[Frames]:
        """Raises EngineUnavailable, CopyGone, CopyDamaged."""
        self.holes = []
        if self.held is not None:
            yield from self._of_files(engine, self.held)
        else:
            yield from self._of_engine(engine)

    def is_likely_same(self, received: Account) -> bool:
        """Whether a cheap comparison of all of the copy is worth its cost, told from the files' last line and their size."""
        if received.mended or received.unverified_bytes < SMALL or self._lacks_last(received):
            return False
        if self.held is None or received.verified or any(file.packed for file in self.held.files):
            return True
        expected = received.unverified_bytes - received.records * (FRAME_BYTES - ENTRY_BYTES)
        return abs(self.held.size - expected) < expected >> 6

    def _lacks_last(self, received: Account) -> bool:
        """Most of what is lost is lost at the end."""
        try:
            return self.held is not None and self.held.files[-1].last() > received.latest
        except CopyDamaged:
            return False  # whoever reads it finds out

    def _of_files(self, engine: Engine, held: Held) -> Iterator[Frames]:
        self.may_have_rotated = not held.complete
        last, pending, torn = None, 0, TornLines(self.torn_before)
        for index, file in enumerate(held.files):
            parser = LocalParser()
            if index in held.holes:
                torn.begin_hole(last[1] if last else 0)
            is_before_hole = index + 1 in held.holes or (file is held.files[-1] and not held.is_last_surely_current)
            for frames in _parsed(file, parser):
                if not frames.time:
                    continue
                last = _last(frames)
                yield torn.cut(frames, before_hole=is_before_hole)
                if last[1] > self.until + MARGIN:
                    yield torn.rest()
                    self.holes = torn.holes_until(last[1])
                    return
            pending = parser.pending
        if self.until == END and (pending or not self._is_end(engine, held, last, torn)):
            raise CopyDamaged(f"the files of {self.facts.context.container_id[:12]} do not end as its copy does")
        yield torn.rest()
        self.holes = torn.holes_until(self.until if self.until != END else self.facts.finished_at)

    def _is_end(self, engine: Engine, held: Held, last: tuple[str, int, bytes] | None, torn: TornLines) -> bool:
        try:
            tail = FrameParser().receive(engine.tail(self.facts.context.container_id))
        except CopyGone:  # removed; what its files had then is all that there was
            if not held.is_last_surely_current:
                torn.begin_hole(last[1] if last else self.facts.started_at)
            return True
        return (_last(tail) if tail.time else None) == last

    def _of_engine(self, engine: Engine) -> Iterator[Frames]:
        container_id, parser, last, size = self.facts.context.container_id, FrameParser(), None, 0
        torn = TornLines(self.torn_before)
        for block in engine.copy(container_id, self.since):
            frames = parser.receive(block)
            size += len(block)
            self.may_have_rotated = size >= NOT_ROTATED
            if frames.time:
                if last is None:
                    self._check_first(frames.time[0])
                last = _last(frames)
            yield torn.cut(frames)
            if frames.time and frames.time[-1] > self.until + MARGIN:
                return
        tail = FrameParser().receive(engine.tail(container_id))
        # With `since` a copy that has nothing new may end before it.
        if parser.pending or (tail.time and _last(tail) != last and not (last is None and tail.time[-1] < self.since)):
            now = engine.facts(container_id)
            if now is not None and (now.running or now.started_at != self.facts.started_at):
                raise EngineUnavailable(f"{container_id[:12]} wrote on while its copy was read")
            raise CopyDamaged(f"Docker's copy of {container_id[:12]} broke off")

    def _check_first(self, time: int) -> None:
        if self._first and time != self._first:
            raise EngineUnavailable(f"the copy of {self.facts.context.container_id[:12]} rotated while it was read")
        self._first = time


def _parsed(file: File, parser: LocalParser) -> Iterator[Frames]:
    for block in file.blocks():
        yield parser.receive(block)


def _last(frames: Frames) -> tuple[str, int, bytes]:
    return frames.stream[-1], frames.time[-1], frames.text[-1]
