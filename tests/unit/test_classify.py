"""What a message declares, and which kind of rule says so."""

import json
import random

import pytest

from log_shipper.stages.classify import Classifier
from log_shipper.stages.formats.levels import of_number, of_word

T = "2026-03-01 10:20:30"


def classified(message: str, stream: str = "stdout") -> tuple[str, str]:
    types, by = Classifier()([message], stream)
    return types[0], by[0]


@pytest.mark.parametrize(
    ("line", "log_type", "by"),
    [
        ('{"level":"error","msg":"x"}', "error", "field"),
        ("level=warn msg=x", "warning", "field"),
        (f"{T},123 ERROR boom", "error", "column"),
        (f"[{T}] [warning] slow", "warning", "bracket"),
        ("ERROR: boom", "error", "prefix"),
        ("main.c:3:5: error: boom", "error", "prefix"),
        ("<3>boom", "error", "priority"),
        ("E0301 10:20:30.123456   12 a.go:12] boom", "error", "letter"),
        ("Traceback (most recent call last):", "error", "trace"),
        ("::warning file=a.c,line=3::slow", "warning", "marker"),
        ("bash: line 3: foo: command not found", "error", "shell"),
        ("make: *** [Makefile:3: all] Error 2", "error", "tool"),
        ("ready", "info", "default"),
    ],
)
def test_the_kind_of_rule_is_named(line: str, log_type: str, by: str) -> None:
    assert classified(line) == (log_type, by)


def test_what_declares_nothing_takes_the_default_of_its_stream() -> None:
    classify = Classifier("debug", "warning")
    assert classify(["ready", "level=info x=1"], "stdout") == (["debug", "info"], ["default", "field"])
    assert classify(["ready"], "stderr") == (["warning"], ["default"])
    assert classify([], "stderr") == ([], [])


@pytest.mark.parametrize(
    "line", ["", " ", "\t", "\r", "\x1b[0m", "\n", "\n\n", "\ufeff", "{", "[", "<", "\\", '"', "0"]
)
def test_nearly_nothing_declares_nothing(line: str) -> None:
    assert classified(line) == ("info", "default")


@pytest.mark.parametrize(
    ("message", "log_type"),
    [
        # the first line's own level decides, whatever the trace below says
        (f"{T},123 WARNING app retrying\nTraceback (most recent call last):\n  File 'a'\nValueError: fatal", "warning"),
        (f"{T},123 INFO app text\nERROR: second line", "info"),
        ("level=info msg=x\npanic: no", "info"),
        # no level on the first line: the first that declares
        ("Mar 01, 2026 10:20:30 AM org.acme.App start\nSEVERE: cannot start", "critical"),
        ("/app/a.js:3\n  throw new Error('x')\n  ^\n\nError: x\n    at f (/app/a.js:3:9)", "error"),
        ("====\n==12==ERROR: AddressSanitizer: heap-use-after-free\n    #0 0x1 in f a.c:3", "error"),
        ("SIGSEGV: segmentation violation\nPC=0x1 m=0", "critical"),
        ("panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1", "critical"),
        (
            "2026-03-14 09:26:53+0000 [-] while handling timed call\n\tTraceback (most recent call last):\n\t  File "
            '"/srv/till.py", line 5, in close\n\ttill.Stuck: till 4',
            "error",
        ),
        ("2026-03-14 09:26:53+0000 [-] told of it:\n\ta Traceback (most recent call last): is long", "info"),
        (
            "com.acme.OrderRefused\n\tat com.acme.Orders.take(Orders.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:840)",
            "error",
        ),
        ("info: Acme.Orders[0]\n      took 3 errors from the queue", "info"),
        ('{\n  "msg": "fatal",\n  "nested": {"level": "error"},\n  "level": "warn"\n}', "warning"),
        ("a list:\n  error one\n  error two", "info"),
    ],
)
def test_a_message_of_several_lines(message: str, log_type: str) -> None:
    assert classified(message)[0] == log_type


