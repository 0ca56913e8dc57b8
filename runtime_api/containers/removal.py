"""Deleting a container without losing a line of it: it is removed only once its log has been verified.

Docker's own copy of the log, which makes the log whole, goes with the container.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from log_store.seal import Seal
from runtime_api.access.caller import Caller
from runtime_api.containers.ending import Ends
from runtime_api.containers.engine import Details, Engine
from runtime_api.containers.lives import Lives
from runtime_api.containers.lookup import REMOVED_BY_OTHERS, Lookup
from runtime_api.containers.protocols import Deleted
from runtime_api.containers.record import record_of, task_of
from runtime_api.containers.stop_signal import heeds
from runtime_api.containers.tasks import Tasks, request_key
from runtime_api.errors import Conflict, ContainerBusy, EngineUnavailable, NotFound, RuntimeApiError
from runtime_api.seal_view import seal_view
from wholelog_base.turns import Turns
from wholelog_base.unix_socket import try_connection

log = logging.getLogger(__name__)

_POLL: Final = 0.05  # seconds between looks at a seal that a caller waits for
_ROUND, _LONGEST_ROUND = 2.0, 30.0  # seconds between looks at those that nobody waits for


class Remover:
    """`start` and `close` frame the thread that removes what could not be removed at once."""

    def __init__(
        self, engine: Engine, tasks: Tasks, lives: Lives, ends: Ends, lookup: Lookup, reader: LogReader, turns: Turns, *,
        shipper: Path, stop_grace: float, seal_wait: float, now: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._engine, self._tasks, self._lives, self._ends = engine, tasks, lives, ends
        self._lookup, self._reader = lookup, reader
        self._shipper, self._stop_grace, self._seal_wait = shipper, stop_grace, seal_wait
        self._now, self._clock = now, clock
        self._turns = turns
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._asked.set()  # what an earlier process left
        self._thread = threading.Thread(target=self._run, name="removal", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Containers have been marked for their removal by another hand than `delete`'s."""
        self._asked.set()

    def close(self) -> None:
        self._stop.set()
        self._asked.set()
        if self._thread is not None:
            self._thread.join(10)

    def delete(self, name: str, request_id: str, caller: Caller) -> Deleted:
        if not request_id:
            return self._delete(self._lookup.living(name, caller), "")
        key = request_key(caller.uid, request_id)
        with self._turns.of("request " + key):
            asked = self._tasks.deletion(key)
            if asked is None:
                return self._delete(self._lookup.living(name, caller), key)
            container_id, answer = asked
            self._check_same(name, container_id, request_id)
            return self._delete(container_id, key) if answer is None else Deleted(**answer)

    def _delete(self, container_id: str, request_id: str) -> Deleted:
        """`request_id`: a `request_key`."""
        with self._turns.of(container_id):
            task = self._tasks.by_id(container_id)
            copying = task is not None and task.phase in ("inputs", "outputs")
            if task is not None and copying:
                # What is being copied ends by it; until then the engine says nothing of the container.
                self._tasks.ask_deletion(task, request_id, self._now())
            try:
                deleted = self._delete_now(container_id, request_id)
            except ContainerBusy:
                if not copying:
                    raise
                said = "goes once what is copied to or from it has ended, which the storage holds up"
                deleted = Deleted(container_id, f"container {container_id[:12]} {said}", False)
            if request_id:
                self._tasks.keep_answer(request_id, asdict(deleted))
        if not deleted.removed:
            self._asked.set()
        return deleted

    def _delete_now(self, container_id: str, request_id: str) -> Deleted:
        details = self._engine.inspect(container_id)
        if details is None:
            return self._was_gone(container_id, request_id)
        self._tasks.ask_deletion(task_of(details), request_id, self._now())
        return self._remove(details)

    def _was_gone(self, container_id: str, request_id: str) -> Deleted:
        """For a request that a crash left without its answer; nobody else deletes what is gone."""
        if not request_id or self._tasks.deletion(request_id) is None:
            raise NotFound(f"container {container_id[:12]} has just been deleted; its logs stay at /logs")
        return self._gone(container_id, [])

    def _check_same(self, name: str, container_id: str, request_id: str) -> None:
        task = self._tasks.by_id(container_id)
        names = (task.container_name, task.task_id) if task else ()
        if not container_id.startswith(name) and name not in names:
            raise Conflict(f"request_id: {request_id!r} deleted container {container_id[:12]}; another needs a new id")

    def _remove(self, details: Details) -> Deleted:
        container_id = details.summary.container_id
        ended = self._ended(details)
        if ended is None:
            return self._gone(container_id, [])
        end = self._clock() + self._seal_wait
        while True:
            try:
                verified, seals = self._verified(ended)
            except LogStoreError as error:
                return _kept(container_id, f"the log store cannot say whether its log is whole: {error}")
            if verified:
                self._take_away(ended)
                return self._gone(container_id, seals)
            if not self._shipper_up():
                return _kept(container_id, f"the log shipper is not there (socket {self._shipper})")
            if self._clock() >= end or self._stop.wait(_POLL):
                return _kept(container_id, f"its log was not verified within {self._seal_wait:g} seconds")

    def _take_away(self, ended: Details) -> None:
        container_id = ended.summary.container_id
        self._tasks.keep_record(container_id, record_of(ended, self._tasks.by_id(container_id)))
        self._engine.remove(container_id)

    def _ended(self, details: Details) -> Details | None:
        """As it is once it has stopped, and its task's end written down; None if it is gone."""
        container_id = details.summary.container_id
        ended: Details | None = details
        if details.running:
            graceful = heeds(container_id, details.pid, details.stop_signal)
            try:
                self._engine.stop(container_id, self._stop_grace if graceful else 0)
                ended = self._engine.inspect(container_id)
            except NotFound:
                ended = None
        life = self._lives.of(container_id)
        if ended is None:
            self._ends.unseen(container_id, f"its container {REMOVED_BY_OTHERS}")
        elif not ended.started_at:
            self._ends.unseen(container_id, "deleted before it started")
        elif life is not None:
            why = "deleted while it ran" if details.running else ""
            self._ends.of_run(life, ended, "deleted before its outputs were copied" if life.phase == "outputs" else why)
        return ended

    def _verified(self, ended: Details) -> tuple[bool, list[Seal]]:
        """Whether the seal of its last run is closed (or it never ran and wrote nothing), and the seals of all runs."""
        if not ended.started_at:
            return True, []
        seals = self._reader.seals(ended.summary.container_id)
        return any(seal.started_at == ended.started_at and seal.state != "open" for seal in seals), seals

    def _shipper_up(self) -> bool:
        try:
            try_connection(self._shipper, 0.5)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError as error:
            log.info("whether the shipper is there cannot be told, so its seal is waited for: %s", error)
        return True

    def _gone(self, container_id: str, seals: list[Seal]) -> Deleted:
        self._tasks.deleted(container_id, self._now())
        said = f"; {_said(seals)}" if seals else ""
        view = seal_view(seals) if seals else None
        return Deleted(container_id, f"container {container_id[:12]} is deleted{said}", True, view)

    def _run(self) -> None:
        pause, waiting, said = _ROUND, True, ""
        while not self._stop.is_set():
            try:
                waiting = self._round()
                pause, said = _ROUND, ""
            except (RuntimeApiError, LogStoreError) as error:
                if str(error) != said:
                    log.warning("removing containers waits, and is tried again: %s", error)
                said = str(error)
                pause, waiting = min(pause * 2, _LONGEST_ROUND), True
            except Exception:
                log.exception("removing containers failed, and is tried again in %.0f s", _LONGEST_ROUND)
                pause, waiting = _LONGEST_ROUND, True
            if self._asked.wait(pause if waiting else None):
                self._asked.clear()

    def _round(self) -> bool:
        """Remove what can be removed now; whether anything is left. One that fails does not keep the others."""
        left = False
        failed: RuntimeApiError | None = None
        for container_id in self._tasks.to_delete():
            if self._stop.is_set():
                return True
            try:
                with self._turns.of(container_id):
                    left = not self._try(container_id) or left
            except ContainerBusy as error:  # the others do not wait for it
                log.info("container %s is deleted later: %s", container_id[:12], error)
                left = True
            except EngineUnavailable:
                raise
            except RuntimeApiError as error:
                failed = error
        if failed is not None:
            raise failed
        return left

    def _try(self, container_id: str) -> bool:
        details = self._engine.inspect(container_id)
        if details is None:
            self._ends.unseen(container_id, f"its container {REMOVED_BY_OTHERS}")
        ended = self._ended(details) if details else None
        if ended is not None:
            verified, seals = self._verified(ended)
            if not verified:
                return False
            self._take_away(ended)
            log.info("container %s is deleted; %s", container_id[:12], _said(seals))
        self._tasks.deleted(container_id, self._now())
        return True


def _kept(container_id: str, why: str) -> Deleted:
    said = f"container {container_id[:12]} is stopped, and is removed once its log has been verified: {why}"
    return Deleted(container_id, said, False)


def _said(seals: list[Seal]) -> str:
    if not seals:
        return "it never started"
    view = seal_view(seals)
    counted = f"{view['state']}: {_count(view['lines'], 'line')}"
    if view["gaps"]:
        counted += f", {_count(len(view['gaps']), 'gap')}"
    return f"{counted} ({view['reason']})" if view["reason"] else counted


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
