"""dockerd restarted and killed under load, with live-restore and without."""

import random
import time
from collections.abc import Iterator

import pytest

from tests.faults.conftest import MakeScene
from tests.services.restartable_dockerd import RestartableDockerd, restartable_dockerd

LINES = 20_000


@pytest.fixture(scope="module")
def live() -> Iterator[RestartableDockerd]:
    with restartable_dockerd("--live-restore") as engine:
        yield engine


@pytest.fixture(scope="module")
def plain() -> Iterator[RestartableDockerd]:
    with restartable_dockerd() as engine:
        yield engine


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["live", "plain"])
@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_dockerd(
    scenes: MakeScene, request: pytest.FixtureRequest, chance: random.Random, kind: str, how: str, soak: bool
) -> None:
    """Nothing is missing outside a stated gap, and what is started afterwards is whole."""
    engine: RestartableDockerd = request.getfixturevalue(kind)
    scene = scenes(engine=engine)
    scene.shipper.start()
    for _ in range(5 if soak else 1):
        before = [scene.write(LINES, seconds=4) for _ in range(2)]
        scene.await_progress(before[0], chance.uniform(0.2, 0.8))
        if how == "restarted":
            engine.stop()
        else:
            engine.kill()
        time.sleep(chance.uniform(0, 1))
        engine.start()
        for written in before:
            written.cut = kind == "plain"
        scene.await_end()
    after = scene.run("seq 1 5000", b"".join(b"%d\n" % i for i in range(1, 5001)))
    scene.await_end(after)
    scene.all_honest(torn=True)
    assert scene.outcome(after).whole and [seal.state for seal in after.seals] == ["sealed"]
