"""`GET /logs?follow=true`: a container's lines as they come, until its log is sealed."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import falcon

from log_store.protocols import LogReader
from log_store.query import LogQuery
from runtime_api.access.caller import caller_of
from runtime_api.access.gate import lapsed_of
from runtime_api.containers.protocols import Containers
from runtime_api.counters import Counters
from runtime_api.errors import BadRequest, TooManyFollowers
from runtime_api.following.feeds import Feeds, ending
from runtime_api.following.follower import Client, Follower
from runtime_api.following.position import Position, parse_position
from runtime_api.following.source import Source
from runtime_api.following.stream import FollowStream
from runtime_api.following.wire import SSE_TYPE, TYPES, wire_of
from runtime_api.params.follow import Follow
from runtime_api.params.logs import LogParameters
from runtime_api.reading.chosen import Choosing
from runtime_api.reading.forms import NDJSON_TYPE
from runtime_api.slots import Slot, Slots

_ACCEPTED: Final = {SSE_TYPE: "sse", NDJSON_TYPE: "ndjson", "application/ndjson": "ndjson", "text/plain": "text"}


class Following:
    """Each follower has a thread of its own lane (see `Lanes`) and one of `slots`; a log is read once for all of them."""

    def __init__(
        self, containers: Containers, reader: LogReader, slots: Slots, counters: Counters, keep_alive: float
    ) -> None:
        """`keep_alive`: seconds for which a follower hears nothing at most."""
        self._containers, self._reader, self._slots, self._counters = containers, reader, slots, counters
        self._keep_alive, self._choosing = keep_alive, Choosing(containers, reader)
        self._feeds = Feeds(reader, containers.newest_run)

    def answer(self, req: falcon.Request, resp: falcon.Response, asked: LogParameters, follow: Follow) -> None:
        slot = self._slot(caller_of(req).uid)
        with ExitStack() as stack:
            stack.callback(slot.release)
            container_id = self._choosing.one(asked.containers[0], caller_of(req))
            position = _position(req, follow, container_id)
            if position is not None and position.ended and self._is_at_end(container_id, position):
                resp.status = falcon.HTTP_204
                return
            feed = stack.enter_context(self._feeds.joined(container_id))
            gone: Callable[[], bool] = req.env.get("waitress.client_disconnected", lambda: False)
            lapsed = lapsed_of(req)
            client = Client(lambda: gone() or lapsed(), self._keep_alive)
            source = Source(self._reader, container_id)
            follower = Follower(source, feed, _chosen(container_id, asked, follow), position, client)
            name = follow.format or _ACCEPTED.get(_preferred(req), "ndjson")
            wire = wire_of(name, secrets.token_hex(8))
            self._counters.stream_began()
            stack.callback(self._counters.stream_ended)
            _describe(resp, name, wire.end_mark)
            resp.stream = FollowStream(wire, follower.sent(), self._counters, stack.pop_all().close)

    def describe(self, req: falcon.Request, resp: falcon.Response, asked: LogParameters, follow: Follow) -> None:
        """For HEAD: as the answer to GET begins."""
        _position(req, follow, self._choosing.one(asked.containers[0], caller_of(req)))
        name = follow.format or _ACCEPTED.get(_preferred(req), "ndjson")
        _describe(resp, name, wire_of(name, secrets.token_hex(8)).end_mark)
        resp.stream = iter(())

    def _is_at_end(self, container_id: str, position: Position) -> bool:
        """Whether nothing has come, and no run has been stated, since a follower was given the end."""
        ended = ending(lambda: self._containers.newest_run(container_id))
        end = ended(self._reader.seals(container_id))
        if end is None or end["runs"] > position.ended:
            return False
        return all(head <= position.high(shipper) for shipper, head in self._reader.heads(container_id).items())

    def _slot(self, uid: str) -> Slot:
        slot = self._slots.take(uid)
        if slot is None:
            raise TooManyFollowers(
                f"{self._slots.limit} requests follow a log, which is the most at a time (setting follow_limit; half of "
                "them of one caller): try again"
            )
        return slot


def _preferred(req: falcon.Request) -> str:
    return req.client_prefers(list(_ACCEPTED)) or "" if req.accept != "*/*" else ""


def _position(req: falcon.Request, follow: Follow, container_id: str) -> Position | None:
    name, text = "Last-Event-ID", req.get_header("Last-Event-ID") or ""
    if not text:
        name, text = "cursor", follow.cursor
    if not text:
        return None
    try:
        return parse_position(text, container_id)
    except ValueError as error:
        raise BadRequest([f"{name}: {text!r:.100} {error}"]) from error


def _chosen(container_id: str, asked: LogParameters, follow: Follow) -> LogQuery:
    query = asked.selection.query(container_id, asked.start, None, None)
    return replace(query, newest=True, size=0) if follow.nothing_old else query


def _describe(resp: falcon.Response, name: str, end_mark: str) -> None:
    resp.content_type = TYPES[name]
    resp.set_header("Vary", "Accept")
    resp.set_header("Cache-Control", "no-store")
    resp.set_header("X-Accel-Buffering", "no")
    if end_mark:
        resp.set_header("Wholelog-End", end_mark)
