"""Priority numbers: syslog's `<PRI>`, systemd's and the kernel's `<n>`, Cisco's `%FACILITY-n-MNEMONIC`, `daemon.err`, ESXi's `Wa(164)`.

Sources: RFC 5424 section 6.2.1, RFC 3164 section 4.1.1, sd-daemon(3), the system message formats of Cisco, Huawei and H3C,
syslogd of busybox, BIG-IP's log format, CMTrace's.
"""

import re

from log_shipper.stages.formats.levels import CRITICAL, DEBUG, ERROR, INFO, SYSLOG, WARNING, Found, of_word

_PRI = re.compile(r"(?:\d{1,6} )?<(\d{1,3})>")
_CISCO = re.compile(r"%[A-Z][A-Z0-9_]{1,40}(?:-[A-Z][A-Z0-9_]{0,40})*-([0-7])-[A-Z0-9_]{2,60}\s?:")
_VRP = re.compile(  # Huawei's and H3C's `%%01IFNET/3/LINK_STATE(l)[12]:text`, and Comware's own `%Mar  1 10:20:30:123 2026 sw1 IFNET/3/…`
    r"(?:%%\d\d|(?<= ))[A-Z][A-Z0-9_]{1,24}/([0-7])/[A-Za-z][\w-]{1,60}(?:\([a-z]\))?(?:\[\d{1,9}\])?:"
)
_SELECTOR = re.compile(
    r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])\.(emerg|alert|crit|err|warn|notice|info|debug)[a-z]{0,4}[\s:]"
)
_SOLARIS = re.compile(r"^ID \d{1,9} ")
_SEVERITY = re.compile(  # BIG-IP: `Mar  1 10:20:30 lb-1 err tmm[12]: text`
    r"(emerg|alert|crit|err|error|warning|notice|info|debug) (?:[\w./-]{1,60}\[\d{1,9}\]|kernel): "
)
_CMTRACE_TYPE = re.compile(r' type="([123])"')
_CMTRACE = {"1": INFO, "2": WARNING, "3": ERROR}
_KMSG = re.compile(r"(\d{1,3}),\d{1,12},\d{1,16},-;")
_DECODED = re.compile(
    r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|ftp|local\d) {0,4}:(emerg|alert|crit|err|warn|notice|info|debug) {0,4}: "
)


def pri(line: str, at: int = 0) -> Found | None:
    """The severity in `<PRI>` at `at`: PRI is 8 * facility + severity, 0..191."""
    match = _PRI.match(line, at)
    if match is None or int(match[1]) > 191:
        return None
    return SYSLOG[int(match[1]) & 7], "priority"


def cisco(line: str) -> Found | None:
    """The severity of `%LINK-3-UPDOWN: …` in a line's first 200 characters."""
    match = _CISCO.search(line, 0, 200)
    if match is None and (line[0] == "%" or "%%" in line[:200]):
        match = _VRP.search(line, 0, 200)
    return (SYSLOG[int(match[1])], "priority") if match is not None else None


_PAIR = re.compile(r"(Db|In|No|Wa|Er|Cr|Al|Em)\(\d{1,3}\)(?:\[\+\])?\s")
_PAIRS = {
    "Em": CRITICAL, "Al": CRITICAL, "Cr": CRITICAL, "Er": ERROR, "Wa": WARNING, "No": INFO, "In": INFO, "Db": DEBUG,
}  # fmt: skip
# SSSD's debug levels (sssd.conf(5)): one bit each
_MASKS = {"0x0010": CRITICAL, "0x0020": CRITICAL, "0x0040": ERROR, "0x0080": WARNING, "0x0100": INFO}
_MASK = re.compile(r"0x[0-9a-f]{4,5}")


def selector(line: str, at: int) -> Found | None:
    """`daemon.err prog[1]: …`, as busybox' syslogd and OpenWrt's logread print it."""
    if line[at + 2 : at + 3] == "(":
        pair = _PAIR.match(line, at)  # ESXi 8: Wa(164)
        return (_PAIRS[pair[1]], "priority") if pair is not None else None
    match = _SELECTOR.match(line, at) if line.find(".", at + 3, at + 9) > 0 else None
    declared = of_word(match[1]) if match is not None else None
    return (declared, "priority") if declared is not None else None


def of_bracket(content: str) -> str | None:
    """The type of FreeBSD's `<auth.err>` (syslogd -v -v), and of Solaris' `[ID 800047 auth.err]`."""
    match = _SELECTOR.match(_SOLARIS.sub("", content) + ":")
    return of_word(match[1]) if match is not None else None


def decoded(line: str) -> Found | None:
    """`kern  :err   : [    1.234567] text`, as dmesg prints facility and priority with --decode."""
    match = _DECODED.match(line)
    declared = of_word(match[1]) if match is not None else None
    return (declared, "priority") if declared is not None else None


def kmsg(line: str) -> Found | None:
    """`3,812,5140900,-;text`: a record of the kernel's /dev/kmsg, which begins with the same number as `<n>`."""
    match = _KMSG.match(line)
    return (SYSLOG[int(match[1]) & 7], "priority") if match is not None else None


def of_mask(content: str) -> str | None:
    """The type of SSSD's `(0x0040)`; None for what is no such number."""
    return _MASKS.get(content, DEBUG) if _MASK.fullmatch(content) is not None else None


def after_host(line: str, at: int) -> Found | None:
    """The selector behind the host that begins at `at`: busybox' `Mar  1 10:20:30 gw user.warn kernel: text`."""
    blank = line.find(" ", at, at + 100)
    if blank <= 0:
        return None
    match = _SEVERITY.match(line, blank + 1)
    if match is not None:
        return of_word(match[1]) or INFO, "priority"
    return selector(line, blank + 1)


def cmtrace(line: str) -> Found | None:
    """`<![LOG[text]LOG]!><time="…" … type="3" …>`, as Windows' deployment tools write for CMTrace: 1 info, 2 warning, 3 error."""
    end = line.find("]LOG]!><time=")
    match = _CMTRACE_TYPE.search(line, end, end + 400) if end > 0 else None
    return (_CMTRACE[match[1]], "priority") if match is not None else None
