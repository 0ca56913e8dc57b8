"""A real Docker engine of the tests' own: its data root, socket and containerd are nobody else's."""

import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import docker.errors
import pytest
import requests.exceptions

from tests.services.kept import python_tar

BUSYBOX_IMAGE = "wholelog-test/busybox:1"
PYTHON_IMAGE = "wholelog-test/python:1"
APPLETS = ("sh", "cat", "echo", "sleep", "seq", "yes", "head", "tr", "dd", "printf", "true", "false", "env", "kill")


class Dockerd:
    """One engine on a unix socket. Raises RuntimeError with the end of its log where it does not come up.

    Needs root and Debian's docker.io. The bridge is left out, so that no rule of the machine's network changes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "docker.sock"
        self.url = f"unix://{self.socket}"
        self._log = folder / "dockerd.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        dockerd = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if dockerd is None:
            raise RuntimeError("the tests need a Docker engine: apt-get install docker.io (./tests/run does it)")
        command = [
            dockerd, "--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec"),
            "--pidfile", str(self.folder / "docker.pid"), "-H", self.url, "--bridge", "none", "--iptables=false",
        ]  # fmt: skip
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """kill -9; `start` brings it back on the same data."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None
        # Its containerd dies with it (a death signal); what both leave behind would hold up the next start.
        for left in ("docker.pid", "exec/containerd/containerd.pid", "exec/containerd/containerd.sock"):
            (self.folder / left).unlink(missing_ok=True)

    def client(self, timeout: int = 60) -> docker.DockerClient:
        return docker.DockerClient(self.url, version="auto", timeout=timeout)

    def _wait(self, seconds: float = 60) -> None:
        assert self._process is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            try:
                client = self.client(5)
                client.ping()
                client.close()
                return
            except (docker.errors.DockerException, requests.exceptions.RequestException):
                time.sleep(0.1)
        raise RuntimeError("dockerd did not come up:\n" + self._log.read_text(errors="replace")[-3000:])


def import_busybox(client: docker.DockerClient, name: str = BUSYBOX_IMAGE) -> str:
    """A small image with a shell, made from Debian's busybox-static."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise RuntimeError("the tests need busybox-static: ./tests/run installs it")
    with tempfile.TemporaryDirectory() as folder:
        tar = Path(folder, "busybox.tar")
        with tarfile.open(tar, "w") as out:
            out.add(busybox, "bin/busybox", filter=_of_root)
            for applet in APPLETS:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                out.addfile(link)
            for place in ("tmp", "etc"):
                directory = tarfile.TarInfo(place)
                directory.type, directory.mode = tarfile.DIRTYPE, 0o1777
                out.addfile(directory)
        repository, tag = name.rsplit(":", 1)
        client.api.import_image_from_file(str(tar), repository, tag)
    return name


def import_python(client: docker.DockerClient, name: str = PYTHON_IMAGE) -> str:
    """An image with bash and python3, made from Debian's packages."""
    kept = python_tar()
    repository, tag = name.rsplit(":", 1)
    client.api.import_image_from_file(str(kept), repository, tag, changes=["ENV PATH=/usr/local/bin:/usr/bin:/bin"])
    return name


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.mode = 0o755
    return member


@pytest.fixture(scope="session")
def dockerd() -> Iterator[Dockerd]:
    """The session's engine, with BUSYBOX_IMAGE in it."""
    # A short path: a unix socket's has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="wl-dockerd-", dir="/var/tmp"))
    engine = Dockerd(folder)
    try:
        engine.start()
        import_busybox(engine.client())
        yield engine
    finally:
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def python_image(dockerd: Dockerd) -> str:
    """The name of an image with bash and python3."""
    return import_python(dockerd.client())
