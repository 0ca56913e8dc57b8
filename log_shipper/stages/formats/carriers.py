"""What carries another program's line, and where that line begins: syslog's host and tag, a collector's prefix.

RFC 3164 and what rsyslog, journalctl, Docker Compose, foreman, pm2, buildkit, stern and container runtimes write; coloredlogs; the
event logs of clusters (Thunderbird, Spirit, Liberty), whose every line is an alert's name, times, a host and a syslog line.
"""

import re

from log_shipper.stages.formats import priority
from log_shipper.stages.formats.levels import UPPER, WORDS
from log_shipper.stages.formats.stamps import STAMP, SYSLOG_STAMP

_SYSLOG_TAG = re.compile(rf"{SYSLOG_STAMP.pattern}(\S{{1,100}}+) ([\w./@()-]{{1,80}})(?:\[\d{{1,9}}\])?: ")
_TAG = re.compile(r"(?!\w{1,200}+\()(?:\S{1,100}+ )?([\w./@(){}-]{1,80})(?:\[[\w.:-]{1,40}\])?: ")
_PID_TAG = re.compile(r"\S{1,100}+ [\w./@(){}-]{1,80}\[[\w.:-]{1,40}\]: ")
_PROGRAM = re.compile(  # coloredlogs: host name[123] INFO text; Wazuh: name[123] main.c:12 at main(): ERROR: text
    r"\S{1,100}+ [\w./-]{1,80}\[\d{1,9}\] (?=[A-Z]{4,9}\b)|[\w-]{1,40}\[\d{1,9}\] [\w.-]{1,60}:\d{1,6} at \w{1,60}\(\): (?=[A-Z]{4,9}: )"
)
_POD = re.compile(r"\[(?:pod|job|deployment)/[\w.-]{1,253}/[\w.-]{1,63}\] ?")
_RUNTIMES_STAMP = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?:\d{9}(?:Z|[+-]\d\d:\d\d)|\d{7}Z) (?:std(?:out|err) [FP] )?"
)
_LOGPLEX = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 [a-z][\w-]{0,40}\[[\w.-]{1,60}\]: ?")
_FOREMAN = re.compile(r"\d\d:\d\d:\d\d (?=[\w-]{1,60}\.\d{1,4} +\| )")
_PRINTED_BY_OTHER = re.compile(r"std(?:out|err) [FP] ")
_TAG_ALONE = re.compile(  # NetworkManager[12]: <info>  text, web-2 app[7]: ERROR text, pulp [4f1a]: app.tasks:INFO: text
    r"(?:[\w.-]{1,60} )?[\w./@-]{1,80}\[\d{1,9}\]: (?=[<\[{]|[A-Z]{4,9}[: ]|(?:error|fatal|warning|panic|info|notice|debug): )|[\w./-]{1,60} {1,20}\[\d{1,9}\]: (?=[A-Z]{4,9} )|[\w./@-]{1,80} ?\[[\w-]{1,40}\]: (?=[\w.]{1,80}:[A-Z]{4,8}:)"
)
# The names that collectors put before a line: docker compose, foreman, pm2, buildkit, rsyslog's CEE cookie
_NAMED = re.compile(
    r"[\w.@-]{1,100}(?:[-_.]\d+ +| {2,})\| |\d{1,3}\|[\w.@-]++ *+\| |#\d{1,9} (?:\d{1,9}\.\d{1,9} |(?=\S))|@cee: ?"
)
_UPTIME = re.compile(r"\d{1,9}: (?:\(\d{1,9}\))?: (?=\S)")  # coturn
_BEHIND_PROCESS = re.compile(r"\d{1,9} (\d\d [A-Z][a-z]{2} \d\d:\d\d:\d\d\.\d{3} )")
_SAFE = frozenset("bcdfghjklmnpqrstvwxz2456789")  # of what Kubernetes makes names (apimachinery: SafeEncodeString)
_CONTAINER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CLUSTER = re.compile(r"(?:-|[A-Z_]{2,16}) \d{10} \d{4}\.\d\d\.\d\d \S{1,60} (?=[A-Z][a-z]{2} )")


