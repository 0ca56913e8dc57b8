"""Debian's Prometheus, with the rules that Wholelog comes with."""

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.elasticsearch import free_port

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/prometheus"
RULES = FOLDER / "wholelog.rules.yml"


def tool(name: str) -> str:
    """The path of `prometheus` or `promtool`. Raises RuntimeError with the way out."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"the tests need {name}: apt-get install prometheus (./tests/run does it)")
    return found


class Prometheus:
    """Scrapes twice a second. Every `for` of the rules is a second, and `changed` is put in place of other texts."""

    def __init__(self, folder: Path, targets: dict[str, str], changed: dict[str, str]) -> None:
        rules = re.sub(r"for: \w+", "for: 1s", RULES.read_text())
        for old, new in changed.items():
            assert old in rules, old
            rules = rules.replace(old, new)
        (folder / "rules.yml").write_text(rules)
        jobs = [{"job_name": name, "static_configs": [{"targets": [at]}]} for name, at in targets.items()]
        config = {
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
            "rule_files": ["rules.yml"], "scrape_configs": jobs,
        }  # fmt: skip
        (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "prometheus.log"
        command = [
            tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]  # fmt: skip
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.until(lambda: bool(self.query("up == 1")), "it scrapes")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def query(self, expression: str) -> list[Any]:
        try:
            found = self._get("/api/v1/query?query=" + urllib.parse.quote(expression))
        except OSError:  # not up yet
            return []
        return list(found["data"]["result"])

    def firing(self) -> set[str]:
        found = self._get("/api/v1/alerts")["data"]["alerts"]
        return {one["labels"]["alertname"] for one in found if one["state"] == "firing"}

    def until(self, holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"waited for: {what}\n" + self._log.read_text()[-2000:])
            time.sleep(0.1)

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)
