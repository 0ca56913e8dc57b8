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
from tests.services.kept import PYTHON_TAR

BUILD = Path(__file__).resolve().parents[2] / "deploy/images/build"


MMDEBSTRAP = """#!/bin/sh
[ "$1 $2 $3" = "--quiet --variant=minbase --include=python3,bash" ] && exec cp {tar} "$5"
"""


def test_images_are_built_without_a_registry_and_run_their_type(
    dockerd: Dockerd, python_image: str, tmp_path: Path
) -> None:
    """From Debian's packages, and from a base that is there. What mmdebstrap makes is what it made for other tests."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "mmdebstrap"
    program.write_text(MMDEBSTRAP.format(tar=PYTHON_TAR))
    program.chmod(0o755)
    client = dockerd.client()
    bases = set[str]()
    try:
        images = built(dockerd, "--no-registry", path=f"{tmp_path}/bin:{os.environ['PATH']}")
        bases = {tag for image in client.images.list() for tag in image.tags if tag.startswith("wholelog-base:")}
        (base,) = bases
        assert built(dockerd, "--base", base) == images
        run_each_type(dockerd, images, tmp_path)
    finally:
        for name in bases:
            client.images.remove(name, force=True)
        client.close()


def built(dockerd: Dockerd, *options: str, path: str = "") -> dict[str, str]:
    environ = {**os.environ, "DOCKER_HOST": dockerd.url, "DOCKER_BUILDKIT": "0", **({"PATH": path} if path else {})}
    command = [str(BUILD), *options, "--tag", "test"]
    printed = subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=300).stdout
    return tomllib.loads(printed)


def run_each_type(dockerd: Dockerd, images: dict[str, str], tmp_path: Path) -> None:
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
