"""deploy/compose, as far as it can be looked at without its images: the file, its settings, its scripts."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from wholelog.processes import Given, all_parts, load_parts

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/compose"


def compose(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Docker's plugin, or Debian's docker-compose."""
    docker = shutil.which("docker")
    plugin = docker and subprocess.run([docker, "compose", "version"], capture_output=True, timeout=60).returncode == 0
    command = ["docker", "compose"] if plugin else ["docker-compose"]
    if not plugin and shutil.which("docker-compose") is None:
        raise RuntimeError("the tests need docker-compose: apt-get install docker-compose (./tests/run does it)")
    given = ["--project-directory", str(ROOT), "-f", str(FOLDER / "compose.yaml"), *arguments]
    return subprocess.run([*command, *given], env={**os.environ, **environ}, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    done = compose("config")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return found


def test_it_is_a_compose_file_of_all_parts(services: dict[str, Any]) -> None:
    assert set(services) == {"secrets", "elasticsearch", "users", "kibana", "shipper", "api"}
    images = {name: one.get("image", "") for name, one in services.items()}
    assert images["elasticsearch"] == "elasticsearch:8.19.0" and images["kibana"] == "kibana:8.19.0"
    assert all("/" not in image for image in images.values())  # a registry is the operator's choice
    assert all(one["logging"]["options"]["max-size"] == "10m" for one in services.values())
    for name in ("elasticsearch", "kibana"):
        assert all("127.0.0.1" in json.dumps(port) for port in services[name]["ports"])
    other = compose("config", ELASTICSEARCH_IMAGE="HOST:5000/es:1", WHOLELOG_DATA="/srv/w")
    assert "HOST:5000/es:1" in other.stdout and "/srv/w" in other.stdout


@pytest.mark.parametrize("part", ["shipper", "api"])
def test_its_settings_are_settings(services: dict[str, Any], part: str) -> None:
    environ = {name: str(value) for name, value in services[part]["environment"].items()}
    (loaded,) = load_parts([one for one in all_parts() if one.name == part], Given({}, environ))
    assert loaded.settings.store_url.startswith("https://127.0.0.1:") and services[part]["command"] == [part]
    volumes = json.dumps(services[part]["volumes"])
    assert volumes.count("/var/lib/wholelog") == 2 and "/var/lib/docker" in volumes
    assert (services[part]["network_mode"], services[part]["pid"]) == ("host", "host")


def test_its_files_are_there_and_its_scripts_are_shell(services: dict[str, Any]) -> None:
    text = (FOLDER / "compose.yaml").read_text()
    named = set(re.findall(r"\./(deploy/compose/[\w-]+):", text))
    assert named == {f"deploy/compose/{name}" for name in ("make-secrets", "make-users", "run-kibana")}
    for name in (*named, "deploy/compose/run-wholelog"):
        shell = (ROOT / name).read_text().splitlines()[0].removeprefix("#!/bin/")
        assert subprocess.run([shell, "-n", ROOT / name], capture_output=True, timeout=60).stderr == b""
    for line in (FOLDER / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY"):
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line


def test_secrets_are_made_once_and_stay(tmp_path: Path) -> None:
    """With a stand-in for Elasticsearch's own tool, which is in its image alone."""
    tools, secrets = tmp_path / "tools", tmp_path / "secrets"
    tools.mkdir()
    secrets.mkdir()
    (tools / "elasticsearch-certutil").write_text(
        '#!/bin/bash\nset -e\nfor last; do if [ "$before" = --out ]; then out=$last; fi; before=$last; done\n'
        'cd "$(mktemp -d)"\nif [ "$1" = ca ]; then mkdir ca; touch ca/ca.key; echo x >ca/ca.crt; else mkdir elasticsearch kibana\n'
        "for n in elasticsearch kibana; do echo x >$n/$n.crt; echo x >$n/$n.key; done; fi\n"
        'python3 -m zipfile -c "$out" *\n'
    )
    (tools / "unzip").write_text('#!/bin/bash\nfor last; do :; done\npython3 -m zipfile -e "$last" .\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "SECRETS": str(secrets)}
    made: list[dict[str, str]] = []
    for _ in range(2):
        done = subprocess.run(
            ["bash", FOLDER / "make-secrets"], env=environ, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0 and done.stdout == "certificates and passwords are in place\n", done
        made.append(
            {name: (secrets / name).read_text() for name in ("elastic", "kibana_system", "wholelog", "kibana_key")}
        )
    assert made[0] == made[1] and len(set(made[0].values())) == 4
    assert all(re.fullmatch(r"[a-zA-Z0-9]{32}", password) for password in made[0].values())
    assert (secrets / "elastic").stat().st_mode & 0o777 == 0o400 and (secrets / "elastic").stat().st_uid == 1000
    assert (secrets / "ca/ca.key").stat().st_mode & 0o777 == 0o400
    assert (secrets / "kibana/kibana.key").stat().st_mode & 0o777 == 0o440
