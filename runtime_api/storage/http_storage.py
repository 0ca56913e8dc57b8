"""Files by http and https, for reading: to addresses that the operator allows, without following a redirect."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Final

from runtime_api.errors import BadRequest, TransferFailed
from runtime_api.outbound import Outbound
from runtime_api.storage.protocol import Sink, StoredFile, unwatched
from runtime_api.storage.watched_socket import WatchedSocket

PIECE: Final = 1 << 20  # bytes
SILENCE: Final = 60.0
_AGAIN: Final = (408, 425, 429, 500, 502, 503, 504)


class HttpStorage:
    """`silence`: seconds that a server may say nothing."""

    def __init__(self, outbound: Outbound, silence: float = SILENCE) -> None:
        self._outbound, self._silence = outbound, silence

    def files(self, url: str, alive: Callable[[], None] = unwatched) -> list[StoredFile]:
        with self._asked(url, alive) as answer:
            return [StoredFile("", _length(url, answer), url)]

    def read(self, file: StoredFile, alive: Callable[[], None] = unwatched) -> Iterator[bytes]:
        with self._asked(file.place, alive) as answer:
            if _length(file.place, answer) != file.size:
                raise TransferFailed(f"{file.place} has changed while it was read", again=True)
            left = file.size
            while left:
                piece = answer.read1(min(PIECE, left))  # what is there: how far it has come is seen
                if not piece:
                    raise TransferFailed(f"{file.place} broke off", again=True)
                left -= len(piece)
                yield piece

    def write(self, url: str) -> AbstractContextManager[Sink]:
        raise TransferFailed(f"{url}: nothing can be written by HTTP")

    def size(self, url: str) -> int:
        return self.files(url)[0].size

    @contextmanager
    def _asked(self, url: str, alive: Callable[[], None]) -> Iterator[http.client.HTTPResponse]:
        try:
            connection, target = self._outbound.open(url, self._silence)
            try:
                connection.connect()
                connection.sock = WatchedSocket(connection.sock, alive, self._silence)
                connection.request("GET", target, headers={"Accept-Encoding": "identity"})
                with closing(connection.getresponse()) as answer:
                    _check(url, answer)
                    yield answer
            finally:
                connection.close()
        except BadRequest as error:
            raise TransferFailed(str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise TransferFailed(f"{url}: {error}", again=True) from error


def _check(url: str, answer: http.client.HTTPResponse) -> None:
    if 300 <= answer.status < 400:
        raise TransferFailed(f"{url}: answered {answer.status}; redirects are not followed, so give the address itself")
    if answer.status != 200:
        raise TransferFailed(f"{url}: answered {answer.status} {answer.reason}"[:300], again=answer.status in _AGAIN)


def _length(url: str, answer: http.client.HTTPResponse) -> int:
    length = answer.getheader("Content-Length", "")
    if not (length.isascii() and length.isdecimal() and len(length) < 18):
        raise TransferFailed(f"{url}: the server does not say how long it is (no Content-Length)")
    return int(length)
