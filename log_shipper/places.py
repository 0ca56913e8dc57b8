"""Where the shipper's files lie in the data folder."""

import os
from pathlib import Path


def spool_folder(data: Path) -> Path:
    return data / "spool"


def checkpoint_file(data: Path) -> Path:
    return data / "checkpoint"


def containers_file(data: Path) -> Path:
    return data / "containers.jsonl"


def dead_letter_file(data: Path) -> Path:
    return data / "dead-letters.jsonl"


def shipper_name_file(data: Path) -> Path:
    return data / "shipper-name"


def acceptor_counters(data: Path) -> Path:
    return data / "acceptor-counters.json"


def bad_folder(data: Path) -> Path:
    return data / "bad-records"


def book_file(data: Path) -> Path:
    """Of problems and alerts."""
    return data / "problem-book.sqlite"


def removed_file(data: Path) -> Path:
    return data / "removed.json"


def engine_file(data: Path) -> Path:
    return data / "engine"


def private(path: str, flags: int) -> int:
    """An `opener`: a file that is new is its owner's alone."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
