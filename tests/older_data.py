"""A store that an older version of this code has left, moved to other days: what an upgrade takes over."""

import base64
import json
import sqlite3
import tarfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from log_store.elastic.stored_seals import encode
from log_store.rfc3339 import DAY, day_name, format_ns
from log_store.seal import Gap, Seal
from tests.services.elasticsearch import call

ARCHIVE = Path(__file__).parent / "data/older/sqlite-1-4055fdc.tar.gz"
VERIFIED, OPEN = "a" * 64, "b" * 64  # its containers: one whose end was audited, one that nobody has verified
LINES = {VERIFIED: 47, OPEN: 47}
V1_LOGS: dict[str, Any] = {
    "log_time": {"type": "date_nanos"}, "container_id": {"type": "keyword"}, "stream": {"type": "keyword"},
    "log_message": {"type": "text", "norms": False}, "order_time": {"type": "long"},
    "ordinal": {"type": "long", "index": False}, "seq": {"type": "long"}, "shipper": {"type": "keyword"},
    "lines": {"type": "long", "index": False}, "log_type": {"type": "keyword"}, "raw": {"type": "binary"},
    "last_time": {"type": "date_nanos", "index": False, "doc_values": False}, "bytes": {"type": "long"},
}  # fmt: skip


def older_sqlite(target: Path, days_ago: int) -> None:
    """`target/logs`: the archive's folder, its first day so many days ago, without the one line that is older than any day."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(target)  # without a filter, which Python 3.11.2 does not know
    folder = target / "logs"
    (folder / "other.sqlite").unlink()
    first = min(file.name for file in folder.glob("2*.sqlite"))
    with closing(sqlite3.connect(folder / first)) as connection:
        (noon,) = connection.execute("SELECT min(log_time) FROM documents").fetchone()
    shift = (time.time_ns() // DAY - days_ago - noon // DAY) * DAY
    for file in sorted(folder.glob("*.sqlite")):
        with closing(sqlite3.connect(file)) as connection, connection:
            if file.stem == "seals":
                _move_seals(connection, shift)
                continue
            columns = ", ".join(f"{name} = {name} + ?1" for name in ("log_time", "order_time", "last_time"))
            connection.execute(f"UPDATE documents SET {columns}", (shift,))
            (time_of_one,) = connection.execute("SELECT max(log_time) FROM documents").fetchone()
        file.rename(file.with_name(f"{day_name(time_of_one)}.sqlite"))


def older_elasticsearch(url: str, prefix: str, folder: Path) -> None:
    """The same documents in indices that the first version of the template made; `folder` as `older_sqlite` made it."""
    body = {"index_patterns": [f"{prefix}-logs-*"], "priority": 500, "version": 1,
            "template": {"mappings": {"dynamic": False, "properties": V1_LOGS}}}  # fmt: skip
    call(url, "PUT", f"/_index_template/{prefix}-logs", body)
    for file in sorted((folder / "logs").glob("*.sqlite")):
        with closing(sqlite3.connect(file)) as connection:
            connection.row_factory = sqlite3.Row
            if file.stem == "seals":
                for (told,) in connection.execute("SELECT seal FROM seals").fetchall():
                    _put_seal(url, prefix, told)
                continue
            query = "SELECT * FROM documents d JOIN containers c ON c.key = d.container"
            for row in connection.execute(query):
                document = {name: row[name] for name in row.keys() if name in V1_LOGS and row[name] is not None}  # noqa: SIM118
                document |= {name: row[name] for name in ("container_name", "task_id", "type", "uid", "log_type_by")}
                document |= {"log_time": format_ns(row["log_time"]), "last_time": format_ns(row["last_time"])}
                document |= {"log_message": row["message"], "shipper": "shipper-1"}
                if row["raw"] is not None:
                    document["raw"] = base64.b64encode(row["raw"]).decode()
                path = f"/{prefix}-logs-{file.stem}/_doc/{row['id']}?version={row['version']}&version_type=external"
                call(url, "PUT", path, document)


def _move_seals(connection: sqlite3.Connection, shift: int) -> None:
    for container_id, told in connection.execute("SELECT container_id, seal FROM seals").fetchall():
        seal = json.loads(told)
        for part in (seal, *seal["gaps"]):
            for name in ("started_at", "finished_at", "verified_until", "start", "end"):
                if part.get(name):
                    part[name] += shift
        values = (seal["started_at"], json.dumps(seal), container_id)
        connection.execute("UPDATE seals SET started_at = ?, seal = ? WHERE container_id = ?", values)


def _put_seal(url: str, prefix: str, told: str) -> None:
    members = json.loads(told)
    seal = Seal(**{**members, "gaps": tuple(Gap(**gap) for gap in members["gaps"])})
    document = json.loads(encode(seal).split(b"\n")[1])
    path = f"/{prefix}-seals/_doc/{seal.container_id}:{seal.started_at}?version={seal.version}&version_type=external"
    call(url, "PUT", path, document)
