"""A thread that makes rounds, with pauses that can be cut short."""

import threading
from collections.abc import Callable


class RoundThread:
    """From `start` to `close`. `make_round` gives the seconds until the next one, and raises nothing."""

    def __init__(self, name: str, make_round: Callable[[], float]) -> None:
        self._name, self._make_round = name, make_round
        self._woken, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Make the next round now."""
        self._woken.set()

    def close(self) -> None:
        self._stop.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(10)

    @property
    def closing(self) -> bool:
        return self._stop.is_set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._woken.wait(self._make_round())
            self._woken.clear()
