"""A container's output that is known without Docker: the same seed gives the same bytes here and in the container.

In a container: `python3 writer.py SEED LINES SECONDS WIDTH PROGRESS`. It writes the sequence to its two streams, spread over
so many seconds, and after each write leaves how many bytes it has written of each in the file PROGRESS. Standard library
only, and nothing of this project: the file alone is mounted into the container.
"""

import os
import random
import struct
import sys
import time
from collections.abc import Iterator

PART = 16_384  # bytes that Docker reads at a time
LONG = (PART - 1, PART, PART + 1, 2 * PART, 3 * PART, 40_000, 100_000)
BURSTS = (1, 1, 1, 3, 20, 200)  # lines of one write
TEXT = b"abcdefghij klmnopqrs tuvwxyz ABCDEFGHIJ KLMNOPQRS TUVWXYZ 0123456789 -_.:;/"
FILL = TEXT * (100_000 // len(TEXT) + 3)
PROGRESS = struct.Struct("<QQ")


def sequence(seed: int, lines: int, width: int = 80) -> Iterator[tuple[int, bytes]]:
    """(1 for stdout or 2 for stderr, the bytes of one write), of at least so many lines in all."""
    chance = random.Random(seed)
    number = 0
    while number < lines:
        stream = 1 if chance.random() < 0.7 else 2
        burst = chance.choice(BURSTS)
        written = [line for index in range(number, number + burst) for line in _lines(chance, index, width)]
        number += burst
        yield stream, b"\n".join(written) + b"\n"


def streams(seed: int, lines: int, width: int = 80) -> dict[str, bytes]:
    """All that such a container writes to each stream."""
    parts: dict[int, list[bytes]] = {1: [], 2: []}
    for stream, written in sequence(seed, lines, width):
        parts[stream].append(written)
    return {"stdout": b"".join(parts[1]), "stderr": b"".join(parts[2])}


def _lines(chance: random.Random, number: int, width: int) -> list[bytes]:
    """Mostly one; each has its number, so that a missing one can be named."""
    head = b"%07d " % number
    kind = chance.random()
    if kind < 0.002:
        return [head + FILL[: chance.choice(LONG) - len(head)]]
    if kind < 0.006:
        return [head + chance.choice(ODD), b""]
    if kind < 0.010:
        return _trace(number, chance.randint(1, 20))
    begin = number % len(TEXT)
    return [head + FILL[begin : begin + chance.randint(0, 2 * width)]]


ODD = (
    b"\xff\xfe\x80 not UTF-8", b"\0\0NUL\0", b"10%\r20%\r100%", b"from another system\r", b"",
    "é 漢字 \U0001f600".encode(), b"\x1b[31mred\x1b[0m", b"ERROR: of one's own", b'{"level": "error", "message": "x"}',
)  # fmt: skip


def _trace(number: int, depth: int) -> list[bytes]:
    frames = [b'  File "/app/x.py", line %d, in f%d\n    f%d()' % (number, i, i + 1) for i in range(depth)]
    return [b"Traceback (most recent call last):", *frames, b"ValueError: number %d" % number]


def main(seed: int, lines: int, seconds: float, width: int, progress: str) -> None:
    file = os.open(progress, os.O_CREAT | os.O_RDWR)
    written, begun, number = [0, 0], time.monotonic(), 0
    for stream, text in sequence(seed, lines, width):
        rest = memoryview(text)
        while rest:
            sent = os.write(stream, rest)
            written[stream - 1] += sent
            rest = rest[sent:]
            os.pwrite(file, PROGRESS.pack(*written), 0)
        number += text.count(b"\n")
        ahead = begun + seconds * number / lines - time.monotonic()
        if ahead > 0.005:
            time.sleep(ahead)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
