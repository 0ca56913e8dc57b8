"""What has to be installed: Debian's packages, where root runs this, and a virtual environment with Wholelog."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.quickstart.errors import MachineLacks
from deploy.quickstart.report import Report

_INSTALL_SECONDS = 900
_STAMP = "wholelog-installed"  # in the environment: what it was made from
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find_program(name: str) -> str | None:
    """Its path, also where this user's PATH leaves out the folders for root."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":" + SYSTEM_PATH)


def install_packages(packages: Sequence[str], why: str, report: Report) -> None:
    """Debian's packages, as root. Raises MachineLacks where that cannot be, saying what to install."""
    names = " ".join(packages)
    apt = find_program("apt-get")
    if apt is None:
        raise MachineLacks(f"{why}: install it (Debian calls it {names}), then run this again")
    if os.geteuid() != 0:
        raise MachineLacks(f"{why}: as root run `apt-get install {names}`, then run this again")
    report.say(f"{why}: installing {names} (Debian's packages, with what they need)")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run([apt, "update", "-qq"], environ, "apt-get update failed: put /etc/apt/sources.list right, then run this again")
    _run(
        [apt, "install", "-y", "-qq", "--no-install-recommends", *packages],
        environ,
        f"apt-get install {names} failed: put that right, then run this again",
    )
    report.leaves_packages(names)


def make_environment(root: Path, report: Report) -> Path:
    """A virtual environment in ROOT/.venv with the package of ROOT in it; its folder. Made once, renewed on change.

    Raises MachineLacks.
    """
    folder = root / ".venv"
    report.leaves(f"Python environment {folder}")
    lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY)  # two starts at a time make one environment
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_from = hashlib.sha256((root / "setup.py").read_bytes() + sys.version.encode()).hexdigest()
        stamp = folder / _STAMP
        if stamp.exists() and stamp.read_text() == made_from and (folder / "bin/wholelog").exists():
            return folder
        python = _python_with_venv(report)
        report.say(f"making the Python environment {folder} and installing Wholelog with its dependencies into it")
        hint = f"give this user the right to write to {root}, or free the disk, then run this again"
        _run([python, "-m", "venv", "--clear", str(folder)], _clean_environ(), f"making {folder} failed: {hint}")
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--editable", str(root)]
        hint = "pip must reach a package index (its own settings name one); then run this again"
        _run(pip, _clean_environ(), f"installing Wholelog into {folder} failed: {hint}")
        stamp.write_text(made_from)
    except OSError as error:
        raise MachineLacks(f"{folder}: {error.strerror or error}: run this as a user who may write there") from error
    finally:
        os.close(lock)
    return folder


def _python_with_venv(report: Report) -> str:
    base = getattr(sys, "_base_executable", sys.executable)
    if _has_venv(base):
        return base
    install_packages(["python3-venv"], f"{base} has no module ensurepip, which a virtual environment needs", report)
    for python in (base, "/usr/bin/python3"):
        if _has_venv(python):
            return python
    raise MachineLacks(
        f"neither {base} nor /usr/bin/python3 can make a virtual environment: install Python 3.11 or later whole"
    )


def _has_venv(python: str) -> bool:
    program = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", program], capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


def _clean_environ() -> dict[str, str]:
    """Ours without what deploy/up set for itself."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}


def _run(command: Sequence[str], environ: dict[str, str], failed: str) -> None:
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_INSTALL_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise MachineLacks(f"{failed} (no end after {_INSTALL_SECONDS} s)") from error
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise MachineLacks(f"{failed}. It said:\n{said}")
