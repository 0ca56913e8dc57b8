"""The id of a document: from what a line is, so that the live path, a replay and a repair make the same.

First 12 digits of the container id (of another sender: of its name's hash), `o`/`e`/`w` for the stream, 16 hexadecimal
digits of the time, 16 of the hash of the message's first line (of its first record).
"""

from xxhash import xxh3_64_intdigest

from log_shipper.stages.runs import is_sender
from log_store.fields import STDERR, STDOUT, WHOLELOG

HASH = (1 << 64) - 1  # the bits of a digest that an id has
_LETTERS = {STDOUT: "o", STDERR: "e", WHOLELOG: "w"}


def container_prefix(container_id: str, stream: str) -> str:
    first = container_id[:12]
    if is_sender(container_id):  # a text of somebody's own: two that begin alike must not meet
        first = f"t{xxh3_64_intdigest(container_id.encode()) & (1 << 44) - 1:011x}"
    return first + _LETTERS[stream]


def document_id(prefix: str, time: int, digest: int) -> str:
    """`time` in ns; `digest` of the line's bytes and its time."""
    return f"{prefix}{time:016x}{digest & HASH:016x}"
