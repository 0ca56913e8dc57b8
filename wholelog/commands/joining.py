"""Logs that are followed by what is known of their containers: those of containers that begin to write later join."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from wholelog.client.blocking import Client, Lines
from wholelog.client.models import Line, Seal
from wholelog.client.request import Selection
from wholelog.commands.together import Together

_LOOK_EVERY: Final = 1.0  # seconds
_LATE: Final = 60  # seconds by which a line may be seen later than it was stamped


@dataclass(slots=True)
class _Followed:
    number: int
    name: str
    lines: Lines
    runs: int | None = None  # that it had when it had ended


class Joining(Iterator[tuple[Line, int]]):
    """Each line with the number of its container, whose name stands in `names` by then. Has no end of its own.

    One that is started again joins again, behind what was shown of it.
    """

    def __init__(
        self, client: Client, selection: Selection, names: list[str], ended: Callable[[str, Seal], None]
    ) -> None:
        """`ended` is told the name and the seal of each log that has ended. Raises ClientError."""
        self._client, self._selection, self._names, self._ended = client, selection, names, ended
        self._followed: dict[str, _Followed] = {}
        self._lines = Together()
        self._looked = time.monotonic()
        self._take_in(selection, selection)
        self._lines.beside(self._look_on)

    def __next__(self) -> tuple[Line, int]:
        return next(self._lines)

    def _look_on(self) -> None:
        later = replace(self._selection, tail=None)
        while True:
            time.sleep(_LOOK_EVERY)
            began = time.monotonic()
            back = math.ceil(began - self._looked) + _LATE
            self._take_in(replace(later, start_time=f"{back}s", q="", regex=""), later)
            self._looked = began

    def _take_in(self, look: Selection, follow: Selection) -> None:
        """`look`: where containers are looked for; `follow`: what is read of those that are new."""
        for one in self._followed.values():
            if (last := one.lines.end) is not None and one.runs is None:
                one.runs = last.seal.runs
                self._ended(one.name, last.seal)
        end = self._client.end((), replace(look, tail=None))
        for container_id, name in end.names.items():
            known = self._followed.get(container_id)
            if known is None:
                self._names.append(name or container_id[:12])
                self._follow(container_id, name, follow, len(self._names) - 1, "")
            elif known.runs is not None and end.seals[name or container_id].runs > known.runs:
                self._follow(container_id, name, follow, known.number, known.lines.checkpoint)

    def _follow(self, container_id: str, name: str, follow: Selection, number: int, cursor: str) -> None:
        alone = replace(follow, task_id=(), type=(), uid=(), label=())
        lines = self._client.follow(container_id, replace(alone, tail=None) if cursor else alone, cursor=cursor)
        self._followed[container_id] = _Followed(number, name or container_id[:12], lines)
        self._lines.add(lines, number)
