"""What a line with a time declares that is not told token by token: by a mark, or by a form of the whole header."""

from log_shipper.stages.formats import letters, priority
from log_shipper.stages.formats.levels import Found
from log_shipper.stages.formats.separated import ganesha, postgres, spelled


def declared(line: str) -> Found | None:
    """Of a line whose header has a time and no level: Ceph's, go-logging's, Falco's, Redis', PostgreSQL's, Cisco's."""
    if " -1 " in line[:70]:
        found = letters.ceph(line)
        if found is not None:
            return found
    if " : epoch " in line[:40]:
        level = ganesha(line)
        return (level, "column") if level is not None else None
    if "▶" in line or " -> " in line or line[18:20] == ": " or "> (thread=" in line:
        found = spelled(line)
        if found is not None:
            return found
    if line[0] == "[" and line[1:2].isdigit():
        found = letters.redis(line)
        if found is not None:
            return found
    return postgres(line) or priority.cisco(line) if "%" in line or ":  " in line else None
