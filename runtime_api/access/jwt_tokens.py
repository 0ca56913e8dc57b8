"""Tokens of an identity provider: JSON Web Tokens (RFC 7519), checked as RFC 8725 advises."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import jwt

from runtime_api.access.caller import Caller, Role, uid_problem
from runtime_api.errors import Unauthorized

_LONGEST: Final = 16 << 10  # characters
_WRONG: Final[dict[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "has expired",
    jwt.ImmatureSignatureError: "is not valid yet",
    jwt.InvalidIssuedAtError: "was made in the future",
    jwt.InvalidAudienceError: "is for another audience (`aud`)",
    jwt.InvalidIssuerError: "is of another issuer (`iss`)",
    jwt.InvalidSignatureError: "has a signature that is not its issuer's",
}


class KeySource(Protocol):
    def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """Raises Unauthorized, AccessUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Expected:
    issuer: str
    audience: str
    algorithms: tuple[str, ...]  # of `algorithms.ALGORITHMS`
    uid_claim: str = "sub"
    role_claim: str = "role"
    admin_role: str = "admin"
    leeway: float = 30.0  # seconds that clocks may differ


class JwtTokens:
    def __init__(self, expected: Expected, keys: KeySource) -> None:
        self._expected, self._keys = expected, keys

    def caller_of(self, token: str) -> Caller:
        """Raises Unauthorized, whose text never has anything of the token but names of claims; AccessUnavailable."""
        if len(token) > _LONGEST:
            raise Unauthorized(f"the token: longer than {_LONGEST} characters")
        claims = self._claims(token)
        uid = claims.get(self._expected.uid_claim)
        if said := uid_problem(uid):
            raise Unauthorized(f"the token: its claim `{self._expected.uid_claim}` {said}")
        return Caller(str(uid), self._role(claims.get(self._expected.role_claim)))

    def _claims(self, token: str) -> dict[str, Any]:
        expected = self._expected
        try:
            header = jwt.get_unverified_header(token)
            algorithm, kid = header.get("alg"), header.get("kid")
            if algorithm not in expected.algorithms:
                raise Unauthorized(f"the token: its `alg` must be one of {', '.join(expected.algorithms)}")
            if "crit" in header or not isinstance(kid, str | None):
                raise Unauthorized("the token: its header asks for what is not understood here")
            claims: dict[str, Any] = jwt.decode(
                token, self._keys.find(kid, algorithm), algorithms=[algorithm], issuer=expected.issuer,
                audience=expected.audience, leeway=expected.leeway, options={"require": ["exp", "iss", "aud"]},
            )  # fmt: skip
            return claims
        except jwt.MissingRequiredClaimError as error:
            raise Unauthorized(f"the token: lacks the claim `{error.claim}`") from None
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            # Not chained: what it says may have parts of the token, and would reach a log.
            raise Unauthorized(
                f"the token: {_WRONG.get(type(error), 'is no JSON Web Token that can be read')}"
            ) from None

    def _role(self, claim: object) -> Role:
        """Whatever is no role of ours makes a user."""
        values = claim if isinstance(claim, list) else [claim]
        if self._expected.admin_role in values:
            return "admin"
        return "monitor" if "monitor" in values else "user"
