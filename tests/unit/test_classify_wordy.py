"""What is told without reading its words declares nothing: compared with what reading finds, behind times, for all labelled lines."""

import json
import random
import re
from pathlib import Path

import pytest

from log_shipper.stages.classify import of_message
from log_shipper.stages.formats import wordy

DATA = Path(__file__).parent.parent / "data" / "log_lines"
STAMPS = ("2026-03-01 10:20:30 ", "2026/03/01 10:20:30 main.go:12: ", "2026-03-01T10:20:30.123Z ")
WORDS = re.compile(r"[A-Za-z][A-Za-z'-]{1,15}")


def texts() -> list[str]:
    """Labelled lines, parts of them, and words that the rules look for, at random."""
    lines = [json.loads(row)["log"] for path in sorted(DATA.glob("*.jsonl")) for row in path.open()]
    rules = Path(wordy.__file__).parent
    words = sorted({word for path in sorted(rules.glob("*.py")) for word in WORDS.findall(path.read_text())})
    pick = random.Random(7)
    parts = [" ".join(line.split()[pick.randrange(3) :][: pick.randint(2, 9)]) for line in lines for _ in range(2)]
    mixed = [" ".join(pick.choices(words, k=pick.randint(2, 7))) for _ in range(10_000)]
    return [text for text in [*lines, *parts, *mixed] if text and "\n" not in text]


def test_a_plain_sentence_behind_a_time_declares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(3)
    words = sorted({word for text in texts() for word in text.split() if word.isalpha() and word.islower()})
    marks = (
        "ERROR",
        ", ERROR ,",
        ';"error";',
        "10:20",
        "a=error",
        "- FATAL -",
        "-1",
        "am",
        "<Info>",
        "%A-3-B",
        "(thread=",
        "E",
    )
    mixed = [
        " ".join([*pick.choices(words, k=2), *(pick.choice(marks if pick.random() < 0.4 else words) for _ in range(3))])
        for _ in range(20_000)
    ]
    told = [stamp + text for text in (*texts(), *mixed) for stamp in STAMPS if wordy.is_plain(stamp + text)]
    assert len(told) > 20_000
    monkeypatch.setattr(wordy, "is_plain", lambda line: False)
    assert [line for line in told if of_message(line) is not None] == []


@pytest.mark.parametrize("text", ["Request accepted from 10.0.0.7 on port 8080", "listening on 0.0.0.0:8080"])
def test_most_sentences_are_told_so(text: str) -> None:
    assert all(wordy.is_plain(stamp + text) for stamp in STAMPS)


@pytest.mark.parametrize(
    "text", ["an error was found", "no W in it", "Segmentation fault", "cart: 3", "level=error x y"]
)
def test_others_are_read(text: str) -> None:
    assert not any(wordy.is_plain(stamp + text) for stamp in STAMPS)


def test_a_sentence_declares_nothing() -> None:
    words = sorted({word for text in texts() for word in text.split()[:1]})
    marks = (
        "10.0.0.1:80",
        "10:20:30",
        "2026-03-01",
        "20260301:10:20:30",
        "a=b",
        "level=error",
        "-",
        "(device",
        "**",
        "ERROR",
    )
    pick = random.Random(9)
    mixed = [
        " ".join(pick.choice(marks if pick.random() < 0.4 else words) for _ in range(pick.randint(3, 7)))
        for _ in range(40_000)
    ]
    begun = [f"{word} is 8 of it" for word in words]
    told = [text for text in (*texts(), *begun, *mixed) if wordy.is_sentence(text)]
    assert len(told) > 3_000
    assert [line for line in told if of_message(line) is not None] == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Order 8812 accepted, retries 0",
            "connected to the server",
            "Listening on port 80",
            "Listening on 10.0.0.1:80",
        ),
        *("Started job 12 - all of it", "accepted order id=12 of=3", "Started web at 10:20:30"),
    ],
)
def test_most_sentences_are_told(text: str) -> None:
    assert wordy.is_sentence(text)


@pytest.mark.parametrize(
    "text",
    [
        *("error no route", "Segmentation fault", "a b", "order 8812", "Jan 12 is over", "npm ERR! x", "npm warn old"),
        *(
            "Started web 2026-03-01 10:20:30 ERROR no",
            "Got ERROR at 10:20",
            "web - ERROR no",
            "a=b c",
            "Got level = 3:x",
        ),
        *("Got it: 3", "Ready - ERROR no", "Died at a line 3", "Got a TypeError", "warning the a-b is old"),
    ],
)
def test_others_are_asked(text: str) -> None:
    assert not wordy.is_sentence(text)


@pytest.mark.parametrize("prefix", ["Mar  1 10:20:30 host app[12]: ", "web-1  | ", "2026-03-01 10:20:30 [w-1] a.B "])
def test_a_sentence_of_another_program_declares_what_reading_finds(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [prefix + text for text in texts() if wordy.is_sentence(text)]
    found = [of_message(line) for line in told]
    monkeypatch.setattr(wordy, "is_sentence", lambda line: False)
    assert [of_message(line) for line in told] == found
