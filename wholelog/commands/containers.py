"""`wholelog ps`, `rm` and `top`."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from wholelog.client.errors import ClientError, Unreachable
from wholelog.client.models import Container
from wholelog.commands.context import Context
from wholelog.commands.names import DONE, FAILED
from wholelog.terminal.harmless import harmless
from wholelog.terminal.table import table

ACTIVE: Final = ("running", "paused", "restarting")
_WAITING: Final = ("queued", "inputs", "outputs")  # phases of a task whose container does not run
_HEAD: Final = ("CONTAINER ID", "NAME", "IMAGE", "TYPE", "STATUS", "CPU %", "MEM USAGE / LIMIT")


def ps(context: Context) -> int:
    asked = context.asked
    found = [one for one in context.client.containers(asked.label) if asked.all or _is_active(one)]
    if asked.output == "json":
        for one in found:
            context.out.write(orjson.dumps(one.more) + b"\n")
        return DONE
    if asked.quiet:
        lines: Iterator[str] = (one.container_id if asked.no_trunc else one.container_id[:12] for one in found)
    else:
        lines = table(_HEAD, [_row(one, asked.no_trunc) for one in found])
    for line in lines:
        print(line, file=context.stdout)
    return DONE


def rm(context: Context) -> int:
    code = DONE
    for name in context.asked.containers:
        try:
            if not context.asked.force and (status := context.client.container(name).status) in ACTIVE:
                context.say(f"{name}: is {status}; -f stops and deletes it")
                code = FAILED
                continue
            deleted = context.client.delete(name)
        except Unreachable:
            raise
        except ClientError as error:
            context.say(f"{name}: {error}")
            code = FAILED
            continue
        print(name, file=context.stdout, flush=True)
        if not deleted.removed:
            context.say(deleted.message)
    return code


def top(context: Context) -> int:
    """On a terminal until it is interrupted; elsewhere one look, unless more are asked for."""
    live = context.stdout.isatty()
    left = context.asked.count or (-1 if live else 1)
    if live:
        return _live(context, left)
    while left:
        for line in table(_HEAD, [_row(one, False) for one in _busiest(context)]):
            print(line, file=context.stdout, flush=True)
        left -= 1
        if left:
            time.sleep(context.asked.delay)
    return DONE


def _live(context: Context, left: int) -> int:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=context.stdout)
    try:
        with Live(_drawn(_busiest(context)), console=console, auto_refresh=False, screen=True) as live:
            while left != 1:
                time.sleep(context.asked.delay)
                live.update(_drawn(_busiest(context)), refresh=True)
                left -= 1
    except KeyboardInterrupt:
        pass
    return DONE


def _drawn(found: Sequence[Container]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    total = sum(one.cpu for one in found)
    running = sum(map(_is_active, found))
    title = f"{time.strftime('%H:%M:%S')}  {running} of {len(found)} containers run, {total:.1f} % of a CPU"
    drawn = Table(*_HEAD, title=title, title_justify="left", box=box.SIMPLE_HEAD, expand=True)
    for one in found:
        style = "" if _is_active(one) else "dim"
        drawn.add_row(
            *(Text(harmless(cell, False), style, overflow="ellipsis", no_wrap=True) for cell in _row(one, False))
        )
    return drawn


def _busiest(context: Context) -> list[Container]:
    return sorted(context.client.containers(), key=lambda one: (not _is_active(one), -one.cpu, one.name))


def _row(one: Container, full: bool) -> tuple[str, ...]:
    container_id = one.container_id if full else one.container_id[:12]
    phase = one.more.get("phase")
    status = f"{one.status} ({phase})" if phase in _WAITING else one.status
    return container_id, one.name, one.image, one.type, status, f"{one.cpu:.1f}", one.mem


def _is_active(one: Container) -> bool:
    return one.status in ACTIVE or one.more.get("phase") in _WAITING
