"""`wholelog classify`, as a process."""

import json
import os
import select
import subprocess
import sys
from typing import Any

import pytest

from log_shipper.config import ShipperSettings
from log_shipper.rules import rules_of
from wholelog.classify import Joiner
from wholelog.line_input import Record

SECOND = 10**9
TRACE = [
    "Traceback (most recent call last):",
    '  File "a.py", line 1, in <module>',
    "ZeroDivisionError: division by zero",
]


def classify(given: str | bytes, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WHOLELOG_")}
    command = [sys.executable, "-m", "wholelog", "classify", *arguments]
    given = given.encode() if isinstance(given, str) else given
    return subprocess.run(command, input=given, env=environ, capture_output=True, timeout=60)


def records(*given: dict[str, Any], arguments: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    done = classify("".join(json.dumps(record) + "\n" for record in given), "--jsonl", *arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_plain_lines_are_shown_with_type_and_reason() -> None:
    done = classify("\n".join(["ready", *TRACE, "\x1b[31mERROR\x1b[0m no"]))  # the last without a newline
    assert done.stdout.decode().splitlines() == [
        "info     default  | ready",
        "error    trace    | Traceback (most recent call last):",
        '                  |   File "a.py", line 1, in <module>',
        "                  | ZeroDivisionError: division by zero",
        "error    column   | \\x1b[31mERROR\\x1b[0m no",
    ]


def test_plain_lines_take_the_default_of_their_stream_and_are_not_joined_if_so_asked() -> None:
    done = classify("\n".join(TRACE), "--each-line", "--stream", "stderr", "--default-type-stderr", "warning")
    types = [line.split()[0] for line in done.stdout.decode().splitlines()]
    assert types == ["error", "warning", "error"]


def test_records_become_messages_in_the_order_of_their_first_lines() -> None:
    started = {"log": "start", "container": "b", "stream": "stdout", "time_ns": 4}
    lines = [{"log": text, "container": "a", "stream": "stderr", "time_ns": n} for n, text in enumerate(TRACE)]
    first, second, third = records(lines[0], started, lines[1], lines[2], {"log": "end\n"})
    assert first == {
        "log_message": "\n".join(TRACE), "log_type": "error", "log_type_by": "trace", "time_ns": 0, "container": "a",
        "stream": "stderr",
    }  # fmt: skip
    assert (second["container"], second["time_ns"], second["log_type"]) == ("b", 4, "info")
    assert (third["log_message"], third["container"], third["stream"], third["time_ns"]) == ("end", "", "stdout", None)


def test_a_gap_on_record_time_parts_messages_and_each_line_joins_none() -> None:
    lines = [{"log": text, "time_ns": n * SECOND // 2} for n, text in enumerate(TRACE)]
    assert len(records(*lines)) == 1
    assert len(records(*({**line, "time_ns": line["time_ns"] * 9} for line in lines))) == 3
    assert [len(message["log_message"]) for message in records(*lines, arguments=("--each-line",))] == [34, 34, 35]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ready", "line 2: 'ready' is not JSON"),
        ("[1]", 'line 2: [1] must be an object such as {"log": "text"}'),
        ('{"message":"x"}', "line 2: log: is missing"),
        ('{"log":7}', "line 2: log: 7 must be a string"),
        ('{"log":"x","stream":"out"}', 'line 2: stream: "out" must be one of stdout, stderr'),
        ('{"log":"x","time_ns":1.5}', "line 2: time_ns: 1.5 must be whole nanoseconds since 1970 UTC"),
        ('{"log":"x","container":["a"]}', 'line 2: container: ["a"] must be a string'),
    ],
)
def test_what_is_wrong_with_a_record_is_said_with_its_line(line: str, says: str) -> None:
    done = classify('{"log":"fine"}\n' + line + '\n{"log":"after"}\n', "--jsonl")
    assert done.returncode == 2 and [json.loads(line)["log_message"] for line in done.stdout.splitlines()] == ["fine"]
    (said,) = done.stderr.decode().splitlines()
    assert said.startswith(f"wholelog classify: {says}")


def test_bytes_that_are_no_text_and_lines_without_end_are_taken() -> None:
    done = classify(b"ERROR \xff\xfe no\n" + b"x" * (9 << 20) + b"\n")
    first, piece, rest = done.stdout.decode().splitlines()
    assert first == "error    column   | ERROR \ufffd\ufffd no"
    assert (len(piece), len(rest)) == ((8 << 20) + 20, (1 << 20) + 20)


def test_what_comes_is_shown_though_more_may_come() -> None:
    command = [sys.executable, "-m", "wholelog", "classify"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        assert select.select([process.stdout], [], [], 60)[0], "nothing was shown while the input stayed open"
        assert process.stdout.readline() == b"info     default  | ready\n"
        process.stdin.close()
        assert process.wait(60) == 0


def test_text_of_any_script_comes_as_ascii_and_back() -> None:
    texts = ["ERROR ä 错误 \U0001f600", "\ud800 half", 'q" \\ \x00\x7f']
    assert [one["log_message"] for one in records(*({"log": text} for text in texts))] == texts


def test_no_more_is_held_than_the_limit() -> None:
    joiner = Joiner(rules_of(ShipperSettings()), join=True, most_held=10_000)
    opened = list(joiner.add([Record("Traceback (most recent call last):", "a", "stdout", 0)]))
    shown = [m.texts[0] for n in range(1000) for m in joiner.add([Record(f"line {n}", "b", "stdout", 0)])]
    assert not opened and len(shown) > 950 and shown == [f"line {n}" for n in range(len(shown))]
    ended = [message.texts[0] for message in joiner.end()]
    assert ended == ["Traceback (most recent call last):", *(f"line {n}" for n in range(len(shown), 1000))]


def test_settings_of_a_task_say_how_lines_are_read() -> None:
    settings = {"default_type": {"stderr": "warning"}, "starts": ["^# "], "ansi": "drop", "format": "json"}
    lines = [
        {"log": text, "stream": "stderr", "time_ns": 0} for text in ("# a ERROR", " \x1b[31mb", '{"level":"error"}')
    ]
    told = records(*lines, arguments=("--log-settings", json.dumps(settings)))
    assert [(one["log_message"], one["log_type"]) for one in told] == [('# a ERROR\n b\n{"level":"error"}', "warning")]
    shown = classify("# a\n\x1b[31mb\n", "--log-settings", '{"starts":"^#","ansi":"drop"}').stdout.decode()
    assert shown.splitlines() == ["info     default  | # a", "                  | b"]


def test_what_is_wrong_with_settings_of_a_task_is_said() -> None:
    done = classify("a\n", "--log-settings", '{"format":"xml","nope":1}')
    assert done.returncode == 2 and done.stdout == b""
    (said,) = done.stderr.decode().splitlines()
    assert said.startswith(
        "wholelog classify: --log-settings: there is no member 'nope'; known are default_type, format,"
    )
    assert said.endswith("format: 'xml' must be one of auto, json, logfmt, columns, syslog, plain")
