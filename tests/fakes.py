"""Fakes that stand for what a room talks to. Plain on purpose: they are also the models that real ones are compared with."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from log_store.counting import counted, whole
from log_store.document import COLUMNS, DocumentBatch
from log_store.errors import LogStoreError
from log_store.protocols import WriteResult
from log_store.query import Arrival, Arrived, ContainerRef, Counts, LogLine, LogOwner, LogQuery, Page, Whose
from log_store.rfc3339 import format_ns
from log_store.seal import Seal
from wholelog_base.user_labels import fits


@dataclass
class StoredRow:
    """One document: the members of `DocumentBatch`'s columns by name."""

    members: dict[str, Any]
    raw: bytes | None
    fields: bytes | None
    shipper: str

    @property
    def container_id(self) -> str:
        return str(self.members["container"].container_id)

    @property
    def place(self) -> tuple[int, str, int, str]:
        return tuple(self.members[name] for name in ("order_time", "stream", "ordinal", "id"))

    def line(self) -> LogLine:
        members = self.members
        line: LogLine = {
            "log_time": format_ns(members["log_time"]),
            "log_type": members["log_type"],
            "log_message": members["message"],
            "log_type_by": members["log_type_by"],
            "stream": members["stream"],
            "id": members["id"],
            "lines": members["lines"],
        }
        if self.raw is not None:
            line["raw"] = b64encode(self.raw).decode("ascii")
        if self.fields is not None:
            line["fields"] = json.loads(self.fields)
        return line


