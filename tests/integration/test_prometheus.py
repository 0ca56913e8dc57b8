"""The rules and the dashboard in deploy/, on Debian's Prometheus that scrapes the live service."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.elasticsearch import free_port
from tests.services.prometheus import FOLDER, ROOT, RULES, Prometheus, tool
from tests.services.supervised import Supervised

DASHBOARD = ROOT / "deploy/grafana/wholelog.json"
_METRIC = re.compile(r"wholelog_(?:api|shipper)_[a-z_]+")


@pytest.fixture
def service(dockerd: Dockerd) -> Iterator[Supervised]:
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/var/tmp"))
    listen = f"127.0.0.1:{free_port()}"
    one = Supervised("up", folder / "data", dockerd.url, free_port(), listen=listen)
    try:
        one.start()
        yield one
    finally:
        one.stop()
        shutil.rmtree(folder, ignore_errors=True)


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([tool("promtool"), *arguments], capture_output=True, text=True, timeout=60)


def test_the_rules_fire_as_their_examples_say() -> None:
    checked = promtool("check", "config", str(FOLDER / "prometheus.yml"))
    assert checked.returncode == 0 and "13 rules found" in checked.stdout, checked
    told = promtool("test", "rules", str(FOLDER / "wholelog.test.yml"))
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_alert_is_in_the_runbook() -> None:
    page = (ROOT / "docs/runbook.md").read_text()
    names = re.findall(r"alert: (\w+)", RULES.read_text())
    assert len(names) == 13 and re.findall(r"^### (\w+)$", page, re.MULTILINE) == names
    for name in names:
        assert f"runbook: docs/runbook.md#{name.lower()}" in RULES.read_text()


def commands_of(page: str, kept: Path) -> list[list[str]]:
    """The commands `wholelog …` that a page shows, with a folder of ours in place of its backup's."""
    shown = re.findall(r"^    wholelog (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    words = [shlex.split(one, comments=True) for one in shown if not re.match("up|run|logs|token|.*DIR", one)]
    return [
        [word.replace("/var/backups/", f"{kept}/").replace("/var/lib/wholelog", f"{kept}/new") for word in one]
        for one in words
    ]


def test_the_commands_of_the_pages(service: Supervised, tmp_path: Path) -> None:
    """As an operator types them, who has named the settings in the environment; each once, whichever page shows it."""
    commands = [
        one for page in ("README.md", "docs/runbook.md", "docs/operations.md") for one in commands_of(page, tmp_path)
    ]
    distinct = {tuple(one): one for one in commands}.values()
    assert len(commands) > 15 and {one[0] for one in distinct} >= {
        "status", "check", "audit", "config", "retention", "backup", "restore",
    }  # fmt: skip
    for words in distinct:
        command = [sys.executable, "-m", "wholelog", *words]
        done = subprocess.run(command, env=service.environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and done.stdout, (words, done)


def exported(*addresses: str) -> set[str]:
    names: set[str] = set()
    for address in addresses:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            names.update(re.findall(r"^# TYPE (\w+)", answer.read().decode(), re.MULTILINE))
    return names


def test_alerts_of_the_live_service(service: Supervised, dockerd: Dockerd, tmp_path: Path) -> None:
    """A gap, a store that is away, a shipper that is behind: each fires, and the last two are over with their cause."""
    shipper = f"127.0.0.1:{service.port}"
    status = [sys.executable, "-m", "wholelog", "status", "--listen", service.address, "--shipper-listen", shipper]
    status += ["--data", str(service.data), "--docker-host", dockerd.url]
    told = subprocess.run(status, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0 and len(told.stdout.splitlines()) == 12 and "bad" not in told.stdout, told
    prometheus = Prometheus(
        tmp_path, {"wholelog-api": service.address, "wholelog-shipper": shipper}, {"lag_seconds > 60": "lag_seconds > 4"}
    )  # fmt: skip
    client = docker.DockerClient(dockerd.url)
    logged = {"detach": True, "log_config": service.log_config(client.version()["Version"]), "network_mode": "none"}
    try:
        prometheus.until(lambda: len(prometheus.query("wholelog_api_ready == 1")) == 3, "the API's looks")
        assert prometheus.firing() == set()
        used = set(_METRIC.findall(RULES.read_text() + DASHBOARD.read_text()))
        there = exported(service.address, shipper)
        assert {re.sub(r"_bucket$", "", name) for name in used} <= there, used - there
        assert len(json.loads(DASHBOARD.read_text())["panels"]) == 16

        hasty = client.containers.run(BUSYBOX_IMAGE, ["sh", "-c", "echo one; sleep 60"], **logged)
        prometheus.until(lambda: bool(prometheus.query("wholelog_shipper_open_runs > 0")), "the container is known")
        service.signal("supervisor", signal.SIGSTOP)  # or the processor would be there again and hold the copy
        service.signal("processor", signal.SIGKILL)
        hasty.remove(force=True)
        service.signal("supervisor", signal.SIGCONT)
        told_gap = {"WholelogGapFound", "WholelogAuditsFail"}
        prometheus.until(lambda: told_gap <= prometheus.firing(), "a gap is told")

        (service.data / "logs").rename(service.data / "away")
        client.containers.run(BUSYBOX_IMAGE, ["echo", "two"], **logged)
        behind = {"WholelogStoreUnreachable", "WholelogShipperBehind"}
        prometheus.until(lambda: behind <= prometheus.firing(), "the store is away and the shipper behind")
        told = subprocess.run(status, capture_output=True, text=True, timeout=60)
        assert (
            told.returncode == 1
            and len(re.findall(r"^bad +store .* since .*; see that the log", told.stdout, re.MULTILINE)) == 2
        )
        (service.data / "away").rename(service.data / "logs")
        prometheus.until(lambda: not behind & prometheus.firing(), "both are over")
    finally:
        client.close()
        prometheus.stop()
