"""Docker's own copy of a log as dockerd writes it: an entry of its files, a frame of its API."""

from log_store.rfc3339 import format_ns


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def entry(
    time: int, text: bytes, stream: bytes = b"stdout", *, part: bool = False, ordinal: int = 0, last: bool = False
) -> bytes:
    """As protobuf writes it. The parts of one line have one id."""
    body = b"\n\x06" + stream + b"\x10" + varint(time)
    body += b"\x1a" + varint(len(text)) + text if text else b""
    if part or ordinal:
        about = (b"\x08\x01" if last else b"") + b"\x12" + varint(len(b"%x" % time)) + b"%x" % time
        about += b"\x18" + varint(ordinal) if ordinal else b""
        body += b"\x20\x01\x2a" + varint(len(about)) + about
    size = len(body).to_bytes(4, "big")
    return size + body + size


def frame(time: int, text: bytes) -> bytes:
    stamped = format_ns(time).encode() + b" " + text + b"\n"
    return b"\x01\0\0\0" + len(stamped).to_bytes(4, "big") + stamped
