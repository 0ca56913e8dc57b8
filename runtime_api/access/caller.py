"""Who makes a request. Every route finds it in `req.context.caller`."""

from dataclasses import dataclass
from typing import Any, Final, Literal, cast

Role = Literal["user", "admin", "monitor"]
ROLES: Final[tuple[Role, ...]] = ("user", "admin", "monitor")
LONGEST_UID: Final = 128  # characters


@dataclass(frozen=True, slots=True)
class Caller:
    """`uid`: the owner of what it starts; '' where callers are not told apart (setting access: none).

    `role`: an administrator sees and deletes everybody's, a monitor reads figures of the service and nothing else.
    """

    uid: str
    role: Role = "user"

    @property
    def sees_all(self) -> bool:
        return self.role == "admin"

    def sees(self, uid: str) -> bool:
        """Whether what is of this owner may be shown to it."""
        return self.sees_all or (self.role == "user" and uid == self.uid and uid != "")


OPERATOR: Final = Caller("", "admin")
"""Everybody, where callers are not told apart; and the service itself."""


def caller_of(req: Any) -> Caller:
    """Of a request that has passed `Gate`."""
    return cast(Caller, req.context.caller)


def uid_problem(uid: object) -> str:
    """'' for text that may be an owner's id: it becomes a label, a keyword of the store and a word of a file."""
    if (
        not isinstance(uid, str)
        or not 1 <= len(uid) <= LONGEST_UID
        or not uid.isprintable()
        or " " in uid
        or uid[0] == "#"
    ):
        return f"must be text of 1 to {LONGEST_UID} printable characters without a space, the first not #"
    return ""
