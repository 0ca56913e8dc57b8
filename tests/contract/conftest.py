"""The backends that the contract suite runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stores import Store, sqlite_store

# A backend is added here by its name, and in `store` by what opens an empty store of it.
BACKENDS = ["sqlite"]


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    backend = str(request.param)
    assert backend == "sqlite"
    with sqlite_store(tmp_path) as opened:
        yield opened
