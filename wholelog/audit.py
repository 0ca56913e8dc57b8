"""`wholelog audit`: the shipper's verdict on the log of each container."""

import http.client
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from log_store.rfc3339 import format_ns
from wholelog.errors import ShipperProblem
from wholelog_base.addresses import Address, as_text
from wholelog_base.http_connection import connection_to

_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 1800.0  # a log is read again, whole, before it is spoken of
_HEAD: Final = ("CONTAINER", "ID", "STARTED", "STATE", "LINES", "PUT BACK")


@dataclass(frozen=True, slots=True)
class Gap:
    """Times in ns since 1970 UTC; None: not known."""

    start: int | None
    end: int | None
    lines: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one run of a container; `state` and the rest as in `log_store.seal.Seal`."""

    container_id: str
    container_name: str
    started_at: int
    state: str
    reason: str
    lines: int
    put_back: int
    gaps: tuple[Gap, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing, or not to be known."""
        return self.state not in ("gaps", "unverified") and not self.gaps


def ask(address: Address, container: str, repair: bool) -> list[Verdict]:
    """Of all containers of ours on the engine, or of one by id, prefix or name. Raises ShipperProblem."""
    place = as_text(address)
    asked = {**({"container": container} if container else {}), "repair": "true" if repair else "false"}
    try:
        status, body = _get(address, "/audit?" + urlencode(asked))
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise ShipperProblem(
            f"nobody answers at {place}: start the shipper (`wholelog up` or `wholelog shipper`), "
            "or name its address with --shipper-listen"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise ShipperProblem(f"the shipper at {place} gave no answer: {error or type(error).__name__}") from error
    try:
        answer = json.loads(body)
        if status != 200:
            raise ShipperProblem(str(answer["status"]))
        return [_verdict(told) for told in answer["verdicts"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ShipperProblem(f"who answers at {place} is no shipper of this Wholelog (status {status})") from error


def report(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A line for each verdict, one for each of its gaps below it."""
    if not verdicts:
        yield "no container on the engine sends its log here"
        return
    rows = [_HEAD, *map(_row, verdicts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for number, row in enumerate(rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if number:
            yield from _details(verdicts[number - 1])


def _get(address: Address, path: str) -> tuple[int, bytes]:
    connection = connection_to(address, _CONNECT_SECONDS)
    try:
        connection.connect()
        connection.sock.settimeout(_ANSWER_SECONDS)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _verdict(told: dict[str, Any]) -> Verdict:
    gaps = tuple(Gap(gap["start"], gap["end"], gap["lines"], str(gap["why"])) for gap in told["gaps"])
    return Verdict(
        str(told["container_id"]), str(told["container_name"]), int(told["started_at"]), str(told["state"]),
        str(told["reason"]), int(told["lines"]), int(told["put_back"]), gaps,
    )  # fmt: skip


def _row(verdict: Verdict) -> tuple[str, ...]:
    return (
        verdict.container_name,
        verdict.container_id[:12],
        _time(verdict.started_at or None),
        verdict.state,
        f"{verdict.lines:,}",
        f"{verdict.put_back:,}",
    )


def _details(verdict: Verdict) -> Iterator[str]:
    if verdict.reason:
        yield "    " + " ".join(verdict.reason.split())
    for gap in verdict.gaps:
        lines = "" if gap.lines is None else f" {gap.lines:,} lines,"
        yield f"    gap from {_time(gap.start)} to {_time(gap.end)}:{lines} {' '.join(gap.why.split())}"


def _time(time: int | None) -> str:
    return "?" if time is None else format_ns(time)
