"""`wholelog logs`."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase

from wholelog.client.blocking import Lines
from wholelog.client.models import Line, Seal
from wholelog.client.request import Selection
from wholelog.commands.context import Context, by_what_is_known, selection_of, shortcoming
from wholelog.commands.joining import Joining
from wholelog.commands.names import DONE, NOT_WHOLE
from wholelog.commands.together import Together
from wholelog.errors import UsageProblem
from wholelog.terminal.colours import wanted
from wholelog.terminal.lines import TextLook, formatter, head


def logs(context: Context) -> int:
    asked = context.asked
    names = _names(context, asked.containers)
    if not names and not by_what_is_known(asked):
        raise UsageProblem("name a container, or choose by --task-id, --task-type, --uid or --label")
    joining = asked.follow and by_what_is_known(asked)
    if joining and names:
        raise UsageProblem("a name goes not together with -f and --task-id, --task-type, --uid or --label: one of both")
    several = len(names) > 1 or by_what_is_known(asked)
    together = several and not asked.follow
    labels = [] if together or joining else list(names)
    look = TextLook(
        terminal=context.stdout.isatty() and not asked.raw,
        colours=wanted(asked.color, context.stdout, context.environ),
        times=asked.timestamps,
        types=asked.show_type,
        names=labels if several and not (asked.no_prefix and asked.output == "text") else None,
    )
    shown = formatter(asked.output, look)
    context.out.write(head(asked.output, several))
    reads = [_lines(context, names)] if together else [_lines(context, name) for name in names]
    shown_lines = (
        _joining(context, labels) if joining else _labelled(reads[0], labels) if together else _together(reads)
    )
    flush = asked.follow or context.stdout.isatty()
    late = 0
    for line, number in shown_lines:
        context.out.write(shown(line, number))
        late += line.late
        if flush:
            context.out.flush()
    context.out.flush()
    if late and asked.output == "text":
        context.say(f"{late} messages came late and stand out of order; without -f all are in order")
    ends = [read.end for read in reads]
    if together and ends[0] is not None:
        seals: dict[str, Seal | None] = {**ends[0].seals} or {"the logs": ends[0].seal}
    else:
        seals = {name: end.seal if end else None for name, end in zip(names, ends, strict=not together)}
    return _verdict(context, seals)


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


def _lines(context: Context, names: str | Sequence[str]) -> Lines:
    selection = _selection(context)
    return (
        context.client.follow(names, selection)
        if isinstance(names, str) and context.asked.follow
        else context.client.read(names, selection)
    )


def _selection(context: Context) -> Selection:
    asked = context.asked
    tail = _tail(asked.tail)
    if asked.follow and (asked.until or asked.reverse):
        raise UsageProblem(f"{'--until' if asked.until else '--reverse'}: goes not together with -f")
    if asked.reverse and tail is not None:
        raise UsageProblem("--reverse: goes not together with --tail; `| head -N` ends it after so many")
    return selection_of(asked, tail=tail, descending=asked.reverse)


def _tail(text: str | None) -> int | None:
    if text is None or text == "all":
        return None
    if not (text.isascii() and text.isdecimal()):
        raise UsageProblem(f"--tail: {text!r:.60} must be a whole number, or all")
    return int(text)


def _together(reads: Sequence[Lines]) -> Iterator[tuple[Line, int]]:
    """Each message with the number of its container, as they come."""
    return _numbered(reads[0], 0) if len(reads) == 1 else iter(Together(reads))


def _joining(context: Context, labels: list[str]) -> Iterator[tuple[Line, int]]:
    def ended(name: str, seal: Seal) -> None:
        if what := shortcoming(seal):
            context.say(f"{name}: {what}")

    return Joining(context.client, _selection(context), labels, ended)


def _labelled(lines: Lines, labels: list[str]) -> Iterator[tuple[Line, int]]:
    """Each message with the number of its container, whose name comes into `labels` with its first."""
    numbers: dict[str, int] = {}
    for line in lines:
        number = numbers.setdefault(line.container_id, len(numbers))
        if number == len(labels):
            labels.append(line.container_name or line.container_id[:12])
        yield line, number


def _numbered(lines: Lines, number: int) -> Iterator[tuple[Line, int]]:
    for line in lines:
        yield line, number


def _verdict(context: Context, seals: Mapping[str, Seal | None]) -> int:
    code = DONE
    for name, seal in seals.items():
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
