"""HTTP requests that a caller's URL leads to: only below what the operator allows, only to addresses that it allows.

A name is looked up once and the connection made to what was found, so that it cannot turn to another address between the
check and its use. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from runtime_api.errors import BadRequest
from runtime_api.storage.prefixes import shown
from runtime_api.storage.watched_socket import WatchedSocket

Resolve = Any  # as socket.getaddrinfo


@dataclass(frozen=True, slots=True)
class Outbound:
    """`allowed`: prefixes of URLs. `private`: whether a name may lead to this machine or a private network.

    An address written in a prefix instead of a name is allowed as such.
    """

    allowed: tuple[str, ...] = ()
    private: bool = False
    resolve: Resolve = socket.getaddrinfo

    def open(self, url: str, timeout: float) -> "tuple[http.client.HTTPConnection, str]":
        """A connection that is not made yet, and the target of a request. Raises BadRequest, OSError (no such name)."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        target = parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        return _Pinned(parts.scheme, host, port, self.addresses(url), timeout), target

    def addresses(self, url: str) -> list[str]:
        """To which a connection may be made for it. Raises BadRequest, OSError (no such name)."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses = [str(info[4][0]) for info in self.resolve(host, port, type=socket.SOCK_STREAM)]
        if not self.private and not _is_address(host):
            for address in addresses:
                if not ipaddress.ip_address(address.partition("%")[0]).is_global:
                    raise BadRequest(
                        [
                            f"{shown(url)}: {host} leads to {address}, which is no public address (setting private_networks)"
                        ]
                    )
        return addresses


class _Pinned(http.client.HTTPConnection):
    """To one of the given addresses, whatever the name leads to by now; with TLS for the name's certificate."""

    def __init__(self, scheme: str, host: str, port: int, addresses: Sequence[str], timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._scheme, self._addresses = scheme, addresses

    def connect(self) -> None:
        error: OSError = OSError("the name leads nowhere")
        for address in self._addresses:
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError as failed:
                error = failed
        else:
            raise error
        if self._scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def post(outbound: Outbound, url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
    """The status; `timeout`: seconds that all of it may take. Raises BadRequest, OSError, http.client.HTTPException."""
    end = time.monotonic() + timeout

    def alive() -> None:
        if time.monotonic() > end:
            raise TimeoutError(f"no answer within {timeout:g} seconds")

    connection, target = outbound.open(url, timeout)
    try:
        connection.connect()
        connection.sock = WatchedSocket(connection.sock, alive, timeout)
        connection.request("POST", target, body, dict(headers))
        with closing(connection.getresponse()) as answer:
            return answer.status
    finally:
        connection.close()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
