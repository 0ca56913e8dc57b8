"""The keys (JWKS, RFC 7517) by which tokens of an identity provider are checked."""

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from runtime_api.access.algorithms import KEY_OF
from runtime_api.errors import AccessUnavailable, Unauthorized

LARGEST: Final = 256 << 10  # bytes of a key set
_MOST_KEYS: Final = 100
_LEAST_RSA: Final = 2048  # bits
_AGAIN: Final = 30.0  # seconds between two looks because of a key that is not known, or after a failure
_AGAIN_FIRST: Final = 3.0  # the same, before there are any
_STALE: Final = 86_400.0  # seconds for which keys are used while there are no newer ones to be had

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    kid: str
    members: dict[str, Any]

    def fits(self, algorithm: str) -> bool:
        kind, curve = KEY_OF[algorithm]
        return (
            self.members.get("kty") == kind
            and (not curve or self.members.get("crv") == curve)
            and self.members.get("alg", algorithm) == algorithm
        )

    def for_algorithm(self, algorithm: str) -> jwt.PyJWK:
        """Raises jwt.PyJWTError, ValueError."""
        made = jwt.PyJWK(self.members, algorithm=algorithm)
        if getattr(made.key, "key_size", _LEAST_RSA) < _LEAST_RSA and self.members["kty"] == "RSA":
            raise ValueError(f"a key of RSA has fewer than {_LEAST_RSA} bits")
        return made


def read_keys(content: bytes) -> list[Key]:
    """The public keys for signatures. Raises ValueError."""
    try:
        found = json.loads(content)["keys"]
        if not isinstance(found, list) or len(found) > _MOST_KEYS:
            raise ValueError
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no set of keys (JWKS), an object with a list `keys` of at most {_MOST_KEYS}") from error
    usable = [one for one in found if isinstance(one, dict) and _is_for_signatures(one)]
    return [Key(str(one.get("kid", "")), one) for one in usable]


def _is_for_signatures(members: dict[str, Any]) -> bool:
    kinds = {kind for kind, _ in KEY_OF.values()}
    return members.get("kty") in kinds and members.get("use", "sig") == "sig" and "d" not in members


class Keys:
    """Safe to use from several threads; one of them fetches, and the others go on with what there is.

    `fetch` gives the set's bytes, or raises OSError. `fresh`: seconds for which a set is not fetched again.
    """

    def __init__(self, fetch: Callable[[], bytes], fresh: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._fresh, self._clock = fetch, fresh, clock
        self._lock = threading.Lock()
        self._keys: Sequence[Key] | None = None
        self._fetched_at = self._tried_at = float("-inf")

    def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """`kid`: the token's; None where it names none. Raises Unauthorized, AccessUnavailable."""
        if self._clock() - self._fetched_at > self._fresh:
            self._refresh()
        found = self._fitting(kid, algorithm)
        if not found:  # a key that was made since
            self._refresh()
            found = self._fitting(kid, algorithm)
        if len(found) != 1:
            which = "no key" if not found else "more than one key"
            raise Unauthorized(f"the token: the issuer has {which} with its `kid` for its `alg`")
        try:
            return found[0].for_algorithm(algorithm)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise Unauthorized("the token: the key of its `kid` cannot be used") from error

    def _fitting(self, kid: str | None, algorithm: str) -> list[Key]:
        if self._keys is None or self._clock() - self._fetched_at > max(self._fresh, _STALE):
            raise AccessUnavailable("tokens cannot be checked now: the issuer's keys cannot be had; see the API's log")
        return [one for one in self._keys if kid in (None, one.kid) and one.fits(algorithm)]

    def _refresh(self) -> None:
        if not self._lock.acquire(blocking=self._keys is None):
            return
        try:
            pause = _AGAIN_FIRST if self._keys is None else _AGAIN
            if self._clock() - self._tried_at < pause:
                return
            try:
                self._keys = read_keys(self._fetch())
                self._fetched_at = self._clock()
            except (OSError, ValueError) as error:
                log.warning("the issuer's keys (setting jwt_keys) cannot be had: %s", error)
            self._tried_at = self._clock()
        finally:
            self._lock.release()
