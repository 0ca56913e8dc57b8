"""`GET /logs?follow=true`: the lines of a container, or of several, as they come, until their logs are sealed."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

import falcon

from log_store.protocols import LogReader
from log_store.query import LogOwner, LogQuery
from runtime_api.access.caller import caller_of
from runtime_api.access.gate import lapsed_of
from runtime_api.containers.protocols import Containers
from runtime_api.counters import Counters
from runtime_api.errors import BadRequest, NotFound, TooManyFollowers
from runtime_api.following.feeds import Feeds, ending
from runtime_api.following.follower import Client, End, Follower, Sent
from runtime_api.following.position import Position, parse_position
from runtime_api.following.several import MOST_FOLLOWED, Followed, Several, parse_joint, position_in
from runtime_api.following.source import Source
from runtime_api.following.stream import FollowStream
from runtime_api.following.wire import SSE_TYPE, TYPES, wire_of
from runtime_api.params.follow import Follow
from runtime_api.params.logs import LogParameters
from runtime_api.reading.chosen import Choosing, Chosen
from runtime_api.reading.forms import NDJSON_TYPE
from runtime_api.slots import Slot, Slots

_ACCEPTED: Final = {SSE_TYPE: "sse", NDJSON_TYPE: "ndjson", "application/ndjson": "ndjson", "text/plain": "text"}


class Following:
    """Each follower has a thread of its own lane (see `Lanes`) and, for each log, one of `slots`; a log is read once for all
    of them."""

    def __init__(
        self, containers: Containers, reader: LogReader, slots: Slots, counters: Counters, keep_alive: float
    ) -> None:
        """`keep_alive`: seconds for which a follower hears nothing at most."""
        self._containers, self._reader, self._slots, self._counters = containers, reader, slots, counters
        self._keep_alive, self._choosing = keep_alive, Choosing(containers, reader)
        self._feeds = Feeds(reader, containers.newest_run)

    def answer(self, req: falcon.Request, resp: falcon.Response, asked: LogParameters, follow: Follow) -> None:
        uid = caller_of(req).uid
        with ExitStack() as stack:
            stack.callback(self._slot(uid).release)
            chosen, texts = self._begun(req, asked, follow)
            for _ in chosen.owners[1:]:
                stack.callback(self._slot(uid).release)
            if texts and all(self._is_at_end(owner.container_id, texts) for owner in chosen.owners):
                resp.status = falcon.HTTP_204
                return
            gone: Callable[[], bool] = req.env.get("waitress.client_disconnected", lambda: False)
            lapsed = lapsed_of(req)
            client = Client(lambda: gone() or lapsed(), self._keep_alive)
            logs = [self._followed(stack, owner, asked, follow, texts, client) for owner in chosen.owners]
            if chosen.together:
                sent = Several(logs, self._keep_alive).sent()
            else:
                sent = logs[0].begin(lambda: False)
            name = follow.format or _ACCEPTED.get(_preferred(req), "ndjson")
            wire = wire_of(name, secrets.token_hex(8))
            self._counters.stream_began()
            stack.callback(self._counters.stream_ended)
            _describe(resp, name, wire.end_mark)
            resp.stream = FollowStream(wire, sent, self._counters, stack.pop_all().close)

    def describe(self, req: falcon.Request, resp: falcon.Response, asked: LogParameters, follow: Follow) -> None:
        """For HEAD: as the answer to GET begins."""
        self._begun(req, asked, follow)
        name = follow.format or _ACCEPTED.get(_preferred(req), "ndjson")
        _describe(resp, name, wire_of(name, secrets.token_hex(8)).end_mark)
        resp.stream = iter(())

    def _begun(self, req: falcon.Request, asked: LogParameters, follow: Follow) -> tuple[Chosen, dict[str, str]]:
        """Whose logs, and the texts of the positions in them of one who comes back. Raises NotFound, BadRequest."""
        chosen = self._choosing.of(asked, caller_of(req))
        if not chosen.owners:
            raise NotFound(
                "follow: no container that was asked for has written in this range: name one by container_id"
            )
        if len(chosen.owners) > MOST_FOLLOWED:
            raise BadRequest(
                [
                    f"follow: {len(chosen.owners)} containers fit, and at most {MOST_FOLLOWED} are followed by one request: name "
                    "fewer, or give a start_time"
                ]
            )
        name, text = "Last-Event-ID", req.get_header("Last-Event-ID") or ""
        if not text:
            name, text = "cursor", follow.cursor
        ids = [owner.container_id for owner in chosen.owners]
        try:
            if text and chosen.together:
                return chosen, parse_joint(text, ids)
            if text:
                parse_position(text, ids[0])
        except ValueError as error:
            raise BadRequest([f"{name}: {text!r:.100} {error}"]) from error
        return chosen, {ids[0]: text} if text else {}

    def _followed(
        self, stack: ExitStack, owner: LogOwner, asked: LogParameters, follow: Follow, texts: dict[str, str],
        client: Client,
    ) -> Followed:  # fmt: skip
        """One log; its feed is left when `stack` is closed."""
        container_id = owner.container_id
        position, text = position_in(texts, container_id), texts.get(container_id, "")
        if (end := self._end_at(container_id, position)) is not None:
            return Followed(owner, text, lambda over: iter([End(end, text)]))
        feed = stack.enter_context(self._feeds.joined(container_id))

        def begin(over: Callable[[], bool]) -> Iterator[Sent]:
            mine = replace(client, gone=lambda: over() or client.gone())
            source = Source(self._reader, container_id)
            return Follower(source, feed, _chosen(container_id, asked, follow), position, mine).sent()

        return Followed(owner, text, begin)

    def _is_at_end(self, container_id: str, texts: dict[str, str]) -> bool:
        return self._end_at(container_id, position_in(texts, container_id)) is not None

    def _end_at(self, container_id: str, position: Position | None) -> dict[str, Any] | None:
        """The seal, if nothing has come, and no run has been stated, since a follower was given the end."""
        if position is None or not position.ended:
            return None
        ended = ending(lambda: self._containers.newest_run(container_id))
        end = ended(self._reader.seals(container_id))
        if end is None or end["runs"] > position.ended:
            return None
        heads = self._reader.heads(container_id)
        return end if all(head <= position.high(shipper) for shipper, head in heads.items()) else None

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
