"""Who may see what."""

import pytest

from runtime_api.access.caller import LONGEST_UID, OPERATOR, Caller, uid_problem


def test_who_sees_whose() -> None:
    alice, admin = Caller("alice"), Caller("root", "admin")
    assert alice.sees("alice") and not alice.sees("bob") and not alice.sees("") and not alice.sees("Alice")
    assert all(admin.sees(uid) and OPERATOR.sees(uid) for uid in ("alice", "root", ""))
    assert not Caller("").sees("") and not any(Caller("eve", "monitor").sees(uid) for uid in ("eve", "alice", ""))


@pytest.mark.parametrize("uid", ["", "a b", "a\n", "x" * (LONGEST_UID + 1), None, 7, ["a"], "a\0", "\u2028"])
def test_what_no_uid_may_be(uid: object) -> None:
    assert uid_problem(uid)


@pytest.mark.parametrize("uid", ["alice", "a@b.example", "7", "x" * LONGEST_UID, "ünï", "auth0|12"])
def test_what_a_uid_may_be(uid: str) -> None:
    assert uid_problem(uid) == ""
