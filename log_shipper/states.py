"""What the shipper depends on: whether each answers, since when, and how long the look took."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Check = Callable[[], str]
"""'' where all is well, else what is wrong"""
EVERY: Final = 5.0  # seconds between two looks where nobody asks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """`since`: seconds since 1970, of the first look that found it so. `wrong`: '' where it is ready."""

    wrong: str
    since: float

    def shown(self) -> dict[str, object]:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.since))
        return {"ready": not self.wrong, "since": since, "message": self.wrong or "ok"}


class States:
    """`run` until `close`, so that `since` is true although nobody asks. `took` is told each look's seconds."""

    def __init__(
        self, checks: Mapping[str, Check], took: Callable[[str, float], None] = lambda name, seconds: None
    ) -> None:
        self._checks, self._took = checks, took
        self._lock = threading.Lock()
        self._known: dict[str, State] = {}
        self._stop = threading.Event()

    def look(self) -> dict[str, State]:
        """One at a time."""
        with self._lock:
            for name, check in self._checks.items():
                began = time.monotonic()
                wrong = check()
                self._took(name, time.monotonic() - began)
                self._keep(name, wrong)
            return dict(self._known)

    def known(self) -> dict[str, State]:
        """As they were found last; {} before the first look."""
        return dict(self._known)

    def run(self) -> None:
        """Blocks; for a thread of its own."""
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:  # the next look may find it well
                log.exception("looking at what the shipper depends on")
            self._stop.wait(EVERY)

    def close(self) -> None:
        self._stop.set()

    def _keep(self, name: str, wrong: str) -> None:
        known = self._known.get(name)
        if known is None or (not known.wrong) != (not wrong):
            if known is not None:  # at the start everything is still on its way
                (log.warning if wrong else log.info)("the %s is %s", name, f"not ready: {wrong}" if wrong else "ready")
            self._known = {**self._known, name: State(wrong, time.time())}
        elif known.wrong != wrong:
            self._known = {**self._known, name: State(wrong, known.since)}
