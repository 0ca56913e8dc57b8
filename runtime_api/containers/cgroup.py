"""A container's usage from its control group's files, v1 or v2: at once, where the engine takes a second.

What is read and how it is added up is what moby does (daemon/stats/collector_unix.go, daemon/daemon_unix.go).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime_api.containers.usage import Usage, memory_in_use

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Files:
    cpu: Path
    memory: Path
    limit: Path
    statistics: Path
    unified: bool


class Cgroups:
    """Reads the groups of containers on this machine. `pid_of`: the first process of a running container, else 0.

    Not visible are the groups where this process lives in a pid or mount namespace of its own.
    """

    def __init__(self, pid_of: Callable[[str], int], root: Path = Path("/")) -> None:
        self._pid_of = pid_of
        self._proc = root / "proc"
        self._root = root
        self._files: dict[str, _Files] = {}

    def usage(self, container_id: str) -> Usage | None:
        """None where the container does not run or its group cannot be seen. Raises what `pid_of` raises."""
        known = self._files.get(container_id)
        if known is not None and (usage := self._read(known)) is not None:
            return usage
        self._files.pop(container_id, None)  # ended or started again: its group is another one
        pid = self._pid_of(container_id)
        found = self._find(container_id, pid) if pid else None
        if found is None or (usage := self._read(found)) is None:
            return None
        self._files[container_id] = found
        return usage

    def forget(self, container_id: str) -> None:
        self._files.pop(container_id, None)

    def _find(self, container_id: str, pid: int) -> _Files | None:
        try:
            groups = _groups((self._proc / str(pid) / "cgroup").read_text())
            mounts = _mounts((self._proc / "self/mountinfo").read_text())
        except OSError:
            return None
        if container_id not in groups.get("memory", groups.get("", "")):
            return None  # some other process has this number here
        folders = {name: self._folder(mounts.get(name), group) for name, group in groups.items()}
        if (memory := folders.get("memory")) and (cpu := folders.get("cpuacct")):
            return _Files(
                cpu / "cpuacct.usage", memory / "memory.usage_in_bytes", memory / "memory.limit_in_bytes",
                memory / "memory.stat", False,
            )  # fmt: skip
        if unified := folders.get(""):
            return _Files(
                unified / "cpu.stat", unified / "memory.current", unified / "memory.max", unified / "memory.stat", True
            )
        return None

    def _folder(self, mount: tuple[str, str] | None, group: str) -> Path | None:
        if mount is None:
            return None
        root, point = mount
        if root != "/" and not group.startswith(root):
            return None
        return self._root / (point + group.removeprefix(root if root != "/" else "")).lstrip("/")

    def _read(self, files: _Files) -> Usage | None:
        try:
            statistics = _pairs(files.statistics.read_text())
            used, limit = files.memory.read_text(), files.limit.read_text().strip()
            cpu = files.cpu.read_text()
            system, cpus = _system((self._proc / "stat").read_text())
            machine = _pairs((self._proc / "meminfo").read_text().replace(":", ""))["MemTotal"] * 1024
            if files.unified:
                spent, cache = _pairs(cpu)["usage_usec"] * 1000, statistics["inactive_file"]
            else:
                spent, cache = int(cpu), statistics["total_inactive_file"]
        except (OSError, KeyError, ValueError):
            return None
        most = machine if limit == "max" else min(int(limit), machine)
        return Usage(spent, system, cpus, memory_in_use(int(used), cache), most)


def _groups(text: str) -> dict[str, str]:
    """Controller -> path, from /proc/PID/cgroup; '' is the unified hierarchy."""
    groups = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        groups.update(dict.fromkeys(controllers.split(","), path))
    return groups


def _mounts(text: str) -> dict[str, tuple[str, str]]:
    """Controller -> (the path in the hierarchy that is mounted, where), from /proc/self/mountinfo; '' is unified."""
    mounts = {}
    for line in text.splitlines():
        fields, _, rest = line.partition(" - ")
        root, point = fields.split()[3:5]
        kind, _, options = rest.split(" ", 2)
        if kind == "cgroup2":
            mounts[""] = (root, point)
        elif kind == "cgroup":
            mounts.update(dict.fromkeys(options.split(","), (root, point)))
    return mounts


def _pairs(text: str) -> dict[str, int]:
    """The lines `name number`; others are left out."""
    pairs = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[1].isdecimal():
            pairs[words[0]] = int(words[1])
    return pairs


def _system(text: str) -> tuple[int, int]:
    """Nanoseconds of all CPUs since boot (user to softirq, idle included), and how many there are."""
    first, *others = text.splitlines()
    ticks = sum(int(word) for word in first.split()[1:8])
    return ticks * _TICK_NS, sum(1 for line in others if line.startswith("cpu"))
