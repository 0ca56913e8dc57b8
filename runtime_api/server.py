"""The HTTP server: waitress, whose loop is run here so that it looks at slow clients and ends when it is told to."""

import errno
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer, UnixWSGIServer

from runtime_api.channel import Channel
from runtime_api.lanes import Lanes
from runtime_api.refusals import HEADER_LIMIT, Refusals
from wholelog_base import unix_socket
from wholelog_base.addresses import Address, as_text

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

_WATERMARK: Final = 1 << 20  # bytes of an answer that wait for the client before its thread waits too
_DESCRIPTOR_SECONDS: Final = 0.05
_GRACE_SECONDS: Final = 1.0  # for which requests under way may go on when the server ends


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """`connections`: above it a request is answered by 503; from twice as many on, clients wait to be accepted."""

    connections: int
    body_limit: int  # bytes
    timeout: float  # seconds, see `Channel`


class _Begun:
    """What both kinds of listening sockets do; `refusals`, `connections` and `timeout` are read by their channels."""

    def begin(self, refusals: Refusals, limits: ServerLimits) -> None:
        self.refusals = refusals
        self.connections = limits.connections
        self.timeout = limits.timeout
        self.accept_connections()  # type: ignore[attr-defined]  # of waitress

    def accept(self) -> Any:
        try:
            return super().accept()  # type: ignore[misc]  # of waitress
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self.refusals.closed("no_descriptors")
                time.sleep(_DESCRIPTOR_SECONDS)  # it stays ready to be accepted: the loop must not spin on it
            raise  # waitress goes on without it

    def maintenance(self, now: float) -> None:
        """Nothing: `ApiServer` looks at the channels, outside of the walk over the sockets."""


class TcpListener(_Begun, TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    channel_class = Channel

    def __init__(self, app: WsgiApp, socket_map: dict[int, Any], lanes: Lanes, adj: Adjustments, sockinfo: Any) -> None:
        super().__init__(app, socket_map, False, None, dispatcher=lanes, adj=adj, sockinfo=sockinfo)

    def forget(self) -> None:
        """Nothing is left of it."""


class UnixListener(_Begun, UnixWSGIServer):  # type: ignore[misc]  # waitress has no types
    """Raises OSError where the socket cannot be made."""

    channel_class = Channel

    def __init__(
        self, app: WsgiApp, socket_map: dict[int, Any], lanes: Lanes, adj: Adjustments, path: Path, group: str
    ) -> None:
        made, self._name = unix_socket.bind(path, group)
        super().__init__(app, socket_map, False, made, dispatcher=lanes, adj=adj, bind_socket=False)

    def getsockname(self) -> tuple[str, int]:
        return "localhost", 0  # a request without a Host is taken for one to it

    def accept(self) -> Any:
        accepted = super().accept()
        if accepted is None:
            return None
        connection, _ = accepted
        return connection, (f"uid {unix_socket.peer_uid(connection)}", 0)

    def fix_addr(self, addr: tuple[str, int]) -> tuple[str, int]:
        return addr

    def forget(self) -> None:
        self._name.remove()


class ApiServer:
    """Listens from its making on. `run` in one thread; `stop` from any, or from a signal's handler."""

    def __init__(
        self, app: WsgiApp, listen: Address, limits: ServerLimits, lanes: Lanes, refusals: Refusals, group: str = "",
    ) -> None:  # fmt: skip
        """`group` may use a unix socket beside our own user.

        Raises OSError where the address can't be had, ValueError where its host is not known.
        """
        self._address = listen
        adj = Adjustments(
            **({} if isinstance(listen, Path) else {"listen": as_text(listen)}),
            max_request_header_size=HEADER_LIMIT,
            max_request_body_size=limits.body_limit + 1,
            outbuf_high_watermark=_WATERMARK,
            outbuf_overflow=_WATERMARK * 4,  # above the watermark: nothing of an answer goes through a file
            connection_limit=limits.connections * 2,
            log_socket_errors=False,  # a client that goes away is not our error
            ident="wholelog",
        )
        self._map: dict[int, Any] = {}
        self._lanes = lanes
        self._stopping = False
        self._look_every = min(1.0, limits.timeout / 4)
        self._listeners: list[Any] = []
        try:
            if isinstance(listen, Path):
                self._listeners.append(UnixListener(app, self._map, lanes, adj, listen, group))
            else:
                for sockinfo in adj.listen:
                    self._listeners.append(TcpListener(app, self._map, lanes, adj, sockinfo))
            for listener in self._listeners:
                listener.begin(refusals, limits)
        except OSError:
            wasyncore.close_all(self._map)
            raise

    @property
    def port(self) -> int:
        return int(self._listeners[0].effective_port)

    @property
    def url(self) -> str:
        """http://HOST:PORT, with the port that was picked where 0 was asked for, or unix:///PATH."""
        return (
            as_text(self._address)
            if isinstance(self._address, Path)
            else f"http://{as_text((self._address[0], self.port))}"
        )

    def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Until `stop`; then it ends within about 1.5 seconds. `beat` is called at least once a second."""
        look_at = 0.0
        while not self._stopping:
            wasyncore.loop(timeout=self._look_every, use_poll=True, map=self._map, count=1)
            now = time.monotonic()
            if now >= look_at:
                look_at = now + self._look_every
                beat()
                for channel in self._channels():
                    channel.look(now)
        self._end()

    def stop(self) -> None:
        # A plain flag and a byte in a pipe: a signal's handler may come between any two lines, and must take no lock.
        self._stopping = True
        for listener in self._listeners[:1]:
            listener.pull_trigger()

    def _end(self) -> None:
        for listener in self._listeners:
            listener.forget()
            wasyncore.dispatcher.close(listener)
        deadline = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < deadline and any(channel.busy for channel in self._channels()):
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        for channel in self._channels():
            if channel.busy:
                channel.abort()
            else:
                channel.handle_close()
        self._listeners = []  # a signal that comes from here on finds nothing to wake
        self._lanes.shutdown(0.5)
        wasyncore.close_all(self._map)

    def _channels(self) -> list[Any]:
        return [channel for listener in self._listeners for channel in listener.active_channels.values()]
