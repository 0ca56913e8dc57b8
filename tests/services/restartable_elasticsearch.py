"""An Elasticsearch that can be killed and started again on its own data and port."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.elasticsearch import data_folder, free_port, labels
from tests.services.elasticsearch_node import Node
from tests.services.kept import prepared_home


class RestartableElasticsearch:
    """The newest version that this machine has a Java for."""

    def __init__(self, folder: Path) -> None:
        self._home = prepared_home(labels()[0].removeprefix("elasticsearch-"))
        self._folder, self._port = folder, free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._node = self._new().wait()

    def kill(self) -> None:
        self._node.kill()

    def start(self) -> None:
        self._node = self._new().wait()

    def stop(self) -> None:
        self._node.stop()

    def _new(self) -> Node:
        return Node(self._home, self._port, self._folder)


@contextmanager
def restartable_elasticsearch() -> Iterator[RestartableElasticsearch]:
    with data_folder() as folder:
        node = RestartableElasticsearch(folder)
        try:
            yield node
        finally:
            node.stop()