def text_of_wrapped(line: str) -> int:
    """Where the line begins that something else printed behind a prefix of its own; -1 where there is none.

    `kubectl logs --prefix`, the nanoseconds of `--timestamps` and of `docker logs -t`, GitHub's 100 nanoseconds,
    Heroku's logplex, foreman's time and process.
    """
    if line[0] == "[":
        return _end(_POD.match(line)) if line[4:5] == "/" or line[11:12] == "/" else -1
    if line[10:11] == "T" and line[19:20] == ".":
        return _end(_RUNTIMES_STAMP.match(line) or (_LOGPLEX.match(line) if line[26:27] == "+" else None))
    if line[8:9] == " " and " | " in line[10:70]:
        time = _FOREMAN.match(line)
        return line.index("| ", time.end()) + 2 if time is not None else -1
    return -1


def text_of_other(line: str, at: int, syslog: bool) -> int:
    """Where another program's line begins, of what stands behind a time at `at`; -1 where there is none.

    `syslog`: the time is RFC 3164's.
    """
    if syslog or "]: " in line:
        tag = (_TAG if syslog else _PID_TAG).match(line, at)
        if tag is not None and not (syslog and tag[1].lower() in WORDS):
            return tag.end()
    elif ": 2" in line[at : at + 160] and "T" in line[:at]:
        tag = _TAG.match(line, at)  # 2026-03-01T10:20:30 db mariadbd: 2026-03-01 10:20:30 7 [Warning] text
        if (
            tag is not None
            and tag[1].rpartition(".")[2].upper() not in UPPER
            and STAMP.match(line, tag.end()) is not None
        ):
            return tag.end()
    if line.startswith(("std", " std"), at):
        printed = _PRINTED_BY_OTHER.match(line, at)
        if printed is not None:
            return printed.end()
    return at if line.startswith("PHP ", at) else -1


def after_program(line: str, at: int) -> int:
    """Where coloredlogs' or Wazuh's level begins behind a host and a program; -1 where there is none."""
    return _end(_PROGRAM.match(line, at))


def text_of_syslog(line: str) -> int:
    """Where the text of a line begins that begins as syslog's; -1 where it does not."""
    tag = _SYSLOG_TAG.match(line)
    return tag.end() if tag is not None and _is_host_and_tag(tag) else -1


def text_after_name(line: str) -> int:
    """Where the text begins of a line that a collector put a name, or a number, before; -1 where there is none."""
    return _end(_NAMED.match(line))


def text_after_tag(line: str) -> int:
    """Where the text begins behind a program's name and process alone; -1 where there is none."""
    return _end(_TAG_ALONE.match(line))


def text_after_uptime(line: str) -> int:
    """Where the text begins behind coturn's seconds; -1 where there are none."""
    return _end(_UPTIME.match(line))


def text_after_process(line: str) -> int:
    """Where a time begins behind a process' number: Odyssey's `1 06 May 10:20:30.123 error [c1 s1] text`; -1 where none does."""
    time = _BEHIND_PROCESS.match(line)
    return time.start(1) if time is not None else -1


def text_after_pod(line: str, first: int) -> int:
    """Where the text begins behind a pod of a ReplicaSet, up to `first`, and its container, as stern prints them; else -1."""
    second = line.find(" ", first + 1, first + 65)
    if second < 0:
        return -1
    _, _, of_set = line[: first - 6].rpartition("-")
    if not (5 <= len(of_set) <= 10 and _SAFE.issuperset(of_set) and _SAFE.issuperset(line[first - 5 : first])):
        return -1
    return second + 1 if _CONTAINER.fullmatch(line, first + 1, second) is not None else -1


def text_of_cluster(line: str) -> int:
    """Where a syslog line begins behind an alert's name, an epoch, a date and a host; -1 where there are none."""
    return _end(_CLUSTER.match(line))


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match is not None else -1


def _is_host_and_tag(tag: re.Match[str]) -> bool:
    """Whether these are a host and a program, and not a level or a facility with one."""
    host, name = tag[1], tag[2]
    if host.rstrip(":").upper() in UPPER or name.upper() in UPPER or not host[0].isalnum():
        return False
    return "." not in host or priority.selector(tag.string, tag.start(1)) is None
