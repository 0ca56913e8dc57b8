"""`wholelog backup` and `restore`: whole beside a writer, refused where something is in the way, and read back."""

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from log_store.errors import StoreDamaged
from log_store.open import open_problems, open_reader, open_writer
from log_store.problem import Triage
from log_store.query import LogQuery
from log_store.seal import Seal
from log_store.sqlite.backup import check_file, copy_file
from tests.documents import MIDNIGHT, NOON, Documents, container, messages_of
from tests.fake_problems import ONE
from tests.unit.test_command_line import one_line, wholelog
from wholelog.backup import backup, restore
from wholelog.errors import BackupProblem

A = container("a").container_id


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    writer = open_writer(f"sqlite://{folder}/logs")
    writer.write(Documents().add(NOON, "one").add(MIDNIGHT, "two").batch)
    writer.write_seals([Seal(A, NOON, "name-a", state="sealed", lines=2, version=1)])
    writer.close()
    problems = open_problems(f"sqlite://{folder}/logs")
    problems.write_triage(Triage(ONE.id, "ignored", NOON))
    problems.close()
    (folder / "instance").write_text("an instance")
    (folder / "containers.jsonl").write_text("[]\n")
    (folder / "checkpoint").write_text("of this moment")
    with sqlite3.connect(folder / "tasks.sqlite") as tasks:
        tasks.execute("CREATE TABLE tasks(x)")
    return folder


def test_what_was_backed_up_is_read_from_another_folder(data: Path, tmp_path: Path) -> None:
    done = wholelog("backup", str(tmp_path / "kept"), "--data", str(data))
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("7 files, "), done
    done = wholelog("restore", str(tmp_path / "kept"), "--data", str(tmp_path / "new"))
    assert (done.returncode, done.stderr) == (0, "") and "7 files are in place" in done.stdout
    reader = open_reader(f"sqlite://{tmp_path}/new/logs")
    assert messages_of(reader, LogQuery(A)) == ["one", "two"] and reader.seals(A)[0].lines == 2
    assert open_problems(f"sqlite://{tmp_path}/new/logs").triages()[ONE.id].state == "ignored"
    assert (tmp_path / "new/instance").read_text() == "an instance" and (tmp_path / "new/tasks.sqlite").exists()
    assert not (tmp_path / "new/checkpoint").exists() and not list((tmp_path / "new/logs").glob("*.restored"))
    assert "is there already" in one_line(wholelog("restore", f"{tmp_path}/kept", "--data", f"{tmp_path}/new"), 1)
    assert "something in it" in one_line(wholelog("backup", f"{tmp_path}/kept", "--data", str(data)), 1)


def test_beside_a_writer_no_seal_vouches_for_lines_that_are_not_in_it(data: Path, tmp_path: Path) -> None:
    """A thread writes a line and then the seal that counts it, again and again."""
    ended = threading.Event()

    def write_on() -> None:
        writer, number = open_writer(f"sqlite://{data}/logs"), 2
        while not ended.is_set():
            number += 1
            writer.write(Documents().add(NOON + number, f"{number}").batch)
            writer.write_seals([Seal(A, NOON, state="sealed", lines=number, version=number)])
        writer.close()

    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        for turn in range(5):
            backup(data, data / "logs", tmp_path / f"kept{turn}", lambda text: None)
    finally:
        ended.set()
        thread.join()
    for turn in range(5):
        reader = open_reader(f"sqlite://{tmp_path}/kept{turn}/logs")
        assert reader.count_lines(A) >= reader.seals(A)[0].lines >= 2


def test_retention_meanwhile_begins_it_anew(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, calls = list[str](), list[str]()

    def copied(source: Path, target: Path) -> None:
        calls.append(source.name)
        if calls == ["seals.sqlite"]:
            (data / "removed.json").write_text("{}")
            (data / "logs/2026.11.25.sqlite").unlink()
        copy_file(source, target)

    monkeypatch.setattr("wholelog.backup.copy_file", copied)
    backup(data, data / "logs", tmp_path / "kept", said.append)
    assert "copied again" in said[0]
    assert calls == ["seals.sqlite", "2026.11.24.sqlite", "2026.11.25.sqlite"] + ["seals.sqlite", "2026.11.24.sqlite", "problems.sqlite", "tasks.sqlite"]  # fmt: skip


def test_damage_is_said(data: Path, tmp_path: Path) -> None:
    backup(data, data / "logs", tmp_path / "kept", lambda text: None)
    day = tmp_path / "kept/logs/2026.11.24.sqlite"
    day.write_bytes(day.read_bytes()[:-100] + bytes(100))
    with pytest.raises(BackupProblem, match="not as it was backed up"):
        restore(tmp_path / "kept", tmp_path / "new", tmp_path / "new/logs")
    assert not (tmp_path / "new").exists()
    (tmp_path / "half").write_bytes(b"SQLite format 3\0" + bytes(8192))
    with pytest.raises(StoreDamaged):
        check_file(tmp_path / "half")


@pytest.mark.parametrize("text", [None, "", "[]", '{"format": 9}', '{"format": 1, "files": {"../../etc/passwd": ""}}'])
def test_a_folder_that_is_no_backup(data: Path, tmp_path: Path, text: str | None) -> None:
    source = tmp_path / "odd"
    source.mkdir()
    if text is not None:
        (source / "manifest.json").write_text(text)
    with pytest.raises(BackupProblem, match="manifest.json"):
        restore(source, tmp_path / "new", tmp_path / "new/logs")


def test_a_store_of_another_kind(data: Path, tmp_path: Path) -> None:
    done = wholelog("backup", f"{tmp_path}/kept", "--data", str(data), "--store", "http://127.0.0.1:1")
    assert done.returncode == 0 and "snapshot" in done.stdout
    told = json.loads((tmp_path / "kept/manifest.json").read_text())
    assert set(told["files"]) == {"instance", "containers.jsonl", "tasks.sqlite"} and told["store"] is False
    backup(data, data / "logs", tmp_path / "whole", lambda text: None)
    with pytest.raises(BackupProblem, match="holds a store of SQLite"):
        restore(tmp_path / "whole", tmp_path / "new", None)
