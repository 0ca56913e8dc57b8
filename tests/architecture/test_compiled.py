"""The classifier can be compiled: mypyc takes fewer programs than Python does, and than mypy does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_mypyc_makes_c_of_the_classifier(tmp_path: Path) -> None:
    """What `WHOLELOG_COMPILE=1 pip install .` does before it asks the C compiler."""
    for package in ("wholelog_base", "log_store", "log_shipper"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    asked = [sys.executable, "setup.py", "--name"]
    environ = {**os.environ, "WHOLELOG_COMPILE": "1"}
    told = subprocess.run(asked, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=200, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.split()[-1] == "wholelog" and list(tmp_path.glob("build/*.c"))
