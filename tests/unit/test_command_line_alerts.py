"""`wholelog alerts test` on a store that is there."""

from pathlib import Path

import pytest

from log_store.open import open_writer
from log_store.seal import Gap, Seal
from tests.documents import NOON, SECOND, Documents, container
from wholelog.command_line import main

RULES = """
[[notify]]
name = "ops"
kind = "webhook"
url = "http://127.0.0.1:1/nobody"
[[rule]]
name = "errors"
on = "problem"
notify = "ops"
[[rule]]
name = "many"
on = "lines"
match = "slow"
count = 3
within = "1m"
notify = "ops"
[[rule]]
name = "quiet"
on = "silence"
for = "30m"
container = "name-a"
notify = "ops"
[[rule]]
name = "gap"
on = "gap"
notify = "ops"
"""
RANGE = ["--from", "2026-11-24T12:00:00Z", "--until", "2026-11-24T16:00:00Z"]


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """The flags of a store with an hour of two containers, and of the rules."""
    url = f"sqlite://{tmp_path}/logs"
    writer = open_writer(url)
    for letter, shift in (("a", 0), ("b", 7)):
        documents = Documents(container(letter))
        for minute in range(60):
            documents.add(NOON + minute * 60 * SECOND + shift, "slow" if minute % 20 else "ERROR order 7 refused",
                          log_type="info" if minute % 20 else "error")  # fmt: skip
        for second in range(3):
            documents.add(NOON + 3700 * SECOND + second * SECOND + shift, f"slow {second}")
        writer.write(documents.batch)
    gap = Gap(NOON, NOON + 1, 2, "the copy has rotated")
    writer.write_seals([
        Seal("a" * 64, NOON, "name-a", "task-a"),
        Seal("b" * 64, NOON, "name-b", "task-b", state="gaps", gaps=(gap,), finished_at=NOON + 4000 * SECOND),
    ])  # fmt: skip
    writer.close()
    file = tmp_path / "alerts.toml"
    file.write_text(RULES)
    return ["--store", url, "--alerts", str(file), "--data", str(tmp_path / "data")]


def test_it_says_what_would_have_been_told(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "test", *RANGE, *given]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(
        "2026-11-24T12:00:00.000Z firing: errors: ERROR order <*> refused (2 so far, new) in name-"
    )
    words = [" ".join(line.split()[1:3]) for line in told[:-1]]
    assert words.count("firing: errors:") == 1 and words.count("update: errors:") == 2
    assert words.count("firing: many:") == 2 and words.count("firing: gap:") == 1
    assert words.count("firing: quiet:") == 1 and words.count("resolved: errors:") == 1
    assert told[-1] == "5 alerts would have fired"


def test_of_one_rule_and_one_container(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "test", *RANGE, *given, "--rule", "many", "--container", "name-b"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert "firing: many: many: slow" in first and first.endswith("in name-b") and last == "1 alerts would have fired"


def test_what_does_not_fit(given: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for more, said in (
        (["--rule", "none"], "--rule 'none': there is no such rule; there are errors, many"),
        (["--container", "nobody"], "no container is known by it"),
    ):
        assert main(["alerts", "test", *RANGE, *given, *more]) in (1, 2)
        assert said in capsys.readouterr().err
    (tmp_path / "alerts.toml").write_text(RULES + "[[rule]]\nname = 1\n")
    assert main(["alerts", "test", *RANGE, *given]) == 2
    assert "alerts.toml:28:1: [[rule]]" in capsys.readouterr().err
    assert main(["alerts", "test", *RANGE, *given[:2], *given[4:]]) == 2
    assert "--alerts FILE" in capsys.readouterr().err
