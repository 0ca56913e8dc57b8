"""Following several logs by one request: each whole, once and in its order, however often it is cut off."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from log_store.document import ContainerContext
from log_store.seal import Seal
from runtime_api.following.several import MOST_FOLLOWED
from tests.api_server import ask, enveloped, eventually, parts, running, unchunked
from tests.documents import NOON, Documents
from tests.fake_containers import FakeContainers
from tests.fakes import MemoryStore
from tests.follow_client import SseClient, follow
from tests.integration.test_server_bad_input import metric

IDS = {"one": "1a" * 32, "two": "2b" * 32, "three": "3c" * 32}
BOTH = "one&container_id=two"


class Logs(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.said = dict.fromkeys(IDS, 0)

    def say(self, name: str, *texts: str) -> None:
        documents = Documents(
            ContainerContext(IDS[name], name, f"task-{name}", "bash_cell", "u1"), shipper=f"shipper-{name}"
        )
        for number, text in enumerate(texts, self.said[name]):
            documents.add(NOON + number, text)
        documents.batch.seq = list(range(self.said[name], self.said[name] + len(texts)))
        self.said[name] += len(texts)
        self.write(documents.batch)

    def seal(self, *names: str, run: int = 0) -> None:
        started = NOON + run * 10**12
        self.write_seals([Seal(IDS[name], started, state="sealed", finished_at=started + 10**9) for name in names])


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def containers() -> FakeContainers:
    containers = FakeContainers()
    containers.known = {container_id: name for name, container_id in IDS.items()}
    return containers


@contextmanager
def closing(client: SseClient) -> Iterator[SseClient]:
    try:
        yield client
    finally:
        client.close()


def test_all_come_with_whose_they_are_and_the_seals_at_last(logs: Logs, containers: FakeContainers) -> None:
    logs.say("one", "a", "b")
    with running(containers, logs) as port, closing(follow(port, container=BOTH)) as client:
        first = [client.event() for _ in range(2)]
        assert [event[1]["log_message"] for event in first if event] == ["a", "b"]
        assert first[0] and (first[0][1]["container_id"], first[0][1]["container_name"]) == (IDS["one"], "one")
        logs.say("two", "c")
        event = client.event()
        assert event and event[1]["log_message"] == "c" and event[1]["container_id"] == IDS["two"]
        logs.seal("one")
        logs.say("two", "d")
        event = client.event()
        assert event and event[1]["log_message"] == "d"
        logs.seal("two")
        kind, data = client.event() or ("", {})
        assert (
            kind == "seal"
            and data["seal"]["state"] == "sealed"
            and data["count"] == 4
            and data["cursor"] == client.last
        )
        assert [one["container_id"] for one in data["seals"]] == [IDS["one"], IDS["two"]] and client.event() is None
        with closing(follow(port, container=BOTH, last=client.last)) as again:
            assert again.status == 204
        logs.say("one", "of a second run")
        logs.seal("one", run=1)
        with closing(follow(port, container=BOTH, last=client.last)) as again:
            found = again.events()
        assert [data.get("log_message") for _, data in found] == ["of a second run", None] and len(
            found[1][1]["seals"]
        ) == 2
        assert eventually(lambda: metric(port, "wholelog_api_streams") == 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cut_at_random_and_resumed(logs: Logs, containers: FakeContainers, seed: int) -> None:
    chance = random.Random(seed)
    for name in IDS:
        logs.say(name, *(f"{name} {number}" for number in range(30)))
    found: dict[str, list[str]] = {name: [] for name in IDS}
    last, cuts, deadline = "", 0, time.monotonic() + 60
    with running(containers, logs) as port:
        while True:
            assert time.monotonic() < deadline
            with closing(follow(port, container="&container_id=".join(IDS), last=last)) as client:
                for _ in range(chance.randrange(1, 25)):
                    kind, data = client.event() or ("", {})
                    if kind != "line":
                        break
                    found[data["container_name"]].append(data["log_message"])
                    last = client.last
                else:
                    cuts += 1
                    for name in IDS:
                        if logs.said[name] < 60:
                            logs.say(
                                name, *(f"{name} {number}" for number in range(logs.said[name], logs.said[name] + 6))
                            )
                        else:
                            logs.seal(name)
                    continue
                assert kind == "seal"
                break
    assert cuts > 3
    assert found == {name: [f"{name} {number}" for number in range(60)] for name in IDS}


def test_tail_and_forms(logs: Logs, containers: FakeContainers) -> None:
    for name in ("one", "two"):
        logs.say(name, *(f"{name} {number}" for number in range(5)))
    logs.seal("one", "two")
    with running(containers, logs) as port:

        def answer(more: str) -> str:
            whole, ended = unchunked(
                parts(
                    ask(port, f"GET /logs?follow=true&{more} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
                )[2]
            )
            assert ended
            return whole.decode()

        told = [json.loads(text) for text in answer("uid=u1&tail=1&format=ndjson").splitlines() if text]
        assert (
            sorted(one["log_message"] for one in told[:-1]) == ["one 4", "two 4"] and len(told[-1]["end"]["seals"]) == 2
        )
        text = answer("type=bash_cell&tail=1&format=text").splitlines()
        assert sorted(line.split(" ", 1)[1] for line in text[:-1]) == ["info one one 4", "info two two 4"]
        errors = answer("container_id=one&uid=u1&q=3&format=ndjson").splitlines()
        assert json.loads(errors[1])["log_message"] == "one 3" and len(errors) == 3


def test_what_cannot_be_followed(logs: Logs, containers: FakeContainers) -> None:
    with running(containers, logs, follow_limit=2) as port:

        def status(more: str) -> tuple[int, str]:
            read = enveloped(ask(port, f"GET /logs?follow=true&{more} HTTP/1.0\r\n\r\n".encode()))
            return read["status"], read["message"]

        assert status("uid=u1")[0] == 404 and status("container_id=one&container_id=nosuch")[0] == 404
        for cursor in ("p1.a.0", "m1..p1.ffffffffffff.0", "m1..x", "m1" + "." * 5000):
            assert status(f"container_id=one&container_id=two&cursor={cursor}")[0] == 400
        assert status("container_id=one&cursor=m1..x")[0] == 400
        refused = status("container_id=one&container_id=two&container_id=three")
        assert refused[0] == 429 and "follow_limit" in refused[1]
        for number in range(MOST_FOLLOWED + 1):
            containers.known[f"{number:02d}" * 32] = f"n{number}"
        names = "&".join(f"container_id=n{number}" for number in range(MOST_FOLLOWED + 1))
        assert status(names)[0] == 400 and f"at most {MOST_FOLLOWED}" in status(names)[1]
        with closing(follow(port, container=BOTH)) as client:  # all places are free again
            logs.say("two", "x")
            event = client.event()
            assert event and event[1]["log_message"] == "x"


def test_who_hangs_up_leaves_nothing_behind(logs: Logs, containers: FakeContainers) -> None:
    logs.say("one", "a")
    with running(containers, logs, follow_limit=2, follow_keep_alive=0.3) as port:
        with closing(follow(port, container=BOTH)) as client:
            assert client.event()
            for _ in range(3):  # signs of life come while nothing else does
                block = client.block()
                assert block is not None and "data" not in block
            before = client.last
        assert eventually(lambda: metric(port, "wholelog_api_streams") == 0)
        assert eventually(lambda: not [one for one in threading.enumerate() if one.name == "one of several"])
        with closing(follow(port, container=BOTH, last=before)) as client:
            logs.say("two", "b")
            event = client.event()
            assert event and event[1]["log_message"] == "b"
