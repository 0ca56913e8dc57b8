"""Whether what the API depends on answers, and since when it does or does not."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from log_store.errors import LogStoreError
from runtime_api.envelope import Clock, timestamp
from runtime_api.errors import RuntimeApiError
from wholelog_base.unix_socket import try_connection

_FRESH_SECONDS: Final = 1.0  # so long a result stands: probes of many callers are one
_PATIENCE_SECONDS: Final = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Condition:
    """`since`: nanoseconds since 1970 UTC, of the first look that found this state."""

    ready: bool
    detail: str
    since: int


class Dependency:
    """`check` says in one line what answers, or raises; `advice` is what to do where it does not.

    `needed`: whether the API is not ready without it.
    Safe to use from several threads: one looks at a time, the others are given what was found last, so that an engine
    that hangs holds one thread and no more. What has not answered for `patience` seconds is not ready.
    """

    def __init__(
        self, name: str, check: Callable[[], str], advice: str, clock: Clock, patience: float = _PATIENCE_SECONDS,
        *, needed: bool = True,
    ) -> None:  # fmt: skip
        self.name = name
        self.needed = needed
        self._check = check
        self._advice = advice
        self._clock = clock
        self._patience = patience
        self._looking = threading.Lock()
        self._asked_at = time.monotonic()
        self._last = Condition(False, "not asked yet", clock())
        self._looked_at = 0.0

    def look(self) -> Condition:
        if self._looking.acquire(blocking=False):
            try:
                self._asked_at = time.monotonic()
                if time.monotonic() - self._looked_at >= _FRESH_SECONDS or not self._looked_at:
                    self._keep(*self._try())
                    self._looked_at = time.monotonic()
            finally:
                self._looking.release()
        elif time.monotonic() - self._asked_at > self._patience:
            self._keep(False, f"has not answered for {self._patience:g} s")
        return self._last

    def shown(self, found: Condition) -> dict[str, Any]:
        shown = {
            "state": _word(found.ready),
            "since": timestamp(found.since),
            "detail": found.detail,
        }
        return shown if found.ready else {**shown, "to_do": self._advice}

    def _try(self) -> tuple[bool, str]:
        try:
            return True, self._check()
        except (RuntimeApiError, LogStoreError, OSError) as error:
            return False, str(error)
        except Exception:
            _log.exception("looking at the %s", self.name)
            return False, "an error of ours, which has been logged"

    def _keep(self, ready: bool, detail: str) -> None:
        changed = ready != self._last.ready
        if changed:
            (_log.info if ready else _log.warning)("the %s is %s: %s", self.name, _word(ready), detail)
        self._last = Condition(ready, detail, self._clock() if changed else self._last.since)


def shipper_socket(path: Path) -> str:
    """One line that says who listens. Raises OSError."""
    try:
        try_connection(path)
    except OSError as error:
        raise OSError(f"the shipper does not take connections at {path}: {error.strerror or error}") from error
    return f"the shipper listens on {path}"


def _word(ready: bool) -> str:
    return "ready" if ready else "not ready"
