"""SQLite's disk full, and its files gone."""

import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MakeScene
from tests.services.tmpfs import tmpfs

LINES = 20_000


@pytest.mark.timeout(300)
def test_the_store_s_disk_is_full_for_a_while(scenes: MakeScene) -> None:
    """Nothing is sealed until there is room; then everything is there."""
    folder = Path(tempfile.mkdtemp(prefix="wl-full-", dir="/var/tmp"))
    try:
        with tmpfs(folder / "logs", "3m") as disk:
            scene = scenes(store=f"sqlite://{folder / 'logs'}")
            scene.shipper.start()
            written = [scene.write(LINES, seconds=2) for _ in range(2)]
            scene.await_end()
            time.sleep(2)
            assert {seal.state for w in written for seal in scene.reader.seals(w.id)} <= {"open"}
            disk.resize("256m")
            scene.all_whole()
            scene.shipper.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(300)
def test_the_database_files_removed_underneath(scenes: MakeScene, chance: random.Random) -> None:
    """What was stored is gone: the seal's count tells, and Docker's copy is written again."""
    scene = scenes()
    scene.shipper.start()
    written = scene.write(LINES, seconds=3)
    scene.await_progress(written, chance.uniform(0.4, 0.8))
    for file in (scene.shipper.data / "logs").iterdir():
        if "seal" not in file.name:
            file.unlink()
    scene.await_end()
    scene.all_whole()
