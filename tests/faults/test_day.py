"""A day of operation in a minute or less: upgrade, restart, a store that is away, processes killed, retention, and all the
while errors; at its end the alerts are those of a list, and the lines those that were written or stated as removed.

With `--soak` it has 24 hours, on either store, and a container whose lines are kept for a minute.
"""

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from log_shipper.retention.plan import AGE, TERM
from log_store.query import LogQuery
from tests.faults.conftest import MakeScene, free_port
from tests.faults.day import AWAY, NOISE, RECURRING, RULES, STEADY, Day
from tests.faults.scene import BOUND, Scene, Written, eventually
from tests.older_data import LINES, OPEN, VERIFIED, older_elasticsearch, older_sqlite
from tests.services import fault_store
from tests.services.alert_sinks import Alertmanager, http_sink
from tests.services.fault_store import FaultStore
from tests.services.restartable_elasticsearch import RestartableElasticsearch
from wholelog_base import labels

BUSY = "ValueError: number <*>"  # the traces of tests/services/writer.py
PATIENCE = 240.0  # seconds, in a long day: a busy machine's Elasticsearch may take long over a burst
TROUBLE = ("nothing", "restart", "away", "killed")


class Store:
    """The store of the day, which can be away. On SQLite its folder is moved, on Elasticsearch a proxy answers 503."""

    def __init__(self, scene: Scene, proxy: FaultStore | None) -> None:
        self._scene, self._proxy = scene, proxy

    @contextmanager
    def away(self) -> Iterator[None]:
        folder = self._scene.shipper.data / "logs"
        if self._proxy is not None:
            self._proxy.choose = lambda: fault_store.WHOLE_503
        else:
            folder.rename(folder.with_name("elsewhere"))
        try:
            yield
        finally:
            if self._proxy is not None:
                self._proxy.choose = lambda: fault_store.PASS
            else:
                folder.with_name("elsewhere").rename(folder)


@pytest.mark.timeout(300)
def test_a_day_of_operation(scenes: MakeScene, chance: random.Random, tmp_path: Path) -> None:
    with ExitStack() as stack:
        _live(stack, scenes, chance, tmp_path, hours=4, lines=3_000)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("store", ["SQLite", "Elasticsearch"])
