"""Containers removed, killed, started again and renamed by hand."""

import random
import signal

import pytest

from tests.faults.conftest import MakeScene
from tests.faults.scene import eventually

LINES = 20_000
NUMBERS = b"".join(b"%d\n" % i for i in range(1, 5001))


@pytest.mark.timeout(300)
def test_rm_f_while_it_writes(scenes: MakeScene, chance: random.Random) -> None:
    """The files of its copy are open: all that it had written is there."""
    scene = scenes()
    scene.shipper.start()
    for written in [scene.write(LINES, seconds=2) for _ in range(3)]:
        scene.await_progress(written, chance.uniform(0.1, 0.7))
        written.cut = True
        scene.client.api.remove_container(written.id, force=True)
    scene.all_whole()


@pytest.mark.timeout(300)
def test_docker_run_rm(scenes: MakeScene) -> None:
    """The engine removes each as soon as it has ended, with the tail that the driver had not sent."""
    scene = scenes()
    scene.shipper.start()
    for _ in range(5):
        scene.run(
            "seq 1 5000; sleep 0.5; seq 5001 10000", b"".join(b"%d\n" % i for i in range(1, 10001)), auto_remove=True
        )
    scene.all_whole()


@pytest.mark.timeout(300)
def test_rm_f_right_after_its_end(scenes: MakeScene, soak: bool) -> None:
    """Who opens a file races with who removes it; nothing is called whole that is not."""
    scene = scenes()
    scene.shipper.start()
    for _ in range(60 if soak else 12):
        written = scene.run("seq 1 5000", NUMBERS)
        scene.container(written).wait(timeout=60)
        scene.client.api.remove_container(written.id, force=True)
    scene.all_honest()


@pytest.mark.timeout(300)
def test_rm_f_while_the_shipper_is_away(scenes: MakeScene) -> None:
    """Started under the shipper, ended and removed without it: a gap that says so, and no hang."""
    scene = scenes()
    scene.shipper.start()
    written = scene.write(LINES, seconds=2)
    scene.await_progress(written, 0.3)
    scene.shipper.kill("processor")
    scene.shipper.kill("acceptor")
    scene.await_end()
    scene.client.api.remove_container(written.id, force=True)
    scene.shipper.start()
    scene.all_honest()
    assert scene.outcome(written).missing and written.seals[-1].state != "sealed"


@pytest.mark.timeout(300)
def test_killed_in_the_middle_of_a_write(scenes: MakeScene, chance: random.Random) -> None:
    """docker kill: all that it wrote is there, its torn last line too."""
    scene = scenes()
    scene.shipper.start()
    for _ in range(4):
        written = scene.write(LINES, seconds=4)
        scene.await_progress(written, chance.uniform(0.1, 0.4))
        scene.client.api.kill(written.id)
        written.cut = True
    scene.await_end()
    scene.all_whole()


@pytest.mark.timeout(300)
def test_out_of_memory(scenes: MakeScene) -> None:
    """The kernel kills it right after a burst."""
    scene = scenes()
    scene.shipper.start()
    written = scene.run("seq 1 5000; exec /bin/busybox tail /dev/zero", NUMBERS, mem_limit="32m", memswap_limit="32m")
    scene.await_end()
    assert scene.client.api.inspect_container(written.id)["State"]["ExitCode"] == 137
    scene.all_whole()


@pytest.mark.timeout(300)
def test_started_again_while_the_processor_stands_still(scenes: MakeScene) -> None:
    """Two runs pass before anything is looked at: every byte of both is there once."""
    scene = scenes()
    scene.shipper.start()
    scene.shipper.signal("processor", signal.SIGSTOP)
    written = scene.run("seq 1 5000; echo e >&2", NUMBERS * 2, b"e\n" * 2)
    scene.await_end()
    scene.client.api.start(written.id)
    scene.await_end()
    scene.shipper.signal("processor", signal.SIGCONT)
    written.runs = 2
    scene.all_whole()
    assert [seal.lines for seal in written.seals] == [5001, 5001]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("away", [False, True])
def test_started_again_and_again(scenes: MakeScene, away: bool) -> None:
    """Each run has its own seal, with its own lines, however soon the next began, and while nobody watched, too."""
    scene = scenes()
    scene.shipper.start()
    counting = "n=0; [ -f /n ] && read n </n; n=$((n+1)); echo $n >/n; seq 1 ${n}000"
    written = scene.run(counting, b"".join(b"%d\n" % i for n in range(1, 6) for i in range(1, n * 1000 + 1)))
    if away:
        scene.await_end()
        eventually(lambda: bool(scene.reader.seals(written.id)), "the first run is seen")
        scene.shipper.kill("processor")
        scene.shipper.kill("acceptor")
    for _ in range(4):
        scene.await_end()
        scene.client.api.start(written.id)
    scene.await_end()
    if away:
        scene.shipper.start()
    written.runs = 5
    scene.all_whole()
    assert [seal.lines for seal in written.seals] == [1000, 2000, 3000, 4000, 5000]
    assert all(seal.put_back <= seal.lines for seal in written.seals)


@pytest.mark.timeout(300)
def test_started_again_by_the_engine(scenes: MakeScene) -> None:
    """A run that fails is stated as soon as it has ended, not when the container does so for good."""
    scene = scenes()
    scene.shipper.start()
    counting = "n=0; [ -f /n ] && read n </n; n=$((n+1)); echo $n >/n; seq 1 ${n}00; exit 3"
    out = b"".join(b"%d\n" % i for n in range(1, 6) for i in range(1, n * 100 + 1))
    written = scene.run(counting, out, restart_policy={"Name": "on-failure", "MaximumRetryCount": 4})
    written.runs = 5
    eventually(lambda: [seal.lines for seal in scene.reader.seals(written.id)] == [100, 200, 300, 400, 500], "5 seals")
    scene.all_whole()


@pytest.mark.timeout(300)
def test_renamed_and_its_name_given_to_another(scenes: MakeScene) -> None:
    """Logs go by the id; the name means the one that has it."""
    scene = scenes()
    scene.shipper.start()
    first = scene.write(LINES, seconds=2, name="wl-faults-name")
    scene.await_progress(first, 0.3)
    scene.client.api.rename(first.id, "wl-faults-old-name")
    second = scene.write(LINES, seconds=1, name="wl-faults-name")
    scene.await_end()
    scene.all_whole()
    assert scene.reader.find_containers("wl-faults-name")[0].container_id == second.id
