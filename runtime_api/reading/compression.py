"""gzip of an answer that is made part by part."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

_LEVEL: Final = 5
_GZIP: Final = 31  # zlib's window bits for gzip's format


def accepts_gzip(header: str | None) -> bool:
    """Of the request's Accept-Encoding (RFC 9110, 12.5.3)."""
    wanted: dict[str, float] = {}
    for item in (header or "").split(","):
        name, _, parameter = item.partition(";")
        weight = parameter.strip().lower().removeprefix("q=")
        try:
            wanted[name.strip().lower()] = float(weight) if parameter.strip() else 1.0
        except ValueError:
            continue
    return wanted.get("gzip", wanted.get("x-gzip", wanted.get("*", 0.0))) > 0


def gzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    """What is not ended has no check sum, and is no gzip file."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for part in parts:
        packed = packer.compress(part)
        if packed:
            yield packed
    yield packer.flush()
