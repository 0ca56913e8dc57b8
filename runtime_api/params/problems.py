"""What `GET /problems` and `PATCH /problems/{id}` take."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from log_store.problem import SAID, STATES
from runtime_api.errors import BadRequest
from runtime_api.schemas.members import Members, Problems

PARAMETERS: Final = ("state", "container_id", "size")
MEMBERS: Final = ("state", "note")
MOST: Final = 1000
ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
LONGEST_NOTE: Final = 1000


@dataclass(frozen=True, slots=True)
class ProblemChoice:
    """`states`: (): all; `container`: '' for all."""

    states: tuple[str, ...]
    container: str
    size: int


def read_problem_choice(given: Mapping[str, str]) -> ProblemChoice:
    """Raises BadRequest naming every problem."""
    problems: list[str] = []
    states = tuple(word for word in given.get("state", "").split(",") if word)
    for word in states:
        if word not in STATES:
            problems.append(f"state: {word!r:.60} must be one or more (with commas) of {', '.join(STATES)}")
    text = given.get("size", "")
    size = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if text and not 1 <= size <= MOST:
        problems.append(f"size: {text!r:.60} must be a whole number from 1 to {MOST}")
    if problems:
        raise BadRequest(problems)
    return ProblemChoice(states, given.get("container_id", ""), size if text else 100)


def read_said(body: dict[str, Any]) -> tuple[str, str]:
    """The state and the note of a PATCH. Raises BadRequest."""
    problems = Problems()
    members = Members(body, "", MEMBERS, problems)
    state = members.text("state", longest=20)
    note = members.text("note", longest=LONGEST_NOTE, allowed="\n\t")
    if state not in SAID and not problems.all():
        problems.add("state", body.get("state"), f"must be one of {', '.join(SAID)}")
    if found := problems.all():
        raise BadRequest(found)
    return state, note
