"""What a command has at hand; all of it can be another one in a test."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

from wholelog.client.blocking import Client
from wholelog.client.models import Seal
from wholelog.client.request import Selection


@dataclass(frozen=True, slots=True)
class Context:
    asked: argparse.Namespace
    client: Client
    url: str
    environ: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO

    @property
    def out(self) -> BinaryIO:
        return self.stdout.buffer

    @property
    def err(self) -> BinaryIO:
        return self.stderr.buffer

    def say(self, text: str) -> None:
        """To the person at the terminal, beside the output."""
        self.stdout.flush()
        print(f"wholelog {self.asked.command}: {' '.join(text.split())}", file=self.stderr, flush=True)


def selection_of(asked: argparse.Namespace, **more: Any) -> Selection:
    streams = (asked.stream,) if asked.stream else ()
    return Selection(
        start_time=asked.since,
        end_time=asked.until,
        log_type=tuple(asked.type),
        stream=streams,
        q=asked.grep,
        regex=asked.regex,
        task_id=tuple(asked.task_id),
        type=tuple(asked.task_type),
        uid=tuple(asked.uid),
        label=tuple(asked.label),
        **more,
    )


def by_what_is_known(asked: argparse.Namespace) -> bool:
    """Whether containers are chosen otherwise than by their names."""
    return bool(asked.task_id or asked.task_type or asked.uid or asked.label)


def shortcoming(seal: Seal) -> str:
    """What is wrong with a log; '' for one that is whole, and for one that goes on."""
    if seal.state == "unverified":
        return f"whether the log is whole could not be verified: {seal.reason}"
    if seal.state != "gaps":
        return ""
    gaps = "; ".join(
        f"{'some' if gap.lines is None else gap.lines} lines between {gap.start or 'an unknown time'} and "
        f"{gap.end or 'an unknown time'}: {gap.why}"
        for gap in seal.gaps[:3]
    )
    more = f"; and {len(seal.gaps) - 3} more gaps" if len(seal.gaps) > 3 else ""
    return f"the log is not whole: {gaps or seal.reason}{more}"
