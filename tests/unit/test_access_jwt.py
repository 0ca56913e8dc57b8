"""Tokens of an identity provider, against keys made here."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry

from runtime_api.access.caller import Caller
from runtime_api.access.jwt_keys import LARGEST, Keys, read_keys
from runtime_api.access.jwt_tokens import Expected, JwtTokens
from runtime_api.access.key_sources import source_of
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.errors import AccessUnavailable, Unauthorized
from tests.fake_containers import FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore

EXPECTED = Expected("https://idp.example/", "wholelog", ("RS256", "ES256", "EdDSA"))
RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
SMALL = rsa.generate_private_key(65537, 1024)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()


def public(algorithm: str, key: Any, kid: str, **members: str) -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())
    return {**json.loads(made), "kid": kid, "use": "sig", **members}


SET = {
    "keys": [
        public("RS256", RSA, "r"), public("RS256", SMALL, "small"), public("ES256", P256, "p"), public("EdDSA", ED, "e"),
        public("ES384", P384, "p384"), public("RS256", OTHER, "enc", use="enc"), public("RS256", OTHER, "ps", alg="PS256"),
        {"kty": "oct", "kid": "o", "k": base64.urlsafe_b64encode(b"secret" * 8).decode()}, {"kty": 7}, "x",
    ]
}  # fmt: skip


def tokens(**more: Any) -> JwtTokens:
    expected = Expected(**{**{name: getattr(EXPECTED, name) for name in EXPECTED.__slots__}, **more})
    return JwtTokens(expected, Keys(lambda: json.dumps(SET).encode(), 600))


def token(key: Any = RSA, algorithm: str = "RS256", kid: str | None = "r", *, without: str = "", headers: dict[str, Any] | None = None, **claims: Any) -> str:  # fmt: skip
    now = int(time.time())
    made = {"iss": EXPECTED.issuer, "aud": "wholelog", "sub": "alice", "iat": now, "exp": now + 300, **claims}
    made.pop(without, None)
    return jwt.encode(made, key, algorithm, {**({"kid": kid} if kid else {}), **(headers or {})})


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "r"), (P256, "ES256", "p"), (ED, "EdDSA", "e"), (P256, "ES256", None)])  # fmt: skip
def test_a_good_token(key: Any, algorithm: str, kid: str | None) -> None:
    assert tokens().caller_of(token(key, algorithm, kid)) == Caller("alice", "user")


def test_claims_by_setting() -> None:
    made = tokens(uid_claim="preferred_username", role_claim="groups", admin_role="ops")
    ask = lambda **claims: made.caller_of(token(preferred_username="bob", **claims))  # noqa: E731
    assert ask() == ask(groups=["dev"]) == ask(groups="admin") == ask(groups={"ops": 1}) == Caller("bob")
    assert ask(groups="ops") == ask(groups=["dev", "ops", "monitor"]) == Caller("bob", "admin")
    assert ask(groups=["monitor"]) == Caller("bob", "monitor") and ask(aud=["other", "wholelog"]) == Caller("bob")


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (header, claims)]
    return ".".join([*parts, ""])


GOOD = jwt.decode(token(), options={"verify_signature": False})
PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def with_public_key_as_secret() -> str:
    """HS256 with the provider's public key: what a library that believes the header would take (RFC 8725, 2.1)."""
    signed = unsigned({"alg": "HS256", "kid": "r"}, GOOD)[:-1]
    signature = hmac.new(PEM, signed.encode(), hashlib.sha256).digest()
    return signed + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")


BAD: list[tuple[Callable[[], str], str]] = [
    (lambda: unsigned({"alg": "none", "kid": "r"}, GOOD), "its `alg` must be one of RS256, ES256, EdDSA"),
    (lambda: unsigned({"alg": "None"}, GOOD), "its `alg` must be"),
    (lambda: unsigned({"kid": "r"}, GOOD), "its `alg` must be"),
    (with_public_key_as_secret, "its `alg` must be"),
    (lambda: token(b"secret" * 8, "HS256", "o"), "its `alg` must be"),  # type: ignore[arg-type]
    (lambda: token(OTHER), "has a signature that is not its issuer's"),
    (lambda: token(RSA, "RS512"), "its `alg` must be"),
    (lambda: token(kid="nosuch"), "no key with its `kid`"),
    (lambda: token(OTHER, kid="enc"), "no key with its `kid`"),
    (lambda: token(OTHER, kid="ps"), "no key with its `kid`"),
    (lambda: token(RSA, kid="p"), "no key with its `kid`"),
    (lambda: token(SMALL, kid="small"), "the key of its `kid` cannot be used"),
    (lambda: token(kid=None), "more than one key"),
    (lambda: token(exp=int(time.time()) - 60), "has expired"),
    (lambda: token(nbf=int(time.time()) + 600), "is not valid yet"),
    (lambda: token(iat=int(time.time()) + 600), "is not valid yet"),
    (lambda: token(iss="https://idp.example"), "is of another issuer"),
    (lambda: token(aud="wholelo"), "is for another audience"),
    (lambda: token(without="exp"), "lacks the claim `exp`"),
    (lambda: token(without="aud"), "lacks the claim `aud`"),
    (lambda: token(without="iss"), "lacks the claim `iss`"),
    (lambda: token(without="sub"), "its claim `sub` must be text"),
    (lambda: token(sub=""), "its claim `sub` must be text"),
    (lambda: token(sub="a b"), "its claim `sub` must be text"),
    (lambda: token(headers={"crit": ["b64"], "b64": False}), "is not understood here|can be read"),
    (lambda: token()[:-4], "signature|can be read"),
    (lambda: token() + "x" * 20_000, "longer than 16384"),
    (lambda: "a.b.c", "no JSON Web Token"),
    (lambda: "....", "no JSON Web Token"),
    (lambda: "é", "no JSON Web Token"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_tokens(number: int) -> None:
    make, said = BAD[number]
    made = make()
    with pytest.raises(Unauthorized, match=said) as refused:
        tokens().caller_of(made)
    assert made not in str(refused.value) and "alice" not in str(refused.value)
    assert refused.value.__cause__ is None or made not in str(refused.value.__cause__)


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "iss", "aud", "sub", "role"])
@pytest.mark.parametrize("value", [None, True, -1, 1e300, "x", [], {}, [[]], 2**80])
def test_claims_of_any_kind_are_judged(name: str, value: Any) -> None:
    """Signed by the issuer, and nonsense still: a refusal, never a fault of ours."""
    header = {"alg": "RS256", "kid": "r"}
    signed = unsigned(header, {**GOOD, name: value})[:-1]
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode(), RSA)
    made = signed + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")
    try:
        assert tokens().caller_of(made).role == "user"
    except Unauthorized:
        pass


