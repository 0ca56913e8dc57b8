"""A message of any mode as its records. Forward protocol v1, "Message Modes", "EventTime Ext Format".

=======================  =========================================================
Message                  [tag, time, record, option?]
Forward                  [tag, [[time, record], …], option?]
PackedForward            [tag, bin of concatenated [time, record], option?]
CompressedPackedForward  as PackedForward, gzip, option {"compressed": "gzip"}
=======================  =========================================================
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import msgpack

from log_shipper.forward.errors import Malformed, TooLarge

Entry = tuple[bytes, int, dict[bytes, Any], dict[bytes, Any]]
"""tag, ns since 1970 UTC, record, option"""

NO_OPTION: dict[bytes, Any] = {}
LARGEST_TIME = 1 << 63
EVENT_TIME = struct.Struct(">II").unpack
EVENT = 1 << 65
NO_INTEGER = -(1 << 64)


def unpacker(largest: int) -> msgpack.Unpacker:
    """Texts and binaries as bytes, an EventTime as ns - EVENT: the quickest form, and no byte is lost."""
    return msgpack.Unpacker(
        raw=True, ext_hook=_extension, strict_map_key=False, max_buffer_size=largest,
        max_str_len=largest, max_bin_len=largest, max_array_len=largest, max_map_len=largest, max_ext_len=1024,
    )  # fmt: skip


def entries(body: bytes, most_inflated: int) -> list[Entry]:
    """The records of concatenated messages. Raises Malformed, TooLarge."""
    found: list[Entry] = []
    for message in messages(body):
        # What Docker sends is tested first, and is an entry as it stands.
        if message and len(message) == 4 and (time := message[1]).__class__ is int and time < NO_INTEGER:
            message[1] = time + EVENT
            found.append(message)
        else:
            found += entries_of(message, most_inflated)
    return found


def messages(body: bytes) -> Iterator[Any]:
    reader = unpacker(max(len(body), 1))
    reader.feed(body)
    return iter(reader)


def entries_of(message: Any, most_inflated: int) -> list[Entry]:
    """The records of one message of any mode; [] for a nil heartbeat. Raises Malformed, TooLarge."""
    if message is None:
        return []
    if not isinstance(message, list) or not 2 <= len(message) <= 4 or not isinstance(message[0], bytes):
        raise Malformed("a message must be an array of two to four members that begins with a tag")
    tag, second = message[0], message[1]
    if isinstance(second, list):
        return _pairs(tag, second, _option(message, 2))
    if isinstance(second, bytes):
        option = _option(message, 2)
        packed = _inflate(second, most_inflated) if option.get(b"compressed") == b"gzip" else second
        return _pairs(tag, _unpack_pairs(packed), option)
    if len(message) < 3 or not isinstance(message[2], dict):
        raise Malformed("the record of a message must be a map")
    return [(tag, nanoseconds(second), message[2], _option(message, 3))]


def option_of(message: Any) -> dict[bytes, Any]:
    """The option of a message that `entries_of` has taken; in Message mode it follows the record."""
    return _option(message, 2 if isinstance(message[1], (list, bytes)) else 3)


def nanoseconds(time: Any) -> int:
    """From an EventTime as `unpacker` gives it, or seconds as an integer or a float. Raises Malformed."""
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        raise Malformed("the time of a record must be an EventTime or a number of seconds")
    if isinstance(time, int) and time < NO_INTEGER:
        return time + EVENT
    if not 0 <= time < LARGEST_TIME / 10**9:
        raise Malformed(f"a time of {time} seconds: it must lie between 1970 and 2262")
    return int(time) * 10**9 + (round(time % 1 * 10**9) if isinstance(time, float) else 0)


def _pairs(tag: bytes, pairs: list[Any], option: dict[bytes, Any]) -> list[Entry]:
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], dict):
            raise Malformed("an entry must be an array of a time and a record")
    return [(tag, nanoseconds(time), record, option) for time, record in pairs]


def _option(message: list[Any], place: int) -> dict[bytes, Any]:
    option = message[place] if len(message) > place else None
    if option is None:
        return NO_OPTION
    if not isinstance(option, dict):
        raise Malformed("the option of a message must be a map")
    return option


def _unpack_pairs(packed: bytes) -> list[Any]:
    reader = unpacker(max(len(packed), 1))
    reader.feed(packed)
    try:
        pairs = list(reader)
    except (ValueError, msgpack.exceptions.UnpackException) as error:
        raise Malformed(f"packed entries are not msgpack: {error}") from error
    if reader.tell() != len(packed):
        raise Malformed("packed entries end within an entry")
    return pairs


def _inflate(data: bytes, most: int) -> bytes:
    """All members of a gzip stream. Raises TooLarge above `most` bytes."""
    out, size = [], 0
    while data:
        stream = zlib.decompressobj(wbits=31)
        try:
            out.append(stream.decompress(data, most - size + 1))
        except zlib.error as error:
            raise Malformed(f"compressed entries are not gzip: {error}") from error
        size += len(out[-1])
        if size > most:
            raise TooLarge(f"compressed entries inflate to more than {most} bytes")
        if not stream.eof:
            raise Malformed("compressed entries end within their gzip stream")
        data = stream.unused_data
    return b"".join(out)


def _extension(code: int, data: bytes) -> int:
    """An EventTime (two big-endian u32: seconds, nanoseconds) as ns - EVENT, which no integer of msgpack's is."""
    if code != 0 or len(data) != 8:
        raise Malformed(f"an extension of type {code} and {len(data)} bytes: only EventTime (0, 8 bytes) is known")
    seconds: int
    nanoseconds: int
    seconds, nanoseconds = EVENT_TIME(data)
    if nanoseconds >= 1_000_000_000:
        raise Malformed("an EventTime of a thousand million nanoseconds or more")
    return seconds * 1_000_000_000 + nanoseconds - EVENT
