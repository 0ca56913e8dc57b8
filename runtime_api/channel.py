"""One connection: waitress' channel, with bounds on how slow a client may be, and the envelope on its error answers.

What waitress lacks and is added here: a request must be received whole within `timeout` seconds (waitress waits for as
long as a byte comes now and then); an answer must be taken at a least rate (waitress waits for ever, and a thread with
it); an answer that breaks off resets the connection, so that an HTTP/1.0 client, for whom the end of the connection is
the end of the body, is not deceived; an early refusal is read by its client before the connection is closed.
"""

import logging
import socket
import struct
import time
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask

from runtime_api.errors import StreamBroken
from runtime_api.refusals import Overloaded, RequestTimeout

_LEAST_RATE: Final = 1024  # bytes a second that a client must take, measured over the timeout
_OVERLOAD_SECONDS: Final = 5.0  # for a connection above the limit: it is kept only to be told so
_LINGER_SECONDS: Final = 5.0  # for which the rest of a refused request is read and thrown away
_RESET: Final = struct.pack("ii", 1, 0)

_log = logging.getLogger(__name__)


class RequestParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a length of thousands of digits, a broken IPv6 address in the request line
            raise ParsingError(f"a number or address that makes no sense ({type(error).__name__})") from error
        if self.chunked and "CONTENT_LENGTH" in self.headers:  # RFC 9112, 6.1: whoever is before us may see another end
            raise ParsingError("Content-Length beside Transfer-Encoding")

    def expire(self) -> None:
        if not self.headers_finished:
            self.parse_header(b"GET / HTTP/1.0\r\n")
        self.error = RequestTimeout("")
        self.completed = True


class ApplicationTask(WSGITask):  # type: ignore[misc]  # waitress has no types
    broken = False

    def execute(self) -> None:
        try:
            super().execute()
        except StreamBroken:
            if not self.wrote_header:
                raise  # waitress makes a 500 of it
            self.broken = True
            self.close_on_finish = True
            self.channel.reset_at_end()

    def finish(self) -> None:
        if self.broken:
            return  # the chunk that says "this was all" must not be sent
        if self.request.command == "HEAD":
            if not self.wrote_header:
                self.write(b"")
            return  # nor any chunk where there is no body
        super().finish()


class RefusalTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    def execute(self) -> None:
        error = self.request.error
        headers, body = self.channel.server.refusals.answer(error.code, str(error.body))
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.channel.linger_at_end()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """`look` is called about once a second by the server's loop; all but `service` and its writes run there."""

    task_class = ApplicationTask
    error_task_class = RefusalTask
    parser_class = RequestParser
    request: Any
    will_close: bool

    def __init__(self, server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:
        self._overload = len(server.active_channels) >= server.connections
        self._timeout: float = min(server.timeout, _OVERLOAD_SECONDS) if self._overload else server.timeout
        self._began: float | None = None  # when the first byte of the request that is being received came
        self._moved = time.monotonic()  # when the last byte came or went
        self._sent = 0
        self._mark: tuple[float, int] | None = None  # when output began to wait, and `_sent` then
        self._linger = self._reset = False
        self._linger_until: float | None = None
        super().__init__(server, sock, addr, adj, map)

    @property
    def busy(self) -> bool:
        """Whether a request is being worked on, or an answer not yet sent."""
        return bool(self.requests or self.total_outbufs_len)

    def check_client_disconnected(self) -> bool:
        """Whether the client has hung up while its request is worked on; asked from that request's thread."""
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except (OSError, AttributeError):  # reset, or closed by the server's end
            return True

    def look(self, now: float) -> None:
        """Close the connection, or refuse its request, if the client is too slow."""
        if self._linger_until is not None:
            if now > self._linger_until:
                self.handle_close()
        elif self.total_outbufs_len:
            self._look_at_reader(now)
        elif self.requests:
            self._mark, self._began = None, now if self.request is not None else None
        elif self._began is not None:
            if now - self._began > self._timeout:
                self._expire_request()
        elif now - self._moved > self._timeout:
            self.handle_close()
        else:
            self._mark = None

    def _look_at_reader(self, now: float) -> None:
        if self._mark is None:
            self._mark = (now, self._sent)
        since, sent = self._mark
        if now - since > self._timeout:
            if self._sent - sent < self._timeout * _LEAST_RATE:
                self.server.refusals.closed("slow_reader")
                self.abort()
            self._mark = (now, self._sent)

    def _expire_request(self) -> None:
        with self.requests_lock:
            request, self.request, self._began = self.request, None, None
            if request is not None:
                request.expire()
                self.requests.append(request)
                self.server.add_task(self)

    def abort(self) -> None:
        """Close at once, by a reset: nobody can take what was sent for whole."""
        self._reset = True
        self.handle_close()

    def reset_at_end(self) -> None:
        """When what is written has been sent, reset the connection."""
        self._reset = True

    def linger_at_end(self) -> None:
        """When what is written has been sent, read what still comes before the connection is closed.

        Else the kernel resets it for the unread rest, and the client may never see the answer (RFC 9112, 9.6).
        """
        self._linger = True

    def service(self) -> None:
        if self._overload and self.requests[0].error is None:
            self.requests[0].error = Overloaded("")
        super().service()

    def received(self, data: bytes) -> Any:
        self._moved = time.monotonic()
        if self._began is None:
            self._began = self._moved
        taken = super().received(data)
        if self.request is None:
            self._began = None
        return taken

    def send_continue(self) -> None:
        if self.request.error is None:
            super().send_continue()
        else:
            self.request.expect_continue = False  # refused by its headers: nobody wants the body

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent: int = super().send(data, do_close)
        if sent:
            self._sent += sent
            self._moved = time.monotonic()
        return sent

    def readable(self) -> bool:
        return self._linger_until is not None or bool(super().readable())

    def writable(self) -> bool:
        return self._linger_until is None and bool(super().writable())

    def handle_read(self) -> None:
        if self._linger_until is None:
            super().handle_read()
        else:
            self.recv(65536)  # closes at the end of the stream

    def handle_close(self) -> None:
        if self.socket is None:
            return
        if self._reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        elif self._linger and self.will_close and self.connected and self._linger_until is None and self._shut():
            self.will_close = False
            self._linger_until = time.monotonic() + _LINGER_SECONDS
            return
        super().handle_close()

    def _shut(self) -> bool:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the client has gone: nobody to linger for
            return False
        return True

    def handle_error(self) -> None:
        _log.exception("a connection is closed by an error of ours")
        self.server.refusals.closed("internal")
        self.handle_close()
