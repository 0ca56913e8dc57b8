"""Which containers are ours, where several Wholelogs share an engine: each has an id, kept in its data folder."""

import os
import re
import secrets
from pathlib import Path

from runtime_api.containers.engine import Engine, Summary
from runtime_api.errors import RuntimeApiError
from wholelog_base import labels

_FORM = re.compile(r"[0-9a-f]{16}")


class Ours:
    """The containers of one instance. Those without an instance's label are of a time before it, and count as ours."""

    def __init__(self, engine: Engine, instance: str) -> None:
        self._engine = engine
        self.instance = instance

    def list(self, label: str = labels.TASK_ID, value: str = "") -> list[Summary]:
        """As `Engine.list`."""
        found = self._engine.list(label, value)
        return [item for item in found if item.labels.get(labels.INSTANCE, self.instance) == self.instance]

    def running(self) -> set[str]:
        """Full ids of those that run now, paused ones too."""
        return {item.container_id for item in self._engine.list(labels.INSTANCE, self.instance, running=True)}


def instance_of(data: Path) -> str:
    """The instance's id, made at the first call. Raises RuntimeApiError where its file fails or makes no sense."""
    file = data / "instance"
    try:
        if not file.exists():
            _make(file)
        text = file.read_text(errors="replace").strip()
    except OSError as error:
        raise RuntimeApiError(f"this instance's id in {file} cannot be had: {error.strerror or error}") from error
    if not _FORM.fullmatch(text):
        raise RuntimeApiError(
            f"{file} holds {text!r:.40}, which is no instance's id (16 hexadecimal digits): put back what it was, "
            "as the containers' label wholelog.instance shows it"
        )
    return text


def _make(file: Path) -> None:
    """Whole or not at all; where two make it at once, one counts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"instance.{os.getpid()}.new")
    with open(new, "w") as out:
        out.write(secrets.token_hex(8) + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(new, file)
    except FileExistsError:
        pass
    finally:
        new.unlink()
