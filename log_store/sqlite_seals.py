"""Seals in SQLite: what is searched for as columns, the whole as JSON."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from log_store.errors import StoreDamaged
from log_store.query import ContainerRef
from log_store.seal import Gap, Seal

MOST_CONTAINERS: Final = 100

_STORE: Final = """
INSERT INTO seals(container_id, started_at, version, container_name, task_id, uid, seal) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(container_id, started_at) DO UPDATE SET
    version = excluded.version, container_name = excluded.container_name, task_id = excluded.task_id,
    uid = excluded.uid, seal = excluded.seal
WHERE excluded.version >= version
"""

# max() makes SQLite take the other columns from the row that has it: the newest matching run of each container.
_FIND: Final = f"""
SELECT container_id, container_name, task_id, uid, max(started_at) AS newest FROM seals
WHERE ((container_id >= :name AND container_id < :name || char(0x10FFFF)) OR container_name = :name OR task_id = :name)
    AND (:uid IS NULL OR uid = :uid)
GROUP BY container_id ORDER BY newest DESC, container_id LIMIT {MOST_CONTAINERS}
"""


def store(connection: sqlite3.Connection, seals: Iterable[Seal]) -> None:
    """Store each unless a greater version is there. Raises sqlite3.Error."""
    connection.executemany(
        _STORE,
        [
            (s.container_id, s.started_at, s.version, s.container_name, s.task_id, s.uid, json.dumps(asdict(s)))
            for s in seals
        ],
    )


def of_container(connection: sqlite3.Connection, container_id: str) -> list[Seal]:
    """All runs, oldest first. Raises sqlite3.Error, StoreDamaged."""
    found = connection.execute("SELECT seal FROM seals WHERE container_id = ? ORDER BY started_at", (container_id,))
    return [_read(text) for (text,) in found.fetchall()]


def find(connection: sqlite3.Connection, name: str, uid: str | None) -> list[ContainerRef]:
    """By the start of the id, by name or by task id; newest first. Raises sqlite3.Error."""
    return [ContainerRef(*row) for row in connection.execute(_FIND, {"name": name, "uid": uid}).fetchall()]


def _read(text: str) -> Seal:
    try:
        members = json.loads(text)
        gaps = tuple(Gap(**gap) for gap in members.pop("gaps"))
        return Seal(**members, gaps=gaps)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreDamaged(f"a seal that makes no sense ({error}): {text!r:.200}") from error
