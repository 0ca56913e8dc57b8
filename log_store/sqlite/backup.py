"""A copy of an SQLite file while others write it, by SQLite's online backup: all that was committed at one moment."""

import sqlite3
from contextlib import closing
from pathlib import Path

from log_store.errors import StoreDamaged
from log_store.sqlite.failures import translated
from wholelog_base.durable import sync


def copy_file(source: Path, target: Path) -> None:
    """`target` is made, and is durable. Raises LogStoreError, also where the source is no whole database.

    In one step: copied in several, it would begin anew with every commit of another process.
    """
    with translated(source), closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old:
        with closing(sqlite3.connect(target)) as new:
            old.backup(new, pages=-1)
    check_file(target)
    sync(target)


def check_file(file: Path) -> None:
    """Raises StoreDamaged where the file, which nobody writes, is no whole database."""
    # Immutable: nothing is left beside it.
    with translated(file), closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as connection:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise StoreDamaged(f"{file}: {said}")
