"""What an Elasticsearch may do to us: killed, too busy, silent, its disk full, its index gone."""

import random
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import MakeScene
from tests.faults.scene import Scene, eventually
from tests.services import fault_store
from tests.services.elasticsearch import call
from tests.services.fault_store import FaultStore
from tests.services.restartable_elasticsearch import RestartableElasticsearch

LINES, CONTAINERS = 20_000, 2


def load(scene: Scene, seconds: float = 3.0) -> None:
    scene.shipper.start()
    for _ in range(CONTAINERS):
        scene.write(LINES, seconds=seconds)


def indices(scene: Scene, url: str) -> list[str]:
    """Those of log lines."""
    found: dict[str, object] = call(url, "GET", f"/{scene.prefix}-*/_settings?flat_settings=true&expand_wildcards=all")
    return [name for name in found if "seal" not in name]


def await_some(scene: Scene, url: str) -> None:
    """Until lines are stored, and more are to come."""
    eventually(lambda: bool(indices(scene, url)), "an index")
    scene.await_progress(scene.containers[0], 0.4)


@pytest.mark.timeout(300)
def test_elasticsearch_killed_and_restarted(
    scenes: MakeScene, elasticsearch: RestartableElasticsearch, chance: random.Random
) -> None:
    """kill -9 within a bulk; back after the containers have ended."""
    scene = scenes(elasticsearch=elasticsearch.url)
    load(scene)
    scene.await_progress(scene.containers[0], chance.uniform(0.1, 0.9))
    elasticsearch.kill()
    try:
        scene.await_end()
    finally:
        elasticsearch.start()
    scene.all_whole()


def answers(scenes: MakeScene, url: str, chance: random.Random, faults: tuple[str, ...]) -> FaultStore:
    """Every bulk at first, then half of them, then none; what was indexed and not answered is sent again."""
    begun = time.monotonic()

    def choose() -> str:
        passed = time.monotonic() - begun
        wrong = passed < 1 or (passed < 4 and chance.random() < 0.5)
        return chance.choice(faults) if wrong else fault_store.PASS

    store = FaultStore(url, choose)
    try:
        scene = scenes(elasticsearch=url, through=store.url)
        load(scene)
        eventually(lambda: bool(store.done), "the first bulk")
        begun = time.monotonic()
        scene.await_end()
        scene.all_whole()
    finally:
        store.close()
    return store


FAULTS = (fault_store.ITEMS_429, fault_store.WHOLE_429, fault_store.WHOLE_503, fault_store.NO_ANSWER)


@pytest.mark.timeout(300)
def test_elasticsearch_answers_429_503_or_not_at_all(
    scenes: MakeScene, elasticsearch: RestartableElasticsearch, chance: random.Random
) -> None:
    """429 for some items or the whole, 503, and silence after it has indexed, mixed."""
    store = answers(scenes, elasticsearch.url, chance, FAULTS)
    assert sum(store.done.get(fault, 0) for fault in FAULTS) >= 3, store.done


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", FAULTS)
def test_elasticsearch_answers(
    scenes: MakeScene, elasticsearch: RestartableElasticsearch, chance: random.Random, fault: str
) -> None:
    """Each alone."""
    store = answers(scenes, elasticsearch.url, chance, (fault,))
    assert store.done.get(fault, 0) >= 3, store.done


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_elasticsearch_is_silent_until_the_client_gives_up(
    scenes: MakeScene, elasticsearch: RestartableElasticsearch
) -> None:
    """It has indexed two bulks and never answers; the client's own timeout is 150 s."""
    left = [fault_store.HANG, fault_store.HANG]
    store = FaultStore(elasticsearch.url, lambda: left.pop() if left else fault_store.PASS)
    store.hang_seconds = 400
    try:
        scene = scenes(elasticsearch=elasticsearch.url, through=store.url)
        load(scene)
        scene.await_end()
        scene.all_whole(seconds=400)
    finally:
        store.close()


@pytest.mark.timeout(300)
def test_the_flood_stage_block_set_and_lifted(scenes: MakeScene, elasticsearch: RestartableElasticsearch) -> None:
    """The block that Elasticsearch puts on every index when its disk is full; nothing is sealed under it."""
    url = elasticsearch.url
    scene = scenes(elasticsearch=url)
    load(scene)
    await_some(scene, url)
    block = "index.blocks.read_only_allow_delete"
    call(url, "PUT", f"/{scene.prefix}-*/_settings", {block: True})
    scene.await_end()
    time.sleep(2)
    states = {seal.state for written in scene.containers for seal in scene.reader.seals(written.id)}
    call(url, "PUT", f"/{scene.prefix}-*/_settings", {block: None})
    assert states <= {"open"}
    scene.all_whole()


@pytest.mark.timeout(300)
def test_the_index_deleted_underneath(scenes: MakeScene, elasticsearch: RestartableElasticsearch) -> None:
    """Lines that were acknowledged are gone: the seal's count tells, and Docker's copy is written again."""
    url = elasticsearch.url
    scene = scenes(elasticsearch=url)
    load(scene)
    await_some(scene, url)
    for index in indices(scene, url):
        call(url, "DELETE", f"/{index}")
    scene.await_end()
    scene.all_whole()


@pytest.mark.timeout(300)
def test_the_index_closed_underneath_and_opened_again(
    scenes: MakeScene, elasticsearch: RestartableElasticsearch
) -> None:
    """A closed index refuses each document; that is no fault of the documents."""
    url = elasticsearch.url
    scene = scenes(elasticsearch=url)
    load(scene)
    await_some(scene, url)
    closed = indices(scene, url)
    for index in closed:
        call(url, "POST", f"/{index}/_close")
    scene.await_end()
    time.sleep(1)
    for index in closed:
        call(url, "POST", f"/{index}/_open")
    eventually(lambda: readable(lambda: list(scene.lines(scene.containers[0].id))), "the opened index")
    scene.all_whole()


def readable(read: Callable[[], object]) -> bool:
    from log_store.errors import LogStoreError

    try:
        read()
    except LogStoreError:
        return False
    return True