class MemoryStore:
    """A `LogWriter` and a `LogReader` at once, of dictionaries.

    Set `error` and every call raises it, a read that is under way at its next page; None again and it goes on.
    """

    def __init__(self, page_rows: int = 1000) -> None:
        self.error: LogStoreError | None = None
        self.rows: dict[str, StoredRow] = {}
        self.writes = 0  # calls of `write` that stored or found every row
        self.closed = False
        self._page_rows = page_rows
        self._seals: dict[tuple[str, int], Seal] = {}
        self._lock = threading.RLock()

    def write(self, batch: DocumentBatch) -> WriteResult:
        with self._lock:
            self._check_error()
            stored = sum(self._keep(batch, row) for row in range(len(batch)))
            for one in batch.absorbed:
                there = self.rows.get(one.id)
                if there is not None and there.members["version"] <= one.version:
                    del self.rows[one.id]
            self.writes += 1
            return WriteResult(stored, len(batch) - stored)

    def _keep(self, batch: DocumentBatch, row: int) -> bool:
        members = {name: getattr(batch, name)[row] for name in COLUMNS}
        there = self.rows.get(members["id"])
        if there is not None and there.members["version"] >= members["version"]:
            return False
        stored = StoredRow(members, batch.raw.get(row), batch.fields.get(row), batch.shipper)
        if there is not None and row in batch.repaired and there.shipper == batch.shipper and _same(stored, there):
            members["seq"] = there.members["seq"]
        self.rows[members["id"]] = stored
        return True

    def write_seals(self, seals: Sequence[Seal]) -> None:
        with self._lock:
            self._check_error()
            for seal in seals:
                there = self._seals.get((seal.container_id, seal.started_at))
                if there is None or there.version <= seal.version:
                    self._seals[seal.container_id, seal.started_at] = seal

    def refresh(self) -> None:
        self._check_error()

    def read(self, query: LogQuery) -> Iterator[Page]:
        with self._lock:
            self._check_error()
            found = sorted((row for row in self.rows.values() if _fits(row, query)), key=lambda row: row.place)
        if query.descending:
            found.reverse()
        if query.size is not None:
            last = query.newest and not query.descending
            found = found[max(0, len(found) - query.size) :] if last else found[: query.size]
        for start in range(0, len(found), self._page_rows):
            self._check_error()
            rows = found[start : start + self._page_rows]
            yield Page([row.line() for row in rows], lambda index, rows=rows: rows[index].place)  # type: ignore[misc]

    def heads(self, container_id: str) -> dict[str, int]:
        heads: dict[str, int] = {}
        for row in self._of(container_id):
            heads[row.shipper] = max(row.members["seq"], heads.get(row.shipper, 0))
        return heads

    def read_since(self, container_id: str, shipper: str, after: int, until: int, most: int) -> list[Arrival]:
        rows = [row for row in self._of(container_id) if row.shipper == shipper and after < row.members["seq"] <= until]
        rows.sort(key=lambda row: int(row.members["seq"]))
        last = rows[most - 1].members["seq"] if len(rows) > most else 2**63
        return [Arrival(row.members["seq"], row.line(), row.place) for row in rows if row.members["seq"] <= last]

    def find(self, container_id: str, name: str) -> Arrival | None:
        found = [row for row in self._of(container_id) if row.members["id"] == name]
        return Arrival(found[0].members["seq"], found[0].line(), found[0].place) if found else None

    def count_by_time(self, query: LogQuery, width: int, seconds: float) -> Counts:
        return counted(self.read(whole(query)), width, seconds)

    def count_since(self, container_id: str, shipper: str, after: int, until: int) -> int:
        return len(self.read_since(container_id, shipper, after, until, 2**31))

    def _of(self, container_id: str) -> list[StoredRow]:
        with self._lock:
            self._check_error()
            return [row for row in self.rows.values() if row.container_id == container_id]

    def count_lines(self, container_id: str) -> int:
        with self._lock:
            self._check_error()
            return sum(row.members["lines"] for row in self.rows.values() if row.container_id == container_id)

    def owners(self, whose: Whose, start: int | None, end: int | None, most: int) -> list[LogOwner]:
        with self._lock:
            self._check_error()
            labelled = {seal.container_id for seal in self._seals.values() if fits(seal.labels, whose.labels)}
            found = sorted((row for row in self.rows.values() if _is_of(row, whose)), key=lambda row: row.place)
            if whose.labels:
                found = [row for row in found if row.container_id in labelled]
        owners = {
            row.container_id: LogOwner(*(getattr(row.members["container"], name) for name in _OWNER))
            for row in found
            if (start is None or start <= row.members["log_time"]) and (end is None or row.members["log_time"] <= end)
        }
        return [owners[name] for name in sorted(owners)[:most]]

    def seals(self, container_id: str) -> list[Seal]:
        with self._lock:
            self._check_error()
            return sorted(
                (seal for seal in self._seals.values() if seal.container_id == container_id),
                key=lambda seal: seal.started_at,
            )

    def find_containers(self, name: str, uid: str | None = None) -> list[ContainerRef]:
        with self._lock:
            self._check_error()
            newest: dict[str, ContainerRef] = {}
            for seal in sorted(self._seals.values(), key=lambda seal: seal.started_at):
                if uid not in (None, seal.uid):
                    continue
                if seal.container_id.startswith(name) or name in (seal.container_name, seal.task_id):
                    newest[seal.container_id] = ContainerRef(
                        seal.container_id, seal.container_name, seal.task_id, seal.uid, seal.started_at
                    )
        return sorted(newest.values(), key=lambda ref: (-ref.started_at, ref.container_id))[:100]

    def check(self) -> str:
        self._check_error()
        return f"memory, {len(self.rows)} documents"

    def close(self) -> None:
        self.closed = True

    def _check_error(self) -> None:
        if self.error is not None:
            raise self.error


def _same(one: StoredRow, other: StoredRow) -> bool:
    return all(one.members[name] == other.members[name] for name in ("message", "lines", "log_type"))


def _fits(row: StoredRow, query: LogQuery) -> bool:
    members = row.members
    time, after = members["log_time"], query.after
    return (
        row.container_id == query.container_id
        and (query.start is None or query.start <= time)
        and (query.end is None or time <= query.end)
        and (not query.log_types or members["log_type"] in query.log_types)
        and (not query.streams or members["stream"] in query.streams)
        and (query.text is None or query.text.matches(members["message"]))
        and (query.arrived is None or any(_came(row, one) for one in query.arrived))
        and (after is None or (row.place < after if query.descending else row.place > after))
    )


_OWNER = ("container_id", "container_name", "task_id", "type", "uid")


def _is_of(row: StoredRow, whose: Whose) -> bool:
    context = row.members["container"]
    return (
        (not whose.container_ids or context.container_id in whose.container_ids)
        and (not whose.task_ids or context.task_id in whose.task_ids)
        and (not whose.types or context.type in whose.types)
        and (not whose.uids or context.uid in whose.uids)
    )


def _came(row: StoredRow, arrived: Arrived) -> bool:
    return row.shipper == arrived.shipper and arrived.after < row.members["seq"] <= arrived.until
