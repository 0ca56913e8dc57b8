"""One sender's connection: its handshake, its decoder, what must be sent to it. No socket."""

from dataclasses import dataclass, field

import msgpack

from log_shipper.forward.decoder import Decoder, Limits, Messages
from log_shipper.forward.errors import Malformed, TooLarge
from log_shipper.forward.handshake import Handshake, check

MOST_UNSENT = 1 << 20  # bytes of acks that a sender may leave unread


@dataclass(slots=True)
class Sender:
    """Who sends. `trusted` may name containers; `ours` (our own uid on the unix socket) may send repairs."""

    name: str  # for the log
    trusted: bool
    ours: bool


@dataclass(slots=True)
class Connection:
    """`receive` bytes, get messages; `unsent` waits to be sent."""

    number: int
    sender: Sender
    limits: Limits
    handshake: Handshake | None = None
    unsent: bytearray = field(default_factory=bytearray)
    _decoder: Decoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = Decoder(self.limits)
        if self.handshake is not None:
            self.unsent += self.handshake.hello()

    @property
    def within_a_message(self) -> bool:
        """Whether a message, or the handshake, has begun and is not whole."""
        return self.handshake is not None or self._decoder.pending > 0

    def receive(self, data: bytes) -> list[Messages]:
        """Raises ProtocolError: close it."""
        if self.handshake is not None:
            answer = self.handshake.receive(data)
            if answer is None:
                return []
            self.unsent += answer.pong
            check(answer)
            self.handshake, data = None, answer.rest
            if not data:
                return []
        found = self._decoder.receive(data)
        if not self.sender.ours and any(messages.repair for messages in found):
            raise Malformed("a repair from somebody else than the shipper's own user")
        return found

    def acknowledge(self, chunks: tuple[bytes, ...]) -> None:
        """Raises TooLarge where the sender does not read its acks."""
        for chunk in chunks:
            self.unsent += msgpack.packb({"ack": chunk}, use_bin_type=False)
        if len(self.unsent) > MOST_UNSENT:
            raise TooLarge("a sender that does not read its acks")
