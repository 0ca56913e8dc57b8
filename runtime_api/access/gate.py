"""The middleware that lets a request in, before any route is looked for: whatever is not named here needs a caller."""

import math
import time
from collections.abc import Callable
from typing import Any, Final, cast

import falcon

from runtime_api.access.bearer import Authenticate, everybody
from runtime_api.access.caller import Caller
from runtime_api.access.rates import Rates
from runtime_api.errors import AccessUnavailable, Forbidden, TooManyRequests, Unauthorized
from wholelog_base.browsers import is_name_of_others, is_of_another_page

OPEN: Final = ("/healthz", "/readyz", "/openapi.json", "/docs", "/")
"""For everybody: a load balancer, a client that learns the API, and a browser that is about to ask for a token have none.

/readyz tells them no more than yes or no.
"""
_PAGE: Final = "/page/"  # what all below it is: files of the web page, the same for everybody

METRICS: Final = "/metrics"
NOBODY: Final = Caller("", "user")  # may see nothing
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_LOOK: Final = 5.0  # seconds between two looks whether a caller may still read on


class Gate:
    """Sets `req.context.caller` and `req.context.lapsed`, by which a long answer learns that its caller is no more one.

    `rates` are those of each caller. Where callers are not told apart there are none, and a web page of elsewhere that
    makes a browser of this machine ask is kept out instead: nobody else's requests come without a token of theirs.
    """

    def __init__(self, authenticate: Authenticate, rates: Rates, *, own_names: bool = False) -> None:
        """`own_names`: whether, where callers are not told apart, the header Host must be a name of this machine's own."""
        self._authenticate, self._rates, self._own_names = authenticate, rates, own_names
        self._tells_apart = authenticate is not everybody

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        header = req.get_header("Authorization")
        req.context.lapsed = _never
        if not self._tells_apart:
            if self._own_names and req.get_header("Host") is not None:  # no browser leaves it out
                _refuse_names_of_others(req.host)
            _refuse_other_pages(req)
            req.context.caller = self._authenticate(header)
        elif req.path in OPEN or req.path.startswith(_PAGE):
            req.context.caller = self._looked_at(header) if req.path == "/readyz" else NOBODY
        else:
            caller = req.context.caller = self._authenticate(header)
            _check_role(caller, req.path)
            if seconds := self._rates.take(caller.uid):
                raise TooManyRequests(
                    "you ask more often than one caller may (setting caller_rate): wait", math.ceil(seconds)
                )
            req.context.lapsed = Lapse(lambda: self._authenticate(header) == caller)

    def _looked_at(self, header: str | None) -> Caller:
        try:
            return self._authenticate(header) if header else NOBODY
        except (Unauthorized, AccessUnavailable):
            return NOBODY


class Lapse:
    """For one thread, and for good. Looks once in a while; where it cannot be known the caller stays one."""

    def __init__(self, still: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._still, self._clock = still, clock
        self._look_at = clock() + _LOOK
        self._lapsed = False

    def __call__(self) -> bool:
        if self._lapsed or self._clock() < self._look_at:
            return self._lapsed
        self._look_at = self._clock() + _LOOK
        try:
            self._lapsed = not self._still()
        except Unauthorized:
            self._lapsed = True
        except AccessUnavailable:
            pass  # the next look may tell
        return self._lapsed


def lapsed_of(req: Any) -> Callable[[], bool]:
    """Of a request that has passed `Gate`."""
    return cast(Callable[[], bool], req.context.lapsed)


def _never() -> bool:
    return False


def _check_role(caller: Caller, path: str) -> None:
    if path == METRICS and caller.role == "user":
        raise Forbidden(f"{METRICS} tells of everybody's requests: a token of the role monitor or admin may read it")
    if path != METRICS and caller.role == "monitor":
        raise Forbidden(f"a token of the role monitor may read {METRICS} and /readyz, nothing else")


def _refuse_names_of_others(host: str) -> None:
    if is_name_of_others(host):
        raise Forbidden(
            f"Host: {host!r:.100} is no name of this machine's own: ask by its address, or set access to tokens or jwt, or "
            "listen_unprotected to true where a proxy of yours asks by that name"
        )


def _refuse_other_pages(req: falcon.Request) -> None:
    if req.method in _SAFE:
        return  # a page cannot read what it gets
    if is_of_another_page(req.get_header, req.netloc):
        raise Forbidden("a web page of another site may not ask this; programs send neither Origin nor Sec-Fetch-Site")
