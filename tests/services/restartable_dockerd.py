"""An engine that can be killed and started again on its own data, with live-restore or without."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.dockerd import Dockerd, import_busybox, import_python


class RestartableDockerd(Dockerd):
    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self._options = options

    def start(self) -> None:
        found = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if found is None:
            raise RuntimeError("the tests need a Docker engine: apt-get install docker.io (./tests/run does it)")
        command = [
            found, "--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec"),
            "--pidfile", str(self.folder / "docker.pid"), "-H", self.url, "--bridge", "none", "--iptables=false",
            *self._options,
        ]  # fmt: skip
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._wait()

    def kill(self) -> None:
        """As a crash would: SIGKILL. Its containerd goes with it, the containers' shims do not."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)
        self._process = None
        self._forget_containerd()

    def _forget_containerd(self) -> None:
        """Where nobody reaps orphans (a container without an init) a dead containerd would be taken for a living one."""
        file = self.folder / "exec/containerd/containerd.pid"
        end = time.monotonic() + 10
        while file.exists() and _state(int(file.read_text() or 0)) not in ("", "Z") and time.monotonic() < end:
            time.sleep(0.05)
        if file.exists() and _state(int(file.read_text() or 0)) in ("", "Z"):
            file.unlink()

    def clear(self) -> None:
        """Remove all containers, then end it and what it has left behind."""
        if self._process is None:
            self.start()
        client = self.client()
        for container in client.containers.list(all=True, ignore_removed=True):
            container.remove(force=True)
        client.close()
        self.stop()
        containerd = self.folder / "exec/containerd/containerd.pid"
        if containerd.exists():
            pid = int(containerd.read_text())
            command = Path(f"/proc/{pid}/cmdline")
            if command.exists() and str(self.folder).encode() in command.read_bytes():
                os.kill(pid, signal.SIGTERM)


def _state(pid: int) -> str:
    """Of a process, as the kernel writes it: `S`, `Z`, …; '' where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@contextmanager
def restartable_dockerd(*options: str) -> Iterator[RestartableDockerd]:
    """With the images of `tests.services.dockerd`."""
    folder = Path(tempfile.mkdtemp(prefix="wl-dockerd-", dir="/var/tmp"))
    engine = RestartableDockerd(folder, *options)
    try:
        engine.start()
        client = engine.client()
        import_busybox(client)
        import_python(client)
        client.close()
        yield engine
    finally:
        engine.clear()
        shutil.rmtree(folder, ignore_errors=True)
