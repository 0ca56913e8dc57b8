"""`DELETE /logs`: a container's log is removed from the store, which is stated for ever where it was."""

import logging
import time
from typing import Any, Final

import falcon

from log_store.protocols import LogReader
from runtime_api.access.caller import Caller, caller_of
from runtime_api.containers.protocols import Containers
from runtime_api.envelope import MEDIA_TYPE, Clock, envelope
from runtime_api.errors import BadRequest, Conflict, Forbidden, LogsUnavailable
from runtime_api.params.query import read_query
from runtime_api.seal_view import seal_view
from wholelog_base.removal_requests import RemovalRequest, RemovalRequests

LOOK_SECONDS: Final = 0.1

_log = logging.getLogger(__name__)


class LogRemoval:
    """The shipper removes, since it alone writes the store; it is waited for at most so many `seconds`.

    `data`: `container_id`, `removed` (false: it will be, as soon as the shipper can), `seal` (see `seal_view`).
    """

    def __init__(
        self, containers: Containers, reader: LogReader, requests: RemovalRequests, clock: Clock, seconds: float
    ) -> None:
        self._containers, self._reader, self._requests = containers, reader, requests
        self._clock, self._seconds = clock, seconds

    def answer(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = caller_of(req)
        if caller.role != "admin":
            raise Forbidden("DELETE /logs: only an administrator may remove logs")
        name = read_query(req.query_string, ("container_id",)).get("container_id", "")
        if not name:
            raise BadRequest(["container_id: missing; it says whose log is to be removed"])
        container_id = self._containers.of(caller).resolve(name)
        seals = self._reader.seals(container_id)
        if not seals or any(seal.state == "open" for seal in seals):
            raise Conflict(
                f"container_id: the log of {container_id[:12]} still grows, or its end is not verified yet: stop the task "
                "(DELETE /containers/ID) and wait for the seal, then ask again"
            )
        removed = self._remove(RemovalRequest(container_id, _told(caller), self._clock()))
        message = f"the log of container {container_id} was removed"
        if not removed:
            message = f"the log of container {container_id} is removed as soon as the shipper can; the request is kept"
        data: dict[str, Any] = {
            "container_id": container_id, "removed": removed, "seal": seal_view(self._reader.seals(container_id)),
        }  # fmt: skip
        resp.data = envelope(self._clock(), 200, message, data)
        resp.content_type = MEDIA_TYPE

    def _remove(self, request: RemovalRequest) -> bool:
        try:
            self._requests.put(request)
        except OSError as error:
            raise LogsUnavailable(f"the request cannot be kept in the data folder: {error}") from error
        _log.warning("the log of %s is to be removed, asked for by %s", request.container_id, request.by)
        end = time.monotonic() + self._seconds
        while self._requests.waits(request.container_id):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_SECONDS)
        return True


def _told(caller: Caller) -> str:
    """In the seal's gap."""
    return f"administrator {caller.uid}" if caller.uid else "an administrator"
