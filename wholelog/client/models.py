"""What the API gives, as values. Times are text as the API writes them: RFC 3339, UTC; '' where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from wholelog.client.errors import NotWholelog

_AGAIN: Final = "this request_id was answered before"


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a log that is known to be missing; `lines` None: how many is not known."""

    start: str
    end: str
    lines: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Seal:
    """Whether all that was written is there; `state`: open, sealed, gaps or unverified (docs/logs.md)."""

    state: str
    reason: str
    lines: int
    put_back: int
    gaps: tuple[Gap, ...]
    runs: int
    started: str
    finished: str
    verified_until: str

    @property
    def whole(self) -> bool:
        return self.state == "sealed"


@dataclass(frozen=True, slots=True)
class Container:
    """`cpu` in percent of one CPU, `mem` as `docker stats` shows it. `more`: every member as it came."""

    container_id: str
    name: str
    status: str
    cpu: float
    mem: str
    uid: str
    image: str
    type: str
    task_id: str
    more: Mapping[str, Any]

    @property
    def exit_code(self) -> int | None:
        """None while it runs, and in a list."""
        code = self.more.get("exit_code")
        return code if isinstance(code, int) else None

    @property
    def seal(self) -> Seal | None:
        """None where the store cannot say, and in a list."""
        seal = self.more.get("seal")
        return seal_of(seal) if seal else None


@dataclass(frozen=True, slots=True)
class Started:
    """`again`: the request_id had been answered before, and nothing was started now."""

    container_id: str
    container_name: str
    log_path: str
    task_id: str
    image: str
    digest: str
    again: bool


@dataclass(frozen=True, slots=True)
class Deleted:
    """`removed` False: it is stopped, and goes once its log is verified."""

    container_id: str
    removed: bool
    seal: Seal | None
    message: str


class Line(NamedTuple):
    """A message of a log, which may have several lines.

    Only while following: `late` (its place is before one that came already), `grown` (how many characters of `message`
    have been given before under this `id`; None: none), `gone` (ids given before that are no more: this message holds
    their lines). `cursor` is where to go on behind it. `source`: the object of JSON that it came as. The last two are there where
    several containers are read.
    """

    log_time: str
    log_type: str
    stream: str
    message: str
    id: str
    lines: int
    cursor: str
    late: bool
    grown: int | None
    gone: tuple[str, ...]
    source: bytes
    container_id: str = ""
    container_name: str = ""

    @property
    def news(self) -> str:
        """What of the message has not been given before."""
        return self.message if not self.grown else self.message[self.grown :]


@dataclass(frozen=True, slots=True)
class End:
    """What the API says at the end of lines. `cursor`: to go on behind them; '' where they were the last."""

    seal: Seal
    count: int
    lines: int
    cursor: str
    seals: Mapping[str, Seal] = field(default_factory=dict)
    """Of several containers that of each, by its name, else by its id; `seal` is one for all."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of several containers by the id of each its name; '' where none is known."""


def seal_of(told: Mapping[str, Any]) -> Seal:
    gaps = tuple(Gap(gap["from"] or "", gap["to"] or "", gap["lines"], gap["why"]) for gap in told["gaps"])
    return Seal(
        told["state"], told["reason"], told["lines"], told["put_back"], gaps, told["runs"],
        told["started"] or "", told["finished"] or "", told["verified_until"] or "",
    )  # fmt: skip


def container_of(told: Mapping[str, Any]) -> Container:
    image = told.get("image") or {}
    return Container(
        told["container_id"], told.get("name", ""), told["status"], float(told["cpu"]), told["mem"],
        told["user_info"]["uid"], image.get("name", ""), told.get("type", ""), told.get("task_id", ""), told,
    )  # fmt: skip


def started_of(told: Mapping[str, Any], message: str) -> Started:
    return Started(
        told["container_id"], told["container_name"], told["log_path"], told["task_id"], told["image"]["name"],
        told["image"]["digest"], message.startswith(_AGAIN),
    )  # fmt: skip


def deleted_of(told: Mapping[str, Any], message: str) -> Deleted:
    seal = told.get("seal")
    return Deleted(told["container_id"], told["removed"], seal_of(seal) if seal else None, message)


def line_of(told: Mapping[str, Any], source: bytes) -> Line:
    return Line(
        told["log_time"], told["log_type"], told["stream"], told["log_message"], told["id"], told["lines"],
        told.get("cursor", ""), told.get("late", False), told.get("grown"), tuple(told.get("gone", ())), source,
        told.get("container_id", ""), told.get("container_name", ""),
    )  # fmt: skip


def end_of(told: Mapping[str, Any]) -> End:
    seals = {one["container_name"] or one["container_id"]: seal_of(one["seal"]) for one in told.get("seals", ())}
    names = {one["container_id"]: one["container_name"] for one in told.get("seals", ())}
    return End(seal_of(told["seal"]), told["count"], told["lines"], told.get("cursor", ""), seals, names)


def unreadable(what: str, error: Exception) -> NotWholelog:
    return NotWholelog(f"what answers is no API of this Wholelog: {what} lacks or garbles {error}")
