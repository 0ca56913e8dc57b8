"""The services that tests ask for by name; each is started when the first test wants it."""

import signal

import pytest

pytest_plugins = ["tests.services.elasticsearch", "tests.services.dockerd"]


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C ends what the tests start, also where a shell runs us in the background and has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