def test_a_day_of_24_hours(
    scenes: MakeScene, chance: random.Random, tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    server: RestartableElasticsearch | None = None
    if store == "Elasticsearch":
        server = request.getfixturevalue("elasticsearch")
    with ExitStack() as stack:
        _live(stack, scenes, chance, tmp_path, hours=24, lines=5_000, server=server)


def _live(
    stack: ExitStack, scenes: MakeScene, chance: random.Random, folder: Path, *, hours: int, lines: int,
    server: RestartableElasticsearch | None = None,
) -> None:  # fmt: skip
    sink = stack.enter_context(http_sink())
    (folder / "manager").mkdir()
    manager = Alertmanager(folder / "manager", sink.url)
    stack.callback(manager.stop)
    manager.start()
    file = folder / "alerts.toml"
    file.write_text(RULES.format(hook=sink.url, manager=manager.url))
    settings = {"alerts": str(file), "listen": f"127.0.0.1:{free_port()}", "logs_look": "1s", "seal_wait": "20s"}
    proxy = None
    if server is not None:
        proxy = FaultStore(server.url, lambda: fault_store.PASS)
        stack.callback(proxy.close)
    scene = scenes(
        command="up", elasticsearch=server.url if server else "", through=proxy.url if proxy else "", **settings
    )
    older_sqlite(folder if server else scene.shipper.data, 40)
    if server is not None:
        older_elasticsearch(server.url, scene.prefix, folder)
    scene.shipper.start()
    day = Day(scene, sink, manager, PATIENCE if hours > 4 else BOUND)
    before = {name: _messages(scene, name) for name in LINES}
    assert {name: scene.reader.count_lines(name) for name in LINES} == LINES
    store = Store(scene, proxy)
    short = _Short(scene) if hours > 4 else None
    for hour in range(hours):
        busy = scene.write(lines, seconds=3)
        # Not where Docker has nobody to send to: that may take as long as the rule waits.
        with day.silent(hour, steady=TROUBLE[hour % 4] in ("nothing", "away")):
            day.events(hour, ignored=hour > 0)
            _trouble(scene, day, store, hour, chance)
            _await_all(scene)
            day.until_told({one for one in day.expected if one[0] == "firing" and one[1] != "silence"})
            if hour == 0:
                day.say(NOISE, "ignored")
            elif hour == 1:
                day.say(RECURRING, "resolved")
        day.until_told()
        day.busy += sum(stream.count(b"\nValueError: number") for stream in busy.streams.values())
    _end(scene, day, short, before, hours)


class _Short:
    """A container that goes on for the whole day, whose lines are kept for a minute."""

    def __init__(self, scene: Scene) -> None:
        label = json.dumps({"keep_for": "1m"})
        self.written = scene.run(STEADY, name="keeps-a-minute", labels={labels.LOG: label})
        self._scene = scene

    def end(self) -> None:
        """Its first lines have gone while it runs; at its end all others go."""
        scene, name = self._scene, self.written.id
        eventually(lambda: sum(gap.lines or 0 for gap in scene.reader.seals(name)[0].gaps) > 0, "the first to go")
        scene.container(self.written).exec_run(["sh", "-c", ": > /go"])
        scene.await_end(self.written)
        wrote = scene.container(self.written).logs(stdout=True, stderr=False).count(b"\n")
        eventually(lambda: scene.reader.seals(name)[0].state != "open", "its seal")
        eventually(lambda: not scene.reader.count_lines(name), "all of it to go", 150)
        (seal,) = scene.reader.seals(name)
        assert (seal.lines, sum(gap.lines or 0 for gap in seal.gaps)) == (wrote, wrote), seal
        assert {gap.why for gap in seal.gaps} == {TERM}


def _trouble(scene: Scene, day: Day, store: Store, hour: int, chance: random.Random) -> None:
    """What befalls the service in this hour."""
    kind = TROUBLE[hour % 4]
    if kind == "restart":
        remove = day.removed_while_away(hour)
        scene.shipper.stop()
        remove()
        day.late(hour)
        scene.shipper.environ["WHOLELOG_LOGS_FOR"] = "30d"  # of what the older version left all is older
        scene.shipper.start()
    elif kind == "away":
        with store.away():
            eventually(lambda: scene.shipper.ask("/readyz")[0] == 503, "a store that is missed")
            begun = time.monotonic()
            day.fails(f"day-{hour}-meanwhile", f"ValueError: meanwhile {chr(97 + hour)}")
            eventually(lambda: time.monotonic() - begun > AWAY, "the end of the outage")
        eventually(lambda: scene.shipper.ask("/readyz")[0] == 200, "the store")
    elif kind == "killed":
        for part in chance.sample(("processor", "api", "acceptor"), 3):
            scene.shipper.signal(part, signal.SIGKILL)
            scene.shipper.wait(lambda part=part: scene.shipper.pid(part) != 0)


def _await_all(scene: Scene) -> None:
    """The end of all containers but those that end when they are told to."""
    names = {one.id: str(one.name) for one in scene.client.containers.list(ignore_removed=True)}
    waits = ("-quiet", "-steady", "keeps-a-minute")
    ending = [w for w in scene.containers if w.id in names and not names[w.id].endswith(waits)]
    if ending:
        scene.await_end(*ending)


def _end(scene: Scene, day: Day, short: _Short | None, before: dict[str, list[str]], hours: int) -> None:
    """The list of alerts, every line, and what has gone."""
    day.judge()
    # Somebody said in its second hour that it was resolved.
    assert day.recurred() == ["new", "returned", *["regressed"] * (hours - 2)]
    if short is not None:
        short.end()
        scene.containers.remove(short.written)
    scene.seals(seconds=PATIENCE)
    for written in scene.containers:
        outcome = scene.outcome(written)
        if written in day.broken:
            scene.honest(written)
            assert outcome.stored == 10 and written.seals[-1].state != "sealed"
            continue
        assert outcome.whole and {one.state for one in written.seals} == {"sealed"}, (outcome, written.seals)
        assert sum(one.lines for one in written.seals) == outcome.written
    _removed_by_age(scene, before)
    problems = day.problems()
    assert {title: problems[title]["count"] for title in day.counts} == day.counts
    assert _busy(scene) == day.busy
    _removed_when_asked(scene, day, _by_name(scene, "day-0-fails"))


def _busy(scene: Scene) -> int:
    """Traces of all depths: each is a problem of its own."""
    status, answer = scene.shipper.ask("/problems?size=1000")
    assert status == 200
    return sum(one["count"] for one in answer["data"]["problems"] if one["title"] == BUSY)


def _removed_by_age(scene: Scene, before: dict[str, list[str]]) -> None:
    """Of what the older version left: all that was verified, and nothing of what was not."""
    unverified = ["next day"]  # it stands behind the end that was verified
    eventually(lambda: _messages(scene, VERIFIED) == unverified, "retention")
    (seal,) = scene.reader.seals(VERIFIED)
    gone = [gap for gap in seal.gaps if gap.why == AGE]
    assert sum(gap.lines or 0 for gap in gone) == LINES[VERIFIED] - 1, seal
    assert [gap.why for gap in seal.gaps if gap not in gone] == ["a reason"]
    assert _messages(scene, OPEN) == before[OPEN]


def _removed_when_asked(scene: Scene, day: Day, asked: Written) -> None:
    status, answer = scene.shipper.ask(f"/logs?container_id={asked.id}", method="DELETE")
    assert status == 200 and answer["data"]["removed"] is True, answer
    assert not list(scene.lines(asked.id))
    (seal,) = scene.reader.seals(asked.id)
    assert [gap.lines for gap in seal.gaps] == [seal.lines] == [5] and "removed by" in seal.gaps[0].why
    # Its problem goes with it; Elasticsearch shows that within a second.
    eventually(lambda: "ValueError: refused by kiosk houraa" not in day.problems(), "the end of its problem")


def _messages(scene: Scene, container_id: str) -> list[str]:
    return [line["log_message"] for page in scene.reader.read(LogQuery(container_id)) for line in page]


def _by_name(scene: Scene, name: str) -> Written:
    container: Any = scene.client.containers.get(name)
    return next(written for written in scene.containers if written.id == container.id)
