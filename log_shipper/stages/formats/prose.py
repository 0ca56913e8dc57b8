"""What text declares that begins with a letter and has no header: pairs, what runtimes, tools and shells print, a name and then a level."""

from log_shipper.stages.formats import logfmt, named, shells, tools, traces
from log_shipper.stages.formats.levels import Found

_SHELLS_PROSE = shells.FIRSTS | {"e"}


def of_words(line: str) -> Found | None:
    """A line without any of the marks by which most rules work: the commonest there is, so each is asked only if it may know."""
    first = line[0]
    found = traces.find(line) if line[:3] in traces.BEGINNINGS or line.endswith(traces.NAME_ENDS) else None
    if found is None and first in shells.FIRSTS:
        found = shells.find(line)
    return (
        found
        or tools.own_mark(line)
        or (
            named.after_bare_name(line)
            if first.islower()
            or "\t" in line
            or "[" in line[:100]
            or line[: line.find(" ")][-1:].isdigit()  # Thread-1 ERROR text
            or line.startswith(named.MAIN_THREAD)
            else None
        )
    )


def of_members(line: str) -> Found | None:
    """A line of pairs or labels, or one with a date behind its level."""
    if "=" in line and logfmt.begins(line, 0):
        return logfmt.find(line) or (logfmt.at(line) if line.startswith("at=") else None)
    if "\t" in line or ", m" in line or ", M" in line:
        found = logfmt.labelled(line)
        if found is not None:
            return found
    return named.before_date(line) if ":20" in line[:80] else None


def find(line: str) -> Found | None:
    """Any other."""
    colon = line.find(":")
    if colon < 0 or " " in line[:colon]:
        return _of_prose(line, colon)
    return (
        (named.of_identifier(line) if line[colon - 1] in "IWE" else None)
        or traces.find(line)
        or shells.find(line)
        or tools.find(line)
        or tools.placed(line)
        or traces.glib(line)
        or named.after_name(line)
        or named.after_bare_name(line)
    )


def _of_prose(line: str, colon: int) -> Found | None:
    """A line with a blank before its first colon: those rules that may know it."""
    first, blank = line[0], line.find(" ")
    found = traces.find(line)
    if found is None and first in _SHELLS_PROSE:
        found = shells.find(line)
    if found is None:
        found = tools.own_mark(line)
    if (
        found is None
        and colon > 0
        and (line[blank + 1] in "(:" or line.find(" ", blank + 1, colon) < 0 or first in "Irs")
    ):
        found = tools.chain(line) or (tools.subcommand(line) if first.islower() else None)
    if found is None and " (device " in line[:40]:
        found = tools.filesystem(line)
    if found is None:
        found = traces.glib(line) or (named.after_name(line) if " - " in line else None)
    return found or named.after_bare_name(line)
