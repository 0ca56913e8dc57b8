"""deploy/images: each type's default image, built from a base that the engine has, without a registry."""

import os
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

from runtime_api.config import ApiSettings
from runtime_api.containers.open import open_containers
from runtime_api.schemas.task_body import parse_task
from tests.fakes import MemoryStore
from tests.services.dockerd import Dockerd

BUILD = Path(__file__).resolve().parents[2] / "deploy/images/build"


def test_images_are_built_without_a_registry_and_run_their_type(
    dockerd: Dockerd, python_image: str, tmp_path: Path
) -> None:
    environ = {**os.environ, "DOCKER_HOST": dockerd.url, "DOCKER_BUILDKIT": "0"}
    command = [str(BUILD), "--base", python_image, "--tag", "test"]
    printed = subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=300).stdout
    images = tomllib.loads(printed)
    assert list(images) == ["image_code_cell", "image_bash_cell", "image_algorithm"]
    settings = replace(ApiSettings(data=tmp_path / "data", docker_host=dockerd.url, image_pull=False), **images)
    service, client = open_containers(settings, MemoryStore(), {}), dockerd.client()
    try:
        for task_type, cmd in (
            ("code_cell", "import os; print(os.getcwd())"), ("bash_cell", "echo ${BASH_VERSION:+/work}"),
            ("algorithm", "python3 -c 'import os; print(os.getcwd())'"),
        ):  # fmt: skip
            made = service.create(parse_task({"tags": {"type": task_type}, "task_desc": {"cmd": cmd}}))
            container = client.containers.get(made.container_id)
            assert (container.wait(timeout=60)["StatusCode"], container.logs()) == (0, b"/work\n")
            container.remove()
    finally:
        service.close()
        for name in images.values():
            client.images.remove(name, force=True)
        client.close()


def test_wrong_options_are_said() -> None:
    done = subprocess.run([str(BUILD), "--bse"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--bse: no such option" in done.stderr and "--no-registry" in done.stderr
