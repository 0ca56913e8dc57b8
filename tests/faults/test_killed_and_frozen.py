"""The shipper's processes killed with -9 and frozen, at random moments and under load."""

import random
import signal
import time

import pytest

from tests.faults.conftest import MakeScene
from tests.faults.scene import eventually

LINES, CONTAINERS = 20_000, 3


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("store", ["sqlite", "elasticsearch"])
def test_kill_9_of_acceptor_and_processor(
    scenes: MakeScene, store: str, request: pytest.FixtureRequest, chance: random.Random, soak: bool
) -> None:
    """Again and again, either or both, each left dead for a while."""
    kills, rounds = (50, 5) if soak else (6, 1)
    url = request.getfixturevalue("elasticsearch").url if store == "elasticsearch" else ""
    scene = scenes(elasticsearch=url)
    scene.shipper.start()
    for _ in range(rounds):
        for _ in range(CONTAINERS):
            scene.write(LINES, seconds=kills / rounds * 1.2)
        for _ in range(kills // rounds):
            parts = chance.choice((["acceptor"], ["processor"], ["acceptor", "processor"]))
            time.sleep(chance.uniform(0, 1.2))
            for part in parts:
                scene.shipper.kill(part)
            time.sleep(chance.choice((0, chance.uniform(0, 1))))
            scene.shipper.start(*parts)
    scene.await_end()
    scene.all_whole(seconds=300 if soak else 60)  # a store that shares two cores lags behind 15 writers


@pytest.mark.soak  # on a busy machine the end is held for longer than it asks for
@pytest.mark.timeout(300)
def test_a_frozen_acceptor_is_killed_before_it_holds_an_end_for_long(scenes: MakeScene, chance: random.Random) -> None:
    """dockerd waits for a receiver that does not read (moby#40063); the supervisor's watchdog bounds that."""
    scene = scenes(command="shipper", watchdog="2s")
    scene.shipper.start()
    written = [scene.write(LINES, seconds=3) for _ in range(CONTAINERS)]
    scene.await_progress(written[0], chance.uniform(0.1, 0.9))
    frozen = scene.shipper.signal("acceptor", signal.SIGSTOP)
    eventually(lambda: all(w.so_far() == {s: len(t) for s, t in w.streams.items()} for w in written), "all written", 30)
    ended = time.monotonic()
    scene.await_end(seconds=30)
    assert time.monotonic() - ended < 15, "an ended container was held"
    assert scene.shipper.pid("acceptor") != frozen
    scene.all_whole()


@pytest.mark.timeout(300)
def test_a_frozen_processor_is_killed_and_holds_nothing(scenes: MakeScene, chance: random.Random) -> None:
    """The reading goes on, containers end, and the seals come without a hand."""
    scene = scenes(command="shipper", watchdog="2s")
    scene.shipper.start()
    written = [scene.write(LINES, seconds=3) for _ in range(CONTAINERS)]
    scene.await_progress(written[0], chance.uniform(0.1, 0.9))
    frozen = scene.shipper.signal("processor", signal.SIGSTOP)
    scene.await_end(seconds=30)
    scene.all_whole(seconds=60)
    assert scene.shipper.pid("processor") != frozen


@pytest.mark.timeout(300)
def test_a_frozen_supervisor_is_not_needed(scenes: MakeScene, chance: random.Random) -> None:
    """Its processes go on without it; when it moves again it finds them well and kills none."""
    scene = scenes(command="shipper", watchdog="2s")
    scene.shipper.start()
    written = scene.write(LINES, seconds=3)
    scene.await_progress(written, chance.uniform(0.1, 0.5))
    before = [scene.shipper.pid(part) for part in ("acceptor", "processor")]
    scene.shipper.signal("supervisor", signal.SIGSTOP)
    time.sleep(4)
    scene.write(LINES, seconds=1)
    scene.await_end()
    scene.all_whole()
    scene.shipper.signal("supervisor", signal.SIGCONT)
    time.sleep(2)
    assert [scene.shipper.pid(part) for part in ("acceptor", "processor")] == before


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", ["acceptor", "processor"])
def test_frozen_for_30_s_with_the_usual_watchdog(scenes: MakeScene, part: str) -> None:
    """As users have it set: 10 s."""
    scene = scenes(command="shipper")
    scene.shipper.start()
    for _ in range(CONTAINERS):
        scene.write(60_000, seconds=20)
    time.sleep(2)
    frozen = scene.shipper.signal(part, signal.SIGSTOP)
    time.sleep(30)
    if scene.shipper.pid(part) == frozen:
        scene.shipper.signal(part, signal.SIGCONT)
    scene.await_end(seconds=60)
    scene.all_whole()
