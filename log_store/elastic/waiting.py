"""Patience with what Elasticsearch cannot answer yet.

With the first document of a day its index is made, and until its shard is there, for some 0.3 s, every search of it is
answered with 503. A shard that stays away is one that was lost: then the answer stands.

A node that has no memory or no thread for a request says so with 429 and has done nothing of it. Its own clients ask again:
a log of which half was sent cannot be begun anew.
"""

import time
from collections.abc import Callable, Container
from typing import Final

from log_store.elastic.failures import Answer

MADE: Final = 3.0  # s
BUSY: Final = 10.0  # s; a garbage collection of a heap that was full
_PAUSE: Final = 0.05  # s
_LONGEST_PAUSE: Final = 1.0  # s


def patience(answer: Answer) -> float:
    """For how long (s) to ask again; 0 where the answer stands."""
    if answer.lacks_shards:
        return MADE
    return BUSY if answer.status == 429 else 0.0


def until_able(
    ask: Callable[[], Answer],
    patience: Callable[[Answer], float] = patience,
    expected: Container[int] = (),
) -> Answer:
    """The first answer that stands or whose status is `expected`, or the last before patience ends."""
    began, pause = time.monotonic(), _PAUSE
    while True:
        answer = ask()
        if answer.status in expected or time.monotonic() - began >= patience(answer):
            return answer
        time.sleep(pause)
        if answer.status == 429:
            pause = min(2 * pause, _LONGEST_PAUSE)
