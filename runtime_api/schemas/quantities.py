"""CPU and memory as callers write them: Docker's `--cpus` and `--memory`, and Kubernetes' quantities.

Each function raises ValueError whose text says what would be right.
"""

import re
from fractions import Fraction
from typing import Final

_CPU: Final = re.compile(r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})(m?)", re.ASCII)
_MEMORY: Final = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))? ?([kmgKMG]?)([iI]?)([bB]?)", re.ASCII)
_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?([smhd]?)", re.ASCII)
_TIMES: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
SMALLEST_NANO_CPUS: Final = 10_000_000  # moby, daemon/daemon_unix.go: 0.01 CPU
SMALLEST_MEMORY: Final = 6 << 20  # moby, daemon/daemon_unix.go: linuxMinMemory
LARGEST_MEMORY: Final = 1 << 50


def nano_cpus(text: str) -> int:
    """Billionths of a CPU, from `0.5`, `2` or `500m`."""
    match = _CPU.fullmatch(text)
    if match is None or (match[2] and "." in match[1]):
        raise ValueError("must be a number of CPUs such as '0.5', '2' or '500m'")
    number = match[1] if match[1][0] != "." else "0" + match[1]
    nano = Fraction(number.rstrip(".")) * (1_000_000 if match[2] else 1_000_000_000)
    if nano < SMALLEST_NANO_CPUS:
        raise ValueError("must be at least 0.01 CPU; leave it out for no limit")
    return int(nano)


def memory(text: str) -> int:
    """Bytes, from `512m`, `2g`, `512Mi` or `2Gi`; powers of 1024 in any case; a number alone is bytes."""
    match = _MEMORY.fullmatch(text)
    if match is None or (match[4] and not match[3]) or (match[2] and not match[3]):
        raise ValueError("must be a size such as '512m', '2g', '512Mi' or '2Gi' (powers of 1024)")
    size = int(Fraction(f"{match[1]}.{match[2] or 0}") * _UNITS[match[3].lower()])
    if size < SMALLEST_MEMORY:
        raise ValueError("must be at least 6m, Docker's minimum; leave it out for no limit")
    if size > LARGEST_MEMORY:
        raise ValueError("must be at most 1048576g")
    return size


CPU_PATTERN: Final = _CPU.pattern
MEMORY_PATTERN: Final = _MEMORY.pattern


def seconds(text: str) -> float:
    """From `30`, `30s`, `10m`, `2h` or `1d`; more than nothing."""
    match = _SECONDS.fullmatch(text)
    if match is None or not float(match[1]):
        raise ValueError("must be a time such as '30s', '10m' or '2h', or a number of seconds, and more than nothing")
    return float(match[1]) * _TIMES[match[2]]


SECONDS_PATTERN: Final = _SECONDS.pattern
