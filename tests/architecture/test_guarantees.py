"""docs/guarantees.md and docs/security.md point to tests that are there."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, tree

_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize(("page", "least"), [("docs/guarantees.md", 20), ("docs/security.md", 10)])
def test_every_test_that_a_guarantee_names_exists(page: str, least: int) -> None:
    named = _NAMED.findall((ROOT / page).read_text())
    assert len(named) > least
    there = {path: names(ROOT / path) for path in {path for path, _ in named}}
    assert not [f"{path}::{name}" for path, name in named if name not in there[path]]


def names(file: Path) -> set[str]:
    """Of the functions and classes of a module; none where there is no such file."""
    return {getattr(node, "name", "") for node in tree(file).body} if file.exists() else set()


@pytest.mark.parametrize("page", ["docs/guarantees.md", "docs/security.md"])
def test_every_row_names_a_test(page: str) -> None:
    for line in (ROOT / page).read_text().splitlines():
        if line.startswith("| ") and not line.startswith(("| guarantee", "| threat", "| ---")):
            assert _NAMED.search(line), line
