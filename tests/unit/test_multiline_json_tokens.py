"""Two tokens of a JSON value that never follow on each other: the look at long lines finds what the expression finds."""

import random

import pytest

from log_shipper.stages.traces import json_value
from log_shipper.stages.traces.json_value import never_json, opens


def test_long_lines_are_looked_at_as_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(1)
    rows = [bytes(pick.choices(b' {}[],:"0', k=pick.randrange(8))) for _ in range(40_000)]
    short = [never_json(row) for row in rows]
    monkeypatch.setattr(json_value, "_LONG", 0)
    assert [never_json(row) for row in rows] == short
    assert 1_000 < sum(short) < 39_000


@pytest.mark.parametrize(
    ("line", "open_brackets"),
    [
        ("[" * 600, 600),
        ('{"a":' * 600, 600),
        ('{"a": [' + "1, " * 600, 2),
        ('{"a": [' + "true, " * 600, 2),
        ('{"a": [' + "1 1, " * 600, 0),
        ('{"a": [' + "1 \t 1, " * 600, 0),
        ("[" * 600 + ",", 0),
        ("{" + " " * 600, 1),
        ("{" + " " * 600 + "{", 0),
        ("[" + '"a" ' * 600, 0),
        ('[{"a"' + " " * 600 + "}", 0),
        ("[" * 600 + "é", 0),
        ("[" * 100_001, 0),
    ],
)
def test_of_long_lines(line: str, open_brackets: int) -> None:
    entry = opens(line)
    assert (entry.at.seen if entry is not None else 0) == open_brackets
