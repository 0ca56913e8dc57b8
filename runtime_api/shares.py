"""How the threads are shared.

A third of them works on what changes containers (POST, DELETE); a request among these that needs an image pulled or
loaded may take minutes, so two threads are left for the others. The rest works on what is read. Of the readers, at most
half of all threads may stream a long answer at a time: a few are always left for short answers and for `/healthz`.
Requests that wait for a seal have threads of their own, so that nobody else waits for them.

============================  =======  ===  ==
`api_threads`                      16    8   4
============================  =======  ===  ==
POST, DELETE                        5    3   3
of them for an image                3    1   1
everything else                    11    5   3
of them long answers                8    4   2
`/logs?wait=sealed` (beside)       16    8   4
============================  =======  ===  ==

Those that follow a log have threads of their own, too, as many as the setting `follow_limit` says.
"""

from dataclasses import dataclass

_LEFT = 2  # threads that no request for an image takes


@dataclass(frozen=True, slots=True)
class Shares:
    """Requests at a time, by kind; `pulls` are of `changing`, `streams` of `reading`."""

    changing: int
    pulls: int
    reading: int
    streams: int
    waits: int


def shares_of(threads: int) -> Shares:
    """Of the setting `api_threads`; a number too small to be shared is rounded up."""
    changing = max(_LEFT + 1, threads // 3)
    streams = max(1, threads // 2)
    return Shares(
        changing=changing,
        pulls=changing - _LEFT,
        reading=max(streams + 1, threads - changing),
        streams=streams,
        waits=max(1, threads),
    )
