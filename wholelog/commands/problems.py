"""`wholelog problems`: errors that are alike, and what is said of them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from wholelog.client.errors import ClientError, Unreachable
from wholelog.commands.context import Context
from wholelog.commands.names import DONE, FAILED
from wholelog.errors import UsageProblem
from wholelog.terminal.harmless import harmless
from wholelog.terminal.table import table

_HEAD: Final = ("PROBLEM", "STATE", "TYPE", "COUNT", "LAST SEEN", "CONTAINER", "TITLE")
_SAID: Final = {"resolve": "resolved", "ignore": "ignored", "reopen": "open"}


def problems(context: Context) -> int:
    asked = context.asked
    said = next((state for flag, state in _SAID.items() if getattr(asked, flag)), "")
    if said and not asked.problems:
        raise UsageProblem(f"--{next(flag for flag in _SAID if getattr(asked, flag))}: name the problems by their ids")
    if said:
        return _say(context, said)
    if asked.problems:
        return _show(context)
    found = context.client.problems(state=",".join(asked.state), container=asked.container)
    if asked.output == "json":
        for one in found:
            context.out.write(orjson.dumps(one) + b"\n")
        return DONE
    for line in table(_HEAD, [_row(one) for one in found]):
        print(line, file=context.stdout)
    return DONE


def _say(context: Context, state: str) -> int:
    code = DONE
    for name in context.asked.problems:
        try:
            said = context.client.say_of_problem(name, state, context.asked.note)
            print(f"{name} {said['state']}", file=context.stdout, flush=True)
        except Unreachable:
            raise
        except ClientError as error:
            context.say(f"{name}: {error}")
            code = FAILED
    return code


def _show(context: Context) -> int:
    for name in context.asked.problems:
        one = context.client.problem(name)
        if context.asked.output == "json":
            context.out.write(orjson.dumps(one) + b"\n")
            continue
        for line in _told(one):
            print(harmless(line, False), file=context.stdout)
    return DONE


def _told(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one['title']}"
    yield f"{one['state']}, {one['log_type']}, {one['count']} times from {one['first_seen']} to {one['last_seen']}"
    if one["note"]:
        yield f"note: {one['note']}"
    for seen in one["containers"]:
        yield f"  {seen['container_id'][:12]} {seen['name']} {seen['task_id']}: {seen['count']}, last {seen['last_seen']}"
    sample = one.get("sample")
    if sample is None:
        yield "the log with its last message is gone"
        return
    yield ""
    for line in (*sample["before"], sample["line"]):
        yield from line["log_message"].split("\n")


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    container = one["containers"][0]["name"] if one["containers"] else ""
    return (
        one["id"],
        one["state"],
        one["log_type"],
        str(one["count"]),
        one["last_seen"][:19] + "Z",
        container,
        one["title"],
    )
