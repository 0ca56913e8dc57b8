"""What the classifier remembers of lines before never changes what it says of a line."""

import json
import random
import re
from itertools import chain
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_shipper.stages.classify import Classifier, of_message
from log_shipper.stages.formats import json_fields, logfmt
from log_shipper.stages.formats.columns import level_place
from log_shipper.stages.members import object_of
from log_shipper.stages.memory import Beginnings
from log_shipper.stages.objects import Objects
from log_shipper.stages.pairs import Pairs, read
from log_shipper.stages.structured import Structured
from tests.data.log_lines.accuracy import files, rows

LINES = sorted({line for path in files() for line, _ in rows(path)})
STAMPED = [line for line in LINES if line[:1] in "0123456789["]
PAIRED = [line for line in LINES if logfmt.begins(line, 0)]
OBJECTS = [line for line in LINES if line.startswith("{")]
LEVELS = (
    "ERROR",
    "WARN",
    "INFO",
    "DEBUG",
    "TRACE",
    "FATAL",
    "ERR",
    "INF",
    "LOG",
    "info",
    "warning",
    "error",
    "DEBUG1",
    "SEVERE",
    "NOTICE",
    "ALERT",
    "gold",
)
LEVEL = re.compile(rf"\b(?:{'|'.join(LEVELS)})\b")
SEEDS = st.integers(0, 2**32)
BITS = ("=", " = ", ": ", "::", "[", "] ", "[12]: ", "{", '{"level":"error"}', "\r", "\x1b[31m", "\u200b", " level=error", "| ", "- ", "-> ", "\n", "ERROR ", "a", " ")  # fmt: skip


def alike(line: str, dice: random.Random) -> str:
    """A line that a program may print after `line`, or that only looks so."""
    made = re.sub(r"\d", lambda match: dice.choice(match[0] + "0123456789"), line)
    if dice.random() < 0.6:
        made = LEVEL.sub(lambda match: dice.choice(LEVELS), made, count=1)
    while dice.random() < 0.5:
        at = dice.randrange(len(made) + 1)
        made = made[:at] + dice.choice(BITS) + made[at + dice.choice((0, 0, 1, 3)) :]
    return made if dice.random() < 0.8 else made[: dice.randrange(len(made) + 1)]


def slowly(line: str, found: dict[str, Any]) -> bytes | None:
    """The fields of an object without what is remembered of those of its kind."""
    fields = Structured()._bounded(found)
    return orjson.dumps(fields) if fields else None


def expected(lines: list[str]) -> list[tuple[str, str]]:
    return [of_message(line) or ("info", "default") for line in lines]


def told(classifier: Classifier, lines: list[str]) -> list[tuple[str, str]]:
    return list(zip(*classifier(lines, "stdout"), strict=True))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(STAMPED), min_size=1, max_size=4), SEEDS)
def test_lines_that_begin_alike_are_told_as_if_each_were_the_first(lines: list[str], seed: int) -> None:
    dice = random.Random(seed)
    stream = list(chain.from_iterable([line, *(alike(line, dice) for _ in range(12))] for line in lines))
    classifier = Classifier()
    assert told(classifier, stream) == expected(stream)
    dice.shuffle(stream)
    assert told(classifier, stream) == expected(stream)


def test_every_line_is_told_after_any_other_as_if_it_were_the_first() -> None:
    classifier, dice = Classifier(), random.Random(7)
    for _ in range(3):
        stream = [made for line in LINES for made in (line, line, alike(line, dice))]
        assert told(classifier, stream) == expected(stream)
        dice.shuffle(LINES)


def test_whatever_follows_a_beginning_is_told_as_if_it_were_the_first() -> None:
    """What stands before the level of one line, then any level, then what stands behind that of any other, or a whole line."""
    dice = random.Random(11)
    places = {line: level_place(line) for line in STAMPED}
    known = [line for line in STAMPED if places[line]]
    tails = [re.sub("^[A-Za-z]+", "", line[places[line] :]) for line in known] + LINES
    several = Classifier()
    for line in known:
        beginning = line[: places[line]]
        made = [
            beginning + dice.choice(LEVELS) + dice.choice(("", "", " ", ": ", " error: ")) + dice.choice(tails)
            for _ in range(30)
        ]
        stream = [line, line, *made, beginning]
        assert told(Classifier(), stream) == expected(stream)
        assert told(several, stream) == expected(stream)


def test_headers_are_read_from_memory() -> None:
    """Else the other tests would say nothing."""
    classifier = Classifier()
    classifier(["[2026-03-01 10:20:30 +0000] [12] [INFO] a", "2026-03-01 10:20:30 a.b [xy-1] x.y INFO y"], "stdout")
    assert classifier.beginnings.known == {
        b"[0000-00-00 00:00:00 +0000] [00] [": 0,
        b"0000-00-00 00:00:00 a.b [xy-0] x.y ": 4,
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(OBJECTS), min_size=1, max_size=6), SEEDS)
def test_objects_are_told_as_if_each_were_the_first(lines: list[str], seed: int) -> None:
    dice = random.Random(seed)
    stream = [made for line in lines for made in (line, alike(line, dice), alike(line, dice)) if made.startswith("{")]
    objects, fields = Objects(), Structured()
    for line in stream:
        found, members = objects(line)
        assert found == json_fields.find(line)
        rule = found[1] if found is not None else "default"
        written = fields([line], [rule], {} if members is None else {0: members})
        if members is None:
            assert written == {}
        else:
            assert object_of(members) == json.loads(line)
            assert written.get(0) == slowly(line, object_of(members))


