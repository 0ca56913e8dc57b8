"""`wholelog logs`."""

import heapq
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase

from wholelog.client.blocking import Lines
from wholelog.client.models import Line
from wholelog.client.request import Selection
from wholelog.commands.context import Context, selection_of, shortcoming
from wholelog.commands.names import DONE, NOT_WHOLE
from wholelog.commands.together import Together
from wholelog.errors import UsageProblem
from wholelog.terminal.colours import wanted
from wholelog.terminal.lines import TextLook, formatter, head


def logs(context: Context) -> int:
    asked = context.asked
    names = _names(context, asked.containers)
    prefixes = tuple(names) if len(names) > 1 and not (asked.no_prefix and asked.output == "text") else ()
    look = TextLook(
        terminal=context.stdout.isatty() and not asked.raw,
        colours=wanted(asked.color, context.stdout, context.environ),
        times=asked.timestamps,
        types=asked.show_type,
        names=prefixes,
    )
    shown = formatter(asked.output, look)
    context.out.write(head(asked.output, prefixes))
    reads = [_lines(context, name) for name in names]
    flush = asked.follow or context.stdout.isatty()
    late = 0
    for line, number in _together(reads, asked.follow, asked.reverse):
        context.out.write(shown(line, number))
        late += line.late
        if flush:
            context.out.flush()
    context.out.flush()
    if late and asked.output == "text":
        context.say(f"{late} messages came late and stand out of order; without -f all are in order")
    return _verdict(context, names, reads)


def _names(context: Context, given: Sequence[str]) -> list[str]:
    """Patterns replaced by the names that they match, each once."""
    known = [one.name for one in context.client.containers()] if any(map(_is_pattern, given)) else []
    names: list[str] = []
    for name in given:
        found = [one for one in known if fnmatchcase(one, name)] if _is_pattern(name) else [name]
        if not found:
            raise UsageProblem(f"{name}: no container has such a name; `wholelog ps -a` shows those that there are")
        names += [one for one in found if one not in names]
    return names


def _is_pattern(name: str) -> bool:
    return any(character in name for character in "*?[")


def _lines(context: Context, name: str) -> Lines:
    asked = context.asked
    tail = _tail(asked.tail)
    if asked.follow and (asked.until or asked.reverse):
        raise UsageProblem(f"{'--until' if asked.until else '--reverse'}: goes not together with -f")
    if asked.reverse and tail is not None:
        raise UsageProblem("--reverse: goes not together with --tail; `| head -N` ends it after so many")
    selection: Selection = selection_of(asked, tail=tail, descending=asked.reverse)
    return context.client.follow(name, selection) if asked.follow else context.client.read(name, selection)


def _tail(text: str | None) -> int | None:
    if text is None or text == "all":
        return None
    if not (text.isascii() and text.isdecimal()):
        raise UsageProblem(f"--tail: {text!r:.60} must be a whole number, or all")
    return int(text)


def _together(reads: Sequence[Lines], follow: bool, reverse: bool) -> Iterator[tuple[Line, int]]:
    """Each message with the number of its container: as they come, or by their times."""
    if len(reads) == 1:
        return _numbered(reads[0], 0)
    if follow:
        return iter(Together(reads))
    numbered = [_numbered(read, number) for number, read in enumerate(reads)]
    return heapq.merge(*numbered, key=lambda one: one[0].log_time, reverse=reverse)


def _numbered(lines: Lines, number: int) -> Iterator[tuple[Line, int]]:
    for line in lines:
        yield line, number


def _verdict(context: Context, names: Sequence[str], reads: Sequence[Lines]) -> int:
    code = DONE
    for name, read in zip(names, reads, strict=True):
        seal = read.end.seal if read.end else None
        if seal is not None and (what := shortcoming(seal)):
            context.say(f"{name}: {what}")
        if context.asked.strict and (seal is None or not seal.whole):
            if seal is not None and seal.state == "open":
                context.say(f"{name}: the log goes on: it is not sealed yet")
            code = NOT_WHOLE
    return code


def drop_output(context: Context) -> None:
    """Who reads has enough: what is left in the buffers goes nowhere."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), context.stdout.fileno())
