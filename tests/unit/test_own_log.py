"""The log of the service itself, in rotated files."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_command_line import one_line, wholelog
from wholelog_base import own_log
from wholelog_base.settings import SettingsError

WRITES = """
import logging, sys
from pathlib import Path
from wholelog_base import own_log
own_log.FILE_BYTES = 2000
logging.basicConfig(level=logging.INFO, format="part: %(message)s")
own_log.log_to(Path(sys.argv[1]) / "logs", "part")
for number in range(1000): logging.info("line %d", number)
"""


def test_files_are_rotated_and_the_oldest_go(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WRITES, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    files = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in files] == ["part.log", *(f"part.log.{number}" for number in range(1, 5))]
    assert all(file.stat().st_size <= 2000 for file in files)
    assert files[0].read_text().splitlines()[-1] == "part: line 999"


def test_unset_changes_nothing_and_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    own_log.log_to(None, "part")
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="own_logs: .* cannot be written"):
        own_log.log_to(tmp_path / "file", "part")
    assert logging.getLogger().handlers == before
    said = one_line(
        wholelog(
            "shipper", "--data", f"{tmp_path}/d", "--shipper-listen", "127.0.0.1:0", "--own-logs", f"{tmp_path}/file"
        ),
        2,
    )
    assert said.startswith("wholelog shipper: own_logs: ")
