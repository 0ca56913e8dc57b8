"""`GET /logs`: the lines of a container or of several, and the statement of whether they are all there."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import falcon

from log_store.protocols import LogReader
from log_store.query import Page
from log_store.seal import Seal
from log_store.several import shared_place
from runtime_api.access.caller import caller_of
from runtime_api.containers.protocols import Containers
from runtime_api.counters import Counters
from runtime_api.envelope import Clock
from runtime_api.errors import BadRequest, TooManyStreams, TooManyWaits
from runtime_api.log_stream import LogAnswer, LogStream
from runtime_api.params.logs import LogParameters, read_log_parameters
from runtime_api.reading.choice import Choice
from runtime_api.reading.chosen import Choosing, Chosen
from runtime_api.reading.cursor import cursor_text, shared_cursor_text
from runtime_api.reading.cut import Cut
from runtime_api.resources.following import Following
from runtime_api.resources.log_removal import LogRemoval
from runtime_api.seal_view import Span, seal_view
from runtime_api.seal_waits import SealWaits
from runtime_api.slots import Slot, Slots


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many long answers and how many waits there may be at a time; seconds of a wait at most."""

    streams: Slots
    waits: Slots
    wait_limit: float


@dataclass(frozen=True, slots=True)
class _Waited:
    seconds: float
    sealed: bool
    newest_runs: dict[str, int]  # by container; see `seal_view`


