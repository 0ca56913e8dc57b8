"""`wholelog backup` and `wholelog restore`: what must outlive the machine, in a folder, while the service runs.

What is copied: the store where it is SQLite, the table of tasks, and the small files below. Not copied: the spool and the
checkpoint, which are of this moment (what they hold is in Docker's copy, and is audited again), and nothing that is secret.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from log_store.sqlite.backup import check_file, copy_file
from log_store.sqlite.folder import SEALS, SqliteFolder
from log_store.sqlite.problems import NAME as PROBLEMS
from wholelog.errors import BackupProblem
from wholelog_base.durable import sync
from wholelog_base.version import VERSION

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
LOGS: Final = "logs"
TASKS: Final = "tasks.sqlite"
FILES: Final = ("instance", "containers.jsonl", "removed.json", "dead-letters.jsonl")
TRIES: Final = 3

Say = Callable[[str], None]


def backup(data: Path, store: Path | None, target: Path, say: Say) -> None:
    """`store`: the folder of SQLite's files; None: the store is another. Raises BackupProblem, LogStoreError, OSError."""
    if target.exists() and any(target.iterdir()):
        raise BackupProblem(f"{target}: there is something in it: name a folder that is new or empty")
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    if store is not None:
        _copy_store(data, store, partial / LOGS, say)
    if (data / TASKS).exists():
        copy_file(data / TASKS, partial / TASKS)
    for name in FILES:
        if (data / name).exists():
            shutil.copyfile(data / name, partial / name)
    files = {name: _digest(partial / name) for name in _names(partial)}
    told = {"format": FORMAT, "wholelog": VERSION, "made": time.time(), "store": store is not None, "files": files}
    (partial / MANIFEST).write_text(json.dumps(told, indent=1))
    _sync(partial)
    partial.replace(target)
    say(f"{len(files)} files, {sum((target / name).stat().st_size for name in files) / (1 << 20):,.1f} MiB in {target}")


def restore(source: Path, data: Path, store: Path | None) -> list[str]:
    """Give the names of the files that are in place now. Raises BackupProblem, LogStoreError, OSError."""
    told = _manifest(source)
    if store is None and told["store"]:
        raise BackupProblem(f"{source} holds a store of SQLite: let the setting store name a folder for it, or none")
    places = {name: _place(name, data, store) for name in told["files"]}
    there = [place for place in [*places.values(), *([store / "seals.sqlite"] if store else [])] if place.exists()]
    if there:
        raise BackupProblem(f"{there[0]} is there already: restore into a data folder that holds nothing yet")
    for name, digest in told["files"].items():
        if not (source / name).is_file() or _digest(source / name) != digest:
            raise BackupProblem(f"{source / name}: not as it was backed up: use another backup")
        if name.endswith(".sqlite"):
            check_file(source / name)
    # The seals' file, by which a store is known, comes last.
    for name in sorted(places, key=lambda name: name == f"{LOGS}/{SEALS}.sqlite"):
        places[name].parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = places[name].with_suffix(".restored")
        shutil.copyfile(source / name, new)
        _sync(new)
        new.replace(places[name])
    return sorted(told["files"])


def _copy_store(data: Path, store: Path, target: Path, say: Say) -> None:
    """The seals first: none may vouch for lines that came after the days were copied. Anew where a day goes meanwhile."""
    folder = SqliteFolder(store)
    folder.check()
    for _ in range(TRIES):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(mode=0o700)
        removed, days = _state(data / "removed.json"), folder.days()
        try:
            problems = [PROBLEMS] if folder.file(PROBLEMS).exists() else []
            for name in (SEALS, *days, *problems):
                copy_file(folder.file(name), target / f"{name}.sqlite")
        except Exception:
            if _state(data / "removed.json") == removed:
                raise
        if _state(data / "removed.json") == removed:
            return
        say("retention removed something meanwhile: the store is copied again")
    raise BackupProblem(f"retention goes on while {store} is copied: try again later")


def _state(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _manifest(source: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((source / MANIFEST).read_text())
        if told["format"] != FORMAT or not all(isinstance(name, str) for name in told["files"]):
            raise ValueError(f"format {told['format']}")
        bad = [name for name in told["files"] if not _is_ours(name)]
        if bad:
            raise ValueError(f"a file {bad[0]!r} that no backup has")
    except FileNotFoundError as error:
        raise BackupProblem(
            f"{source}: there is no {MANIFEST}: name a folder that `wholelog backup` has made"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BackupProblem(f"{source / MANIFEST}: made by another Wholelog, or damaged: {error}") from error
    return told


def _is_ours(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return name in (*FILES, TASKS) or (folder == LOGS and file.endswith(".sqlite") and not file.startswith("."))


def _place(name: str, data: Path, store: Path | None) -> Path:
    folder, _, file = name.rpartition("/")
    return store / file if folder == LOGS and store is not None else data / name


def _names(folder: Path) -> Iterator[str]:
    return (str(file.relative_to(folder)) for file in sorted(folder.rglob("*")) if file.is_file())


def _digest(file: Path) -> str:
    digest = sha256()
    with open(file, "rb") as read:
        while block := read.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _sync(place: Path) -> None:
    for one in [place, *(place.rglob("*") if place.is_dir() else [])]:
        sync(one)
