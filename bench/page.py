"""The web page on a log of 2 million lines in a real Chromium: time until it is there, jumps, scrolling, memory.

    python -m bench.page [--lines 2000000] [--rounds 5] [--keep FOLDER]

Writes a container's log into an embedded SQLite store (--keep: into this folder, or reads what an earlier run left there), serves it,
and opens the page. *There*: from the navigation's begin until the newest lines are rows in the page and it takes keys.
Needs Debian's chromium.
"""

import argparse
import json
import multiprocessing
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.read import READ, batches
from log_store.seal import Seal
from log_store.sqlite.reader import SqliteReader
from log_store.sqlite.writer import SqliteWriter
from tests.api_server import running
from tests.fake_containers import FakeContainers
from tests.services.chromium import Chromium

MARK = """
addEventListener("DOMContentLoaded", () => new MutationObserver((_, observer) => {
  if (!document.querySelector(".row")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.thereAt = performance.now(); }));
}).observe(document.body, { childList: true, subtree: true }));
"""
COUNTED = "document.querySelector('#count').textContent || document.querySelector('#histogram-note').textContent"
FRAMES = """
new Promise(resolve => {
  const scroller = document.querySelector("#scroller"), frames = [], began = performance.now();
  let last = began, at = 0, starved = 0;
  const step = now => {
    frames.push(now - last);
    last = now;
    const before = scroller.scrollTop;
    scroller.scrollTop += %d * Math.min(frames.at(-1), 50) / 1000;
    if (frames.length > 2 && scroller.scrollTop === before) starved++;
    if (now - began < %d) requestAnimationFrame(step); else resolve({ frames: frames.slice(2), starved });
  };
  requestAnimationFrame(step);
})
"""


def write(folder: Path, lines: int) -> None:
    began = time.monotonic()
    with closing(SqliteWriter(folder)) as writer:
        for number, batch in enumerate(batches(lines, lines)):
            for row in range(number % 7, len(batch), 701):
                batch.log_type[row] = "error" if row % 3 else "warning"
            writer.write(batch)
        writer.write_seals(
            [Seal(READ, batch.log_time[0] - 1, state="sealed", finished_at=batch.log_time[-1], lines=lines)]
        )
    print(f"{lines} lines written in {time.monotonic() - began:.0f} s")


def serve(folder: Path, ports: Any, stop: Any) -> None:
    containers = FakeContainers()
    with running(containers, SqliteReader(folder)) as port:
        ports.put(port)
        stop.wait()


def there(browser: Chromium, url: str, rounds: int, *, cold: bool) -> tuple[list[float], list[float]]:
    """Milliseconds until the page is there, and until all lines are counted: nothing else goes on meanwhile."""
    taken, counted = [], []
    for _ in range(rounds):
        if cold:
            browser.call("Network.clearBrowserCache")
        browser.open(url)
        taken.append(browser.until("window.thereAt"))
        browser.until(COUNTED, 120)
        counted.append(browser.run("performance.now()"))
    return taken, counted


def timed(act: Callable[[], Any]) -> float:
    began = time.monotonic()
    act()
    return (time.monotonic() - began) * 1000


def jumps(browser: Chromium, count: int) -> list[float]:
    """Clicks into the ruler, each until the rows of that place are there."""
    taken = []
    for number in range(count):
        part = (number * 0.618 + 0.1) % 0.96 + 0.02
        before = browser.run("document.querySelector('.row').dataset.id")
        x, y = browser.run(
            f"(b => [b.left + 6, b.top + b.height * {part}])(document.querySelector('#ruler').getBoundingClientRect())"
        )
        changed = f"document.querySelector('.row')?.dataset.id !== {json.dumps(before)}"

        def jump(x: float = x, y: float = y, changed: str = changed) -> None:
            browser.mouse(("mousePressed", x, y), ("mouseReleased", x, y))
            browser.until(f"document.querySelector('.row') && {changed}")

        taken.append(timed(jump))
    return taken


def shown(name: str, values: list[float], unit: str = "ms") -> None:
    values = sorted(values)
    print(
        f"{name}: median {statistics.median(values):,.0f} {unit}, p95 {values[int(len(values) * 0.95)]:,.0f}, most {values[-1]:,.0f} (n={len(values)})"
    )


def measure(browser: Chromium, url: str, rounds: int) -> None:
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=MARK)
    browser.size(1440, 900)
    for name, cold in (("nothing cached", True), ("files cached", False)):
        taken, counted = there(browser, url, rounds, cold=cold)
        shown(f"there, {name}", taken)
        shown("  all lines counted", counted)
    browser.open(url)
    browser.until(COUNTED, 120)
    shown("jump by the ruler", jumps(browser, 30))
    for speed in (2000, 8000, -8000, 30_000):
        found = browser.run(FRAMES % (speed, 5000))
        late = sum(frame > 34 for frame in found["frames"])
        shown(f"frames at {speed:,} px/s", found["frames"])
        print(
            f"  {late} of {len(found['frames'])} frames later than two of 60 a second; at the end of what is there in {found['starved']}"
        )
    browser.call("HeapProfiler.collectGarbage")
    browser.call("Performance.enable")
    metrics = {one["name"]: one["value"] for one in browser.call("Performance.getMetrics")["metrics"]}
    rows = browser.run("document.querySelectorAll('.row').length")
    print(
        f"afterwards: {metrics['JSHeapUsedSize'] / 1e6:.1f} MB of JavaScript's heap, {metrics['Nodes']:,.0f} nodes, {rows} rows"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="wl-page-", dir="/var/tmp"))
    folder = given.keep or scratch / "logs"
    context = multiprocessing.get_context("spawn")
    ports, stop = context.Queue(), context.Event()
    api = context.Process(target=serve, args=(folder, ports, stop))
    browser = None
    try:
        if not folder.exists():
            write(folder, given.lines)
        api.start()
        url = f"http://127.0.0.1:{ports.get(timeout=60)}/?c={READ[:12]}"
        browser = Chromium(scratch)
        measure(browser, url, given.rounds)
    finally:
        if browser is not None:
            browser.stop()
        stop.set()
        if api.pid:
            api.join(20)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
