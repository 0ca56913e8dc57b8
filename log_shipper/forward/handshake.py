"""The server's side of the handshake of the Forward protocol v1: HELO, PING, PONG, with a shared key. No socket.

Forward protocol v1, "Handshake Messages": the digest is SHA-512 in hexadecimal over salt, host name, nonce, key.
"""

import hashlib
import hmac
from dataclasses import dataclass

import msgpack

from log_shipper.forward.errors import Malformed, Refused

LARGEST_PING = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send. `accepted`: the sender has proved the key; `rest` are bytes that followed its PING."""

    pong: bytes
    accepted: bool
    rest: bytes = b""
    reason: str = ""


class Handshake:
    """One connection's. `nonce`: 16 random bytes."""

    def __init__(self, shared_key: str, host: str, nonce: bytes) -> None:
        self._key, self._host, self._nonce = shared_key.encode(), host.encode(), nonce
        self._received = bytearray()

    def hello(self) -> bytes:
        options = {"nonce": self._nonce, "auth": b"", "keepalive": True}
        packed: bytes = msgpack.packb(["HELO", options], use_bin_type=True)
        return packed

    def receive(self, data: bytes) -> Answer | None:
        """None while the PING is not whole. Raises Malformed."""
        self._received += data
        reader = msgpack.Unpacker(raw=True, max_buffer_size=1 << 20)
        reader.feed(self._received)
        try:
            ping = reader.unpack()
        except msgpack.OutOfData:
            if len(self._received) > LARGEST_PING:
                raise Malformed(f"a PING of more than {LARGEST_PING} bytes") from None
            return None
        except (ValueError, msgpack.exceptions.UnpackException) as error:
            raise Malformed(f"no PING: {error}") from error
        return self._answer(ping, bytes(self._received[reader.tell() :]))

    def _answer(self, ping: object, rest: bytes) -> Answer:
        if not isinstance(ping, list) or len(ping) != 6 or ping[0] != b"PING":
            raise Malformed("the first message must be PING, of six members")
        _, host, salt, digest, _, _ = ping
        if not all(isinstance(member, bytes) for member in (host, salt, digest)):
            raise Malformed("host name, salt and digest of a PING must be texts")
        if not hmac.compare_digest(digest, self._digest(salt, host)):
            reason = "shared_key mismatch"
            return Answer(_pong(False, reason, b"", b""), False, b"", reason)
        return Answer(_pong(True, "", self._host, self._digest(salt, self._host)), True, rest)

    def _digest(self, salt: bytes, host: bytes) -> bytes:
        return hashlib.sha512(salt + host + self._nonce + self._key).hexdigest().encode()


def _pong(accepted: bool, reason: str, host: bytes, digest: bytes) -> bytes:
    packed: bytes = msgpack.packb(["PONG", accepted, reason, host.decode(), digest.decode()])
    return packed


def check(answer: Answer) -> None:
    """Raises Refused where the sender has not proved the key."""
    if not answer.accepted:
        raise Refused(answer.reason)
