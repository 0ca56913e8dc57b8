"""Secrets of a task on a real engine: in no answer, and in nothing that others may read."""

import time
from pathlib import Path

from log_store.sqlite.reader import SqliteReader
from runtime_api.containers.service import ContainerService
from runtime_api.schemas.task_body import parse_task
from tests.integration.test_containers_shipper import service, texts, wait_for
from tests.services.shipper import Shipper

__all__ = ["service"]

SECRET = "correct-horse-battery"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----"
CMD = """
echo "token is $TOKEN"
echo "$KEY"
head -c 16380 /dev/zero | tr '\\0' x; echo "$TOKEN"
for i in $(seq 5000); do echo "$i $TOKEN"; done
echo "$OTHER" >&2
"""


def test_secrets_are_in_no_log_no_answer_and_no_file_of_others(
    shipper: Shipper, service: ContainerService, store: SqliteReader
) -> None:
    """A burst, so that the audit puts lines back: they are as the live ones."""
    shipper.start()
    desc = {
        "task_id": "t1",
        "cmd": CMD,
        "env": [f"TOKEN={SECRET}", f"KEY={KEY}", "OTHER=seen"],
        "secrets": ["TOKEN", "KEY"],
    }
    made = service.create(parse_task({"tags": {"type": "bash_cell"}, "task_desc": desc}))
    wait_for(lambda: service.get("t1").more["seal"]["state"] == "sealed")
    lines = texts(store, made.container_id)
    assert sorted(lines) == sorted(
        ["token is ***", "***", "***", "***", "x" * 16380 + "***", *(f"{n} ***" for n in range(1, 5001)), "seen"]
    )
    assert service.get("t1").more["seal"]["lines"] == len(lines)
    assert SECRET not in repr(service.get("t1")) and SECRET not in repr(service.list())
    assert_private(shipper.data)
    service.delete("t1", "")
    wait_for(lambda: not any(one.name == made.container_id for one in (shipper.data / "secrets").iterdir()))
    assert texts(store, made.container_id) == lines


def assert_private(data: Path) -> None:
    """What holds the secret is its owner's alone: the spool, the checkpoint, the secrets; and no other file holds it."""
    end, holding = time.monotonic() + 60, set[str]()
    while "spool" not in holding or "secrets" not in holding:
        assert time.monotonic() < end
        for file in (one for one in data.rglob("*") if one.is_file()):
            try:
                content, mode = file.read_bytes(), file.stat().st_mode
            except FileNotFoundError:
                continue
            if SECRET.encode() in content:
                holding.add(file.relative_to(data).parts[0])
                assert mode & 0o777 == 0o600, file
    assert holding <= {"spool", "secrets", "checkpoint", "checkpoint.new"}
