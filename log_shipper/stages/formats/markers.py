"""Lines that a script prints on purpose for the machine that reads them.

Workflow commands of GitHub Actions (`::error file=a.c,line=1::text`), logging commands of Azure Pipelines
(`##[error]text`, `##vso[task.logissue type=warning]text`), service messages of TeamCity. And what scripts print so that
a shell that is given it passes over it: `# ERROR: text` (a comment says WARNING, but not this).
"""

import re

from log_shipper.stages.formats.levels import Found, of_word

_FORMS = re.compile(
    r"::(error|warning|notice|debug)(?: [^:]{0,300}+(?::[^:]{1,300}+){0,4}?)?::"
    r"|##\[(error|warning|debug)\]"
    r"|##vso\[task\.logissue [^\]]{0,200}?type=(error|warning)"
    r"|# (ERROR|FATAL|CRITICAL): (?=\S)"
    r"|##teamcity\[message (?:[^\]]{0,400}? )?status='(ERROR|FAILURE|WARNING|NORMAL)'"
)


def find(line: str) -> Found | None:
    """What a marker at the line's beginning declares."""
    match = _FORMS.match(line)
    if match is None:
        return None
    word = match[match.lastindex or 1]
    return of_word("info" if word == "NORMAL" else word) or "info", "marker"
