"""`/` and its files as they are sent."""

import re
from pathlib import Path

import pytest
from falcon.testing import Result, TestClient
from prometheus_client import CollectorRegistry

from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.resources.page import Files, page_files
from tests.fake_containers import FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore

FOLDER = Path(__file__).resolve().parents[2] / "runtime_api" / "page"
MODULES = sorted(FOLDER.glob("*.js"))


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(
        create_app(
            FakeContainers(),
            MemoryStore(),
            Counters(CollectorRegistry()),
            lambda: 10**18,
            ApiSettings(),
            MemoryProblems(),
        )
    )


def assets(answer: Result) -> list[str]:
    return re.findall(r'(?:src|href)="(page/[^"]+)"', answer.text)


def test_the_page_and_all_it_names(client: TestClient) -> None:
    answer = client.simulate_get("/")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    named = assets(answer)
    assert {name.rpartition("/")[2] for name in named} == {one.name for one in FOLDER.iterdir()} - {
        "index.html", "__init__.py", "__pycache__",
    }  # fmt: skip
    for name in named:
        found = client.simulate_get(f"/{name}")
        assert found.status_code == 200 and found.content == (FOLDER / name.rpartition("/")[2]).read_bytes()
        assert "immutable" in found.headers["cache-control"] and found.headers["x-content-type-options"] == "nosniff"
        packed = client.simulate_get(f"/{name}", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip" and len(packed.content) <= len(found.content) + 20


def test_nothing_runs_but_the_page_s_own_files(client: TestClient) -> None:
    answer = client.simulate_get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "require-trusted-types-for" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=|https?://(?!HOST)", answer.text)


def test_what_a_browser_has_is_not_sent_again(client: TestClient) -> None:
    for path in ("/", f"/{assets(client.simulate_get('/'))[0]}"):
        for encoding in ("", "gzip"):
            tag = client.simulate_get(path, headers={"Accept-Encoding": encoding}).headers["etag"]
            again = client.simulate_get(path, headers={"If-None-Match": tag, "Accept-Encoding": encoding})
            assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag
        assert client.simulate_get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert client.simulate_head(path).status_code == 200
    assert client.simulate_get("/").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["index.html", "__init__.py", "..%2Fapp.py", "none.js", ""])
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    version = page_files().version
    answer = client.simulate_get(f"/page/{version}/{name}")
    assert answer.status_code == 404 and answer.json["data"] == {}
    assert client.simulate_get("/page/0/main.js").status_code == 404


def test_another_file_is_another_version() -> None:
    one = Files({"index.html": b"{assets} {preloads}", "a.js": b"1", "note.txt": b"x"})
    two = Files({"index.html": b"{assets} {preloads}", "a.js": b"2"})
    assert one.version != two.version and one.index.tag != two.index.tag and set(one.assets) == {"a.js"}
    assert one.index.content.decode() == f'page/{one.version} <link rel="modulepreload" href="page/{one.version}/a.js">'


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_modules_are_small_and_make_no_markup(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= 350
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "new Function",
        'setTimeout("',
        "DOMParser",
        "srcdoc",
        "//cdn",
    ):
        assert forbidden not in text, forbidden
    for imported in re.findall(r'from "([^"]+)"', text):
        assert imported.startswith("./") and (FOLDER / imported).exists()
