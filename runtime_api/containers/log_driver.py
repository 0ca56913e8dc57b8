"""The options of Docker's fluentd log driver under which no line is lost in both of its ways out.

Each was measured with dockerd 20.10.24 and 29 (docs/ has the figures); *source* is moby's daemon/logger.
"""

import re
from pathlib import Path
from typing import Final

DRIVER: Final = "fluentd"
_WRITE_TIMEOUT_SINCE: Final = 28


def driver_options(socket_path: Path, engine_version: str) -> dict[str, str]:
    """For a container's `log-opt`. `engine_version` as the engine gives it: `20.10.24+dfsg1`, `28.2.2`."""
    options = {
        "fluentd-address": f"unix://{socket_path}",
        # Without it no container starts while the receiver is away, and stop and rm hang when it dies (moby#40063).
        "fluentd-async": "true",
        # A line is named by its nanoseconds.
        "fluentd-sub-second-precision": "true",
        # Unset it means a ring buffer before Docker's own copy, which loses lines of a burst there too.
        "mode": "blocking",
        # A record that cannot be sent is dropped at once (the copy has it), so that the queue never fills: what comes
        # after a full queue of fluentd-buffer-limit lines (a million unless set) is lost in both places.
        "fluentd-max-retries": "1",
        "fluentd-retry-wait": "1ms",
        # Short, since it is repeated in every record; so are labels, which are therefore not asked for.
        "tag": "{{.ID}}",
    }
    if _major(engine_version) >= _WRITE_TIMEOUT_SINCE:
        # A frozen receiver would hold the ended container "Up" for good.
        options["fluentd-write-timeout"] = "5s"
    return options


def _major(version: str) -> int:
    """0 for a version that does not begin with a number; such an engine might refuse an option that it lacks."""
    match = re.match(r"v?(\d{1,4})\.", version, re.ASCII)
    return int(match[1]) if match else 0
