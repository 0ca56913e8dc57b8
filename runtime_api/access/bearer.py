"""The header `Authorization: Bearer TOKEN` (RFC 6750), and what makes a caller of it."""

import re
from collections.abc import Callable
from typing import Final

from runtime_api.access.caller import OPERATOR, Caller
from runtime_api.errors import Unauthorized

Authenticate = Callable[[str | None], Caller]
"""From the header Authorization (None: absent) to the caller. Raises Unauthorized, AccessUnavailable."""

_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*) *", re.ASCII)


def everybody(authorization: str | None) -> Caller:
    """Of the setting access: none. Who sends a token, as a client does that has one for elsewhere, is let in too."""
    return OPERATOR


def by_token(caller_of: Callable[[str], Caller | None]) -> Authenticate:
    """`caller_of`: of a token; None where it is not known."""

    def authenticate(authorization: str | None) -> Caller:
        if not authorization:
            raise Unauthorized("a token is needed: send the header `Authorization: Bearer TOKEN`", given=False)
        match = _BEARER.fullmatch(authorization)
        if match is None:
            raise Unauthorized("the header Authorization must be `Bearer TOKEN`")
        caller = caller_of(match[1])
        if caller is None:
            raise Unauthorized("the token is not known here, or no longer")
        return caller

    return authenticate