class Logs:
    """`data`: `logs` (see `LogLine`), `count` of its members, `lines` that they hold, `seal` (see `seal_view`),
    of several containers `seals` with that of each, where `size` left a rest the `cursor` to go on with, and where a wait was asked for `waited`: `seconds`, and whether
    the range is `sealed` or the bound passed. The same in other forms: see `reading.forms`.

    The seal is read before the lines: what it vouches for was in the store when they were read. It speaks of the asked
    range, also where `size` shows a part of it.

    Two pages are read before the status is sent, so that a store that is away is a clean 503. If there is no second,
    the answer is sent at once; else it is streamed, in a slot of `streams`. One that has waited keeps its own slot.
    """

    def __init__(
        self, containers: Containers, reader: LogReader, waits: SealWaits, clock: Clock, bounds: Bounds,
        counters: Counters, following: Following, removal: LogRemoval,
    ) -> None:  # fmt: skip
        self._containers, self._reader, self._waits = containers, reader, waits
        self._choosing = Choosing(containers, reader)
        self._clock, self._bounds, self._counters, self._following = clock, bounds, counters, following
        self._removal = removal

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        asked = self._asked(req)
        if asked.follow is not None:
            self._following.answer(req, resp, asked, asked.follow)
            return
        slot = self._slot_of(asked, caller_of(req).uid)
        try:
            chosen = self._choosing.of(asked, caller_of(req))
            waited = None
            if asked.wait is not None:
                gone = req.env.get("waitress.client_disconnected", lambda: False)
                waited = self._wait(chosen, asked, asked.wait, gone)
            choice = Choice.of(req, asked.selection.format)
            self._send(req, resp, choice, self._answer(chosen, asked, waited, choice), slot)
        finally:
            if slot is not None and resp.stream is None:
                slot.release()

    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._removal.answer(req, resp)

    def on_head(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Never waits."""
        asked = self._asked(req)
        if asked.follow is not None:
            self._following.describe(req, resp, asked, asked.follow)
            return
        choice = Choice.of(req, asked.selection.format)
        slot = self._slot_of(asked, caller_of(req).uid) if asked.wait is None else None
        try:
            answer = self._answer(self._choosing.of(asked, caller_of(req)), asked, None, choice)
            answer.rest.close()
        finally:
            if slot is not None:
                slot.release()
        choice.describe(resp, answer.form)
        resp.stream = iter(())  # not "no body": its length is not known

    def _asked(self, req: falcon.Request) -> LogParameters:
        return read_log_parameters(req.query_string, self._clock(), self._bounds.wait_limit)

    def _wait(self, chosen: Chosen, asked: LogParameters, seconds: float, gone: Callable[[], bool]) -> _Waited:
        began = time.monotonic()
        span, newest = _span(asked), dict[str, int]()
        all_sealed = True
        for container_id in [owner.container_id for owner in chosen.owners]:
            run = newest[container_id] = self._containers.newest_run(container_id)

            def has_come(seals: list[Seal], run: int = run) -> bool:
                return bool(seal_view(seals, span, run)["state"] != "open")

            left = max(0.0, began + seconds - time.monotonic())
            all_sealed = self._waits.wait(container_id, has_come, left, gone) and all_sealed
        return _Waited(round(time.monotonic() - began, 3), all_sealed, newest)

    def _answer(self, chosen: Chosen, asked: LogParameters, waited: _Waited | None, choice: Choice) -> LogAnswer:
        closing = chosen.statement(self._reader, _span(asked), waited.newest_runs if waited else None)
        cut = self._cut(chosen, asked, self._end(asked, closing["seal"]["state"], waited))
        first = [page for page in (next(cut, None), next(cut, None)) if page is not None]
        message = chosen.title
        if waited is not None:
            closing["waited"] = {"seconds": waited.seconds, "sealed": waited.sealed}
            if not waited.sealed:
                message += f": not sealed after {waited.seconds:.0f} s; this is what there is so far"
        form = choice.form(self._clock(), message, together=chosen.together)
        return LogAnswer(chosen.title, form, choice.gzip, first, cut, closing)

    def _cut(self, chosen: Chosen, asked: LogParameters, end: int | None) -> Cut:
        """The lines, and where one goes on behind them."""
        selection, cursor = asked.selection, asked.selection.cursor
        descending, whose = selection.descending, "" if chosen.together else chosen.owners[0].container_id
        if cursor is not None and not chosen.together and not cursor.fits(whose):
            raise BadRequest([f"cursor: it comes from the log of another container than {whose[:12]}"])
        pages: Iterator[Page] = iter(())
        if not asked.empty:
            query = selection.query(whose, asked.start, end, asked.size)
            pages = chosen.read(self._reader, query, cursor.shared if cursor else None)
        if chosen.together:
            return Cut(pages, asked.size, lambda page, row: shared_cursor_text(shared_place(page, row), descending))
        return Cut(pages, asked.size, lambda page, row: cursor_text(whose, page.place(row), descending))

    def _end(self, asked: LogParameters, state: str, waited: _Waited | None) -> int | None:
        """Of the lines to read: what was written while the request waited, or by a clock ahead, belongs to the log."""
        if asked.ends:
            return asked.end
        if state != "open":
            return None
        return asked.end if waited is None else self._clock()

    def _send(
        self, req: falcon.Request, resp: falcon.Response, choice: Choice, answer: LogAnswer, slot: Slot | None
    ) -> None:
        if len(answer.first) < 2:
            stream = LogStream(answer, self._counters, lambda: None)
            try:
                resp.data = b"".join(stream)
            finally:
                stream.close()
        else:
            resp.stream = self._stream(answer, slot, caller_of(req).uid)
        choice.describe(resp, answer.form)  # at last: not on an error's answer

    def _stream(self, answer: LogAnswer, slot: Slot | None, uid: str) -> LogStream:
        try:
            taken = slot or self._slot_to_stream(uid)
        except TooManyStreams:
            answer.rest.close()
            raise
        self._counters.stream_began()

        def end() -> None:
            taken.release()
            self._counters.stream_ended()

        return LogStream(answer, self._counters, end)

    def _slot_of(self, asked: LogParameters, uid: str) -> Slot | None:
        """What a request must have before it begins: to wait, or to look for words through a log of any length."""
        if asked.wait is not None:
            return self._slot_to_wait(uid)
        return None if asked.selection.text is None else self._slot_to_stream(uid)

    def _slot_to_stream(self, uid: str) -> Slot:
        slot = self._bounds.streams.take(uid)
        if slot is None:
            raise TooManyStreams(
                f"{self._bounds.streams.limit} long answers are being read or searched for, which is the most at a time "
                "(half of the setting api_threads; half of them of one caller): try again, or ask for a shorter range or a `size`"
            )
        return slot

    def _slot_to_wait(self, uid: str) -> Slot:
        slot = self._bounds.waits.take(uid)
        if slot is None:
            raise TooManyWaits(
                f"{self._bounds.waits.limit} requests wait for a seal, which is the most at a time "
                "(setting api_threads; half of them of one caller): try again, or ask without wait"
            )
        return slot


def _span(asked: LogParameters) -> Span:
    """Without an end the statement is about the log to its end, whatever the time of the request."""
    return Span(asked.start, asked.end if asked.ends else None)
