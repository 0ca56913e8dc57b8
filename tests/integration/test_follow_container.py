"""A real container's log followed from before its start to its seal, cut off again and again."""

import random
from typing import Any

from log_store.query import LogQuery
from log_store.sqlite.reader import SqliteReader
from tests.api_server import ask, enveloped, eventually, running
from tests.documents import lines_of
from tests.fake_containers import FakeContainers
from tests.follow_client import follow
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.shipper import Shipper

SCRIPT = r"""
i=0
while [ $i -lt 30 ]; do
  echo "line $i"; echo "note $i" >&2
  if [ $((i % 10)) -eq 3 ]; then printf 'Traceback (most recent call last):\n  File "a.py", line %d, in <module>\nValueError: %d\n' $i $i >&2; fi
  printf 'asked '; sleep 0.05; echo "and answered $i"
  i=$((i+1))
done
printf 'no end'
"""


def followed(port: int, container: str) -> tuple[dict[str, dict[str, Any]], list[str], dict[str, Any]]:
    """What a client has at last, the ids in the order in which they came, and the end."""
    chance = random.Random(7)
    kept: dict[str, dict[str, Any]] = {}
    order: list[str] = []
    last = ""
    while True:
        client = follow(port, last=last, container=container)
        for _ in range(chance.randrange(1, 40)):
            event = client.event()
            assert event is not None
            kind, data = event
            if kind == "seal":
                client.close()
                return kept, order, data
            for name in data.get("gone", ()):
                del kept[name]
            assert ("grown" in data or data.get("late")) or data["id"] not in kept
            kept[data["id"]] = data
            order += [] if data.get("late") or "grown" in data else [data["id"]]
        last = client.last
        client.close()


def test_fifty_follow_a_container_that_writes(dockerd: Dockerd, shipper: Shipper, store: SqliteReader) -> None:
    """From before its start; each has every line once, and in the meantime others are answered."""
    shipper.start()
    client = dockerd.client()
    script = "for i in $(seq 1 200); do echo line $i; [ $((i % 20)) = 0 ] && sleep 0.05; done; exit 0"
    config = shipper.log_config(client.version()["Version"])
    container = client.containers.create(BUSYBOX_IMAGE, ["sh", "-c", script], log_config=config)
    containers = FakeContainers()
    containers.known = {str(container.id): "one"}
    with running(containers, store, follow_limit=50, api_threads=4) as port:
        followers = [follow(port, container=str(container.id)) for _ in range(50)]
        container.start()
        assert eventually(lambda: plainly(port, str(container.id))["count"] == 200, 60)
        ends = []
        for one in followers:
            *events, (kind, end) = one.events()
            one.close()
            found = [data["log_message"] for _, data in events if not data.get("late")]
            late = [data["log_message"] for _, data in events if data.get("late")]
            assert kind == "seal" and found == sorted(found, key=lambda text: int(text.split()[1]))
            assert sorted(found + late) == sorted(f"line {number}" for number in range(1, 201))
            ends.append(end["seal"]["state"])
    assert ends == ["sealed"] * 50


def plainly(port: int, container: str) -> dict[str, Any]:
    answer = enveloped(ask(port, f"GET /logs?container_id={container} HTTP/1.0\r\n\r\n".encode()))
    assert answer["status"] == 200
    data: dict[str, Any] = answer["data"]
    return data


def test_a_container_is_followed_to_its_seal(dockerd: Dockerd, shipper: Shipper, store: SqliteReader) -> None:
    shipper.start()
    client = dockerd.client()
    config = shipper.log_config(client.version()["Version"])
    container = client.containers.create(BUSYBOX_IMAGE, ["sh", "-c", SCRIPT], log_config=config)
    containers = FakeContainers()
    containers.known = {str(container.id): "one"}
    with running(containers, store) as port:
        early = follow(port, container=str(container.id))
        container.start()
        kept, order, end = followed(port, str(container.id))
        *events, seal = early.events()
        early.close()
    whole = lines_of(store, LogQuery(str(container.id)))
    text = "\n".join(line["log_message"] for line in whole)
    assert text.count("Traceback") == 3 and "asked and answered 29" in text and "no end" in text
    assert end["seal"] == seal[1]["seal"] and end["seal"]["state"] in ("sealed", "gaps")
    there = [line["id"] for line in whole]
    assert {name: data["log_message"] for name, data in kept.items()} == {
        line["id"]: line["log_message"] for line in whole
    }
    assert order == [name for name in there if name in set(order)]
    assert {data["id"] for _, data in events} == set(there)
