"""Scenes for the faults: a shipper of its own for each test, on SQLite or on an Elasticsearch.

`--soak` runs the long ones too and the others with larger numbers; `--figures FILE` writes the table there. Moments are
random: the seed is printed with each failure, and WHOLELOG_TEST_FAULT_SEED gives it again.
"""

import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from log_store.open import open_reader
from log_store.options import StoreOptions
from tests.faults.figures import PROPERTY, Row
from tests.faults.scene import Scene
from tests.services.dockerd import Dockerd
from tests.services.elasticsearch import own_prefix
from tests.services.restartable_elasticsearch import RestartableElasticsearch, restartable_elasticsearch
from tests.services.shipper import Shipper
from tests.services.supervised import Supervised


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="faults: the long ones too, and larger numbers")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: a fault that takes long; only with --soak")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("soak", False):
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    items[:] = [item for item in items if item not in long]
    config.hook.pytest_deselected(items=long)


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("soak", False))


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("WHOLELOG_TEST_FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"WHOLELOG_TEST_FAULT_SEED={chosen}")
    return chosen


@pytest.fixture
def chance(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[RestartableElasticsearch]:
    """The node of all these tests; one that kills it starts it again."""
    with restartable_elasticsearch() as node:
        yield node


MakeScene = Callable[..., Scene]


@pytest.fixture
def scenes(request: pytest.FixtureRequest, dockerd: Dockerd, python_image: str, seed: int) -> Iterator[MakeScene]:
    """`scenes(command=, elasticsearch=, through=, engine=, **settings)`: a scene whose shipper is not started yet.

    `command`: '' for bare processes, else `shipper` or `up`. `elasticsearch`: the URL of a server; unset: SQLite.
    `through`: the URL that the shipper is given in place of it. All ends with the test.
    """
    with ExitStack() as stack:

        def make(
            *, command: str = "", elasticsearch: str = "", through: str = "", engine: Dockerd = dockerd, **settings: str
        ) -> Scene:
            folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/var/tmp"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            data = folder / "data"
            data.mkdir()
            options = StoreOptions()
            if elasticsearch:
                options = StoreOptions(index_prefix=stack.enter_context(own_prefix(elasticsearch)))
                settings |= {"store": through or elasticsearch, "index_prefix": options.index_prefix}
            url = elasticsearch or settings.get("store") or f"sqlite://{data / 'logs'}"
            reader = open_reader(url, options)
            stack.callback(reader.close)
            one: Any
            if command:
                one = Supervised(command, data, engine.url, free_port(), **settings)
            else:
                one = Shipper(data, engine.url, free_port(), **settings)
            row = Row(_title(request.node), "Elasticsearch" if elasticsearch else "SQLite")
            stack.callback(lambda: request.node.user_properties.append((PROPERTY, row.text())))
            scene = Scene(engine, one, reader, row, folder, seed)
            scene.prefix = options.index_prefix
            stack.callback(one.stop)
            stack.callback(scene.close)  # first: containers end while the shipper still reads
            return scene

        yield make


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _title(item: pytest.Item) -> str:
    return item.name.removeprefix("test_").replace("_", " ")
