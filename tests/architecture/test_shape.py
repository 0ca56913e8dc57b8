"""Modules and functions are small, and are called after what they do."""

import ast
import statistics

from tests.architecture.source import modules, shown, tree

MODULE_LINES, FUNCTION_LINES, MEDIAN_LINES = 350, 60, 120
BAD_NAMES = {"utils", "util", "common", "helper", "helpers", "manager", "managers", "misc", "docker", "elasticsearch"}


def test_no_module_is_long() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in modules() if path.name != "__init__.py"}
    assert not {name: lines for name, lines in lengths.items() if lines > MODULE_LINES}
    assert statistics.median(lengths.values()) <= MEDIAN_LINES


def test_no_function_is_long() -> None:
    long = [
        f"{shown(path)}: {node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert not long


def test_names_say_what_a_module_does() -> None:
    assert not [shown(path) for path in modules() if path.stem in BAD_NAMES or path.parent.name in BAD_NAMES]
