"""`wholelog token`: makes a token, and the line by which the API knows it."""

import os
from pathlib import Path

from runtime_api.access.caller import Caller, Role, uid_problem
from runtime_api.access.tokens import line_of, new_token
from wholelog.errors import UsageProblem


def make(uid: str, role: Role) -> tuple[str, str]:
    """Token and line. Raises UsageProblem."""
    if said := uid_problem(uid):
        raise UsageProblem(f"{uid!r:.60}: {said}")
    token = new_token()
    return token, line_of(Caller(uid, role), token)


def add(line: str, file: Path) -> None:
    """At the file's end; it is made for this user alone where it is not there. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with open(descriptor, "r+b") as out:
        size = os.fstat(descriptor).st_size
        whole = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
        out.write((b"" if whole else b"\n") + line.encode() + b"\n")
        out.flush()
        os.fsync(descriptor)