@pytest.mark.parametrize(
    ("value", "log_type"),
    [
        ({"level": 10, "msg": "x"}, "debug"), ({"level": 20, "msg": "x"}, "debug"), ({"level": 30, "msg": "x"}, "info"), ({"level": 35, "msg": "x"}, "info"),
        ({"level": 40, "msg": "x"}, "warning"), ({"level": 50, "msg": "x"}, "error"), ({"level": 60, "msg": "x"}, "critical"), ({"level": 0, "msg": "x"}, "critical"),
        ({"level": 3, "msg": "x"}, "error"), ({"level": 7, "msg": "x"}, "debug"), ({"level": "3", "msg": "x"}, "error"), ({"level": 3.0, "msg": "x"}, "error"),
        ({"levelno": 30}, "warning"), ({"levelno": 50}, "critical"), ({"level": 300, "msg": "x"}, "warning"), ({"level": 900, "msg": "x"}, "warning"),
        ({"level": 1000, "msg": "x"}, "critical"), ({"level_value": 40000}, "error"), ({"severityNumber": 17}, "error"),
        ({"severityLevel": 3}, "error"), ({"severity": 500, "msg": "x"}, "error"), ({"severity": 3, "msg": "x"}, "error"),
        ({"PRIORITY": "4"}, "warning"), ({"log": {"level": "error"}}, "error"), ({"log.level": "error"}, "error"),
        ({"record": {"level": {"name": "ERROR", "no": 40}}}, "error"), ({"level": {"levelStr": "WARN"}}, "warning"),
        ({"message": '{"level":"error"}'}, "error"), ({"log": '{"level":"error"}\n', "stream": "stdout"}, "error"),
        ({"level": "info", "message": '{"level":"error"}'}, "info"), ({"a": {"level": "error"}, "level": "debug"}, "debug"),
        ({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityText": "WARN"}]}]}]}, None),
        ({"level": "gold", "severity": "warning"}, "warning"), ({"level": None}, None), ({"level": True}, None),
        ({"level": "gold"}, None), ({"level": []}, None), ({"data": {"level": "error"}}, None), ({"level": 99999999, "msg": "x"}, None),
        ({"error": "x", "fatal": True}, None), ([{"level": "error"}], None), ({"level": -4}, None),
    ],
)  # fmt: skip
def test_json_by_key_and_value(value: object, log_type: str | None) -> None:
    expected = (log_type, "field") if log_type else ("info", "default")
    if value == {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityText": "WARN"}]}]}]}:
        expected = ("warning", "field")  # OTLP: three objects deep
    assert classified(json.dumps(value)) == expected
    assert classified(json.dumps(value, indent=2)) == expected


def test_json_of_any_size_and_of_none() -> None:
    assert classified('{"level":"error","msg":"' + "x" * 1_000_000 + '"}') == ("error", "field")
    assert classified('{"a":[1,2],"msg":"' + "x" * 20_000 + '","level":"error"}') == ("error", "field")
    assert classified('{"a":"b","msg":"' + "x" * 1_000_000 + '","level":"error"}') == ("error", "field")
    assert classified('{"a":' * 5_000) == ("info", "default")
    assert classified('{"level":"error","msg":"cut off') == ("error", "field")


MESSAGES = (
    "reply: error code 0, continuing", "no warnings in last 24h", "Error pages cached: 12", "errors=0 warnings=0 took 3 ms",
    "error=nil status=ok", "GET /fatal/error?level=critical HTTP/1.1", "recovered from panic, worker continues",
    '{"error":null,"level":"gold"}', "SELECT * FROM errors WHERE level='ERROR'", "alert rule [critical] disabled",
    "state: ERROR -> OK", "mail 'ERROR: disk full' queued", "用户报告的错误已修复", "Warning lights test passed",
    "debug mode is off", "trace id 4bf92f35 linked", "exception translator registered", "E2E suite finished",
    "task finished: 3 ok, 0 failed, 1 warning", "connection refused", "http://h/error?x=FATAL fetched",
)  # fmt: skip
_UPPER = {"CRITICAL": "critical", "ERROR": "error", "WARNING": "warning", "INFO": "info", "DEBUG": "debug"}
_LOG4J = {"FATAL": "critical", "ERROR": "error", "WARN": "warning", "INFO": "info", "DEBUG": "debug", "TRACE": "debug"}
_LOWER = {word.lower(): log_type for word, log_type in _UPPER.items()}
_SHORT = {"FTL": "critical", "ERR": "error", "WRN": "warning", "INF": "info", "DBG": "debug"}
_LETTER = {"F": "critical", "E": "error", "W": "warning", "I": "info", "D": "debug"}
_SYSLOG = {"2": "critical", "3": "error", "4": "warning", "6": "info", "7": "debug"}
FORMATS: tuple[tuple[str, dict[str, str]], ...] = (
    ("{t},123 {l:<5} [http-nio-80-exec-1] com.acme.Error: {m}", _LOG4J),
    ("10:20:30.123 [main] {l:<5} com.acme.Error - {m}", _LOG4J),
    ("{l:<5} [main] {t},123 Error.java:12 - {m}", _LOG4J),
    ("{t},123 | {l:<5} | main | com.acme.Error | {m}", _LOG4J),
    ("[2026-03-01T10:20:30,123][{l:<5}][o.e.n.Error] [node-1] {m}", _LOG4J),
    ("2026-03-01T10:20:30.123Z  {l:>5} 1 --- [main] c.a.Error : {m}", _LOG4J),
    ("[main] {l} com.acme.Error - {m}", _LOG4J),
    ("2026-03-01 10:20:30.1234|{l}|Acme.Error|{m}", _LOG4J),
    ("{l}:com.error:{m}", _UPPER),
    ("{t},123 - com.error - {l} - {m}", _UPPER),
    ("[{t},123: {l}/MainProcess] {m}", _UPPER),
    ("[2026-03-01T10:20:30.123+0000] {{error.py:12}} {l} - {m}", _UPPER),
    ("[{t} +0000] [7] [{l}] {m}", _UPPER),
    ("[{t}] production.{l}: {m}", _UPPER),
    ("{l}: {m}", _UPPER),
    ("{l:<8} error.py:12 {m}", _UPPER),
    ("[{t}.123] [error-pool] [{l}] {m}", _LOWER),
    ("{t} [{l:<9}] {m}", _LOWER),
    ("2026-03-01T10:20:30.123Z {l}: {m}", _LOWER),
    ("2026-03-01T10:20:30.123Z\t{l}\terror/x.go:12\t{m}", _LOWER),
    ("[{t}.123][12][{l}][error] [error.cc:12] {m}", _LOWER),
    ("01-Mar-2026 10:20:30.123 general: {l}: {m}", _LOWER),
    ('time="{t}" level={l} msg="{e}" error="fatal"', _LOWER),
    ('{{"msg":"{e}","ctx":{{"level":"fatal"}},"level":"{l}"}}', _LOWER),
    ("[10:20:30 {l}] {m}", _SHORT),
    ("2026-03-01T10:20:30Z {l} {m}", _SHORT),
    ("{l}0301 10:20:30.123456   12 error.go:12] {m}", _LETTER),
    ("03-01 10:20:30.123  12  34 {l} ErrorTag: {m}", _LETTER),
    ("{l}, [2026-03-01T10:20:30.123456 #7] X -- : {m}", _LETTER),
    ("{t}.123456 {l} | error: {m}", _LETTER),
    ("<{l}>{m}", _SYSLOG),
    ("<{l}>1 2026-03-01T10:20:30Z host error 1 - - {m}", _SYSLOG),
)
HEADERS = (
    "", "{t} ", "[{t}] ", "2026/03/01 10:20:30 ", "2026-03-01T10:20:30.123Z ", "[worker-1] ", "Mar  1 10:20:30 host app[12]: ",
    "2026/03/01 10:20:30 main.go:12: ", "app: ", "web-1  | ", "2026-03-01T10:20:30.123Z stdout F ", "  ", "+ echo ",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form[0])
def test_the_outermost_declaration_wins_over_any_text(form: tuple[str, dict[str, str]]) -> None:
    template, levels = form
    for level, log_type in levels.items():
        for text in MESSAGES:
            line = template.format(t=T, l=level, m=text, e=json.dumps(text)[1:-1])
            assert classified(line)[0] == log_type and classified(line)[1] != "default", line


@pytest.mark.parametrize("header", HEADERS)
def test_a_level_word_in_the_text_declares_nothing(header: str) -> None:
    for text in MESSAGES:
        assert classified(header.format(t=T) + text) == ("info", "default"), header + text


@pytest.mark.parametrize(
    ("line", "log_type"),
    [
        ("\x1b[31mERROR\x1b[0m boom", "error"),
        ("\x1b[2m2026-03-01T10:20:30Z\x1b[0m \x1b[33m WARN\x1b[0m app: slow", "warning"),
        ("\x1b]0;title\x07ERROR: boom", "error"),
        ("\r 10%\r 90%\rERROR: disk full", "error"),
        ("ERROR: disk full\r", "error"),
        ("WARN start\r 10%\r 20%", "warning"),
        ("\r 10% errors\r 20% errors", "info"),
    ],
)
def test_escapes_and_carriage_returns_are_looked_through(line: str, log_type: str) -> None:
    assert classified(line)[0] == log_type


@pytest.mark.parametrize(
    ("word", "log_type"),
    [
        ("Error", "error"), ("WARN+2", "warning"), ("DEBUG-4", "debug"), ("trace8", "debug"), ("D2", "debug"), ("W", "warning"),
        ("严重", "critical"), ("informational", "info"), ("Metadata", None), ("", None), ("12", None), ("errors", None),
    ],
)  # fmt: skip
def test_words_that_are_levels(word: str, log_type: str | None) -> None:
    assert of_word(word) == log_type


def test_numbers_out_of_their_scale_are_no_levels() -> None:
    assert of_number(8, "syslog") is None and of_number(-1, "syslog") is None
    assert of_number(5, "azure") is None and of_number(0, "opentelemetry") is None
    assert of_number(12, "words") is None


def test_any_text_is_classified_and_always_alike() -> None:
    pieces = (
        "ERROR", "error", ":", " ", "  ", "[", "]", "(", ")", "<", ">", "{", "}", '"', "'", "\\", "=", "|", "-", ",", ".", "/", "#",
        "*", "+", "@", "%", "\t", "\n", "\r", "\x1b[31m", "\x1b", "2026-03-01", "T", "10:20:30", "Z", "12", "a", "App", "main", "level",
        "level=", '"level":', "info", "W", "::", "##[", "错误", "：", "✖", "\u00a0", "at ", "panic: ", "Exception", "sh: ", "\ud800", "\x00",
    )  # fmt: skip
    chosen = random.Random(6)
    lines = ["".join(chosen.choices(pieces, k=chosen.randrange(1, 24))) for _ in range(6000)]
    types, by = Classifier()(lines, "stderr")
    assert set(types) <= {"critical", "error", "warning", "info", "debug"}
    assert set(by) <= {
        "field", "bracket", "column", "prefix", "priority", "letter", "trace", "marker", "shell", "tool", "default",
    }  # fmt: skip
    alone = [Classifier()([line], "stderr") for line in reversed(lines)]
    assert [(t[0], b[0]) for t, b in reversed(alone)] == list(zip(types, by, strict=True))
