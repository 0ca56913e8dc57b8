"""What goes into a container and comes out of it as a tar (Docker Engine API, /containers/{id}/archive)."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from runtime_api.containers.docker_errors import asking

SILENCE: Final = 300.0  # seconds without a byte after which the engine is given up
_PIECE: Final = 1 << 18  # bytes


class Archives:
    """`api` gives docker-py's client whose requests wait so many seconds."""

    def __init__(self, api: Callable[[float], Any]) -> None:
        self._api = api

    def has_file(self, container_id: str, path: str) -> bool:
        with asking(f"for {path} of {container_id[:12]}"):
            api = self._api(10.0)
            # docker-py has no call for HEAD, which answers without reading the file.
            answer = api.head(api._url("/containers/{0}/archive", container_id), params={"path": path})
            if answer.status_code == 404:
                # An answer to HEAD has no body that would say what is missing.
                api.inspect_container(container_id)
                return False
            api._raise_for_status(answer)
            return True

    def put(self, container_id: str, folder: str, tar: Iterator[bytes]) -> None:
        with asking(f"to put files into {folder} of {container_id[:12]}"):
            self._api(SILENCE).put_archive(container_id, folder, tar)

    def get(self, container_id: str, path: str) -> Iterator[bytes]:
        with asking(f"for {path} of {container_id[:12]}"):
            pieces, _ = self._api(SILENCE).get_archive(container_id, path, chunk_size=_PIECE)
        return _read(pieces, f"for {path} of {container_id[:12]}")


def _read(pieces: Iterator[bytes], what: str) -> Iterator[bytes]:
    with asking(what):
        yield from pieces
