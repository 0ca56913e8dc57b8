"""The supervisor over real processes: what ends is started again, what is frozen is killed, all end together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PARENT = """
import sys, os, time, logging
from wholelog_base.child import Child
from wholelog_base.supervisor import supervise
logging.basicConfig(level=logging.INFO)
watchdog = float(sys.argv[2]) if sys.argv[2] else None
sys.exit(supervise([Child("child", [sys.executable, "-c", sys.argv[1]], os.environ, time.monotonic, watchdog)], 5.0))
"""
STAY = "import os, time; open(os.environ['PIDS'], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
BEATING = """
import os, time
from wholelog_base.heartbeat import heartbeat
beat = heartbeat(os.environ)
open(os.environ['PIDS'], 'a').write(f'{os.getpid()}\\n')
while True:
    beat()
    time.sleep(0.05)
"""


class Supervised:
    def __init__(self, folder: Path, child: str, watchdog: str = "") -> None:
        self.pids_file = folder / "pids"
        environ = {**os.environ, "PIDS": str(self.pids_file)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, child, watchdog], env=environ, stderr=subprocess.PIPE, text=True
        )

    def pids(self, count: int) -> list[int]:
        """The pids of the children so far, once there are so many; 40 s are waited."""
        end = time.monotonic() + 40
        while time.monotonic() < end:
            found = self.pids_file.read_text().split("\n")[:-1] if self.pids_file.exists() else []
            if len(found) >= count:
                return [int(pid) for pid in found]
            time.sleep(0.02)
        raise AssertionError(f"{count} children did not come")

    def end(self) -> tuple[int, str]:
        self.process.terminate()
        _, told = self.process.communicate(timeout=20)
        return self.process.returncode, told


def gone(pid: int) -> bool:
    """Whether the process has ended, within 10 s."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_killed_child_is_started_again_and_all_end_at_sigterm(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, STAY)
    (first,) = supervised.pids(1)
    os.kill(first, signal.SIGKILL)
    second = supervised.pids(2)[1]
    code, told = supervised.end()
    assert code == 0 and gone(second)
    assert "child ended with SIGKILL" in told


def test_a_frozen_child_is_killed_and_started_again(tmp_path: Path) -> None:
    """SIGSTOP: alive for the kernel, dead for everybody else."""
    supervised = Supervised(tmp_path, BEATING, "1")
    (first,) = supervised.pids(1)
    # The watchdog of a start is longer than that of a beating process: let it beat first.
    time.sleep(2.5)
    os.kill(first, signal.SIGSTOP)
    supervised.pids(2)
    code, told = supervised.end()
    assert code == 0 and gone(first)
    assert "has not moved for 1 s and is killed" in told


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    """kill -9 of the parent leaves nobody behind."""
    supervised = Supervised(tmp_path, STAY)
    (child,) = supervised.pids(1)
    supervised.process.kill()
    supervised.process.communicate(timeout=20)
    assert gone(child)


@pytest.mark.parametrize("code", [2])
def test_settings_that_do_not_fit_end_it_all(tmp_path: Path, code: int) -> None:
    """Starting it again would not help; the exit code says so."""
    supervised = Supervised(tmp_path, f"raise SystemExit({code})")
    _, told = supervised.process.communicate(timeout=20)
    assert supervised.process.returncode == code
    assert "cannot run with these settings" in told
