"""More from one container than Docker's copy holds (its last 100 MB): the copy rotates while it is written."""

import pytest

from tests.faults.conftest import MakeScene
from tests.services.restartable_elasticsearch import RestartableElasticsearch

WIDTH = 1200  # the lines are about 1300 bytes long, with the long ones in between: what rotates a copy is bytes
BYTES_A_LINE = 1300


@pytest.mark.timeout(900)
def test_a_burst_beyond_the_copy(scenes: MakeScene, soak: bool) -> None:
    """Shipper up, as fast as it can be written (130 MB; 300 MB with --soak): nothing is missing."""
    scene = scenes()
    scene.shipper.start()
    written = scene.write((300 if soak else 130) * 10**6 // BYTES_A_LINE, seconds=0.1, width=WIDTH)
    scene.await_end(seconds=300)
    scene.all_honest(seconds=300)
    assert scene.outcome(written).whole, (scene.outcome(written), written.seals)
    assert written.seals[-1].state == "sealed", written.seals


@pytest.mark.timeout(900)
def test_a_burst_beyond_the_copy_with_the_shipper_down(scenes: MakeScene, soak: bool) -> None:
    """What the copy no longer has is gone for good: a gap says so, and all that it has is there."""
    scene = scenes()
    written = scene.write((300 if soak else 130) * 10**6 // BYTES_A_LINE, seconds=0.1, width=WIDTH)
    scene.await_end(seconds=300)
    scene.shipper.start()
    scene.all_honest(seconds=300)
    outcome = scene.outcome(written)
    assert outcome.missing and outcome.stored > 80 * 10**6 // BYTES_A_LINE
    assert written.seals[-1].state == "gaps", written.seals
    gap = written.seals[-1].gaps[0]
    assert gap.why and (gap.start is not None or gap.end is not None), gap


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_burst_beyond_the_copy_into_elasticsearch(scenes: MakeScene, elasticsearch: RestartableElasticsearch) -> None:
    """The slower store."""
    scene = scenes(elasticsearch=elasticsearch.url)
    scene.shipper.start()
    written = scene.write(300 * 10**6 // BYTES_A_LINE, seconds=0.1, width=WIDTH)
    scene.await_end(seconds=300)
    scene.all_honest(seconds=400)
    assert scene.outcome(written).whole, (scene.outcome(written), written.seals)
