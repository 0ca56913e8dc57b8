"""Timestamps in the forms that log formats use, at a place in a line.

ISO 8601 and its kin, syslog (RFC 3164), asctime, the Common Log Format, java.util.logging, day.month.year, times
without a date, epoch seconds, uptimes, TAI64N labels. Every quantifier is bounded, or possessive over one class: time is linear.
"""

import re

_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,:]\d{1,9}+){0,2})?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}+"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}+"
_ZONES = (
    "UTC|GMT|CET|CEST|EET|EEST|WET|WEST|BST|IST|MSK|EST|EDT|CST|CDT|MST|MDT|PST|PDT|JST|KST|SGT|HKT|AEST|AEDT|ACST|AWST|"
    "NZST|NZDT|BRT|ART|PKT|ICT|WIB|SAST|EAT|WAT|Z|L"  # L: Artifactory's local time
)
_ZONE = rf"(?:[ ]?(?:(?:{_ZONES})(?![A-Za-z])|[+-]\d{{2}}:?\d{{2}}(?!\d))){{1,2}}"
_HALF = r"(?:[ ]?(?:[AaPp]\.?[Mm]\.?)(?![a-z])|[ ]?(?:上午|下午))"
_AFTER = rf"{_HALF}?(?:{_ZONE})?"

_FORMS = (
    # 2024-05-06T08:15:03.127Z, 2024/05/06 - 08:15:03, 2024.05.06-08.15.03:127, 2024-05-06 08:15.03 (structlog's default
    # up to 21), 2024-05-06 (date alone)
    rf"\d{{4}}([-/.])\d{{1,2}}\1\d{{1,2}}(?:(?:T|[ ]{{1,2}}|, ?|_|[ ]?-[ ]?|[ ]--[ ]|:|\t|\]\[)(?:\d{{2}}:\d{{2}}\.\d{{2}}(?!\d)|{_TIME}|\d{{2}}\.\d{{2}}\.\d{{2}}(?:[.:]\d{{1,9}}+)?)(?:[ ]\d{{6}}(?=\t))?)?{_AFTER}",
    # 08:15:03.127, 8:15AM
    rf"\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,:]\d{{1,9}}+)?{_AFTER}|[ ]?[AP]M\b)",
    # May  6 08:15:03, May 06, 2024 8:15:03 AM, Mon May 06 08:15:03.127 2024, Mon, 06 May 2024 08:15:03 +0000
    rf"(?:{_DAY},?[ ])?{_MONTH}[ ]{{1,2}}\d{{1,2}},?[ ](?:\d{{4}},?[ ](?:at[ ])?)?{_TIME}{_AFTER}(?:[ ]\d{{4}}\b)?",
    # 06 May 2024 08:15:03.127, 06/May/2024:08:15:03 +0000, 06-May-2024 08:15:03, 6-May-2024::08:15:03, 6 May 08:15:03
    rf"(?:{_DAY},?[ ])?\d{{1,2}}[- /]{_MONTH}(?:[- /](?:\d{{4}}|\d{{2}}(?!:\d\d:\d\d(?![:\d]))))?(?:::?|[ ]|,[ ])(?:-[ ])?{_TIME}{_AFTER}",
    # 05/06/2024 08:15:03, 06.05.2024, 08:15:03, 17/06/09 20:10:40, 03-17 16:13:38.859, 6/5/2024 -- 08:15:03
    rf"\d{{1,2}}([-/.])\d{{1,2}}(?:\2\d{{2,4}})?(?:T|[ ]{{1,2}}|,[ ]?|[ ]--[ ]|-|:|\|){_TIME}{_AFTER}",
    # 240506  8:15:03, 20240506 08:15:03, 20240506T081503.127, 081109 203615
    rf"\d{{6}}(?:\d{{2}})?(?:[ ]{{1,2}}|T|-)(?:{_TIME}|\d{{6}}(?:[.,]\d{{1,9}}+)?){_AFTER}",
    # 20240506081503.127
    r"(?:19|20)\d{12}(?:[.,]\d{1,9}+)?(?![\w.])",
    # 2012-025T10:22:40,672 (day of the year)
    rf"\d{{4}}-\d{{3}}T{_TIME}{_AFTER}",
    # 1714983303, 1714983303.127, 1714983303127, 1.714983303127e+09
    r"(?:\d{10}(?:[.,]\d{1,9}+)?|\d{13}|\d\.\d{3,17}[eE]\+?09)(?![\w.])",
    # uptimes: 12.345678, 0.004s, 0:00:00.123456789
    r"\d{1,8}\.\d{3,9}(?![\w.])s?|\d{1,8}\.\d{3,9}s|\d{1,3}:\d{2}:\d{2}\.\d{9}",
    # TAI64N
    r"@[0-9a-f]{24}",
    r"\d{4}年\d{1,2}月\d{1,2}日[ ]?\d{1,2}(?::\d{2}:\d{2}(?:[.,]\d{1,9}+)?|[时時]\d{1,2}分(?:\d{1,2}秒)?)",
    rf"(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月[ ]\d{{1,2}},[ ]\d{{4}}[ ]{_TIME}{_AFTER}",
)
STAMP = re.compile("(?:" + "|".join(_FORMS) + ")")
"""A timestamp, matched where it begins."""

DATE_WORDS: frozenset[str] = frozenset(
    "Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
)
"""The first three letters of a date that begins with a word."""


def stamp_at(line: str, at: int) -> bool:
    """Whether a timestamp, maybe in a bracket, begins at `at`."""
    begins = line[at : at + 1] in _FIRSTS or line[at : at + 3] in DATE_WORDS
    return begins and STAMP.match(line, at) is not None


_FIRSTS = frozenset("0123456789[")
SYSLOG_STAMP = re.compile(rf"{_MONTH}[ ]{{1,2}}\d{{1,2}}[ ](?:\d{{4}}[ ])?\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,9}}+)?[ ]")
"""RFC 3164's timestamp and the space after it."""
