"""docs/rest.md is made from the OpenAPI document."""

from pathlib import Path

from runtime_api.openapi.document import document
from wholelog.rest_page import page

PAGE = Path(__file__).resolve().parents[2] / "docs/rest.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m wholelog.rest_page > docs/rest.md"


def test_every_route_parameter_and_shape_is_on_it() -> None:
    told, text = document("1", 60), page()
    for path, routes in told["paths"].items():
        for method, operation in routes.items():
            if method != "parameters":
                assert f"## `{method.upper()} {path}`" in text
                assert all(f"| `{one['name']}`" in text for one in operation.get("parameters", ()))
    for name, shape in told["components"]["schemas"].items():
        assert not shape.get("properties") or f"## {name}\n" in text
    assert "| `task_desc.image.file_path` |" in text or "| `task_desc.image" in text
