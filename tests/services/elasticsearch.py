"""Elasticsearch for the tests: pytest fixtures, and what they are made of.

`elasticsearch_url` runs a test on each server there is: one of WHOLELOG_TEST_ES_URL, else a node of ours of each version
that this machine has a Java for. Nodes are started when the first test wants them and stopped at the end. Where there is
no server to be had the tests fail and say what to do.
"""

import json
import os
import shutil
import socket
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.services.elasticsearch_node import JAVA_OF, NOBODY, Node, NodeError, Settings, available_versions
from tests.services.kept import OUTSIDE, prepared_home


@cache
def labels() -> tuple[str, ...]:
    """The servers to test on, newest first: `elasticsearch-9.5.3`, …, or `elasticsearch` for that of the environment.

    Where none can be had the newest is named all the same: its fixture fails with the way out.
    """
    if os.environ.get(OUTSIDE):
        return ("elasticsearch",)
    try:
        versions = available_versions()
    except NodeError:
        versions = [next(iter(JAVA_OF))]
    return tuple(f"elasticsearch-{version}" for version in versions)


class Nodes:
    """The nodes of one test session."""

    def __init__(self) -> None:
        self._running: dict[str, str] = {}
        self._stack = ExitStack()

    def url(self, label: str) -> str:
        """The base URL of one of `labels()`. Raises NodeError."""
        if label == "elasticsearch":
            return os.environ[OUTSIDE].rstrip("/")
        if label not in self._running:
            version = label.removeprefix("elasticsearch-")
            self._running[label] = self._stack.enter_context(running_node(version)).url
        return self._running[label]

    def stop(self) -> None:
        self._stack.close()


@contextmanager
def data_folder() -> Iterator[Path]:
    """An empty folder that the user a node runs as may enter; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="wholelog-es-", dir="/var/tmp"))
    try:
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_node(
    version: str, heap: str = "1g", settings: Settings | None = None, lasting: bool = False
) -> Iterator[Node]:
    """A node that answers, on a port of its own and with no data; stopped at the end. Raises NodeError."""
    with data_folder() as folder:
        node = Node(prepared_home(version), free_port(), folder, heap, settings, lasting)
        try:
            yield node.wait()
        finally:
            node.stop()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(url: str, method: str, path: str, body: Any = None) -> Any:
    """The JSON that a server answers. Raises urllib.error.HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@contextmanager
def own_prefix(url: str) -> Iterator[str]:
    """A new `index_prefix`; its indices and templates are removed at the end."""
    prefix = f"test-{uuid.uuid4().hex}"
    try:
        yield prefix
    finally:
        # By name: servers do not delete by pattern unless told that they may.
        if made := list(call(url, "GET", f"/{prefix}-*/_settings?filter_path=*.settings.index.uuid")):
            call(url, "DELETE", "/" + ",".join(made))
        found = call(url, "GET", "/_index_template?filter_path=index_templates.name").get("index_templates", ())
        if templates := [template["name"] for template in found if template["name"].startswith(prefix)]:
            call(url, "DELETE", "/_index_template/" + ",".join(templates))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "elasticsearch_url" in metafunc.fixturenames:
        metafunc.parametrize("elasticsearch_url", labels(), indirect=True, scope="module")


@pytest.fixture(scope="session")
def elasticsearch_nodes() -> Iterator[Nodes]:
    """For fixtures that choose by label; see `elasticsearch_url`."""
    nodes = Nodes()
    yield nodes
    nodes.stop()


@pytest.fixture(scope="module")
def elasticsearch_url(request: pytest.FixtureRequest, elasticsearch_nodes: Nodes) -> str:
    """The base URL of each server in turn. By module: for the whole session pytest would run modules in pieces, by server."""
    return elasticsearch_nodes.url(request.param)


@pytest.fixture(scope="session")
def newest_elasticsearch_url(elasticsearch_nodes: Nodes) -> str:
    """The base URL of the newest server alone, for tests that need not run on each."""
    return elasticsearch_nodes.url(labels()[0])
