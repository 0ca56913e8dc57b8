"""What was removed on purpose stays away, whatever the audit and a restart do."""

import subprocess
import sys

from log_store.sqlite.reader import SqliteReader
from tests.integration.test_audit import until
from tests.integration.test_shipper import Start, client, lines, sealed, start
from tests.services.shipper import Shipper
from wholelog_base.removal_requests import RemovalRequest, RemovalRequests

__all__ = ["client", "start"]


def test_a_removed_log_stays_away_through_a_repair_and_a_restart(
    shipper: Shipper, start: Start, store: SqliteReader
) -> None:
    shipper.start()
    removed, other = start("seq 1 2000; echo oops >&2"), start("echo other")
    seal = sealed(store, removed)
    sealed(store, other)
    assert (seal.state, seal.lines) == ("sealed", 2001) and len(lines(store, removed.id)) == 2001
    requests = RemovalRequests(shipper.data)
    requests.put(RemovalRequest(removed.id, "a test", 2**62))
    until("it is removed", lambda: not requests.waits(removed.id))
    assert lines(store, removed.id) == [] and len(lines(store, other.id)) == 1
    (seal,) = store.seals(removed.id)
    assert (seal.state, seal.lines, [gap.lines for gap in seal.gaps]) == ("gaps", 2001, [2001])
    assert seal.gaps[0].why.startswith("removed by a test at ")
    audit = [sys.executable, "-m", "wholelog", "audit", "--repair", "--shipper-listen", f"127.0.0.1:{shipper.port}"]
    told = subprocess.run([*audit, removed.id], capture_output=True, text=True, timeout=90)
    assert told.returncode == 1 and "removed by a test" in told.stdout, told
    shipper.kill("processor")  # at most what was not in its checkpoint is read from the spool again
    shipper.start("processor")
    another = start("echo another")
    sealed(store, another)
    assert lines(store, removed.id) == [] and len(lines(store, another.id)) == 1
    assert [gap.lines for gap in store.seals(removed.id)[0].gaps] == [2001]
