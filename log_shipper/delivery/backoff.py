"""How long to wait before the next try."""

import random
from collections.abc import Iterator


def delays(first: float = 0.1, longest: float = 15.0) -> Iterator[float]:
    """Seconds, doubling to `longest`, each shortened by up to a third so that waiters do not come in step."""
    delay = first
    while True:
        yield delay * (1 - random.random() / 3)
        delay = min(delay * 2, longest)
