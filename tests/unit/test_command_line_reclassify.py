"""`wholelog reclassify`, as a process, on a store of SQLite; the stores' part is in tests/contract/test_retyping.py."""

from pathlib import Path

import orjson
import pytest

from log_store.open import open_reader, open_writer
from log_store.query import LogQuery
from tests.documents import NOON, Documents, container, lines_of
from tests.unit.test_command_line import one_line, wholelog

A, B = container("a"), container("b")
RANGE = ("--from", "2026-11-24T00:00:00Z", "--until", "2026-11-25T00:00:00Z")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    writer = open_writer(f"sqlite://{tmp_path}/logs")
    for context in (A, B):
        writer.write(Documents(context).add(NOON, "[LOUD] no", "stderr").add(NOON + 1, '{"level":"warn","n":1}').batch)
    writer.close()
    (tmp_path / "rules.toml").write_text("[[type]]\nmatch = '^\\[LOUD\\]'\ntype = 'critical'\nname = 'loud'\n")
    return tmp_path


def types(data: Path, container_id: str) -> list[tuple[str, str]]:
    reader = open_reader(f"sqlite://{data}/logs")
    found = [(line["log_type"], line["log_type_by"]) for line in lines_of(reader, LogQuery(container_id))]
    reader.close()
    return found


def test_rules_are_applied_to_what_is_stored(data: Path) -> None:
    given = ("reclassify", *RANGE, "--data", str(data), "--rules", str(data / "rules.toml"))
    tried = wholelog(*given, "--dry-run")
    assert tried.returncode == 0 and tried.stdout.splitlines()[0] == "4 messages looked at, 4 would change"
    assert types(data, A.container_id) == [("info", "default")] * 2
    done = wholelog(*given, "--container", A.container_id)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "2 messages looked at, 2 changed", "  info -> critical: 1", "  info -> warning: 1",
    ]  # fmt: skip
    assert types(data, A.container_id) == [("critical", "rule:loud"), ("warning", "field")]
    assert types(data, B.container_id) == [("info", "default")] * 2


def test_a_containers_own_label_counts(data: Path) -> None:
    entry = [B.container_id, "b", "", "", "", '{"default_type":"debug","format":"plain"}']
    (data / "containers.jsonl").write_bytes(orjson.dumps(entry) + b"\n" + b"[torn")
    assert wholelog("reclassify", *RANGE, "--data", str(data)).returncode == 0
    assert types(data, B.container_id) == [("debug", "default")] * 2
    assert types(data, A.container_id) == [("info", "default"), ("warning", "field")]
    assert (data / "containers.jsonl").read_bytes().endswith(b"[torn")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--from", "yesterday"), 2, "--from: 'yesterday' must be RFC 3339"),
        (("--from", "1h", "--until", "2h"), 2, "--from: '1h' is later than --until '2h'"),
        ((), 2, "the following arguments are required: --from"),
        (("--from", "1h", "--container", "nobody"), 1, "--container 'nobody': no container is known by it"),
    ],
)
def test_what_is_wrong_is_named(data: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    assert says in one_line(wholelog("reclassify", *arguments, "--data", str(data)), code)
