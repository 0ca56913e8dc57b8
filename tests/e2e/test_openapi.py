"""Schemathesis against the live service on each kind of store: what the document says is what it does."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_api.access.caller import Caller
from runtime_api.access.tokens import line_of, new_token
from tests.e2e.test_spine import Spine, running
from tests.services.dockerd import Dockerd
from tests.services.elasticsearch import own_prefix

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module", params=["sqlite", "elasticsearch"])
def spine(
    request: pytest.FixtureRequest, dockerd: Dockerd, python_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spine]:
    """That on SQLite asks for tokens, and is asked by an owner: each check is made with and without one."""
    if request.param == "sqlite":
        file, token = tmp_path_factory.mktemp("access") / "tokens", new_token()
        file.write_text(line_of(Caller("alice"), token))
        file.chmod(0o600)
        given = {"access": "tokens", "access_tokens": str(file), "caller_rate": "0"}
        with running(dockerd, python_image, wait_limit="10s", **given) as one:
            one.token = token
            yield one
        return
    url = request.getfixturevalue("newest_elasticsearch_url")
    with (
        own_prefix(url) as prefix,
        running(dockerd, python_image, store=url, index_prefix=prefix, wait_limit="10s") as one,
    ):
        yield one


@pytest.mark.timeout(420)  # with a minute of it on a machine that has nothing else to do
def test_the_service_does_what_its_document_says(spine: Spine, tmp_path: Path) -> None:
    known = spine.run("algorithm", "seq 1 20", task_id="known")["container_id"]
    end = time.monotonic() + 90
    while spine.ask("GET", "/logs", container_id=known, wait="sealed")["data"]["seal"]["state"] == "open":
        assert time.monotonic() < end
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run",
        f"http://{spine.api}/openapi.json", "--no-color", "--report", "junit", "--report-dir", str(tmp_path),
        *(["-H", f"Authorization: Bearer {spine.token}"] if spine.token else []),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2000:]
    assert all(f"✅ {phase}" in done.stdout for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"))
    assert spine.ask("GET", "/healthz")["status"] == 200
