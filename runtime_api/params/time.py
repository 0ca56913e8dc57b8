"""A point in time as callers write it; nanoseconds, exact: no float on the way.

===================================  =======================================================================
form                                 meaning
===================================  =======================================================================
``2026-11-24T06:00:23.5Z``           RFC 3339, 0 to 9 digits of fraction, `Z` or an offset (`+02:00`)
``1763964023``, ``1763964023.25``    epoch; the unit is told by the magnitude: below 1e11 seconds, below 1e14
                                     milliseconds, below 1e17 microseconds, else nanoseconds
``10m``, ``1h30m``, ``2d``           so long before the request: ns, us, ms, s, m, h, d, w
===================================  =======================================================================

A time is an instant, whatever its precision: an end of `…:23Z` takes in what was stamped at :23.000000000 and nothing
of the second that follows. In a query string a bare `+` means a space; so a space is taken for the offset's sign, and
for the `T`.
"""

import re
from typing import Final

from log_store.rfc3339 import DAY, SECOND, parse_ns

_LATEST: Final = 2**63 - 1  # of a stored document
EPOCH: Final = re.compile(r"(\d{1,19})(?:\.(\d{1,9}))?", re.ASCII)
_EPOCH_UNITS: Final = ((10**11, 9, "seconds"), (10**14, 6, "milliseconds"), (10**17, 3, "microseconds"))
DURATION: Final = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?(ns|us|µs|μs|ms|s|m|h|d|w)", re.ASCII)
_UNITS: Final = {
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": SECOND,
    "m": 60 * SECOND, "h": 3600 * SECOND, "d": DAY, "w": 7 * DAY,
}  # fmt: skip
_BARE_PLUS: Final = re.compile(r" (?=\d\d:\d\d$)", re.ASCII)
_FORMS: Final = (
    "must be RFC 3339 (2026-11-24T06:00:00Z, +02:00), an epoch in s, ms, µs or ns, "
    "or a duration back from now (10m, 1h30m, 2d)"
)


def parse_time(text: str, now: int) -> int:
    """Nanoseconds since 1970 UTC, within 0 and 2**63 - 1 (a time outside becomes the nearest). Raises ValueError."""
    if len(text) > 64:
        raise ValueError(_FORMS)
    epoch = EPOCH.fullmatch(text)
    if epoch is not None:
        time = _epoch(epoch.group(1), epoch.group(2) or "")
    elif text[-1:].isalpha() and text[-1:] not in "zZ":
        time = now - parse_duration(text)
    else:
        time = _rfc3339(text)
    return min(max(time, 0), _LATEST)


def _epoch(digits: str, fraction: str) -> int:
    number = int(digits)
    exponent, unit = next(((e, unit) for below, e, unit in _EPOCH_UNITS if number < below), (0, "nanoseconds"))
    if len(fraction) > exponent:
        raise ValueError(
            f"a number this large is taken for {unit}, which have at most {exponent} digits of fraction here"
        )
    return int(digits + fraction.ljust(exponent, "0"))


def parse_duration(text: str) -> int:
    """Nanoseconds of `10m`, `1h30m`. Raises ValueError."""
    total = end = 0
    for part in DURATION.finditer(text):
        if part.start() != end:
            break
        end = part.end()
        fraction = part.group(2) or ""
        unit = _UNITS[part.group(3)]
        total += int(part.group(1)) * unit + int(fraction or "0") * unit // 10 ** len(fraction)
    if end != len(text):
        raise ValueError(_FORMS)
    return total


def _rfc3339(text: str) -> int:
    if text[10:11] == " ":
        text = text[:10] + "T" + text[11:]
    text = _BARE_PLUS.sub("+", text)
    try:
        return parse_ns(text)
    except ValueError as error:
        # The time of day or the date may be at fault where the form is right.
        reason = "" if str(error).startswith("not RFC 3339") else f" ({error})"
        raise ValueError(_FORMS + reason) from error