@pytest.mark.parametrize(
    "members",
    [{"msg": "x"}, {"player": "a"}, {"reqId": "a", "remoteAddr": "b", "message": "x"}, {"severity": "error", "v": 0}, {"a": "level"}],
)  # fmt: skip
@pytest.mark.parametrize("key", ["level", "severity", "levelno", "PRIORITY", "severityNumber", "priority"])
def test_levels_that_are_numbers_are_told_as_if_each_were_the_first(key: str, members: dict[str, Any]) -> None:
    objects = Objects()
    for value in (*range(-1, 30), 50, 50, 300, 50000, 10**7, 30.0, True, None, "50", "error", [50]):
        for found in ({key: value, **members}, {**members, key: value}):
            line = json.dumps(found)
            assert objects(line)[0] == objects(line)[0] == json_fields.find(line), line


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PAIRED), min_size=1, max_size=4), SEEDS)
def test_pairs_are_told_as_if_each_line_were_the_first(lines: list[str], seed: int) -> None:
    dice = random.Random(seed)
    memory, stream = Pairs(worth=1), [made for line in lines for made in (line, *(alike(line, dice) for _ in range(6)))]
    for line in stream + stream:
        known = memory.get(line)
        assert known is None or (known[0], object_of(known[1])) == (of_message(line), read(line))
        memory.learn(line)


@pytest.mark.parametrize(
    "line",
    [
        'ts=1 level=warn msg="a b" n=3',
        'ts=1 level="warn" msg=a n="x=y, z"',
        "ts=1 level=INFO msg=a/b:c n=é",
    ],
)
def test_pairs_are_read_from_memory(line: str) -> None:
    memory = Pairs(worth=2)
    assert memory.get(line) is None
    for _ in range(2):
        memory.learn('ts=2026-03-01T10:20:30Z level=info msg="order accepted" n=12')
    known = memory.get(line)
    assert known is not None
    assert (known[0], object_of(known[1])) == (of_message(line), read(line))


@pytest.mark.parametrize(
    "line",
    [
        "ts=1 level=gold msg=a n=b",  # no level, but maybe a later one
        "ts=1 level=info msg=a n=b x=c",
        "ts=1  level=info msg=a n=b",
        "ts=1 level=info msg= n=b",
        "ts=1 level=info msg='a n=b",
        'ts=1 level=info msg="a\\"b" n=b',
        'ts=1 level=info msg="a\tb" n=b',
        "ts=1 level=info msg=a;x=2 n=b",
        "ts=1 level=info msg=[a] n=b",
        f"ts=1 level=info msg={'a' * 2048} n=b",
    ],
)
def test_pairs_that_a_rule_may_read_in_another_way_are_not(line: str) -> None:
    memory = Pairs(worth=1)
    memory.learn("ts=1 level=info msg=a n=b")
    assert memory.get("ts=2 level=error msg=a n=b") == (
        ("error", "field"),
        (("ts", "level", "msg", "n"), ("2", "error", "a", "b"), True),
    )
    assert memory.get(line) is None


def test_pairs_of_many_rows_of_keys_are_read_from_memory() -> None:
    memory = Pairs(worth=1)
    lines = [" ".join(["ts=1 level=info", *(f"k{n}=v" for n in range(many)), 'msg="a b"']) for many in range(9)]
    for line in lines:
        memory.learn(line)
    for line in lines:
        known = memory.get(line)
        assert known is not None
        assert (known[0], object_of(known[1])) == (of_message(line), read(line))
    signs = lines[-1].replace("a b", "a=b, c=d")
    known = memory.get(signs)
    assert known is not None
    assert (known[0], object_of(known[1])) == (of_message(signs), read(signs))


def test_a_level_behind_one_of_many_names_is_not_worth_remembering() -> None:
    classifier = Classifier()
    classifier(["2026-03-01 10:20:30 [exec-12] INFO a", "2026-03-01 10:20:30 - a.b - INFO - a"], "stdout")
    assert classifier.beginnings.known == {}
    classifier(["2026-03-01 10:20:30 INFO [exec-12] a", "2026-03-01 10:20:30 - INFO - a"], "stdout")
    assert classifier.beginnings.known == {b"0000-00-00 00:00:00 ": 4, b"0000-00-00 00:00:00 - ": 4}


def test_lines_of_several_containers_that_come_in_turns_one_by_one_are_read_from_memory() -> None:
    beginnings = Beginnings()
    lines = [f"2026-03-01 10:20:30 a.b [{'x' * length}-1] x.y INFO y" for length in range(2, 5)]
    for line in lines:
        beginnings.learn(line, ("info", "column"))
    for line in lines * 2:
        assert beginnings.get(line.replace("INFO", "ERROR")) == ("error", "column")


def test_where_it_matters_what_a_digit_or_a_letter_is_nothing_is_remembered() -> None:
    first = (
        "1.714983303E+09 a.b [main] INFO x",
        "2026-03-01 10:20:30 E INFO x",
        "2026-03-01 10:20:30 Wa(999) a.b INFO x",
    )
    second = (
        "1.714983303E+04 a.b [main] INFO x",
        "2026-03-01 10:20:30 E INFO [x",
        "2026-03-01 10:20:30 Wa(164) a.b INFO x",
    )
    for one, other in zip(first, second, strict=True):
        stream = [one, other, one]
        assert told(Classifier(), stream) == expected(stream)
