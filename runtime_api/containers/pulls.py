"""A bound on how many requests wait for an image at a time: a pull may take minutes, and each holds a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from runtime_api.errors import TooManyPulls

_PATIENCE: Final = 1.0  # seconds until one too many is refused: loading a small image takes less


class Pulls:
    """Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._free = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around the wait. Raises TooManyPulls."""
        with self._free:
            if not self._free.wait_for(lambda: self.taken < self.limit, _PATIENCE):
                raise TooManyPulls(
                    f"{self.limit} requests wait for images to be pulled or loaded, which is the most at a time "
                    "(setting api_threads), and this one would have to wait too: try again"
                )
            self.taken += 1
        try:
            yield
        finally:
            with self._free:
                self.taken -= 1
                self._free.notify()
