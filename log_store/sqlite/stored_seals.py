"""Seals in SQLite: what is searched for as columns, the whole as JSON."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from log_store.errors import StoreDamaged
from log_store.labelled import LABELLED
from log_store.query import ContainerRef, Whose
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

_LABELLED: Final = f"""
SELECT DISTINCT container_id FROM seals
WHERE container_id > :after AND started_at <= :end AND coalesce(json_extract(seal, '$.finished_at'), :start) >= :start {{}}
ORDER BY container_id LIMIT {LABELLED}
"""
_HAS: Final = "AND EXISTS (SELECT 1 FROM json_each(seal, '$.labels') WHERE {})"


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


def labelled(connection: sqlite3.Connection, whose: Whose, start: int, end: int, after: str) -> list[str]:
    """Ids of containers with these labels that ran in this time, by id: the next LABELLED behind `after`. Raises sqlite3.Error.

    Looks at the statement of each run: 100,000 in half a second.
    """
    given: dict[str, Any] = {"after": after, "start": start, "end": end}
    where = ""
    for number, one in enumerate(whose.labels):
        given[f"label{number}"] = one if "=" in one else one + "="
        same = f"value = :label{number}" if "=" in one else f"substr(value, 1, length(:label{number})) = :label{number}"
        where += _HAS.format(same)
    for name, values in whose.named.items():
        given[name] = json.dumps(values)
        where += f" AND json_extract(seal, '$.{name}') IN (SELECT value FROM json_each(:{name}))"
    return [container_id for (container_id,) in connection.execute(_LABELLED.format(where), given)]


def _read(text: str) -> Seal:
    try:
        members = json.loads(text)
        gaps, labels = tuple(Gap(**gap) for gap in members.pop("gaps")), tuple(members.pop("labels", ()))
        return Seal(**members, gaps=gaps, labels=labels)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreDamaged(f"a seal that makes no sense ({error}): {text!r:.200}") from error
