"""The handshake of the Forward protocol, against a client written from its specification."""

import hashlib

import msgpack
import pytest

from log_shipper.forward.errors import Malformed
from log_shipper.forward.handshake import LARGEST_PING, Handshake

NONCE = b"0123456789abcdef"


def digest(salt: bytes, host: bytes, key: bytes) -> bytes:
    return hashlib.sha512(salt + host + NONCE + key).hexdigest().encode()


def ping(key: bytes) -> bytes:
    packed: bytes = msgpack.packb(["PING", "sender", b"salt", digest(b"salt", b"sender", key), "", ""])
    return packed


def test_hello_carries_the_nonce() -> None:
    """HELO names the nonce and asks for no user."""
    name, options = msgpack.unpackb(Handshake("key", "here", NONCE).hello())
    assert (name, options["nonce"], options["auth"]) == ("HELO", NONCE, b"")


@pytest.mark.parametrize("step", [1, 1000])
def test_the_right_key_is_taken_and_proved_back(step: int) -> None:
    """In any cut of the bytes; what follows the PING is handed on."""
    handshake, data = Handshake("key", "here", NONCE), ping(b"key") + b"rest"
    answer = None
    for start in range(0, len(data), step):
        answer = handshake.receive(data[start : start + step])
        if answer is not None:
            break
    assert answer is not None and answer.accepted
    name, accepted, reason, host, proof = msgpack.unpackb(answer.pong)
    assert (name, accepted, reason, host) == ("PONG", True, "", "here")
    assert proof.encode() == digest(b"salt", b"here", b"key")
    assert answer.rest == (b"rest" if step == 1000 else b"")


def test_a_wrong_key_is_refused_with_a_reason() -> None:
    """The PONG says so, and gives no proof of the key away."""
    answer = Handshake("key", "here", NONCE).receive(ping(b"other"))
    assert answer is not None and not answer.accepted
    assert msgpack.unpackb(answer.pong) == ["PONG", False, "shared_key mismatch", "", ""]


@pytest.mark.parametrize(
    "data",
    [msgpack.packb(["PONG"]), msgpack.packb(["PING", 1, 2, 3, 4, 5]), b"\xc1", b"\xda\xff\xff" + b"x" * LARGEST_PING],
)
def test_anything_else_ends_the_connection(data: bytes) -> None:
    """A wrong message, wrong members, no msgpack, and a PING without end."""
    with pytest.raises(Malformed):
        Handshake("key", "here", NONCE).receive(data)
