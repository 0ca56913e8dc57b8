"""Our own source as the architecture's tests see it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("wholelog_base", "log_store", "log_shipper", "runtime_api", "wholelog", "deploy")


def modules() -> list[Path]:
    """Every module of ours, below ROOT."""
    found = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    assert len(found) > 50, "the rooms were not found"
    return found


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The dotted names that a module imports anywhere, inside functions and under TYPE_CHECKING too."""
    return tuple(_imports(tree(path)))


def _imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "relative imports hide which room is meant"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
