"""Tokens that are ours, and the lines by which a file knows them: `UID ROLE sha256:HEX`.

A token is 256 random bits, so its plain SHA-256 can be kept: nobody finds the token by trying, as they do passwords.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final, cast

from runtime_api.access.caller import ROLES, Caller, Role, uid_problem

PREFIX: Final = "wl_"  # by which scanners for leaked secrets, and people, know one
_HASH: Final = "sha256:"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    caller: Caller
    digest: bytes


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def line_of(caller: Caller, token: str) -> str:
    return f"{caller.uid} {caller.role} {_HASH}{digest_of(token).hex()}"


def read_lines(text: str) -> tuple[list[Entry], list[str]]:
    """The entries that fit, and a problem for each line that does not, which never shows the line. `#` begins a comment."""
    entries: list[Entry] = []
    problems: list[str] = []
    seen: set[bytes] = set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        problem = _problem(words)
        digest = b"" if problem else bytes.fromhex(words[2].removeprefix(_HASH))
        if not problem and digest in seen:
            problem = "the same token as in a line above"
        if problem:
            problems.append(f"line {number}: {problem}")
            continue
        seen.add(digest)
        entries.append(Entry(Caller(words[0], cast(Role, words[1])), digest))
    return entries, problems


def _problem(words: list[str]) -> str:
    if len(words) != 3:
        return "must be three words, UID ROLE sha256:HEX, as `wholelog token UID` prints them"
    if said := uid_problem(words[0]):
        return f"the uid {said}"
    if words[1] not in ROLES:
        return f"the role must be one of {', '.join(ROLES)}"
    if not words[2].startswith(_HASH) or not _DIGEST.fullmatch(words[2].removeprefix(_HASH)):
        return "the third word must be sha256: and 64 hexadecimal digits, never the token itself"
    return ""
