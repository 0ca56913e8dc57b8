"""The units of deploy/systemd: what systemd says of them, and the processes under what they allow."""

import configparser
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from log_store.errors import StoreUnavailable
from log_store.sqlite.reader import SqliteReader
from runtime_api.containers.log_driver import driver_options
from tests.integration.test_containers_shipper import wait_for
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
NAMES = ("wholelog-shipper.service", "wholelog-api.service")
NOBODY = 65534
_PR_SET_MDWE = 65  # prctl(2); Linux 6.3


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """As they are, with a program that is there."""
    for name in NAMES:
        text = (UNITS / name).read_text()
        assert "ExecStart=/opt/wholelog/bin/wholelog " in text
        (tmp_path / name).write_text(text.replace("/opt/wholelog/bin/wholelog", str(shutil.which("true"))))
    return tmp_path


def section(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name)
    return parser["Service"]


def analyze(*arguments: str) -> str:
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_takes_the_units(units: Path) -> None:
    assert analyze("verify", *(str(units / name) for name in NAMES)) == ""


@pytest.mark.parametrize("name", NAMES)
def test_they_are_exposed_little(units: Path, name: str) -> None:
    """Of ten; a unit without any of it has 9.6."""
    analyze("security", "--offline=true", "--threshold=25", "--no-pager", str(units / name))


def test_both_are_of_one_user_and_end_where_settings_do_not_fit() -> None:
    shipper, api = section(NAMES[0]), section(NAMES[1])
    for name in ("User", "StateDirectory", "UMask", "Type", "Restart", "RestartPreventExitStatus", "EnvironmentFile"):
        assert shipper[name] == api[name]
    assert (shipper["Restart"], shipper["RestartPreventExitStatus"], shipper["UMask"]) == ("always", "2", "0077")
    assert api["CapabilityBoundingSet"] == "" and "PrivateUsers" not in shipper and "ProtectProc" not in shipper


class Manager:
    """The service manager's socket."""

    def __init__(self, folder: Path) -> None:
        self.path, self.told = folder / "notify", list[str]()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self.path.chmod(0o777)
        self._socket.settimeout(0.1)

    def heard(self, *words: str) -> bool:
        """Whether it has been told these so far, in this order."""
        try:
            while True:
                self.told.append(self._socket.recv(1000).decode())
        except TimeoutError:
            rest = iter(self.told)
            return all(word in rest for word in words)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    one = Manager(tmp_path)
    yield one
    one.close()


def no_writable_code() -> None:
    """MemoryDenyWriteExecute=, where the kernel has it."""
    ctypes.CDLL(None).prctl(_PR_SET_MDWE, 1, 0, 0, 0)


def store_is_there(store: SqliteReader) -> bool:
    try:
        store.check()
    except StoreUnavailable:
        return False
    return True


def ended(process: "subprocess.Popen[bytes]", log: Path) -> None:
    process.terminate()
    assert process.wait(40) == 0, log.read_text()


def started(
    command: list[str], folder: Path, manager: Manager, before: Callable[[], None], **settings: str
) -> "tuple[subprocess.Popen[bytes], Path]":
    environ = {**os.environ, "NOTIFY_SOCKET": str(manager.path)}
    environ |= {f"WHOLELOG_{name.upper()}": value for name, value in settings.items()}
    log = folder / "log"
    with open(log, "wb") as out:
        return subprocess.Popen(command, env=environ, preexec_fn=before, stdout=out, stderr=out), log


def test_the_api_runs_without_writable_code_and_tells_that_it_lives(tmp_path: Path, manager: Manager) -> None:
    command = [sys.executable, "-m", "wholelog", "api"]
    data = str(tmp_path / "data")
    docker = f"unix://{tmp_path}/none.sock"
    process, log = started(
        command, tmp_path, manager, no_writable_code, data=data, docker_host=docker, listen="127.0.0.1:0",
        request_timeout="1s",
    )  # fmt: skip
    try:
        wait_for(lambda: manager.heard("READY=1", "WATCHDOG=1", "WATCHDOG=1"))
        ended(process, log)
        assert manager.heard("READY=1", "WATCHDOG=1", "STOPPING=1"), log.read_text()
    finally:
        process.kill()


def test_the_shipper_seals_as_a_user_with_what_the_unit_gives_it(
    dockerd: Dockerd, tmp_path: Path, manager: Manager, free_port: int
) -> None:
    """Not root, without new privileges, with the unit's one capability: it reads Docker's copy and its files."""
    unit = section(NAMES[0])
    assert unit["AmbientCapabilities"] == unit["CapabilityBoundingSet"] == "CAP_DAC_READ_SEARCH"
    capability = unit["AmbientCapabilities"].removeprefix("CAP_").lower()
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    command = [
        "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={dockerd.socket.stat().st_gid}",
        f"--bounding-set=-all,+{capability}", f"--inh-caps=-all,+{capability}", f"--ambient-caps=-all,+{capability}",
        "--no-new-privs", sys.executable, "-m", "wholelog", "shipper",
    ]  # fmt: skip
    process, log = started(
        command, tmp_path, manager, no_writable_code, data=str(data), docker_host=dockerd.url,
        shipper_listen=f"127.0.0.1:{free_port}", watchdog="3s",
    )  # fmt: skip
    client = dockerd.client()
    store = SqliteReader(data / "logs")
    container = None
    try:
        wait_for(lambda: manager.heard("READY=1", "WATCHDOG=1") and (data / "forward.sock").exists())
        wait_for(lambda: store_is_there(store))
        options = {"Type": "fluentd", "Config": driver_options(data / "forward.sock", client.version()["Version"])}
        container = client.containers.create(BUSYBOX_IMAGE, ["sh", "-c", "seq 3000; sleep 1"], log_config=options)
        container.start()
        wait_for(lambda: any(seal.state != "open" for seal in store.seals(container.id)))
        assert [(seal.state, seal.lines) for seal in store.seals(container.id)] == [("sealed", 3000)]
        ended(process, log)
        assert "cannot be" not in log.read_text() and manager.heard("STOPPING=1")
    except AssertionError as error:
        raise AssertionError(log.read_text()) from error
    finally:
        process.kill()
        store.close()
        if container is not None:
            container.remove(force=True)
        client.close()
