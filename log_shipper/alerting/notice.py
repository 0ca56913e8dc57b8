"""What is told: one alert, when it begins, goes on or ends."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

import orjson

from log_shipper.problems.sighting import Sighting
from log_shipper.problems.tables import storable
from log_store.document import ContainerContext, DocumentBatch

Status = Literal["firing", "update", "resolved"]
BEFORE: Final = 10  # messages
LONGEST_BEFORE: Final = 500  # characters of each of them
_LOOKED_AT: Final = 1000  # rows of a batch
LONGEST_MESSAGE: Final = 8000  # characters of a message in an alert; the log has all of it


@dataclass(frozen=True, slots=True)
class About:
    """What an alert is about: a message and its container; `id` and `log_time` are '' and 0 where it is of no message."""

    title: str
    log_type: str
    message: str
    container_id: str = ""
    container_name: str = ""
    task_id: str = ""
    id: str = ""
    log_time: int = 0
    problem: str = ""  # its id
    before: tuple[str, ...] = ()  # messages that came just before it, as far as they came with it

    def dumped(self) -> str:
        return orjson.dumps(asdict(self)).decode()


def about_of(dumped: str) -> About:
    told = orjson.loads(dumped)
    return About(**{**told, "before": tuple(told["before"])})


def about_sighting(one: Sighting, title: str, problem: str, batch: DocumentBatch) -> About:
    told = about(one.container, title, one.log_type, one.message, one.id, one.time, problem)
    return replace(told, before=before(batch, one.row))


def about(
    context: ContainerContext, title: str, log_type: str, message: str, name: str = "", time: int = 0, problem: str = ""
) -> About:
    """`message` as far as an alert has it."""
    return About(
        storable(title), log_type, storable(message[:LONGEST_MESSAGE]), storable(context.container_id),
        storable(context.container_name), storable(context.task_id), name, time, problem,
    )  # fmt: skip


def before(batch: DocumentBatch, row: int) -> tuple[str, ...]:
    """Up to BEFORE messages of the same container that stand before it in its batch."""
    container, found = batch.container[row], list[str]()
    for other in range(row - 1, max(-1, row - 1 - _LOOKED_AT), -1):
        if batch.container[other] is container:
            found.append(storable(batch.message[other][:LONGEST_BEFORE]))
            if len(found) == BEFORE:
                break
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Notice:
    """Times in ns since 1970 UTC. `ends_at`: when it is over at the latest, if nothing more comes; of `resolved`: when it was."""

    status: Status
    rule: str
    subject: str
    about: About
    count: int
    since: int
    last: int
    ends_at: int
    before: tuple[str, ...] = ()  # the messages before it
    link: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    repeated: str = ""  # new, returned, regressed; '' for what is no problem

    def dumped(self) -> str:
        return orjson.dumps(asdict(self)).decode()


def notice_of(dumped: str) -> Notice:
    told: dict[str, Any] = orjson.loads(dumped)
    return Notice(**{**told, "about": About(**{**told["about"], "before": ()}), "before": tuple(told["before"])})
