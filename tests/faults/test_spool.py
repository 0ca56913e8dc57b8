"""The spool: its disk full, its limit reached, its bytes torn and flipped, two shippers on it."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MakeScene, free_port
from tests.faults.scene import Scene, eventually
from tests.services.supervised import Supervised
from tests.services.tmpfs import tmpfs

LINES = 20_000


def segments(scene: Scene) -> list[Path]:
    return sorted((scene.shipper.data / "spool").glob("*.spool"))


def spooled(scene: Scene) -> int:
    return sum(file.stat().st_size for file in segments(scene))


@pytest.mark.timeout(300)
def test_the_spool_s_limit_with_the_store_away(scenes: MakeScene) -> None:
    """It reads on and drops; containers end in time; what was dropped comes back from Docker's copy."""
    scene = scenes(spool_limit="2m", segment_size="512k")
    scene.shipper.start()
    scene.shipper.signal("processor", signal.SIGSTOP)
    for _ in range(2):
        scene.write(LINES, seconds=2)
    scene.await_end(seconds=30)
    assert spooled(scene) <= 2 << 20
    scene.shipper.signal("processor", signal.SIGCONT)
    scene.all_whole(seconds=40)
    time.sleep(1.2)  # the acceptor leaves its counters once a second
    assert scene.counted("records_dropped") > 0
    assert scene.row.put_back > 0


@pytest.mark.timeout(300)
def test_the_spool_s_disk_is_full(scenes: MakeScene) -> None:
    """The same where the disk says no: no corrupt segment is left."""
    scene = scenes(segment_size="512k")
    with tmpfs(scene.shipper.data / "spool", "2m"):
        scene.shipper.start()
        scene.shipper.signal("processor", signal.SIGSTOP)
        for _ in range(2):
            scene.write(LINES, seconds=2)
        scene.await_end(seconds=30)
        scene.shipper.signal("processor", signal.SIGCONT)
        scene.all_whole(seconds=40)
        assert scene.row.put_back > 0
        assert scene.counted("spool_damage") == 0
        scene.shipper.stop()


@pytest.mark.timeout(300)
def test_the_spool_s_disk_is_full_and_the_acceptor_killed(scenes: MakeScene) -> None:
    """It starts on a full disk, reads on, and is of use again when there is room."""
    scene = scenes(segment_size="512k")
    with tmpfs(scene.shipper.data / "spool", "2m"):
        scene.shipper.start()
        scene.shipper.signal("processor", signal.SIGSTOP)
        scene.write(LINES, seconds=1)
        scene.await_end(seconds=30)
        scene.shipper.kill("acceptor")
        scene.shipper.start("acceptor")
        scene.write(LINES, seconds=1)
        scene.await_end(seconds=30)
        scene.shipper.signal("processor", signal.SIGCONT)
        scene.all_whole(seconds=40)
        scene.shipper.stop()


@pytest.mark.timeout(300)
def test_a_torn_tail(scenes: MakeScene, chance: random.Random) -> None:
    """As a power cut leaves it: the last record is half there. The next acceptor goes on in a segment of its own."""
    scene = scenes()
    scene.shipper.start()
    scene.shipper.signal("processor", signal.SIGSTOP)
    written = scene.write(LINES, seconds=2)
    scene.await_progress(written, chance.uniform(0.2, 0.7))
    scene.shipper.kill("acceptor")
    last = segments(scene)[-1]
    os.truncate(last, last.stat().st_size - chance.randint(1, 2000))
    scene.shipper.start("acceptor")
    scene.await_end()
    scene.shipper.signal("processor", signal.SIGCONT)
    scene.all_whole(seconds=40)


def flip(file: Path, position: int) -> None:
    with open(file, "r+b") as changed:
        byte = os.pread(changed.fileno(), 1, position)[0]
        os.pwrite(changed.fileno(), bytes([byte ^ 0x10]), position)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("where", ["an older segment", "the newest segment"])
def test_a_flipped_bit_in(scenes: MakeScene, chance: random.Random, where: str) -> None:
    """It is found, counted, and what it took with it comes back from Docker's copy."""
    older = where == "an older segment"
    scene = scenes(**({"segment_size": "512k"} if older else {}))
    scene.shipper.start()
    scene.shipper.signal("processor", signal.SIGSTOP)
    scene.write(LINES, seconds=1)
    scene.await_end()
    eventually(lambda: spooled(scene) > 2 << 20, "a spool to damage")
    file = segments(scene)[1 if older else -1]
    flip(file, chance.randint(file.stat().st_size // 4, file.stat().st_size // 2))
    scene.shipper.signal("processor", signal.SIGCONT)
    scene.all_whole(seconds=30)
    assert scene.counted("spool_damage") >= 1


@pytest.mark.timeout(120)
def test_two_shippers_on_one_spool(scenes: MakeScene) -> None:
    """The second refuses and says why; the first does not notice."""
    scene = scenes(command="shipper")
    scene.shipper.start()
    second = Supervised("shipper", scene.shipper.data, scene.engine.url, free_port())
    second.log = scene.shipper.data / "second.log"
    with pytest.raises(RuntimeError, match="already|another|works on|in use"):
        second.start()
        second.wait(lambda: False, 10)
    environ = {
        **os.environ,
        "WHOLELOG_DATA": str(scene.shipper.data),
        "WHOLELOG_SHIPPER_LISTEN": f"127.0.0.1:{free_port()}",
    }
    bare = subprocess.run(
        [sys.executable, "-m", "log_shipper", "acceptor"], env=environ, capture_output=True, text=True, timeout=30
    )
    assert bare.returncode != 0 and "another shipper" in bare.stderr
    scene.write(5000, seconds=1)
    scene.await_end()
    scene.all_whole(seconds=40)
