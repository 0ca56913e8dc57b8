"""Patience with an index that is just being made.

With the first document of a day its index is made, and until its shard is there, for some 0.3 s, every search of it is
answered with 503. A shard that stays away is one that was lost: then the answer stands.
"""

import time
from collections.abc import Callable
from typing import Final

from log_store.elastic.failures import Answer

_LONGEST: Final = 3.0  # s
_PAUSE: Final = 0.05  # s


def lacks_shards(answer: Answer) -> bool:
    return answer.lacks_shards


def until_made(ask: Callable[[], Answer], lacking: Callable[[Answer], bool] = lacks_shards) -> Answer:
    """The first answer to which nothing is `lacking`, or the last before patience ends."""
    give_up = time.monotonic() + _LONGEST
    while True:
        answer = ask()
        if not lacking(answer) or time.monotonic() >= give_up:
            return answer
        time.sleep(_PAUSE)
