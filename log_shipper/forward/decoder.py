"""Bytes of a connection in, whole messages out; no socket.

The acceptor keeps the bytes as they came. They are decoded here once all the same, so that what is acknowledged can
be read again, and a sender's error ends the sender's connection, not the processor.
"""

from dataclasses import dataclass

import msgpack

from log_shipper.forward.errors import Malformed, TooLarge
from log_shipper.forward.records import NO_INTEGER, entries_of, option_of, unpacker


@dataclass(frozen=True, slots=True)
class Limits:
    """`message` bounds the bytes of a message as it is sent, `inflated` what a compressed one may become."""

    message: int = 64 << 20
    inflated: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Messages:
    """Whole messages, as the bytes that came. `chunks` are the ids whose senders wait for an ack."""

    raw: bytes
    records: int
    chunks: tuple[bytes, ...]
    repair: bool  # messages of the audit; never mixed with others


class Decoder:
    """`receive` bytes as they come, in any cut; gives what became whole."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._reader = unpacker(limits.message + (1 << 20))
        self._pending = bytearray()
        self._taken = 0  # position in the stream of the first byte of `_pending`

    @property
    def pending(self) -> int:
        """Bytes of a message that is not whole yet."""
        return len(self._pending)

    def receive(self, data: bytes) -> list[Messages]:
        """Raises Malformed, TooLarge: the connection cannot go on."""
        try:
            self._reader.feed(data)
        except msgpack.exceptions.BufferFull as error:
            raise TooLarge(f"a message of more than {self._limits.message} bytes") from error
        self._pending += data
        found: list[Messages] = []
        try:
            self._decode(found)
        except Malformed:
            raise
        except msgpack.exceptions.StackError as error:
            raise TooLarge("a message nested too deeply") from error
        except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
            raise Malformed(f"not msgpack: {type(error).__name__} {error}") from error
        if len(self._pending) > self._limits.message:
            raise TooLarge(f"a message of more than {self._limits.message} bytes")
        return found

    def _decode(self, found: list[Messages]) -> None:
        records, chunks, was_repair = 0, list[bytes](), False
        end, tell = self._taken, self._reader.tell
        for message in self._reader:
            if (  # what Docker sends: tag, EventTime, record, and an option with nothing in it
                not was_repair
                and message.__class__ is list
                and len(message) == 4
                and (time := message[1]).__class__ is int
                and time < NO_INTEGER
                and message[2].__class__ is dict
                and message[0].__class__ is bytes
                and not message[3]
                and message[3] is not None
            ):
                records += 1
                end = tell()
                continue
            count, chunk, repair = self._inspect(message)
            if repair != was_repair and end > self._taken:
                found.append(self._cut(end, records, chunks, was_repair))
                records, chunks = 0, []
            was_repair = repair
            records += count
            if chunk is not None:
                chunks.append(chunk)
            end = tell()
        if end > self._taken:
            found.append(self._cut(end, records, chunks, was_repair))

    def _inspect(self, message: object) -> tuple[int, bytes | None, bool]:
        """How many records, which chunk id, whether it is the audit's."""
        if message is None:
            return 0, None, False
        entries = entries_of(message, self._limits.inflated)
        option = option_of(message)
        chunk = option.get(b"chunk")
        return len(entries), chunk if isinstance(chunk, bytes) else None, b"repair" in option

    def _cut(self, end: int, records: int, chunks: list[bytes], repair: bool) -> Messages:
        size = end - self._taken
        raw = bytes(memoryview(self._pending)[:size])
        del self._pending[:size]
        self._taken = end
        return Messages(raw, records, tuple(chunks), repair)
