"""What a line with a time declares that is not told token by token: by a mark, or by a form of the whole header."""

from log_shipper.stages.formats import letters, priority
from log_shipper.stages.formats.levels import Found
from log_shipper.stages.formats.separated import ganesha, postgres, spelled

_HEAD = 256  # characters in which these forms end


def at_once(line: str) -> Found | None:
    """Of a line that begins with a time, by that time's form and place alone: VMware's, Falco's."""
    return letters.vmx(line) if line[23:24] == "Z" else spelled(line)


def declared(line: str) -> Found | None:
    """Of a line whose header has a time and no level: Ceph's, go-logging's, Redis', PostgreSQL's, Cisco's."""
    if " -1 " in line[:70]:
        found = letters.ceph(line)
        if found is not None:
            return found
    if " : epoch " in line[:40]:
        level = ganesha(line)
        return (level, "column") if level is not None else None
    head = line[:_HEAD]
    if "▶" in head or " -> " in head or "> (thread=" in head:
        found = spelled(line)
        if found is not None:
            return found
    if line[0] == "[" and line[1:2].isdigit():
        found = letters.redis(line)
        if found is not None:
            return found
    return postgres(line) or priority.cisco(line) if "%" in head or ":  " in head else None
