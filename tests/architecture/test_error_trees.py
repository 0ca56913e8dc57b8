"""The tree drawn in an errors.py is the tree of its classes."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules, shown, tree

ERRORS = [path for path in modules() if path.name == "errors.py"]
_ROOT_LINE = re.compile(r"(?P<name>[A-Z]\w+)(\s{2,}.*)?$")
_BRANCH = re.compile(r"(?P<before>[│ ]*)[├└]── (?P<name>\w+)")


def drawn(docstring: str) -> dict[str, str]:
    """Each class' parent as drawn; Exception for a root."""
    lines = docstring.splitlines()
    parents: dict[str, str] = {}
    above: list[str] = []
    for number, line in enumerate(lines):
        branch = _BRANCH.match(line)
        root = _ROOT_LINE.match(line)
        if branch:
            depth = len(branch["before"]) // 4
            parents[branch["name"]] = above[depth]
            above = [*above[: depth + 1], branch["name"]]
        elif root and any(_BRANCH.match(line) for line in lines[max(number - 1, 0) : number + 2]):
            parents[root["name"]] = "Exception"
            above = [root["name"]]
    return parents


def defined(module: ast.Module) -> dict[str, str]:
    return {
        node.name: ast.unparse(node.bases[0]) if node.bases else "object"
        for node in module.body
        if isinstance(node, ast.ClassDef)
    }


def test_every_room_has_errors() -> None:
    assert {"log_store", "log_shipper", "runtime_api", "wholelog"} <= {
        path.relative_to(ROOT).parts[0] for path in ERRORS
    }


@pytest.mark.parametrize("path", ERRORS, ids=shown)
def test_the_drawn_tree_is_the_classes_tree(path: Path) -> None:
    module = tree(path)
    assert drawn(ast.get_docstring(module) or "") == defined(module)


def test_a_wrong_drawing_is_found() -> None:
    text = "Errors.\n\nBase   root\n├── One   a\n│   └── Inner  b\n└── Two  c"
    assert drawn(text) == {"Base": "Exception", "One": "Base", "Inner": "One", "Two": "Base"}
