"""How long from a line to its alert, and what counting problems costs a line.

    python -m bench.alerts [--rounds 10] [--store URL]

The first part starts an engine, the shipper and a receiver of alerts: from Docker's stamp of an error's last line to the
arrival of the alert, and from a container's end to that of its last lines, which only Docker's copy has: its log driver
loses the end of nearly every burst. The second is CPU of the watch on batches of 5,000 lines, without an error, and of
errors alone. Figures go to standard output.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from log_shipper.alerting.alerting import Alerting
from log_shipper.alerting.rules import NO_ALERTS
from log_shipper.problems.book import Book
from log_shipper.problems.tables import open_book
from log_shipper.problems.watch import Watch
from log_store.rfc3339 import parse_ns
from tests.documents import NOON, Documents
from tests.e2e.test_alerts import Scene
from tests.services.alert_sinks import http_sink
from tests.services.dockerd import Dockerd, import_busybox

TRACE = (
    "for i in 1 2 3; do echo step $i; done; sleep 0.2; echo 'Traceback (most recent call last):' >&2; "
    "echo '  File \"/app/'$1'.py\", line 1, in f' >&2; echo 'ValueError: '$1 >&2; sleep $2"
)
LINES = 5000


def letters(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number))


def live(scene: Scene, rounds: int) -> list[float]:
    """Seconds from the stamp of a trace's first line to its alert."""
    found = []
    for number in range(rounds):
        seen = len(scene.told("errors"))
        scene.run(TRACE, f"live{letters(number)}", "3")
        scene.wait(lambda seen=seen: len(scene.told("errors")) > seen)  # type: ignore[misc]
        found.append((time.time_ns() - parse_ns(scene.told("errors")[-1]["about"]["log_time"])) / 1e9)
    return found


def bursts(scene: Scene, rounds: int) -> list[float]:
    """Seconds from the end of a container to the alert of its last lines, which Docker's driver loses after a burst."""
    found = []
    for number in range(rounds):
        seen = len(scene.told("errors"))
        container = scene.run("seq 1 20000; " + TRACE, f"burst{letters(number)}", "0")
        scene.wait(lambda seen=seen: len(scene.told("errors")) > seen)  # type: ignore[misc]
        came = time.time_ns()
        container.wait()
        container.reload()
        found.append((came - parse_ns(container.attrs["State"]["FinishedAt"])) / 1e9)
    return found


def cost(log_type: str, text: str, rounds: int = 20) -> float:
    """CPU of the watch, us a line."""
    with tempfile.TemporaryDirectory() as folder:
        book = Book(open_book(Path(folder) / "book"))
        alerting = Alerting(book, NO_ALERTS, dict, lambda told: (told, ()), time.time_ns)
        watch, spent = Watch(book, alerting, lambda name, by: None), 0.0
        for number in range(rounds):
            documents = Documents()
            for row in range(LINES):
                documents.add(NOON + number * LINES + row, text.format(row), log_type=log_type)
            began = time.process_time()
            watch.batch(documents.batch)
            spent += time.process_time() - began
    return spent / rounds / LINES * 1e6


def told(name: str, seconds: list[float]) -> None:
    print(f"{name}: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s of {len(seconds)}")


@contextmanager
def scenery(store: str):  # type: ignore[no-untyped-def]
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/var/tmp"))
    (folder / "engine").mkdir()
    dockerd = Dockerd(folder / "engine")
    dockerd.start()
    client = dockerd.client()
    import_busybox(client)
    client.close()
    try:
        with http_sink() as sink:
            scene = Scene(dockerd, sink, folder / "data", **({"store": store} if store else {}))
            try:
                scene.shipper.start()
                yield scene
            finally:
                scene.close()
    finally:
        dockerd.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--store", default="", help="URL of an Elasticsearch; absent: SQLite")
    asked = parser.parse_args()
    print(f"a line without error: {cost('info', '2026-11-24 12:00:00 INFO request {} served') * 1000:.0f} ns of CPU")
    print(f"an error: {cost('error', '2026-11-24 12:00:00 ERROR [pay] order {} refused by 10.0.0.1'):.0f} us of CPU")
    with scenery(asked.store) as scene:
        told("line to alert", live(scene, asked.rounds))
        told("container's end to the alert of its last lines, after a burst", bursts(scene, asked.rounds))


if __name__ == "__main__":
    main()
