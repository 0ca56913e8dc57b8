"""A shell's own complaint: bash, dash, zsh, ksh, busybox ash, fish; runc's about the program it should start.

Sources: `report_error` of bash, `sh_error` of dash, `zerrmsg` of zsh: name of the shell or script, `line n` or `n`, text.
"""

import re

from log_shipper.stages.formats.levels import ERROR, WARNING, Found

_SHELL = r"-?(?:/?(?:[\w.@+-]++/)*)(?:ba|z|da|k|a|mk|pdk|c|tc|fi|r?ba)?sh"
_PLACE = r"(?:line \d+: |\d+: |-c: (?:line \d+: )?|:\d+: )"
_OWN = re.compile(rf"{_SHELL}(?:: (?:warning: )?{_PLACE}?|:\d+: )(?=\S)")
_SCRIPT = re.compile(r"[\w./@+-]*?\.(?:ba|z|da|k)?sh:(?: (?:exec: )?(?:line )?)?\d+: ")
_ANY_SCRIPT = re.compile(r"[\w./@+-]++: (?:line )?\d+: ")
_SAYS = re.compile(
    r"(?:command )?not found\b|[Nn]o such file or directory$|Permission denied$|unbound variable$|parameter (?:null or )?not set$"
    r"|[Ss]yntax error|Is a directory$|cannot execute|cannot open |[Bb]ad substitution|integer expression expected$|unary operator"
    r"|too many arguments$|Killed\b|Terminated\b|Segmentation fault|Aborted\b|Bus error|ambiguous redirect$|readonly variable$"
    r"|未找到命令|没有那个文件或目录|权限不够|未绑定的变量|语法错误"
)
_CHINESE = re.compile(r"[\w./@+-]{1,200}+[:：] ?(?:行 \d+|第 \d+ 行)[:：]")  # bash: its ` line ` is translated
_SIGNALS = re.compile(
    r"(?:Segmentation fault|Bus error|Illegal instruction|Floating point exception)(?: \(core dumped\))?$|Aborted \(core dumped\)$"
)
BEGINNINGS: frozenset[str] = frozenset(("Seg", "Bus", "Ill", "Flo", "Abo"))
"""Three characters of signals, which stand without a name; a test reads them from the expression."""
FIRSTS = frozenset(beginning[0] for beginning in BEGINNINGS)
_KORN = re.compile(r"[\w./@+-]*sh\[\d+\]: ")
# PowerShell 7 and 5, cmd.exe
_UNKNOWN = re.compile(
    r"[^\s:]{1,80} ?: The term '[^']{1,80}' is not recognized as |'[^']{1,80}' is not recognized as an internal "
)
_RUNC = re.compile(r"exec \S+: (?:exec format error|no such file or directory|permission denied)$")
_WARNS = re.compile(r"\S+ (?:line \d+: )?warning: |\S+: warning: ")


def find(line: str) -> Found | None:
    """`error` for a shell's complaint (`warning` where it says so)."""
    colon = line.find(":", 0, 120)
    if "行" in line[:200] and _CHINESE.match(line) and _SAYS.search(line[:400]):
        return ERROR, "shell"
    if colon < 0:
        if line[0] == "'":
            return (ERROR, "shell") if _UNKNOWN.match(line[:400]) else None
        return (ERROR, "shell") if line[0] in FIRSTS and _SIGNALS.match(line) else None
    name, head = line[:colon], line[:400]
    if "' is not recognized as " in head and _UNKNOWN.match(head):
        return ERROR, "shell"
    if " " in name:
        return (ERROR, "shell") if name.startswith("exec ") and _RUNC.match(head) else None
    if name.endswith("sh") and (_OWN.match(head) or _SCRIPT.match(head)):
        return (WARNING if _WARNS.match(head) else ERROR), "shell"
    if name.endswith("]") and _KORN.match(head):
        return (ERROR, "shell") if _SAYS.search(head) else None
    following = line[colon + 1 : colon + 3].lstrip()
    if following[:1].isdigit() or following[:1] == "l":
        return (ERROR, "shell") if _ANY_SCRIPT.match(head) and _SAYS.search(head) else None
    return None
