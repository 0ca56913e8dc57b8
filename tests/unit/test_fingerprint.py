"""What is the same problem, and what is not."""

from pathlib import Path

import pytest

from log_shipper.problems.fingerprint import Fingerprint, fingerprint
from log_shipper.problems.masking import masked

TRACES = Path(__file__).parents[1] / "data" / "traces"
PYTHON = """Traceback (most recent call last):
  File "/srv/release-{0}/app/pay.py", line {1}, in charge
    gateway.send(order)
  File "/usr/lib/python3.11/site-packages/gateway/client.py", line {2}, in send
    raise GatewayError(f"order {{order}} refused by {{host}}")
gateway.errors.GatewayError: order {3} refused by '10.0.0.{0}'"""
JAVA = """Exception in thread "pool-{0}-thread-1" com.acme.PayException: order {3} refused
\tat com.acme.Pay.charge(Pay.java:{1})
\tat com.acme.Pay$$Lambda${0}/0x0000{3}.run(Unknown Source)
\tat java.base/java.lang.Thread.run(Thread.java:{2})
Caused by: java.net.SocketTimeoutException: Read timed out after {0}ms
\tat java.base/java.net.Socket.read(Socket.java:{2})
\t... {2} more"""
NODE = """/app/{0}/pay.js:{1}
    throw new PayError(`order {3} refused`);
    ^

PayError: order {3} refused
    at Gateway.charge (/app/{0}/pay.js:{1}:11)
    at process.processTicksAndRejections (node:internal/process/task_queues:{2}:5)"""
GO = """panic: order {3} refused

goroutine {0} [running]:
main.(*Gateway).Charge(0xc00{3}, {{0x7763b8?, 0x1145{3}?}})
\t/src/{0}/pay.go:{1} +0x{2}
net/http.HandlerFunc.ServeHTTP(0x4804b9?, {{0x7763b8?, 0x1?}})
\t/usr/local/go/src/net/http/server.go:{2} +0x29"""
RUST = """thread 'worker-{0}' ({2}) panicked at src/pay.rs:{1}:9:
order {3} refused
stack backtrace:
   0: rust_begin_unwind
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:{2}:5
   1: pay::charge
             at ./src/pay.rs:{1}:9"""
RUBY = """/srv/{0}/pay.rb:{1}:in `charge': order {3} refused (PayError)
\tfrom /usr/lib/ruby/gems/3.1.0/gems/rack-{0}/lib/rack.rb:{2}:in `call'
\tfrom /srv/{0}/app.rb:{2}:in `<main>'"""
NET = """Unhandled exception. Acme.PayException: order {3} refused
   at Acme.Pay.Charge(Int32 order) in /src/{0}/Pay.cs:line {1}
   at System.Threading.Tasks.Task.Execute() in /_/src/Task.cs:line {2}"""
PHP = """PHP Fatal error:  Uncaught PayException: order {3} refused in /srv/{0}/pay.php:{1}
Stack trace:
#0 /srv/{0}/app.php({2}): Pay->charge()
#1 {{main}}
  thrown in /srv/{0}/pay.php on line {1}"""
FAMILIES = [
    (PYTHON, "gateway.errors.GatewayError", "GatewayError: order <*> refused by <*>"),
    (JAVA, "com.acme.PayException", "PayException: order <*> refused"),
    (NODE, "PayError", "PayError: order <*> refused"),
    (GO, "panic", "panic: order <*> refused"),
    (RUST, "panic", "panic: order <*> refused"),
    (RUBY, "PayError", "PayError: order <*> refused"),
    (NET, "Acme.PayException", "PayException: order <*> refused"),
    (PHP, "PayException", "PayException: order <*> refused in <*>"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "title"), FAMILIES, ids=[one[1] for one in FAMILIES])
def test_what_differs_from_time_to_time_does_not_count(text: str, kind: str, title: str) -> None:
    one, other = text.format(1, 20, 300, 4711), text.format(9, 33, 451, 8080)
    assert one != other
    found = fingerprint(one, "error")
    assert found == fingerprint(other, "error")
    assert (found.kind, found.title) == (kind, title)


@pytest.mark.parametrize(("text", "own"), [(PYTHON, "pay.py"), (JAVA, "Pay.java"), (NODE, "charge"), (GO, "Charge"),
                                           (RUST, "charge"), (RUBY, "charge"), (NET, "Charge"), (PHP, "app.php")])  # fmt: skip
def test_another_place_of_ones_own_code_is_another_problem(text: str, own: str) -> None:
    same = text.format(1, 20, 300, 4711)
    assert fingerprint(same, "error") != fingerprint(same.replace(own, "refund" + own[-4:].lower()), "error")


@pytest.mark.parametrize(("text", "foreign"), [(PYTHON, "client.py"), (JAVA, "Thread.java"), (NODE, "task_queues"),
                                               (GO, "server.go"), (RUST, "panicking.rs"), (RUBY, "rack.rb"), (NET, "Task.cs")])  # fmt: skip
