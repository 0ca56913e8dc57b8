"""A clock that steps back, by hand: no engine's clock can be turned here without turning the machine's.

dockerd is a Go program, which asks the kernel for the time itself, so libfaketime does not reach it. Records are sent to the
socket as dockerd sends them instead.
"""

import random
import socket
import time

import msgpack
import pytest

from tests.faults.conftest import MakeScene
from tests.faults.scene import Written, eventually


@pytest.mark.timeout(120)
@pytest.mark.parametrize("removed", [False, True])
def test_times_that_step_back_and_stand_still(scenes: MakeScene, chance: random.Random, removed: bool) -> None:
    """Every line stays once, in the order of writing, also over kills of the processor.

    `removed`: the engine does not know the container any more while its records are still coming out of the spool.
    """
    scene = scenes()
    scene.shipper.start()
    container = f"{chance.getrandbits(256):064x}" if removed else scene.create("true").id
    now, out = time.time_ns(), []
    with socket.socket(socket.AF_UNIX) as dockerd:
        dockerd.connect(str(scene.shipper.socket))
        for number in range(6000):
            now += chance.choice((0, 0, 0, 1000, 10**6, -(10**7), -3 * 10**9 if number % 1000 == 0 else 1))
            text = chance.choice((b"same", b"%d" % number, b""))
            out.append(text)
            dockerd.sendall(_record(container, now, text))
            if number in (2000, 4000):
                time.sleep(0.3)
                scene.shipper.kill("processor")
                scene.shipper.start("processor")
    written = Written(container, {"stdout": b"\n".join(out) + b"\n", "stderr": b""})
    eventually(lambda: scene.outcome(written).stored >= 6000, "all lines", 20)
    outcome = scene.outcome(written)
    scene.row.add(outcome, "none (by hand)", 0, 0)
    assert outcome.whole, outcome


def _record(container: str, ns: int, text: bytes) -> bytes:
    stamp = msgpack.ExtType(0, (ns // 10**9).to_bytes(4, "big") + (ns % 10**9).to_bytes(4, "big"))
    record = {"container_id": container, "container_name": "/by-hand", "source": "stdout", "log": text}
    packed: bytes = msgpack.packb([container[:12], stamp, record, {}])
    return packed