class Issuer:
    """A clock, and a set of keys that is asked for."""

    def __init__(self) -> None:
        self.now, self.asked, self.error = 1000.0, 0, None  # type: tuple[float, int, Exception | None]
        self.keys: dict[str, Any] = {"keys": [public("RS256", RSA, "r")]}
        self.known = Keys(self.fetch, 600, lambda: self.now)

    def fetch(self) -> bytes:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return json.dumps(self.keys).encode()

    def knows(self, kid: str) -> bool:
        try:
            return self.known.find(kid, "RS256") is not None
        except Unauthorized:
            return False


def test_keys_are_fetched_once_in_a_while_and_for_a_new_one() -> None:
    issuer = Issuer()
    assert issuer.asked == 0 and all(issuer.knows("r") for _ in range(5)) and issuer.asked == 1
    issuer.keys["keys"].append(public("RS256", OTHER, "new"))
    assert not issuer.knows("new") and issuer.asked == 1, "whoever makes up names of keys makes nobody ask at each"
    issuer.now += 31
    assert issuer.knows("new") and issuer.asked == 2
    assert not any(issuer.knows(f"made-up-{number}") for number in range(20)) and issuer.asked == 2
    issuer.keys["keys"].pop(0)
    issuer.now += 601
    assert not issuer.knows("r") and issuer.knows("new") and issuer.asked == 3


def test_an_issuer_that_is_away() -> None:
    issuer = Issuer()
    issuer.error = OSError("no route")
    for _ in range(3):
        with pytest.raises(AccessUnavailable, match="the issuer's keys cannot be had"):
            issuer.knows("r")
    assert issuer.asked == 1
    issuer.error, issuer.now = None, issuer.now + 4
    assert issuer.knows("r")
    issuer.error, issuer.now = OSError("no route"), issuer.now + 3600
    assert issuer.knows("r"), "keys that were good are used for a day"
    issuer.now += 86_400
    with pytest.raises(AccessUnavailable):
        issuer.knows("r")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [' + b"1," * 200 + b"1]}", b"\xff"])
def test_what_is_no_set_of_keys(content: bytes) -> None:
    with pytest.raises(ValueError, match="no set of keys"):
        read_keys(content)
    with pytest.raises(AccessUnavailable):
        Keys(lambda: content, 600).find("r", "RS256")


def test_the_application_by_its_settings(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(json.dumps(SET))
    containers = FakeContainers()
    settings = ApiSettings(
        access="jwt", jwt_issuer=EXPECTED.issuer, jwt_audience="wholelog", jwt_keys=str(tmp_path / "keys"),
        jwt_role_claim="groups", jwt_admin_role="ops",
    )  # fmt: skip
    client = TestClient(
        create_app(containers, MemoryStore(), Counters(CollectorRegistry()), lambda: 1, settings, MemoryProblems())
    )

    def ask(given: str, path: str = "/containers") -> int:
        return client.simulate_get(path, headers={"Authorization": f"Bearer {given}"}).status_code

    assert ask(token()) == ask(token(P256, "ES256", "p", sub="root", groups=["ops"])) == 200
    assert containers.callers == [Caller("alice"), Caller("root", "admin")]
    assert ask(token(exp=1)) == ask(token(OTHER)) == ask("x.y.z") == 401 and ask(token(groups="monitor")) == 403
    assert ask(token(), "/metrics") == 403 and ask(token(groups=["monitor"]), "/metrics") == 200
    (tmp_path / "keys").unlink()
    assert ask(token()) == 200, "they are read once in a while"


def test_a_private_key_in_the_set_is_not_used() -> None:
    private = json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(RSA))
    assert read_keys(json.dumps({"keys": [private]}).encode()) == []


def test_keys_from_a_file_and_over_http(tmp_path: Path) -> None:
    content = json.dumps(SET).encode()
    (tmp_path / "keys").write_bytes(content)
    assert source_of(str(tmp_path / "keys"))() == content
    (tmp_path / "keys").write_bytes(b"x" * (LARGEST + 1))
    with pytest.raises(OSError, match="larger than"):
        source_of(str(tmp_path / "keys"))()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = {"/keys": 200, "/large": 200, "/moved": 302}.get(self.path, 404)
            body = content if self.path == "/keys" else b"x" * (LARGEST + 1 if self.path == "/large" else 1)
            self.send_response(status)
            self.send_header("Location", "/keys")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            place = f"http://127.0.0.1:{server.server_address[1]}"
            assert source_of(f"{place}/keys")() == content
            for path, said in (("/moved", "answers 302"), ("/none", "answers 404"), ("/large", "larger than")):
                with pytest.raises(OSError, match=said):
                    source_of(place + path)()
        finally:
            server.shutdown()
    with pytest.raises(OSError):
        source_of(place)()
