"""Nanoseconds since 1970 UTC <-> RFC 3339 text, exact: no float and no `datetime` on the way (they end at microseconds).

Written text always has nine digits of fraction and `Z`, so that it sorts as the times do.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

SECOND: Final = 1_000_000_000
DAY: Final = 86_400 * SECOND
_EPOCH: Final = date(1970, 1, 1).toordinal()
_FORM: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_DAY_FORM: Final = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)", re.ASCII)


def format_ns(time: int) -> str:
    """`2026-11-24T06:00:00.000000001Z`. Raises ValueError for a year outside 1 to 9999."""
    return format_all((time,))[0]


def format_all(times: Iterable[int]) -> list[str]:
    """As `format_ns`, for many: the text of a second is made once for neighbours that share it."""
    out: list[str] = []
    append = out.append
    first, end, prefix = 0, 0, ""
    for time in times:
        if not first <= time < end:
            first = time - time % SECOND
            end = first + SECOND
            prefix = _second(first // SECOND)
        append(f"{prefix}{time - first:09d}Z")
    return out


def parse_ns(text: str) -> int:
    """The time in nanoseconds of RFC 3339 text with 0 to 9 digits of fraction and any offset. Raises ValueError."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"not RFC 3339 with at most nine digits of fraction: {text!r:.100}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, _, sign, offset_hours, offset_minutes = match.groups()[6:]
    offset = 0
    if sign:
        offset = int(offset_hours) * 60 + int(offset_minutes)
    if hour > 23 or minute > 59 or second > 59 or offset >= 24 * 60 or (sign and int(offset_minutes) > 59):
        raise ValueError(f"no such time of day or offset: {text!r}")
    minutes = (date(year, month, day).toordinal() - _EPOCH) * 1440 + hour * 60 + minute
    minutes += offset if sign == "-" else -offset
    return (minutes * 60 + second) * SECOND + int((fraction or "").ljust(9, "0"))


def day_name(time: int) -> str:
    """The day partition of a time: `2026.11.24` (UTC). Raises ValueError for a year outside 1 to 9999."""
    return _date(time // DAY).isoformat().replace("-", ".")


def day_start(name: str) -> int:
    """The first nanosecond of the day partition named `2026.11.24`. Raises ValueError for any other text."""
    match = _DAY_FORM.fullmatch(name)
    if match is None:
        raise ValueError(f"not the name of a day such as 2026.11.24: {name!r:.100}")
    year, month, day = (int(part) for part in match.groups())
    return (date(year, month, day).toordinal() - _EPOCH) * DAY


def _second(seconds: int) -> str:
    """`2026-11-24T06:00:00.`"""
    days, second = divmod(seconds, 86_400)
    return f"{_date(days).isoformat()}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}."


def _date(days: int) -> date:
    try:
        return date.fromordinal(days + _EPOCH)
    except (OverflowError, ValueError) as error:  # fromordinal raises either, by how far out the number is
        raise ValueError(f"{days} days from 1970 is outside the years 1 to 9999") from error
