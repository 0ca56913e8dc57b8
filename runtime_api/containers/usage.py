"""What a container uses, as `docker stats` computes and writes it (docker/cli, cli/command/container/stats_helpers.go)."""

from dataclasses import dataclass

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")  # docker/go-units, size.go
NO_MEMORY = "0B / 0B"  # what is shown of a container that does not run
UNKNOWN_MEMORY = "-- / --"  # what is shown before the first figures have come


@dataclass(frozen=True, slots=True)
class Usage:
    """One look at a container. `cpu` and `system` only grow: ns of its own and of all the machine's CPUs."""

    cpu: int
    system: int
    cpus: int
    memory: int  # bytes without the page cache that can be dropped
    limit: int  # bytes; the machine's memory where there is no limit


def memory_in_use(usage: int, cache: int) -> int:
    """`cache`: total_inactive_file of cgroup v1, inactive_file of v2."""
    return usage - cache if cache < usage else usage


def cpu_percent(before: Usage, after: Usage) -> float:
    """Of one CPU, in hundredths: 200.0 is two of them for all the time between."""
    spent, passed = after.cpu - before.cpu, after.system - before.system
    if spent <= 0 or passed <= 0:
        return 0.0
    return round(spent / passed * after.cpus * 100.0, 2)


def memory_text(usage: Usage) -> str:
    return f"{bytes_size(usage.memory)} / {bytes_size(usage.limit)}"


def bytes_size(size: float) -> str:
    """`12.3MiB`: four significant digits (go-units' BytesSize)."""
    unit = 0
    while size >= 1024.0 and unit < len(_UNITS) - 1:
        size /= 1024.0
        unit += 1
    return f"{size:.4g}{_UNITS[unit]}"
