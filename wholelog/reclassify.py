"""`wholelog reclassify`: the rules as they are now, applied to what is stored."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from log_shipper.containers import known_contexts
from log_shipper.rules import RuleBook
from log_shipper.stages.own_lines import BY
from log_store.document import ContainerContext
from log_store.fields import WHOLELOG
from log_store.protocols import LogReader
from log_store.retyping import Judgement, LogRetyper, Retyped, StoredMessage
from runtime_api.params.time import parse_time
from wholelog.errors import NoSuchContainer
from wholelog_base.own_lines import type_of
from wholelog_base.settings import SettingsError


class Judges:
    """Judges messages by the rules of their container: its label is in the shipper's register, not in the store."""

    def __init__(self, book: RuleBook, containers: Path) -> None:
        self._book = book
        self._known = known_contexts(containers)

    def __call__(self, messages: Sequence[StoredMessage]) -> list[Judgement]:
        return [self._judge(message) for message in messages]

    def _judge(self, message: StoredMessage) -> Judgement:
        if message.stream == WHOLELOG:
            return type_of(message.message), BY, None
        stored = message.container
        known: ContainerContext = self._known.get(stored.container_id, stored)
        rules = self._book.of(known)
        (log_type,), (by,) = rules.classify([message.message], message.stream)
        return log_type, by, rules.extract.of(message.message, by) if rules.extract is not None else None


def time_range(start: str, end: str) -> tuple[int, int]:
    """ns since 1970 UTC, both inclusive. Raises SettingsError naming the flag and what would be right."""
    now, times = time.time_ns(), []
    for flag, text in (("--from", start), ("--until", end)):
        try:
            times.append(parse_time(text, now))
        except ValueError as error:
            raise SettingsError([f"{flag}: {text!r} {error}"]) from error
    if times[0] > times[1]:
        raise SettingsError([f"--from: {start!r} is later than --until {end!r}"])
    return times[0], times[1]


def container_id_of(reader: LogReader, name: str) -> str:
    """The full id of a container by id, beginning of it, name or task id; '' for ''. Raises NoSuchContainer, LogStoreError."""
    if not name or len(name) == 64:
        return name
    found = reader.find_containers(name)
    if len({one.container_id for one in found}) != 1:
        what = "no container is" if not found else f"{len(found)} containers are"
        raise NoSuchContainer(f"--container {name!r}: {what} known by it; give the full id")
    return found[0].container_id


def reclassify(
    retyper: LogRetyper,
    judges: Judges,
    times: tuple[int, int],
    container_id: str,
    *,
    dry: bool,
    say: Callable[[str], None],
) -> Retyped:
    """All of a time range (ns, inclusive); says how far it is from time to time."""
    total, told = Retyped(), 0
    for page in retyper.retype(*times, container_id, judges, dry=dry):
        total.add(page)
        if total.seen - told >= 100_000:
            told = total.seen
            say(f"{total.seen:,} messages looked at, {total.changed:,} changed")
    return total


def summary(total: Retyped, *, dry: bool) -> list[str]:
    would = "would change" if dry else "changed"
    lines = [f"{total.seen:,} messages looked at, {total.changed:,} {would}"]
    lines += [f"  {old} -> {new}: {count:,}" for (old, new), count in sorted(total.moves.items())]
    rest = total.changed - sum(total.moves.values())
    return lines + ([f"  the reason or the fields alone: {rest:,}"] if rest else [])
