"""The backends that the contract suite runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stores import Store, elastic_store, sqlite_store
from tests.services.elasticsearch import Nodes, labels


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """SQLite, and each Elasticsearch that there is."""
    if "store" in metafunc.fixturenames:
        metafunc.parametrize("store", ["sqlite", *labels()], indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty one."""
    if request.param == "sqlite":
        with sqlite_store(tmp_path) as opened:
            yield opened
    else:
        nodes: Nodes = request.getfixturevalue("elasticsearch_nodes")
        with elastic_store(nodes.url(request.param)) as opened:
            yield opened
