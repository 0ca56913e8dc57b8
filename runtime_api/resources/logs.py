"""`GET /logs`: a container's lines, and the statement of whether they are all there."""

from collections.abc import Iterator

import falcon

from log_store.protocols import LogReader
from log_store.query import LogLine, LogQuery
from runtime_api.containers.protocols import Containers
from runtime_api.counters import Counters
from runtime_api.envelope import MEDIA_TYPE, Clock, opening
from runtime_api.errors import TooManyStreams
from runtime_api.log_stream import LogAnswer, LogStream, close_pages
from runtime_api.params.logs import LogParameters, read_log_parameters
from runtime_api.seal_view import seal_view
from runtime_api.slots import Slots


class Logs:
    """`data`: `logs` (see `LogLine`), `count` of its members, `lines` that they hold, `seal` (see `seal_view`).

    The seal is read before the lines: what it vouches for was in the store when they were read. It speaks of the whole
    log, also where a range or `size` shows a part.

    Two pages are read before the status is sent, so that a store that is away is a clean 503. If there is no second,
    the answer is sent at once; else it is streamed, in one of `slots`.
    """

    def __init__(
        self, containers: Containers, reader: LogReader, clock: Clock, slots: Slots, counters: Counters
    ) -> None:
        self._containers = containers
        self._reader = reader
        self._clock = clock
        self._slots = slots
        self._counters = counters

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        answer = self._answer(read_log_parameters(req.query_string, self._clock()))
        resp.content_type = MEDIA_TYPE
        if len(answer.first) < 2:
            stream = LogStream(answer, self._counters, lambda: None)
            try:
                resp.data = b"".join(stream)
            finally:
                stream.close()
        else:
            resp.stream = self._stream(answer)

    def on_head(self, req: falcon.Request, resp: falcon.Response) -> None:
        answer = self._answer(read_log_parameters(req.query_string, self._clock()))
        close_pages(answer.rest)
        resp.content_type = MEDIA_TYPE
        resp.stream = iter(())  # not "no body": its length is not known

    def _answer(self, asked: LogParameters) -> LogAnswer:
        container_id = self._containers.resolve(asked.container)
        seal = seal_view(self._reader.seals(container_id))
        pages: Iterator[list[LogLine]] = iter(())
        if not asked.empty:
            pages = self._reader.read(LogQuery(container_id, asked.start, asked.end, asked.size))
        first = [page for page in (next(pages, None), next(pages, None)) if page is not None]
        begin = opening(self._clock(), 200, f"the log of container {container_id}", "logs")
        return LogAnswer(container_id, begin, first, pages, seal)

    def _stream(self, answer: LogAnswer) -> LogStream:
        slot = self._slots.take()
        if slot is None:
            close_pages(answer.rest)
            raise TooManyStreams(
                f"{self._slots.limit} long answers are being read, which is the most at a time "
                "(half of the setting api_threads): try again, or ask for a shorter range or a `size`"
            )
        taken = slot
        self._counters.stream_began()

        def end() -> None:
            taken.release()
            self._counters.stream_ended()

        return LogStream(answer, self._counters, end)
