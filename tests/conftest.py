"""The services that tests ask for by name; each is started when the first test wants it."""

import os
import signal

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.services.elasticsearch", "tests.services.dockerd", "tests.services.chromium", "tests.faults.figures",
]  # fmt: skip

# A busy machine may take long over any example: no test is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C ends what the tests start, also where a shell runs us in the background and has it ignored.

    Nor does a program on a terminal of its own hear of another's size: readline leaves that to what pytest starts.
    """
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
