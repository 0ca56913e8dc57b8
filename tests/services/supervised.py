"""`wholelog shipper` and `wholelog up` as a user starts them; each of their processes can be killed and frozen."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime_api.containers.log_driver import driver_options

LAST_WORD = {"acceptor": "acceptor", "processor": "processor", "api": "runtime_api"}


class Supervised:
    """Settings by name, as text. Raises RuntimeError with its output where it does not come up."""

    def __init__(self, command: str, data: Path, docker_host: str, port: int, **settings: str) -> None:
        self.command, self.data, self.port = command, data, port
        self.socket = data / "forward.sock"
        self.log = data / "wholelog.log"
        given = {"data": str(data), "docker_host": docker_host, "shipper_listen": f"127.0.0.1:{port}", **settings}
        self.address = settings.get("listen", "")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("WHOLELOG_", "DOCKER_"))}
        self.environ = {**clean, **{f"WHOLELOG_{name.upper()}": value for name, value in given.items()}}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wholelog", self.command], env=self.environ, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait(lambda: self.socket.exists() and self._answers())

    def wait(self, holds: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert self._process is not None
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"wholelog {self.command}:\n" + self.log.read_text(errors="replace")[-3000:])
            time.sleep(0.02)

    def pid(self, part: str) -> int:
        """Of `supervisor`, `acceptor`, `processor` or `api`; 0 where it does not run now."""
        assert self._process is not None
        if part == "supervisor":
            return self._process.pid
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
            if parent == self._process.pid and words[-1:] == [LAST_WORD[part]]:
                return int(place.name)
        return 0

    def signal(self, part: str, number: signal.Signals) -> int:
        """Its pid; waits for a process that is being started again."""
        self.wait(lambda: self.pid(part) != 0)
        pid = self.pid(part)
        os.kill(pid, number)
        return pid

    def stop(self) -> None:
        if self._process is None:
            return
        for part in ("supervisor", *LAST_WORD):
            if pid := self.pid(part):
                os.kill(pid, signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def log_config(self, engine_version: str) -> dict[str, object]:
        """HostConfig.LogConfig of a container whose log comes here."""
        return {"Type": "fluentd", "Config": driver_options(self.socket, engine_version)}

    def ask(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> tuple[int, Any]:
        """Status and body of the API; (0, None) where it gives no whole answer."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://{self.address}{path}", content, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except (OSError, ValueError, EOFError):
            return 0, None
        except Exception as error:  # http.client's own errors are no OSError
            if type(error).__module__ == "http.client":
                return 0, None
            raise

    def _answers(self) -> bool:
        ports = [self.port, *([int(self.address.rpartition(":")[2])] if self.address else [])]
        for port in ports:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True
