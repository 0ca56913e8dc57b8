"""Docker's engine: the one that runs here, else one of our own for as long as we run."""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.quickstart.background import Background
from deploy.quickstart.errors import MachineLacks, ServiceProblem
from deploy.quickstart.machine import SYSTEM_PATH, find_program, install_packages
from deploy.quickstart.report import Report
from wholelog.engine_client import EngineClient, engine_socket
from wholelog.errors import EngineProblem


@dataclass(frozen=True, slots=True)
class Engine:
    """`own`: it was started here, and all that is in it goes with the data folder."""

    socket: Path
    own: bool

    def client(self, timeout: float = 30.0) -> EngineClient:
        return EngineClient(self.socket, timeout)


_START_SECONDS = 60.0
_SERVICE_SECONDS = 15.0  # until the service that a package has just installed answers


@contextmanager
def engine(docker_host: str, environ: Mapping[str, str], data: Path, report: Report) -> Iterator[Engine]:
    """An engine that answers. One that was named must answer; one that runs is used as it is.

    Where none runs and we are root, one is started under DATA and ended with us: its images and containers are its
    own. Raises EngineProblem, MachineLacks, ServiceProblem.
    """
    named = docker_host or environ.get("DOCKER_HOST", "")
    running = _named(docker_host, environ) if named else _running(environ)
    if running is None:
        running = _installed(environ, report)
    if running is not None:
        report.say(f"using the Docker engine {EngineClient(running).version()} at {running}")
        yield Engine(running, own=False)
        return
    with _own_engine(data, report) as socket:
        yield Engine(socket, own=True)


def _named(docker_host: str, environ: Mapping[str, str]) -> Path:
    socket = engine_socket(docker_host, environ)
    EngineClient(socket).version()
    return socket


def _running(environ: Mapping[str, str]) -> Path | None:
    """The usual sockets: the system's engine, then this user's own (rootless)."""
    places = [engine_socket("", {})]
    if environ.get("XDG_RUNTIME_DIR"):
        places.append(Path(environ["XDG_RUNTIME_DIR"], "docker.sock"))
    refused: EngineProblem | None = None
    for socket in places:
        if not socket.exists():
            continue
        try:
            EngineClient(socket).version()
            return socket
        except EngineProblem as error:
            refused = error
    if os.geteuid() == 0:
        return None
    if refused is not None:
        raise refused
    raise MachineLacks(
        "no Docker engine runs here, and only root may install or start one: as root run `apt-get install docker.io` and "
        f"`usermod -aG docker {environ.get('USER') or os.getuid()}`, then log in again and run this again; or name an engine "
        "that this user may use: DOCKER_HOST=unix:///PATH.sock"
    )


def _installed(environ: Mapping[str, str], report: Report) -> Path | None:
    """Installs an engine where there is none, as root; its socket where a service manager has started it."""
    if find_program("dockerd") is not None:
        return None
    packages = ["docker.io"]
    if _apparmor_enabled() and find_program("apparmor_parser") is None:
        packages.append("apparmor")  # without it an engine on such a kernel starts no container
    install_packages(packages, "no Docker engine is installed here", report)
    end = time.monotonic() + _SERVICE_SECONDS
    while Path("/run/systemd/system").exists() and time.monotonic() < end:
        running = _running(environ)
        if running is not None:
            report.leaves("the service docker, which the package docker.io started")
            return running
        time.sleep(0.3)
    return None


def _apparmor_enabled() -> bool:
    try:
        return Path("/sys/module/apparmor/parameters/enabled").read_text().startswith("Y")
    except OSError:
        return False


@contextmanager
def _own_engine(data: Path, report: Report) -> Iterator[Path]:
    dockerd = find_program("dockerd")
    assert dockerd is not None
    root = data / "docker"
    # A short path: a unix socket's has at most 107 bytes, and the engine adds to it. The same at each start, so that
    # the engine finds its process id file, should an earlier one still be ending.
    run = Path("/run", "wholelog-" + hashlib.sha256(os.fsencode(data)).hexdigest()[:12])
    run.mkdir(mode=0o700, exist_ok=True)
    (run / "daemon.json").write_text("{}")  # the machine's own file is for the machine's own engine
    socket = run / "docker.sock"
    report.say(
        f"no Docker engine runs here: starting one until this ends, with its images and containers in {root}; "
        "its containers have no network, so that no rule of this machine's changes"
    )
    command = [
        dockerd, "--data-root", str(root), "--exec-root", str(run / "exec"), "--pidfile", str(run / "docker.pid"),
        "-H", f"unix://{socket}", "--config-file", str(run / "daemon.json"),
        "--bridge", "none", "--iptables=false", "--ip-forward=false",
    ]  # fmt: skip
    environ = {**os.environ, "PATH": os.environ.get("PATH", "") + ":" + SYSTEM_PATH}
    process: Background | None = None
    try:
        process = Background("dockerd", command, environ, data / "dockerd.log")
        _wait(process, socket)
        report.say(f"engine at {socket} (its log: {process.log})")
        yield socket
    finally:
        if process is not None and not process.stop(30):
            report.say("dockerd did not end in time and was killed")
        _clean(root, run, report)


def _wait(process: Background, socket: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.ended() is None:
        try:
            EngineClient(socket, timeout=5).version()
            return
        except EngineProblem:
            time.sleep(0.1)
    raise ServiceProblem(
        f"dockerd did not come up; see {process.log}, which ends with\n{process.last_lines()}\n"
        "or name an engine that runs on this machine: DOCKER_HOST=unix:///PATH.sock"
    )


def _clean(root: Path, run: Path, report: Report) -> None:
    """Where / is no shared mount, the engine mounts its data root on itself, and does not always take that back."""
    # Not os.path.ismount, which knows a mount by its device; this one has its parent's.
    mounted = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    if str(root).replace(" ", "\\040") in mounted:
        done = subprocess.run(["umount", str(root)], capture_output=True, text=True, errors="replace", timeout=30)
        if done.returncode != 0:
            report.leaves(f"the mount {root}, which could not be taken away: {done.stderr.strip()}")
    try:
        shutil.rmtree(run)
    except OSError as error:
        report.leaves(f"{run}, which could not be removed: {error}")
