"""The web page in a real Chromium on real containers, on each kind of store; pictures of it stay in build/page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_spine import Spine, running
from tests.services.chromium import Chromium
from tests.services.dockerd import Dockerd
from tests.services.elasticsearch import own_prefix

PICTURES = Path(__file__).resolve().parents[2] / "build" / "page"
TASK = r"""
import os, sys, time, traceback
for n in range(400):
    print(f"step {n} loss={1 / (n + 1):.4f}")
print("\x1b[32mgreen\x1b[0m <script>alert(1)</script> \u202egnp.exe see https://example.org/x?a=1")
print("WARNING: the disk is slow")
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
n = 0
while not os.path.exists("/tmp/go"):
    n += 1
    print(f"tick {n}", flush=True)
    time.sleep(0.1)
print("ERROR: that was all", file=sys.stderr)
"""
LAST = "[...document.querySelectorAll('.row .message')].at(-1)?.textContent"

NEW = "parseInt(document.querySelector('#to-live').textContent)"
IN_SIGHT = "document.elementFromPoint(700, 500).closest('.row').dataset.id"
AT_END = "(s => s.scrollHeight - s.clientHeight - s.scrollTop < 25)(document.querySelector('#scroller'))"


@pytest.fixture(scope="module", params=["sqlite", "elasticsearch"])
def spine(request: pytest.FixtureRequest, dockerd: Dockerd, python_image: str) -> Iterator[Spine]:
    if request.param == "sqlite":
        with running(dockerd, python_image) as one:
            one.store = "sqlite"  # type: ignore[attr-defined]
            yield one
        return
    url = request.getfixturevalue("newest_elasticsearch_url")
    with own_prefix(url) as prefix, running(dockerd, python_image, store=url, index_prefix=prefix) as one:
        one.store = "elasticsearch"  # type: ignore[attr-defined]
        yield one


def pictures(page: Chromium, name: str) -> None:
    for scheme in ("dark", "light"):
        page.prefers(scheme)
        page.until(f"document.documentElement.dataset.theme === '{scheme}'")
        page.picture(PICTURES / f"{name}-{scheme}.png")
    page.size(390, 844, phone=True)
    page.until("innerWidth === 390")
    page.picture(PICTURES / f"{name}-phone.png")
    assert page.run("document.documentElement.scrollWidth <= 390 && document.querySelector('#seal').checkVisibility()")
    page.size(1280, 800)


@pytest.mark.timeout(400)  # with a node of Elasticsearch that may have to start first
def test_a_container_from_its_first_line_to_its_seal_and_beyond(
    spine: Spine, chromium: Chromium, dockerd: Dockerd
) -> None:
    page, store = chromium, spine.store  # type: ignore[attr-defined]
    page.size(1280, 800)
    page.prefers("dark")
    page.leave()
    made = spine.run("code_cell", TASK, task_id=f"page-{store}", cpu_limit="0.5", mem_limit="128m")
    page.open(f"http://{spine.api}/")
    page.until("document.querySelector('.container .dot.running')")
    page.click(".container")
    # Live, with the newest line in sight.
    page.until(f"/^tick/.test({LAST}) && document.querySelector('#live').className === 'on'", 150)
    first = page.run(LAST)
    page.until(f"{LAST} !== {first!r}")
    assert page.run(AT_END)
    page.until(
        "/%$/.test(document.querySelector('.container .cpu').textContent) && document.querySelector('#about').textContent.includes('128MiB')"
    )
    page.until("/open|verified until/.test(document.querySelector('#seal').textContent)")
    # Paused by reading further up; the trace is folded, its last line tells what happened.
    page.press("E")
    page.until(
        "document.querySelector('.row.chosen .message')?.textContent === 'Traceback (most recent call last):+2 linesZeroDivisionError: division by zero'"
    )
    assert "⟨U+202E⟩gnp.exe" in page.run("document.querySelector('#rows').textContent")
    page.until(
        "document.querySelector('.f2')?.textContent === 'green' && document.querySelector('.message a').href === 'https://example.org/x?a=1'"
    )
    page.press("Enter")
    page.until(
        "document.querySelector('.row.unfolded .message')?.textContent.endsWith('ZeroDivisionError: division by zero')"
    )
    link = page.run("location.href")
    pictures(page, f"{store}-trace")
    page.press("G")
    page.until(f"document.querySelector('#live').className === 'on' && /^tick/.test({LAST}) && {AT_END}")
    page.mouse(("mouseWheel", 700, 500), deltaX=0, deltaY=-900)
    page.until(
        "document.querySelector('#live').className === 'paused' && /new ↓/.test(document.querySelector('#to-live').textContent)"
    )
    page.until(f"new Promise(told => (seen => setTimeout(() => told(seen === {IN_SIGHT}), 400))({IN_SIGHT}))")
    seen = page.run(IN_SIGHT)
    page.until(f"parseInt(document.querySelector('#to-live').textContent) > {page.run(NEW) + 3}")
    assert page.run(IN_SIGHT) == seen
    page.click("#to-live")
    page.until(f"document.querySelector('#live').className === 'on' && /^tick/.test({LAST})")
    # To the end, which is stated.
    client = dockerd.client()
    assert client.containers.get(made["container_id"]).exec_run(["touch", "/tmp/go"]).exit_code == 0
    client.close()
    page.until(
        "document.querySelector('#seal').textContent === '✓ complete' && document.querySelector('#live').className === 'ended'",
        60,
    )
    page.until(
        f"{LAST} === 'ERROR: that was all' && /^End of the log: complete/.test(document.querySelector('.end-row').textContent)"
    )
    page.until("/^[0-9,]+ messages$/.test(document.querySelector('#count').textContent)")
    total = spine.ask("GET", "/logs", container_id=made["container_id"])["data"]["count"]
    page.until(f"document.querySelector('#count').textContent === '{total:,} messages'")
    # All of it is there to be scrolled through, without the network's help from the beginning.
    page.press("g")
    page.until("document.querySelector('.row .message')?.textContent.startsWith('step 0 ')")
    pictures(page, f"{store}-begin")
    # Deleted: its log stays, and so does the link to a line.
    assert spine.ask("DELETE", f"/containers/{made['container_id']}")["status"] == 200
    page.open(link)
    page.until("document.querySelector('.row.chosen .message')?.textContent.startsWith('Traceback')")
    page.until(
        "document.querySelector('#dot').className === 'dot removed' && document.querySelector('#seal').textContent === '✓ complete'"
    )
    page.click("#with-removed")
    page.until("document.querySelector('.container[aria-current=true] .dot.removed')")
    # A store that is too busy for a moment is asked again.
    assert [said for said in page.said if "status of 503" not in said] == [] and page.dialogs == 0
    page.leave()
