"""The signatures by which a token of an identity provider may be checked, and the keys that each of them needs."""

from typing import Final

# Those with a pair of keys alone: with HS256 a public key of the provider's would be the secret (RFC 8725, 2.1).
KEY_OF: Final[dict[str, tuple[str, str]]] = {
    **{name: ("RSA", "") for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")},
    "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "ES512": ("EC", "P-521"), "EdDSA": ("OKP", ""),
}  # fmt: skip
"""Algorithm -> `kty`, `crv` ('': any)."""
ALGORITHMS: Final = tuple(KEY_OF)
