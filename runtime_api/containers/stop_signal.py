"""Whether a container's first process heeds a signal: the kernel drops what the first of a pid namespace does not catch.

Most commands catch nothing (a Python cell, `sleep`), and would be waited for in vain until the grace has passed.
"""

import signal
from pathlib import Path


def heeds(container_id: str, pid: int, name: str, proc: Path = Path("/proc")) -> bool:
    """True where it cannot be told: where the process is not seen from here, or the signal has no such name."""
    number = _number(name)
    try:
        if number is None or container_id not in (proc / str(pid) / "cgroup").read_text():
            return True
        lines = (proc / str(pid) / "status").read_text().splitlines()
    except OSError:
        return True
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigCgt:", "SigBlk:"))]
    # A blocked signal may be fetched by sigwait or a signalfd.
    return not masks or any(mask >> (number - 1) & 1 for mask in masks)


def _number(name: str) -> int | None:
    """From `SIGTERM`, `TERM` or `15`."""
    if name.isdecimal():
        return int(name) if 0 < int(name) <= 64 else None
    found = getattr(signal, name if name.startswith("SIG") else "SIG" + name, None)
    return int(found) if isinstance(found, signal.Signals) else None
