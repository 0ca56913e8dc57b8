"""Which run to compare a task with: the last of its kind that ended well before it was asked for."""

from typing import Final

from runtime_api.containers.task_file import TaskFile

# Of the same user: what a log has not may not be learnt from another's.
_FIND: Final = """
SELECT other.container_id FROM tasks AS other, tasks AS mine
WHERE mine.container_id = ? AND other.uid = mine.uid AND json_extract(mine.plan, '$.kind') <> ''
    AND json_extract(other.plan, '$.kind') = json_extract(mine.plan, '$.kind')
    AND (other.created_at, other.container_id) < (mine.created_at, mine.container_id)
    AND other.phase = 'done' AND NOT other.timed_out AND json_extract(other.result, '$.exit_code') = 0
ORDER BY other.created_at DESC, other.container_id DESC LIMIT 1
"""


class GoodRuns:
    """Safe to use from several threads. Raises RuntimeApiError where the file fails."""

    def __init__(self, file: TaskFile) -> None:
        self._file = file

    def before(self, container_id: str) -> str | None:
        """The newest earlier task of the same type, image and cmd that ended with exit code 0; None where there is none."""
        with self._file.transaction() as db:
            row = db.execute(_FIND, (container_id,)).fetchone()
            return None if row is None else str(row[0])
