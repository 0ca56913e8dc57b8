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
from wholelog.client.models import Container, Seal
from wholelog.client.request import Selection
from wholelog.commands.context import Context, by_what_is_known, selection_of, shortcoming
from wholelog.commands.names import DONE, NOT_WHOLE
from wholelog.commands.progress import Progress
from wholelog.errors import OutputProblem, UsageProblem
from wholelog.terminal.lines import Formatter, TextLook, formatter, head, owned_head, owned_row, owner_of

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
    selection, several = selection_of(asked), bool(asked.also) or by_what_is_known(asked)
    names = [name for name in (asked.container, *asked.also) if name]
    if not names and not several:
        raise UsageProblem("name a container, or choose by --task-id, --task-type, --uid or --label")
    found = [context.client.container(name) for name in names]
    ids = [one.container_id for one in found]
    file: Path | None = asked.file or asked.into
    if file is not None and str(file) == "-":
        return _to_stdout(context, asked.output or "ndjson", ids, selection, several)
    file = file or Path(f"{_name(found)}.{asked.output or 'ndjson'}")
    if file.exists() and not asked.force:
        raise OutputProblem(f"{file}: is there already; --force writes over it")
    kind = asked.output or _FORMATS.get(file.suffix, "ndjson")
    whose: object = ids if several else ids[0]
    part = _Part(file, {"container": whose, "format": kind, "selection": selection.params()})
    total = None if several or found[0].more.get("seal") is None else _total(found[0].seal, selection)
    with part.open() as out, Progress(context, part.count, total) as progress:
        if not part.cursor and not part.count:
            out.write(_head(kind, several))
        lines = context.client.read(ids, selection, cursor=part.cursor)
        try:
            part.take(out, lines, _formatter(kind, several), progress)
        except (KeyboardInterrupt, ClientError):
            context.say(f"{file}: broken off; the same command goes on after the first {part.kept} messages")
            raise
    part.finish()
    context.say(f"{part.count} messages in {file}")
    return _verdict(context, str(file), lines)


def _to_stdout(context: Context, kind: str, ids: list[str], selection: Selection, several: bool) -> int:
    context.out.write(_head(kind, several))
    lines = context.client.read(ids, selection)
    shown = _formatter(kind, several)
    for line in lines:
        context.out.write(shown(line, 0))
    context.out.flush()
    return _verdict(context, "the log", lines)


def _name(found: list[Container]) -> str:
    """Of a file of one's own."""
    return (found[0].name or found[0].container_id[:12]) if len(found) == 1 else "logs"


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


def _formatter(kind: str, several: bool) -> Formatter:
    """As the API gives the same form."""
    if kind == "text":
        return lambda line, _: (
            f"{line.log_time} {line.log_type} {owner_of(line) + ' ' if several else ''}{line.message}\n".encode(
                "utf-8", "replace"
            )
        )
    if kind == "csv" and several:
        return owned_row
    return formatter({"ndjson": "json"}.get(kind, kind), TextLook())


def _head(kind: str, several: bool) -> bytes:
    return owned_head() if kind == "csv" and several else head(kind, False)


def _total(seal: Seal | None, selection: Selection) -> int | None:
    """Lines to come, where all of the log is asked for; messages of several lines make it an estimate."""
    return seal.lines if seal is not None and not selection.params() and seal.lines else None


def _verdict(context: Context, what: str, lines: Lines) -> int:
    seal = lines.end.seal if lines.end else None
    short = "nothing is known of whether it is whole" if seal is None else shortcoming(seal)
    if seal is not None and seal.state == "open":
        short = "the log goes on: this is what there was"
    if short:
        context.say(f"{what}: {short}")
    return NOT_WHOLE if context.asked.strict and (seal is None or not seal.whole) else DONE
