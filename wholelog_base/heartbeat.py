"""A sign of life for the supervisor: a byte into a pipe that it left us."""

import os
from collections.abc import Callable, Mapping

NAME = "_WHOLELOG_HEARTBEAT"  # environment: the number of the pipe's writing end


def heartbeat(environ: Mapping[str, str]) -> Callable[[], None]:
    """What to call at least once a second from the loop that must not stand still; nothing without a supervisor."""
    number = environ.get(NAME, "")
    if not number.isdecimal():
        return lambda: None
    pipe = int(number)
    os.set_blocking(pipe, False)
    os.set_inheritable(pipe, False)

    def beat() -> None:
        try:
            os.write(pipe, b".")
        except BlockingIOError:
            return  # full of beats that nobody has fetched yet: as good as one more
        except BrokenPipeError:
            return  # the supervisor is gone; its death signal ends us

    return beat
