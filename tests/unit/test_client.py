"""`wholelog.client`, both of its kinds, against prepared answers."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_api import CONTAINER, FULL_ID, SEAL, FakeApi, end, enveloped, line, ndjson
from wholelog.client import (
    AsyncClient,
    BadRequest,
    Busy,
    Client,
    ClientError,
    Conflict,
    End,
    Forbidden,
    NotFound,
    NotWholelog,
    Refused,
    Retries,
    Selection,
    Task,
    Unauthorized,
    Unreachable,
)
from wholelog.client.streams import Splitter
from wholelog.client_settings import client_settings, token_of
from wholelog_base.settings import SettingsError

RETRIES = Retries(seconds=10, clock=lambda: 0.0, chance=lambda: 1.0)


class Blocking:
    """Both clients behind one face: calls by name, lines as a list with the end."""

    def __init__(self, api: FakeApi, retries: Retries = RETRIES) -> None:
        self._client = Client("http://api:1/", retries=retries, http=api.http(), sleep=api.sleep)

    def call(self, name: str, *given: Any, **more: Any) -> Any:
        return getattr(self._client, name)(*given, **more)

    def lines(self, name: str, *given: Any, **more: Any) -> tuple[list[str], End | None, str]:
        found = getattr(self._client, name)(*given, **more)
        return [one.message for one in found], found.end, found.checkpoint


class Asynchronous:
    def __init__(self, api: FakeApi, retries: Retries = RETRIES) -> None:
        self._made = lambda: AsyncClient("http://api:1", retries=retries, http=api.async_http(), sleep=api.async_sleep)

    def call(self, name: str, *given: Any, **more: Any) -> Any:
        async def ask() -> Any:
            async with self._made() as client:
                return await getattr(client, name)(*given, **more)

        return asyncio.run(ask())

    def lines(self, name: str, *given: Any, **more: Any) -> tuple[list[str], End | None, str]:
        async def read() -> tuple[list[str], End | None, str]:
            async with self._made() as client:
                found = getattr(client, name)(*given, **more)
                return [one.message async for one in found], found.end, found.checkpoint

        return asyncio.run(read())


Made = Callable[..., Blocking | Asynchronous]
both = pytest.mark.parametrize("made", [Blocking, Asynchronous])


def test_a_token_goes_with_every_request_and_is_shown_nowhere(tmp_path: Path) -> None:
    api = FakeApi(ndjson(line(1), end(1)))
    client = Client("http://api:1", token="t0k.en", http=api.http(), sleep=api.sleep)
    assert [one.message for one in client.read("x")] == ["line 1"]
    api = FakeApi(enveloped({"containers": []}))
    asking = Client("http://api:1", token="t0k.en", http=api.http())
    asking.containers()
    assert api.asked[0].headers["authorization"] == "Bearer t0k.en" and "t0k" not in repr(asking._target)
    plain = Client("http://api:1", http=api.http())
    plain.containers()
    assert "authorization" not in api.asked[1].headers

    async def ask() -> None:
        async with AsyncClient("http://api:1", token="t0k.en", http=api.async_http()) as other:
            await other.containers()

    asyncio.run(ask())
    assert api.asked[2].headers["authorization"] == "Bearer t0k.en"
    for wrong in ("a b", "a\n", "ü", "a\r\nX: y"):
        with pytest.raises(ClientError, match="the token: must be one word") as refused:
            Client("http://api:1", token=wrong)
        assert wrong not in str(refused.value)


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthorized), (403, Forbidden)])
def test_who_is_not_let_in_is_not_tried_again(status: int, kind: type[Refused]) -> None:
    api = FakeApi(enveloped({}, status, "no"))
    with pytest.raises(kind, match="no"):
        Client("http://api:1", http=api.http(), sleep=api.sleep).containers()
    assert len(api.asked) == 1


def test_the_token_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "t").write_text(" from.file\n")
    given: dict[str, str] = {"WHOLELOG_TOKEN_FILE": str(tmp_path / "t"), "WHOLELOG_DATA": "/of/the/service"}
    assert token_of(client_settings({}, given, None)) == "from.file"
    assert token_of(client_settings({}, {**given, "WHOLELOG_TOKEN": "given"}, None)) == "given"
    assert token_of(client_settings({}, {}, None)) == ""
    with pytest.raises(SettingsError, match="token_file: .*none cannot be read: No such file"):
        token_of(client_settings({"token_file": str(tmp_path / "none")}, {}, None))


@both
def test_containers(made: Made) -> None:
    api = FakeApi(enveloped({"containers": [CONTAINER]}), enveloped({"container": CONTAINER}))
    client = made(api)
    (one,) = client.call("containers")
    assert (one.name, one.image, one.cpu, one.status, one.task_id) == (
        "wholelog-one",
        "busybox:1",
        12.5,
        "exited",
        "one",
    )
    shown = client.call("container", "a/b c")
    assert shown.exit_code == 3 and shown.seal.whole and shown.seal.started.startswith("2026")
    assert [request.url.raw_path for request in api.asked] == [b"/containers", b"/containers/a%2Fb%20c"]


@both
def test_a_task_is_started_with_a_request_id_of_its_own(made: Made) -> None:
    data = {
        "container_id": FULL_ID, "container_name": "wholelog-1", "log_path": "/logs", "task_id": "1",
        "image": {"name": "a", "digest": "sha256:0"},
    }  # fmt: skip
    api = FakeApi(httpx.ConnectError("refused"), enveloped(data, message="started"))
    started = made(api).call("start", Task(type="bash_cell", cmd="echo 1", env=["A=b"], more={"inputs": [1]}))
    assert started.container_id == FULL_ID and not started.again and started.image == "a"
    bodies = [json.loads(request.content) for request in api.asked]
    assert bodies[0] == bodies[1] and len(bodies[0]["request_id"]) == 32
    assert bodies[0]["task_desc"] == {"cmd": "echo 1", "env": ["A=b"], "inputs": [1]}
    assert api.asked[0].headers["content-type"] == "application/json"


@both
def test_deleting_is_repeated_with_the_same_request_id(made: Made) -> None:
    answer = enveloped({"container_id": FULL_ID, "removed": True, "seal": SEAL}, message="gone")
    api = FakeApi(httpx.ReadTimeout("slow"), enveloped({}, 503, "engine away", retry_after="2"), answer)
    deleted = made(api).call("delete", "one")
    assert deleted.removed and deleted.seal.whole and deleted.message == "gone"
    assert len({request.content for request in api.asked}) == 1 and api.slept == [0.2, 2.0]


@both
@pytest.mark.parametrize(
    ("status", "kind"), [(400, BadRequest), (404, NotFound), (409, Conflict), (413, Refused), (500, Refused)]
)
def test_what_is_refused_is_not_asked_again(made: Made, status: int, kind: type[Refused]) -> None:
    api = FakeApi(enveloped({}, status, "field: wrong"))
    for ask in (lambda c: c.call("container", "x"), lambda c: c.lines("read", "x")):
        with pytest.raises(kind, match="field: wrong") as caught:
            ask(made(api))
        assert caught.value.status == status and type(caught.value) is kind
    assert len(api.asked) == 2 and not api.slept


@both
def test_patience_ends(made: Made) -> None:
    now = iter([0.0, 0.0, 4.0, 4.0, 8.0, 9.9])
    api = FakeApi(httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match="nobody answers at http://api:1"):
        made(api, Retries(seconds=9, clock=lambda: next(now), chance=lambda: 1.0)).call("containers")
    assert api.slept == [0.2, 0.4, 0.8, 1.6, 3.2][: len(api.slept)] and len(api.slept) >= 3
    api = FakeApi(enveloped({}, 429, "too many", retry_after="60"))
    with pytest.raises(Busy) as caught:
        made(api).call("containers")
    assert caught.value.retry_after == 60 and len(api.asked) == 1


@both
def test_who_has_never_answered_need_not_be_waited_for(made: Made) -> None:
    retries = Retries(seconds=10, clock=lambda: 0.0, first_contact=False)
    api = FakeApi(httpx.ConnectError("refused"))
    with pytest.raises(Unreachable):
        made(api, retries).call("containers")
    assert len(api.asked) == 1
    api = FakeApi(ndjson(line(1, cursor="P1"), cut=True), httpx.ConnectError("refused"), ndjson(end(0)))
    assert made(api, retries).lines("follow", "one")[0] == ["line 1"]


@both
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(404, text="nginx"),
        enveloped({"containers": [{}]}),
        httpx.Response(200, json=[]),
    ],
)
def test_who_is_no_wholelog_is_told_apart(made: Made, answer: httpx.Response) -> None:
    with pytest.raises(NotWholelog, match="no API of this Wholelog"):
        made(FakeApi(answer)).call("containers")


@both
def test_a_proxys_502_is_asked_again(made: Made) -> None:
    api = FakeApi(httpx.Response(502, text="<html>bad gateway"), enveloped({"containers": []}))
    assert made(api).call("containers") == [] and len(api.slept) == 1


@both
def test_reading_goes_page_by_page(made: Made) -> None:
    api = FakeApi(ndjson(line(1), line(2), end(2, "P2")), ndjson(line(3), end(1)))
    texts, said, checkpoint = made(api).lines("read", "one", Selection(log_type=["error", "info"], q="a b"), page=2)
    assert texts == ["line 1", "line 2", "line 3"] and checkpoint == "P2"
    assert said is not None and said.seal.whole and said.cursor == ""
    first, second = ([*request.url.params.multi_items()] for request in api.asked)
    asked = [("container_id", "one"), ("q", "a b"), ("log_type", "error"), ("log_type", "info"), ("size", "2")]
    asked_then = [*asked[:-1], ("size", "4"), ("cursor", "P2")]  # the next is twice as large
    assert first == [*asked, ("format", "ndjson")] and second == [*asked_then, ("format", "ndjson")]


@both
def test_a_page_that_breaks_off_is_read_again_and_nothing_is_given_twice(made: Made) -> None:
    late = line(9, "put back meanwhile")
    api = FakeApi(
        ndjson(line(1), end(1, "P1")),
        ndjson(line(2), line(3), line(4)[:-20], cut=True),
        httpx.ConnectError("refused"),
        ndjson(line(2), late, line(3), cut=True),
        ndjson(line(2), late, line(3), line(4)),  # without its end mark
        ndjson(line(2), late, line(3), line(4), line(5), end(5)),
    )
    texts, said, _ = made(api).lines("read", "one", cursor="P0")
    assert texts == ["line 1", "line 2", "line 3", "put back meanwhile", "line 4", "line 5"]
    assert [request.url.params["cursor"] for request in api.asked] == ["P0"] + ["P1"] * 5
    assert said is not None and said.count == 5


@both
def test_the_last_lines_are_asked_for_at_once(made: Made) -> None:
    api = FakeApi(ndjson(line(1), end(1)))
    assert made(api).lines("read", "one", Selection(tail=1))[0] == ["line 1"]
    assert dict(api.asked[0].url.params) == {"container_id": "one", "tail": "1", "format": "ndjson"}


@both
def test_following_goes_on_behind_the_last_line(made: Made) -> None:
    api = FakeApi(
        ndjson(line(1, cursor="P1"), b"\n", line(2, cursor="P2"), cut=True),
        enveloped({}, 503, "store away"),
        ndjson(b"\n", line(3, cursor="P3", late=True, grown=2, gone=["id1"])),
        ndjson(b"\n", end(0, "PE", state="gaps")),
    )
    texts, said, checkpoint = made(api).lines("follow", "one", Selection(start_time="10m"))
    assert texts == ["line 1", "line 2", "line 3"] and checkpoint == "P3"
    assert said is not None and said.seal.state == "gaps"
    assert [request.headers.get("last-event-id") for request in api.asked] == [None, "P2", "P2", "P3"]
    assert {str(request.url) for request in api.asked} == {
        "http://api:1/logs?container_id=one&start_time=10m&follow=true&format=ndjson"
    }


@both
def test_following_what_has_been_followed_to_its_end(made: Made) -> None:
    assert made(FakeApi(httpx.Response(204))).lines("follow", "one", cursor="PE") == ([], None, "PE")


def test_what_has_grown_is_told_from_what_is_new() -> None:
    api = FakeApi(
        ndjson(
            line(1, "ab", cursor="P"), line(1, "abcd", grown=2, cursor="P"), line(1, "x", grown=0, cursor="P"), end(3)
        )
    )
    client = Client("http://api:1", http=api.http())
    found = list(client.follow("one"))
    assert [one.news for one in found] == ["ab", "cd", "x"] and found[1].message == "abcd"


@both
def test_waiting_for_the_seal(made: Made) -> None:
    api = FakeApi(enveloped({"logs": [], "count": 0, "lines": 0, "seal": SEAL, "waited": {}}))
    assert made(api).call("end", "one", wait_seconds=7).seal.whole
    assert dict(api.asked[0].url.params) == {"container_id": "one", "size": "1", "wait": "sealed", "wait_seconds": "7"}


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://a", "http://", "http://a:b", "http://[::1"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_address_that_is_none_is_refused(kind: type[Client], url: str) -> None:
    with pytest.raises(ClientError, match="must be http"):
        kind(url)


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_lines_are_cut_the_same_however_they_come(content: bytes, cuts: list[int]) -> None:
    splitter, found, at = Splitter(), [], 0
    for cut in [*sorted(cuts), len(content)]:
        found += splitter.feed(content[at : max(cut, at)])
        at = max(cut, at)
    assert found == content.split(b"\n")[:-1]


def test_half_a_surrogate_pair_comes_through() -> None:
    api = FakeApi(ndjson(line(1, "half \ud800"), end(1)))
    assert [one.message for one in Client("http://api:1", http=api.http()).read("one")] == ["half \ud800"]
