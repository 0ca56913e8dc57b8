"""What the tests make once a machine and keep for later runs: Elasticsearch's homes, and an image with Python as a tar.

`python -m tests.services.kept` makes all of it, which ./tests/run does while other things install; else the first test that
wants one makes it. Standard library only.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.elasticsearch_node import NodeError, available_versions, prepare

OUTSIDE = "WHOLELOG_TEST_ES_URL"
PYTHON_TAR = Path("/var/tmp/wholelog-tests/python.tar")


def homes() -> Path:
    """Where prepared homes are kept between runs; not below root's own home, which uid 65534 may not enter."""
    return PYTHON_TAR.parent if os.getuid() == 0 else Path.home() / ".cache/wholelog-tests"


def prepared_home(version: str) -> Path:
    """A home of this version of Elasticsearch. Raises NodeError."""
    home = homes() / f"elasticsearch-{version}"
    with _alone(home):  # Maven's own folder takes one writer
        prepare(home, version)
    return home


def python_tar() -> Path:
    """A root file system with bash and python3, made from Debian's packages by mmdebstrap."""
    with _alone(PYTHON_TAR):
        if not PYTHON_TAR.exists():
            fresh = PYTHON_TAR.with_suffix(".fresh.tar")
            command = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3-minimal,libpython3-stdlib"]
            subprocess.run([*command, _debian_suite(), str(fresh)], check=True, stdout=subprocess.DEVNULL, timeout=600)
            os.replace(fresh, PYTHON_TAR)
    return PYTHON_TAR


@contextmanager
def _alone(what: Path) -> Iterator[None]:
    """Of all processes that want to make it, one does, and the others wait."""
    what.parent.mkdir(parents=True, exist_ok=True)
    with open(what.parent / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _debian_suite() -> str:
    release = Path("/etc/os-release").read_text()
    names = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    return names.get("VERSION_CODENAME", "stable").strip('"')


def main() -> None:
    try:
        for version in () if os.environ.get(OUTSIDE) else available_versions():
            prepared_home(version)
    except NodeError as error:
        sys.exit(str(error))
    python_tar()


if __name__ == "__main__":
    main()
