"""The middleware that lets a request in: it learns who calls before any route is looked for."""

from collections.abc import Callable

import falcon

from runtime_api.access.caller import OPERATOR, Caller

Authenticate = Callable[[str | None], Caller]
"""From the header Authorization (None: absent) to the caller."""


def everybody(authorization: str | None) -> Caller:
    """Of the setting access: none. Who sends a token, as a client does whose operator has one elsewhere, is let in too."""
    return OPERATOR


class Gate:
    """Sets `req.context.caller`."""

    def __init__(self, authenticate: Authenticate) -> None:
        self._authenticate = authenticate

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        req.context.caller = self._authenticate(req.get_header("Authorization"))
