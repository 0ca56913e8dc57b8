"""The commands that talk to the API, on prepared answers: what they ask, write, say, and end with."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fake_api import CONTAINER, FULL_ID, SEAL, Answer, FakeApi, Handler, end, enveloped, line, ndjson
from wholelog.client import Busy, Client, Refused, Retries, Unreachable
from wholelog.client.models import seal_of
from wholelog.commands.containers import ps, rm, top
from wholelog.commands.context import Context, shortcoming
from wholelog.commands.export import export
from wholelog.commands.logs import logs
from wholelog.commands.notices import Notices
from wholelog.commands.problems import problems
from wholelog.commands.run import run
from wholelog.commands.run_flags import task_of
from wholelog.errors import OutputProblem, UsageProblem
from wholelog.parser import parse

GAPS: dict[str, Any] = {
    "state": "gaps", "gaps": [{"from": "2026-11-24T00:00:00.000000001Z", "to": None, "lines": 3, "why": "rotated"}],
}  # fmt: skip
COMMANDS: dict[str, Callable[[Context], int]] = {
    "ps": ps, "rm": rm, "top": top, "export": export, "logs": logs, "run": run, "problems": problems,
}  # fmt: skip
STARTED = {
    "container_id": FULL_ID, "container_name": "wholelog-1", "log_path": "/logs", "task_id": "1",
    "image": {"name": "a", "digest": "sha256:0"},
}  # fmt: skip


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


class Desk:
    """One command on prepared answers. `code`, `out`, `said` are there after `do`."""

    def __init__(self, *answers: Answer | Handler, terminal: bool = False, stdin: str = "", **environ: str) -> None:
        self.api = FakeApi(*answers)
        self._kind = Terminal if terminal else io.TextIOWrapper
        self._stdin, self._environ = stdin, environ

    def do(self, *words: str) -> "Desk":
        asked, _ = parse(words)
        out, err = io.BytesIO(), io.BytesIO()
        client = Client("http://api:1", retries=Retries(seconds=10), http=self.api.http(), sleep=self.api.sleep)
        context = Context(
            asked, client, "http://api:1", self._environ, io.StringIO(self._stdin),
            self._kind(out, "utf-8"), self._kind(err, "utf-8"),
        )  # fmt: skip
        try:
            self.code = COMMANDS[asked.command](context)
        finally:
            context.stdout.flush()
            context.stderr.flush()
            self.out, self.said = out.getvalue(), err.getvalue().decode()
        return self

    def queries(self) -> list[list[tuple[str, str]]]:
        return [request.url.params.multi_items() for request in self.api.asked]


def by_container(answers: dict[str, httpx.Response]) -> Handler:
    return lambda request: answers[request.url.params["container_id"]]


def test_ps() -> None:
    ended = {**CONTAINER, "name": "ended"}
    running = {**CONTAINER, "status": "running", "name": "runs"}
    waiting = {**CONTAINER, "status": "created", "phase": "queued", "name": "waits"}
    assert "created (queued)" in Desk(enveloped({"containers": [waiting]})).do("ps").out.decode()
    answer = enveloped({"containers": [ended, running]})
    lines = Desk(answer).do("ps").out.decode().splitlines()
    assert lines[0].split("   ")[:2] == ["CONTAINER ID", "NAME"] and len(lines) == 2
    assert lines[1].split() == [FULL_ID[:12], "runs", "busybox:1", "algorithm", "running", "12.5", "1MiB", "/", "2MiB"]
    assert Desk(answer).do("ps", "-aq").out.decode() == f"{FULL_ID[:12]}\n" * 2
    assert Desk(answer).do("ps", "-aq", "--no-trunc").out.decode() == f"{FULL_ID}\n" * 2
    assert json.loads(Desk(answer).do("ps", "-o", "json").out) == running
    assert Desk(answer).do("ps", "-l", "team=a", "--label", "b").queries() == [[("label", "team=a"), ("label", "b")]]


def test_rm_stops_nothing_that_runs_unless_forced() -> None:
    running = enveloped({"container": {**CONTAINER, "status": "running"}})
    desk = Desk(running).do("rm", "one")
    assert (desk.code, desk.out) == (1, b"") and "-f stops and deletes it" in desk.said
    assert [request.method for request in desk.api.asked] == ["GET"]
    gone = enveloped({"container_id": FULL_ID, "removed": True})
    desk = Desk(gone).do("rm", "-f", "one", "two")
    assert (desk.code, desk.out) == (0, b"one\ntwo\n")
    assert [(request.method, request.url.path) for request in desk.api.asked] == [
        ("DELETE", "/containers/one"), ("DELETE", "/containers/two"),
    ]  # fmt: skip
    desk = Desk(enveloped({}, 404, "no such"), enveloped({"container": CONTAINER}), gone).do("rm", "one", "two")
    assert (desk.code, desk.out) == (1, b"two\n") and "one: no such" in desk.said


def test_top_without_a_terminal_is_a_table() -> None:
    busy = {**CONTAINER, "status": "running", "name": "busy"}
    desk = Desk(enveloped({"containers": [CONTAINER, busy]})).do("top")
    assert [text.split()[1] for text in desk.out.decode().splitlines()[1:]] == ["busy", "wholelog-one"]
    desk = Desk(enveloped({"containers": []})).do("top", "-n", "3", "-d", "0.1")
    assert len(desk.api.asked) == 3


def test_logs_asks_for_what_was_given() -> None:
    desk = Desk(ndjson(line(1), end(1))).do(
        "logs",
        "--since",
        "10m",
        "--until",
        "5m",
        "--type",
        ">=warning",
        "--stream",
        "stderr",
        "-g",
        "disk full",
        "--regex",
        "a.b",
        "-n",
        "7",
        "x",
    )
    assert (desk.code, desk.out, desk.said) == (0, b"line 1\n", "")
    assert desk.queries() == [[
        ("container_id", "x"), ("start_time", "10m"), ("end_time", "5m"), ("q", "disk full"), ("regex", "a.b"), ("log_type", ">=warning"),
        ("stream", "stderr"), ("tail", "7"), ("format", "ndjson"),
    ]]  # fmt: skip
    assert ("order", "desc") in Desk(ndjson(end(0))).do("logs", "-r", "x").queries()[0]


def owned(number: int, message: str, name: str, letter: str) -> bytes:
    return line(number, message, container_id=letter * 64, container_name=name)


def test_logs_of_several_are_one_answer() -> None:
    seals = [
        {
            "container_id": letter * 64,
            "container_name": name,
            "task_id": "",
            "type": "",
            "uid": "",
            "seal": {**SEAL, **seal},
        }
        for letter, name, seal in (("a", "one", {}), ("b", "", GAPS))
    ]
    last = json.loads(end(3))
    last["end"]["seals"] = seals
    lines = (owned(1, "x", "one", "a"), owned(2, "y", "", "b"), owned(3, "z\nmore", "one", "a"))
    answer = ndjson(*lines, json.dumps(last).encode() + b"\n")
    desk = Desk(answer).do("logs", "one", "two")
    assert desk.out.decode().splitlines() == ["one | x", "bbbbbbbbbbbb | y", "one          | z", "one          | more"]
    assert "rotated" in desk.said and desk.said.count("\n") == 1 and desk.code == 0
    assert desk.queries()[0][:2] == [("container_id", "one"), ("container_id", "two")] and len(desk.api.asked) == 1
    assert Desk(answer).do("logs", "--strict", "one", "two").code == 3
    desk = Desk(answer).do("logs", "--no-prefix", "-t", "two", "one")
    assert desk.out.decode().splitlines()[0] == "2026-11-24T00:00:00.000000001Z x"
    desk = Desk(answer).do("logs", "-o", "json", "one", "two")
    assert [json.loads(text)["container"] for text in desk.out.splitlines()] == ["one", "b" * 12, "one"]
    rows = Desk(answer).do("logs", "-o", "csv", "one", "two").out.decode().splitlines()
    assert rows[0].startswith("container,log_time") and rows[2].startswith("bbbbbbbbbbbb,")
    desk = Desk(answer).do(
        "logs", "--uid", "u1", "--uid", "u2", "--task-type", "bash_cell", "--task-id", "t", "-n", "5"
    )
    assert desk.queries()[0] == [
        ("task_id", "t"), ("type", "bash_cell"), ("uid", "u1"), ("uid", "u2"), ("tail", "5"), ("format", "ndjson"),
    ]  # fmt: skip
    assert desk.out.decode().splitlines()[0] == "one | x"


def joint(*owners: tuple[str, str, dict[str, Any]]) -> httpx.Response:
    """What is said of several, with one line of them."""
    seals = [
        {"container_id": letter * 64, "container_name": name, "task_id": "", "type": "", "uid": "", "seal": {**SEAL, **seal}}
        for letter, name, seal in owners
    ]  # fmt: skip
    return enveloped({"logs": [], "count": 0, "lines": 0, "seal": SEAL, "seals": seals})


def test_logs_followed_by_label_are_joined_by_those_that_come_later() -> None:
    """And by one that runs again, behind what was shown of it; a gap is told when a log ends."""
    looks = 0
    told = {
        "a" * 64: [ndjson(line(1, "x"), end(1, **GAPS)), ndjson(line(9, "again"), end(1, runs=2))],
        "b" * 64: [ndjson(line(2, "y"), end(1))],
    }

    def answer(request: httpx.Request) -> Answer:
        nonlocal looks
        if request.url.params.get("follow"):
            return told[request.url.params["container_id"]].pop(0)
        looks += 1
        if looks == 1:
            return joint(("a", "one", {"state": "open"}))
        return joint(("a", "one", {"runs": 2}), ("b", "", {})) if looks < 4 else enveloped({}, 400, "enough")

    desk = Desk(answer)
    with pytest.raises(Refused, match="enough"):
        desk.do("logs", "-f", "-l", "team", "--label", "run=1", "-n", "5", "--since", "10m")
    shown = sorted(tuple(text.split("|")) for text in desk.out.decode().replace(" ", "").splitlines())
    assert shown == [("b" * 12, "y"), ("one", "again"), ("one", "x")] and "one: the log is not whole" in desk.said
    asked = [dict(query) for query in desk.queries()]
    assert desk.queries()[0] == [("start_time", "10m"), ("label", "team"), ("label", "run=1"), ("size", "1")]
    looked = [query["start_time"] for query in asked if query.get("size")][1:]
    assert all(text.endswith("s") and int(text[:-1]) > 60 for text in looked) and len(looked) == 3
    followed = [query for query in asked if query.get("follow")]
    assert ["tail" in query for query in followed] == [True, False, False] and "label" not in followed[0]


@pytest.mark.parametrize("words", [("-f", "--label", "u", "x"), ("-f", "--task-id", "t", "x"), (), ("-f",)])
def test_which_containers_must_be_said(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageProblem, match="--uid"):
        Desk(ndjson(end(0))).do("logs", *words)
    if not words:
        with pytest.raises(UsageProblem, match="--uid"):
            Desk(ndjson(end(0))).do("export")


def test_export_of_several(tmp_path: Path) -> None:
    """In one order, as the API gives the same form; the file goes on where it was broken off."""
    found = [CONTAINER, {**CONTAINER, "container_id": "ab" * 32}]
    lines = ndjson(owned(1, "x", "one", "a"), owned(2, "=y", "", "b"), end(2))

    def answer(request: httpx.Request) -> Answer:
        if request.url.path == "/logs":
            return lines
        return enveloped({"container": found[request.url.path.endswith("two")]})

    for file, content in {
        "a.ndjson": owned(1, "x", "one", "a") + owned(2, "=y", "", "b"),
        "a.txt": b"2026-11-24T00:00:00.000000001Z info one x\n2026-11-24T00:00:00.000000002Z info bbbbbbbbbbbb =y\n",
    }.items():
        desk = Desk(answer).do("export", "one", str(tmp_path / file), "--also", "two")
        assert (tmp_path / file).read_bytes() == content and desk.code == 0
        assert [one for one in desk.queries()[-1] if one[0] == "container_id"] == [
            ("container_id", FULL_ID), ("container_id", "ab" * 32),
        ]  # fmt: skip
    rows = Desk(answer).do("export", "--uid", "u1", "-o", "csv", "--file", "-").out.decode().splitlines()
    assert rows[0].endswith("id,container_id,container_name") and rows[2].endswith(f"'=y,1,id2,{'b' * 64},")
    desk = Desk(answer).do("export", "--uid", "u1", "--strict", "--file", str(tmp_path / "u1.ndjson"))
    assert desk.code == 0 and ("uid", "u1") in desk.queries()[0] and (tmp_path / "u1.ndjson").exists()


def test_logs_of_several_followed_have_every_line_once() -> None:
    answers = {
        name: ndjson(*(line(number, f"{name} {number}", cursor=f"P{number}") for number in range(3000)), end(3000))
        for name in ("one", "two", "three")
    }
    desk = Desk(by_container(answers)).do("logs", "-f", "--no-prefix", "one", "two", "three")
    lines = desk.out.decode().splitlines()
    assert len(lines) == 9000 and desk.code == 0
    for name in answers:
        assert [text for text in lines if text.startswith(name)] == [f"{name} {number}" for number in range(3000)]


def test_an_error_of_one_of_several_followed_ends_all() -> None:
    def answer(request: httpx.Request) -> Answer:
        return enveloped({}, 404, "no such") if request.url.params["container_id"] == "two" else ndjson(line(1), end(1))

    from wholelog.client import NotFound

    with pytest.raises(NotFound):
        Desk(answer).do("logs", "-f", "one", "two")


def test_patterns_are_names() -> None:
    listed = enveloped({"containers": [{**CONTAINER, "name": name} for name in ("train-1", "train-2", "other")]})

    def answer(request: httpx.Request) -> Answer:
        return listed if request.url.path == "/containers" else ndjson(line(1), end(1))

    desk = Desk(answer).do("logs", "train-*", "train-1", "x")
    assert [value for name, value in desk.queries()[1] if name == "container_id"] == ["train-1", "train-2", "x"]
    with pytest.raises(UsageProblem, match="no container has such a name"):
        Desk(answer).do("logs", "nosuch-*")


@pytest.mark.parametrize(
    "words", [("-f", "--until", "5m"), ("-f", "-r"), ("-r", "-n", "5"), ("-n", "five"), ("-n", "-1")]
)
def test_what_does_not_go_together(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageProblem, match="--until|--reverse|--tail"):
        Desk(ndjson(end(0))).do("logs", *words, "x")


@pytest.mark.parametrize(
    ("seal", "code", "strict", "said"),
    [
        ({}, 0, 0, ""),
        ({"state": "open"}, 0, 3, ""),
        (GAPS, 0, 3, "3 lines between 2026-11-24T00:00:00.000000001Z and an unknown time: rotated"),
        ({"state": "unverified", "reason": "no copy"}, 0, 3, "could not be verified: no copy"),
    ],
)
def test_a_log_that_is_not_whole(seal: dict[str, Any], code: int, strict: int, said: str) -> None:
    answer = ndjson(line(1), end(1, **seal))
    desk = Desk(answer).do("logs", "x")
    assert desk.code == code and said in desk.said and bool(desk.said) == bool(said)
    assert Desk(answer).do("logs", "--strict", "x").code == strict


def test_many_gaps_are_few_words() -> None:
    seal = seal_of({**SEAL, "state": "gaps", "gaps": [{"from": None, "to": None, "lines": None, "why": "x"}] * 5})
    assert shortcoming(seal).endswith("and 2 more gaps") and "some lines" in shortcoming(seal)


def exported(request: httpx.Request) -> Answer:
    """Three pages of two."""
    if request.url.path != "/logs":
        return enveloped({"container": CONTAINER})
    cursor = request.url.params.get("cursor")
    first = {None: 1, "P2": 3, "P4": 5}[cursor]
    return ndjson(line(first), line(first + 1), end(2, {None: "P2", "P2": "P4", "P4": ""}[cursor]))


def test_export_into_each_kind_of_file(tmp_path: Path) -> None:
    for file, first in {
        "a.ndjson": line(1), "a.txt": b"2026-11-24T00:00:00.000000001Z info line 1\n",
        "a.csv": b"log_time,log_type,stream,log_message,lines,id\r\n", "noend": line(1),
    }.items():  # fmt: skip
        desk = Desk(exported).do("export", "one", str(tmp_path / file))
        content = (tmp_path / file).read_bytes()
        assert desk.code == 0 and "6 messages" in desk.said and content.startswith(first)
        assert content.count(b"\n") == 6 + file.endswith(".csv")
    assert {one.name for one in tmp_path.iterdir()} == {"a.ndjson", "a.txt", "a.csv", "noend"}
    with pytest.raises(OutputProblem, match="--force"):
        Desk(exported).do("export", "one", str(tmp_path / "a.csv"))
    assert Desk(exported).do("export", "--force", "one", str(tmp_path / "a.csv")).code == 0
    with pytest.raises(OutputProblem, match="No such file"):
        Desk(exported).do("export", "one", str(tmp_path / "none" / "a.csv"))


def test_export_to_a_pipe() -> None:
    assert Desk(exported).do("export", "-o", "text", "one", "-").out.count(b"\n") == 6


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_an_export_that_was_broken_off_goes_on(fails_at: int, tmp_path: Path) -> None:
    pages = 0

    def breaks(request: httpx.Request) -> Answer:
        nonlocal pages
        pages += request.url.path == "/logs"
        whole = exported(request)
        if pages < fails_at or request.url.path != "/logs":
            return whole
        if pages == fails_at and isinstance(whole, httpx.Response):
            return ndjson(whole.content.splitlines(keepends=True)[0], cut=True)  # a line of the page, then nothing
        return enveloped({}, 500, "an error of ours")

    from wholelog.client import Refused

    file = tmp_path / "a.ndjson"
    with pytest.raises(Refused):
        Desk(breaks).do("export", "one", str(file))
    assert not file.exists() and (tmp_path / "a.ndjson.part").exists()
    desk = Desk(exported).do("export", "one", str(file))
    assert file.read_bytes() == b"".join(line(number) for number in range(1, 7))
    cursors = [request.url.params.get("cursor") for request in desk.api.asked if request.url.path == "/logs"]
    assert cursors == [None, "P2", "P4"][fails_at - 1 :]
    assert [one.name for one in tmp_path.iterdir()] == ["a.ndjson"]


def test_what_is_left_of_another_export_is_not_gone_on_with(tmp_path: Path) -> None:
    def breaks(request: httpx.Request) -> Answer:
        return enveloped({}, 500, "x") if request.url.params.get("cursor") == "P4" else exported(request)

    from wholelog.client import Refused

    file = tmp_path / "a.ndjson"
    with pytest.raises(Refused):
        Desk(breaks).do("export", "one", str(file))
    desk = Desk(exported).do("export", "--since", "10m", "one", str(file))
    assert "cursor" not in dict(desk.queries()[1]) and file.read_bytes().count(b"\n") == 6


def api_of_a_run(*parts: bytes, **container: Any) -> Handler:
    def answer(request: httpx.Request) -> Answer:
        if request.url.path == "/logs":
            return ndjson(*parts)
        if request.method == "POST":
            return enveloped(STARTED, message="started")
        if request.method == "DELETE":
            return enveloped({"container_id": FULL_ID, "removed": True})
        return enveloped({"container": {**CONTAINER, **container}})

    return answer


def test_run_shows_every_line_and_ends_with_the_tasks_code() -> None:
    parts = (line(1, "out"), line(2, "err", stream="stderr"), b"\n", line(3, "more"), end(3))
    desk = Desk(api_of_a_run(*parts)).do(
        "run", "-e", "A=b", "--cpus", "0.5", "-m", "64m", "busybox:1", "echo", "a b", "-x"
    )
    assert (desk.code, desk.out, desk.said) == (3, b"out\nmore\n", "err\n")
    body = json.loads(desk.api.asked[0].content)
    assert body["tags"] == {"type": "algorithm"} and body["task_desc"] == {
        "image": "busybox:1", "cmd": "echo 'a b' -x", "cpu_limit": "0.5", "mem_limit": "64m", "env": ["A=b"],
    }  # fmt: skip
    assert [request.method for request in desk.api.asked] == ["POST", "GET", "GET"]


def test_run_warns_of_a_log_that_is_not_whole() -> None:
    desk = Desk(api_of_a_run(line(1), end(1, **GAPS), exit_code=0)).do("run", "x")
    assert desk.code == 0 and "not whole: 3 lines" in desk.said
    assert Desk(api_of_a_run(end(1, **GAPS), exit_code=0)).do("run", "--strict", "x").code == 3
    assert Desk(api_of_a_run(end(1, **GAPS), exit_code=7)).do("run", "--strict", "x").code == 7
    ordered = Desk(api_of_a_run(line(2), line(1, late=True), end(1), exit_code=0)).do("run", "--in-order", "x")
    assert ordered.said == "" and [request.url.params.get("follow") for request in ordered.api.asked[1:]] == [
        "true",
        None,
        None,
    ]
    late = Desk(api_of_a_run(line(2), line(1, late=True), end(1), exit_code=0)).do("run", "x")
    assert late.out == b"line 2\nline 1\n" and "1 messages came late" in late.said


def test_run_goes_on_with_the_runs_after_one_that_failed() -> None:
    phases = iter(["running", "created", "done"])
    logs_of = iter(
        [ndjson(line(1, cursor="P1"), end(1, "E1")), ndjson(end(0, "E1")), ndjson(line(2, cursor="P2"), end(1, "E2"))]
    )

    def answer(request: httpx.Request) -> Answer:
        if request.url.path == "/logs":
            return next(logs_of)
        if request.method == "POST":
            return enveloped(STARTED, message="started")
        return enveloped({"container": {**CONTAINER, "exit_code": 0, "phase": next(phases)}})

    desk = Desk(answer).do("run", "--retries", "1", "--timeout", "5m", "x")
    assert (desk.code, desk.out, desk.said) == (0, b"line 1\nline 2\n", "")
    assert json.loads(desk.api.asked[0].content)["task_desc"] == {"image": "x", "retries": "1", "timeout": "5m"}
    cursors = [request.headers.get("last-event-id") for request in desk.api.asked if request.url.path == "/logs"]
    assert cursors == [None, "P1", "P1"]


def test_run_of_a_task_that_never_began_says_why() -> None:
    told = {"status": "removed", "exit_code": None, "phase": "done", "reason": "inputs: no such file"}
    desk = Desk(api_of_a_run(end(0), **told)).do("run", "x")
    assert desk.code == 125 and "inputs: no such file" in desk.said


def test_run_says_on_a_terminal_that_all_is_there() -> None:
    desk = Desk(
        api_of_a_run(line(1, "\x1b[2J", log_type="error"), end(1), exit_code=0), terminal=True, TERM="xterm"
    ).do("run", "x")
    assert desk.out.decode() == "\x1b[31m␛[2J\x1b[0m\n" and "sealed: 5 lines" in desk.said
    desk = Desk(api_of_a_run(line(1), end(1), exit_code=0), terminal=True).do("run", "-q", "--color", "never", "x")
    assert (desk.out, desk.said) == (b"line 1\n", "")


def test_run_detached_removed_and_refused() -> None:
    desk = Desk(api_of_a_run()).do("run", "-d", "x")
    assert (desk.code, desk.out) == (0, FULL_ID.encode() + b"\n") and len(desk.api.asked) == 1
    desk = Desk(api_of_a_run(end(0), exit_code=0)).do("run", "--rm", "x")
    assert desk.code == 0 and desk.api.asked[-1].method == "DELETE"
    desk = Desk(enveloped({}, 400, "image: none")).do("run", "x")
    assert desk.code == 125 and "not started: image: none" in desk.said
    desk = Desk(api_of_a_run(end(0), exit_code=None)).do("run", "x")
    assert desk.code == 125 and "exit code is not known" in desk.said


def test_who_waits_is_told_once_of_each_thing() -> None:
    said: list[str] = []
    notices = Notices(said.append)
    for error in (Unreachable("away"), Unreachable("away"), Busy(503, "busy"), Unreachable("away")):
        notices(error, 2.0)
    notices(Unreachable("a moment"), 0.3)
    assert said == ["away; trying again", "busy; trying again", "away; trying again"]


def test_run_prints_the_request() -> None:
    import shlex

    desk = Desk(enveloped({}, 500, "must not be asked")).do("run", "--print", "--request-id", "r", "x", "echo", "it's")
    words = shlex.split(desk.out.decode())
    assert words[:3] == ["curl", "-sS", "http://api:1/containers"] and not desk.api.asked
    assert (
        json.loads(words[-1])["task_desc"]["cmd"] == "echo 'it'\"'\"'s'" and json.loads(words[-1])["request_id"] == "r"
    )


def task(*words: str, stdin: str = "", **environ: str) -> Any:
    asked, _ = parse(("run", *words))
    return task_of(asked, environ, io.StringIO(stdin))


def test_scripts_are_cells(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print('ü')\n")
    assert (task("--python", str(tmp_path / "a.py")).type, task("--python", str(tmp_path / "a.py")).cmd) == (
        "code_cell",
        "print('ü')\n",
    )
    made = task("--bash", "-", "busybox:1", stdin="echo 1; exit 3")
    assert (made.type, made.cmd, made.image) == ("bash_cell", "echo 1; exit 3", "busybox:1")
    made = task("--type", "bash_cell", "-", "echo 1 | cat")
    assert (made.cmd, made.image) == ("echo 1 | cat", "")
    (tmp_path / "bad").write_bytes(b"\xff")
    for words in (("--python", str(tmp_path / "bad")), ("--bash", "-", "x", "ls"), ("--type", "bash_cell", "x", "a", "b"), ("--type", "code_cell", "--bash", "-"), ()):  # fmt: skip
        with pytest.raises(UsageProblem):
            task(*words)
    with pytest.raises(FileNotFoundError):
        task("--python", str(tmp_path / "none"))


def test_variables_are_docker_runs(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# a comment\nA=1 2\n\n  B=x#y\nHERE\nNOWHERE\n")
    made = task("--env-file", str(tmp_path / "env"), "-e", "C", "-e", "D=", "-e", "NONE", "x", HERE="h", C="c")
    assert made.env == ["A=1 2", "B=x#y", "HERE=h", "C=c", "D="]


def test_labels_are_docker_runs() -> None:
    assert task("-l", "team=a=b", "--label", "run=7", "x").body()["tags"]["labels"] == {"team": "a=b", "run": "7"}
    assert "labels" not in task("x").body()["tags"]
    with pytest.raises(UsageProblem, match="--label 'team': must be NAME=VALUE"):
        task("--label", "team", "x")


@pytest.mark.parametrize("flag", ["-it", "-t", "--volume", "-p", "--network", "--entrypoint"])
def test_what_docker_run_has_and_we_have_not_is_said(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(("run", flag, "x"))
    assert caught.value.code == 2 and f"{flag}: not offered" in capsys.readouterr().err


def test_flags_behind_the_image_are_the_commands() -> None:
    asked, flags = parse(("run", "--api-url", "http://h:1", "x", "ls", "-it", "--api-url", "y", "--", "-f"))
    assert asked.words == ["ls", "-it", "--api-url", "y", "--", "-f"] and flags == {"api_url": "http://h:1"}


PROBLEM: dict[str, Any] = {
    "id": "00112233aabbccdd", "title": "ValueError: <*>", "kind": "ValueError", "log_type": "error", "state": "open",
    "count": 3, "first_seen": "2026-11-24T00:00:00.000000000Z", "last_seen": "2026-11-24T00:01:00.000000000Z",
    "containers": [{"container_id": FULL_ID, "name": "wholelog-one", "task_id": "one", "count": 3,
                    "last_seen": "2026-11-24T00:01:00.000000000Z"}], "note": "", "said_at": None,
}  # fmt: skip


def test_problems_are_listed_and_shown() -> None:
    desk = Desk(enveloped({"problems": [PROBLEM], "count": 1}))
    done = desk.do("problems", "--state", "open", "--state", "regressed", "--container", "one")
    assert done.code == 0 and b"00112233aabbccdd" in done.out and b"ValueError: <*>" in done.out
    assert dict(desk.queries()[0]) == {"state": "open,regressed", "container_id": "one", "size": "1000"}
    told = {"log_message": "ValueError: \x1b[31m1"}
    sample = {"container_id": FULL_ID, "line": told, "before": [{"log_message": "before it"}]}
    shown = Desk(enveloped({"problem": {**PROBLEM, "note": "known", "sample": sample}})).do("problems", PROBLEM["id"])
    assert b"before it\nValueError: " in shown.out and b"\x1b" not in shown.out and b"note: known" in shown.out
    gone = Desk(enveloped({"problem": {**PROBLEM, "sample": None}})).do("problems", PROBLEM["id"])
    assert b"is gone" in gone.out
    as_json = Desk(enveloped({"problems": [PROBLEM], "count": 1})).do("problems", "-o", "json")
    assert json.loads(as_json.out) == PROBLEM


def test_what_became_of_problems_is_said() -> None:
    desk = Desk(enveloped({"problem": {**PROBLEM, "state": "resolved"}}), enveloped({}, 404, "there is no problem"))
    done = desk.do("problems", PROBLEM["id"], "f" * 16, "--resolve", "--note", "fixed in 2")
    assert (done.code, done.out) == (1, b"00112233aabbccdd resolved\n") and "there is no problem" in done.said
    assert json.loads(desk.api.asked[0].content) == {"state": "resolved", "note": "fixed in 2"}
    with pytest.raises(UsageProblem, match="--ignore: name the problems"):
        Desk(enveloped({})).do("problems", "--ignore")
