"""The shipper's two processes, as they run for a user, each to be killed and started alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from runtime_api.containers.log_driver import driver_options


class Shipper:
    """Processes on a data folder; `stop` ends what runs. Raises RuntimeError with their output where one ends."""

    def __init__(self, data: Path, docker_host: str, port: int, **settings: str) -> None:
        self.data, self.port = data, port
        self.socket = data / "forward.sock"
        given = {"data": str(data), "docker_host": docker_host, "shipper_listen": f"127.0.0.1:{port}", **settings}
        self._environ = {**os.environ, **{f"WHOLELOG_{name.upper()}": value for name, value in given.items()}}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.log = data / "shipper.log"

    def start(self, *parts: str) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        for part in parts or ("acceptor", "processor"):
            with open(self.log, "ab") as log:
                command = [sys.executable, "-m", "log_shipper", part]
                self._processes[part] = subprocess.Popen(command, env=self._environ, stdout=log, stderr=log)
        for part in parts or ("acceptor", "processor"):
            self._wait(part, self.socket.exists if part == "acceptor" else self._answers)

    def _wait(self, part: str, is_up: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not is_up():
            if time.monotonic() > end or self._processes[part].poll() is not None:
                raise RuntimeError(f"the {part} does not come up:\n" + self.log.read_text())
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def signal(self, part: str, number: signal.Signals) -> None:
        self._processes[part].send_signal(number)

    def kill(self, part: str) -> None:
        self._processes[part].kill()
        self._processes.pop(part).wait()

    def stop(self) -> dict[str, int]:
        """End all; their exit codes."""
        codes = {}
        for part, process in self._processes.items():
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                codes[part] = process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[part] = process.wait()
        self._processes.clear()
        return codes

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time of each process so far."""
        seconds = {}
        for part, process in self._processes.items():
            fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            seconds[part] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return seconds

    def log_config(self, engine_version: str) -> dict[str, object]:
        """HostConfig.LogConfig of a container whose log comes here."""
        return {"Type": "fluentd", "Config": driver_options(self.socket, engine_version)}
