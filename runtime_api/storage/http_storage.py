"""Files by http and https, for reading: to addresses that the operator allows, without following a redirect."""

import http.client
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from runtime_api.errors import BadRequest, TransferFailed
from runtime_api.outbound import Outbound
from runtime_api.storage.protocol import Sink, StoredFile

PIECE: Final = 1 << 20  # bytes
SILENCE: Final = 60.0  # seconds that a server may say nothing
_AGAIN: Final = (408, 425, 429, 500, 502, 503, 504)


class HttpStorage:
    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def files(self, url: str) -> list[StoredFile]:
        with self._asked(url) as answer:
            return [StoredFile("", _length(url, answer), url)]

    def read(self, file: StoredFile) -> Iterator[bytes]:
        with self._asked(file.place) as answer:
            if _length(file.place, answer) != file.size:
                raise TransferFailed(f"{file.place} has changed while it was read", again=True)
            left = file.size
            while left:
                piece = answer.read(min(PIECE, left))
                if not piece:
                    raise TransferFailed(f"{file.place} broke off", again=True)
                left -= len(piece)
                yield piece

    def write(self, url: str) -> AbstractContextManager[Sink]:
        raise TransferFailed(f"{url}: nothing can be written by HTTP")

    def size(self, url: str) -> int:
        return self.files(url)[0].size

    @contextmanager
    def _asked(self, url: str) -> Iterator[http.client.HTTPResponse]:
        try:
            connection, target = self._outbound.open(url, SILENCE)
            try:
                connection.request("GET", target, headers={"Accept-Encoding": "identity"})
                answer = connection.getresponse()
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