def test_another_place_of_a_library_is_the_same_problem(text: str, foreign: str) -> None:
    same = text.format(1, 20, 300, 4711)
    assert foreign in same
    assert fingerprint(same, "error") == fingerprint(same.replace(foreign, "other" + foreign[-5:]), "error")


def test_another_message_and_another_type_are_other_problems() -> None:
    same = PYTHON.format(1, 20, 300, 4711)
    others = {same, same.replace("refused by", "lost at"), same.replace("GatewayError:", "GatewayTimeout:")}
    keys = {fingerprint(text, "error").key for text in others} | {fingerprint(same, "critical").key}
    assert len(keys) == 4


def test_another_owner_has_problems_of_his_own() -> None:
    assert fingerprint("ERROR x", "error", "alice") != fingerprint("ERROR x", "error", "bob")


def test_the_exception_that_came_out_names_a_chain() -> None:
    text = (
        "Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\nKeyError: 'x'\n\nDuring handling of the above "
        'exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "/a.py", line 2, in g\n'
        "ValueError: no x"
    )
    assert fingerprint(text, "error").title == "ValueError: no x"


PLAIN = [
    ("2026-11-24 12:00:00,123 ERROR [main] pay: order 4711 refused", "2026-11-25 01:02:03,4 ERROR [main] pay: order 8 refused"),
    ("ERROR: cannot open /var/lib/a/b.txt: No such file", "ERROR: cannot open /srv/c.txt: No such file"),
    ("error: user 'anna' not found", "error: user 'bert' not found"),
    ("E: https://a.example/x?y=1 gave 502 in 1.5s", "E: https://b.example/z gave 503 in 20ms"),
    ("ERROR job 3f2c9a7e-1b2d-4c3e-8f9a-0b1c2d3e4f5a failed", "ERROR job 00000000-1b2d-4c3e-8f9a-0b1c2d3e4f5a failed"),
    ("ERROR a@example.org: bounced (0xDEADBEEF)", "ERROR b.c@mail.example.com: bounced (0x1)"),
    ("ERROR pod web-7d4b9c6f5d-x2x4z is gone", "ERROR pod web-1a2b3c4d5e-q9w8e is gone"),
    ("\x1b[31mERROR\x1b[0m connection 17 reset", "ERROR connection 18 reset"),
    ('{"level":"error","msg":"order 1 refused","ts":1}', '{"ts":22,"level":"error","msg":"order 2 refused","id":"x"}'),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PLAIN)
def test_plain_messages_that_are_alike(one: str, other: str) -> None:
    assert fingerprint(one, "error") == fingerprint(other, "error")


def test_plain_messages_that_are_not_alike() -> None:
    texts = [one for one, _ in PLAIN] + [
        "ERROR can't open it",
        "ERROR can't close it",
        "ERROR",
        "",
        "错误：无法连接",
        "错误：超时",
    ]
    assert len({fingerprint(text, "error").key for text in texts}) == len(texts)


def test_json_with_a_trace_is_as_the_trace_alone() -> None:
    import json

    trace = PYTHON.format(1, 20, 300, 4711)
    assert fingerprint(json.dumps({"msg": "failed", "exc_info": trace}), "error") == fingerprint(trace, "error")
    assert fingerprint(json.dumps({"err": {"message": "x", "stack": trace}}), "error") == fingerprint(trace, "error")
    assert fingerprint('{"msg": "failed", "error": "EOF"}', "error").title == "failed: EOF"
    assert fingerprint("{not json", "error").title == "{not json"


def test_titles_are_short_and_without_the_time() -> None:
    assert fingerprint("2026-11-24T12:00:00Z ERROR a is b", "error").title == "ERROR a is b"
    assert len(fingerprint("ERROR " + "word " * 500, "error").title) == 200
    assert fingerprint("12345", "error").title == "<*>"


def _messages() -> list[str]:
    groups: list[list[str]] = []
    for file in sorted(TRACES.glob("*.txt")):
        for line in file.read_text().splitlines():
            if line.startswith(">"):
                groups.append([line[2:]])
            elif line.startswith("|") and groups:
                groups[-1].append(line[2:])
    return ["\n".join(group) for group in groups if len(group) > 2]


def test_every_trace_that_we_have_has_a_title_with_words() -> None:
    found = [fingerprint(message, "error") for message in _messages()]
    assert len(found) > 100
    assert [one for one in found if not one.title.strip("<*> ")] == []
    assert sum(bool(one.kind) for one in found) > len(found) // 2


@pytest.mark.parametrize("piece", ["'", '"', "/a", "a@", "0x", "1.", "at (", "File \"", "a::", "\x1b[", "<*> ", "(", "a.b", " "])  # fmt: skip
def test_long_hostile_lines_take_no_long_time(piece: str) -> None:
    """Bounded by the test's own timeout alone: a nested repetition would take for ever."""
    text = piece * 30_000
    for message in (text, "x\n" + text, "\n".join([text[:5000]] * 20), "  at " + text + "\n  at " + text):
        assert isinstance(fingerprint(message, "error"), Fingerprint)
    assert len(masked(text)) <= 1000 + 3
