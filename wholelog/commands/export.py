"""`wholelog export`: a log into a file, whole or not at all.

It is written as FILE.part, with FILE.part.json beside it that says how far it is good; at the end it gets its name.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from wholelog.client.blocking import Lines
from wholelog.client.errors import ClientError
from wholelog.client.models import Seal
from wholelog.commands.context import Context, selection_of, shortcoming
from wholelog.commands.names import DONE, NOT_WHOLE
from wholelog.commands.progress import Progress
from wholelog.errors import OutputProblem
from wholelog.terminal.lines import Formatter, TextLook, formatter, head

_FORMATS: Final = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".txt": "text",
    ".log": "text",
    ".csv": "csv",
}


def export(context: Context) -> int:
    asked = context.asked
    container = context.client.container(asked.container)
    if asked.file is not None and str(asked.file) == "-":
        kind = asked.output or "ndjson"
        context.out.write(_head(kind))
        lines = context.client.read(container.container_id, selection_of(asked))
        shown = _formatter(kind)
        for line in lines:
            context.out.write(shown(line, 0))
        context.out.flush()
        return _verdict(context, "the log", lines)
    file: Path = asked.file or Path(f"{container.name or container.container_id[:12]}.{asked.output or 'ndjson'}")
    if file.exists() and not asked.force:
        raise OutputProblem(f"{file}: is there already; --force writes over it")
    kind = asked.output or _FORMATS.get(file.suffix, "ndjson")
    part = _Part(file, {"container": container.container_id, "format": kind, "selection": selection_of(asked).params()})
    seal = None if container.more.get("seal") is None else container.seal
    with part.open() as out, Progress(context, part.count, _total(context, seal)) as progress:
        if not part.cursor and not part.count:
            out.write(_head(kind))
        lines = context.client.read(container.container_id, selection_of(asked), cursor=part.cursor)
        try:
            part.take(out, lines, _formatter(kind), progress)
        except (KeyboardInterrupt, ClientError):
            context.say(f"{file}: broken off; the same command goes on after the first {part.kept} messages")
            raise
    part.finish()
    context.say(f"{part.count} messages in {file}")
    return _verdict(context, str(file), lines)


class _Part:
    """The unfinished file. `cursor` and `kept`: how far it is good; '' and 0 for a new one. `count`: of its messages."""

    def __init__(self, file: Path, asked: dict[str, Any]) -> None:
        self._file = file
        self._part = file.with_name(file.name + ".part")
        self._state = file.with_name(file.name + ".part.json")
        self._asked = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        self.cursor, self.count, self.kept, self._bytes = "", 0, 0, 0
        self._load()

    def open(self) -> BinaryIO:
        """Raises OutputProblem."""
        try:
            out = open(self._part, "r+b" if self.cursor else "wb")
            out.truncate(self._bytes)
            out.seek(self._bytes)
        except OSError as error:
            raise OutputProblem(f"{self._part}: {error.strerror or error}") from error
        return out

    def take(self, out: BinaryIO, lines: Lines, shown: Formatter, progress: Callable[[int], None]) -> None:
        cursor = lines.checkpoint
        try:
            for line in lines:
                if lines.checkpoint != cursor:  # a page is whole: this line is the first of the next
                    cursor = lines.checkpoint
                    self._save(out, cursor)
                out.write(shown(line, 0))
                self.count += 1
                if not self.count % 1000:
                    progress(self.count)
            progress(self.count)
            out.flush()
            os.fsync(out.fileno())
        except OSError as error:
            raise OutputProblem(f"{self._part}: {error.strerror or error}") from error

    def finish(self) -> None:
        os.replace(self._part, self._file)
        self._state.unlink(missing_ok=True)

    def _save(self, out: BinaryIO, cursor: str) -> None:
        out.flush()
        self._bytes, self.kept = out.tell(), self.count
        told = {"asked": self._asked, "cursor": cursor, "count": self.count, "bytes": self._bytes}
        fresh = self._state.with_name(self._state.name + ".new")
        fresh.write_text(json.dumps(told))
        os.replace(fresh, self._state)

    def _load(self) -> None:
        """What is of another export, or cannot be read, is begun anew."""
        try:
            told = json.loads(self._state.read_text())
            good = (
                told["asked"] == self._asked
                and self._part.stat().st_size >= int(told["bytes"])
                and bool(told["cursor"])
            )
            if good:
                self.cursor, self.count, self._bytes = str(told["cursor"]), int(told["count"]), int(told["bytes"])
                self.kept = self.count
        except (OSError, ValueError, KeyError, TypeError):
            return


def _formatter(kind: str) -> Formatter:
    if kind == "text":
        return lambda line, _: f"{line.log_time} {line.log_type} {line.message}\n".encode("utf-8", "replace")
    return formatter({"ndjson": "json"}.get(kind, kind), TextLook())


def _head(kind: str) -> bytes:
    return head(kind, ())


def _total(context: Context, seal: Seal | None) -> int | None:
    """Lines to come, where all of the log is asked for; messages of several lines make it an estimate."""
    narrowed = selection_of(context.asked).params()
    return seal.lines if seal is not None and not narrowed and seal.lines else None


def _verdict(context: Context, what: str, lines: Lines) -> int:
    seal = lines.end.seal if lines.end else None
    short = "nothing is known of whether it is whole" if seal is None else shortcoming(seal)
    if seal is not None and seal.state == "open":
        short = "the log goes on: this is what there was"
    if short:
        context.say(f"{what}: {short}")
    return NOT_WHOLE if context.asked.strict and (seal is None or not seal.whole) else DONE
