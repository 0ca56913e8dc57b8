"""What stands behind the last pair of a long line is not searched for pairs; that changes none."""

import random

import pytest

from log_shipper.stages import pairs

PIECES = (
    "a",
    "b=",
    "=",
    '"',
    "\\",
    " ",
    ",",
    "x.y=",
    "level=info ",
    '"q r"',
    ";",
    "\t",
    "é",
    "1",
    "| ",
    '="',
    '" ',
    "a=",
)


def test_pairs_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(1)
    lines = ["".join(pick.choices(PIECES, k=pick.randrange(1, 14))) for _ in range(30_000)]
    whole = [pairs.read(line) for line in lines]
    monkeypatch.setattr(pairs, "_CUT", 0)
    assert [pairs.read(line) for line in lines] == whole
    assert sum(map(bool, whole)) > 5_000


@pytest.mark.parametrize(
    ("end", "read"),
    [
        (" at" * 300, {"a": "1", "level": "info"}),
        (' b="c = d" ' + "e " * 300, {"a": "1", "level": "info", "b": "c = d"}),
        (' b="c = d ' + "e " * 300 + '"', {"a": "1", "level": "info", "b": "c = d " + "e " * 300}),
        (" b=c=d" + "e" * 600, {"a": "1", "level": "info", "b": "c=d" + "e" * 600}),
        (" e" * 300 + " b=c", {"a": "1", "level": "info", "b": "c"}),
    ],
)
def test_of_long_lines(end: str, read: dict[str, str]) -> None:
    assert pairs.read("a=1 level=info" + end) == read
