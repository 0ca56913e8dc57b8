"""The web page in a real Chromium, on a log of the tests: what is hostile, and what a big log asks for."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from log_store.problem import Affected, Occurrence
from log_store.seal import Gap, Seal
from runtime_api.access.caller import Caller
from runtime_api.access.tokens import line_of, new_token
from runtime_api.containers.protocols import ContainerView
from tests.api_server import eventually, running
from tests.documents import NOON, SECOND, Documents
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import ONE, MemoryProblems
from tests.fakes import MemoryStore
from tests.services.chromium import Chromium

HOSTILE = [
    "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "\x1b]8;;javascript:alert(3)\x07click\x1b]8;;\x07 \x1b]0;title\x1b\\",
    "\x1b[8mconcealed\x1b[0m \x1b[30;40mblack on black\x1b[0m \x1b[38;2;0;0;0mno colour\x1b[m \x1b[2J\x1b[1;1Hover",
    "safe\rforged \b\b\b\x00\x7f\x9b31m",
    "user \u202egnp.exe\u202c \u2066isolated\u2069 \u200e\u200f\u061c zero\u200bwidth \ufeff \U000e0041tag",
    'see javascript:alert(4) data:text/html,x https://user:secret@bank.example/ http://good.example/a?b=<c>"onclick=alert(5)',
    "https://example.org/" + "a" * 5000 + " " + "\x1b[" + "1;" * 3000 + "m tail",
    "\x1b]" + "x" * 10_000,
    "z" + "\u0301" * 3000 + "algo",
    "".join(f"\x1b[{30 + n % 8}m{n}" for n in range(20_000)),
    "line 1\nline 2 \x1b[31mred\nline 3",
]


class Named(FakeContainers):
    """Its container has a name that is hostile, too."""

    def get(self, name: str) -> ContainerView:
        return ContainerView(self.resolve(name), 12.5, "1MiB / 2MiB", "running", "", {"name": "fi<b>rst\u202e"})


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    store, documents = MemoryStore(), Documents()
    documents.context = type(documents.context)(FULL_ID, "first", "task", "bash_cell", "uid")
    for number in range(3000):
        kind = "error" if number in (40, 1500, 2960) else "warning" if number % 50 == 7 else "info"
        documents.add(
            NOON + number * SECOND, f"message {number}", log_type=kind, stream="stderr" if number % 9 == 0 else "stdout"
        )
    for number, text in enumerate(HOSTILE):
        documents.add(
            NOON + (4000 + number) * SECOND, text, lines=text.count("\n") + 1, fields={"evil\u202e<b>": text[:100]}
        )
    store.write(documents.batch)
    gap = Gap(NOON + 10 * SECOND + 1, NOON + 11 * SECOND - 1, 7, "lost \u202e<b>on purpose</b>")
    store.write_seals(
        [Seal(FULL_ID, NOON - 1, state="gaps", finished_at=NOON + 5000 * SECOND, lines=3018, gaps=(gap,))]
    )
    return store


@pytest.fixture(scope="module")
def problems(store: MemoryStore) -> MemoryProblems:
    """One whose last message is in the log, and one that is gone, both hostile."""
    name = next(name for name, row in store.rows.items() if row.members["message"] == "message 1500")
    place, hostile = Occurrence(FULL_ID, name, NOON + 1500 * SECOND), "<img src=x onerror=alert(6)> \u202e<*>"
    named = (Affected(FULL_ID, hostile, "t", 3, NOON),)
    return MemoryProblems(
        replace(ONE, title=f"ValueError: {hostile}", last=place, containers=named),
        replace(ONE, id="f" * 16, title="other"),
    )


@pytest.fixture(scope="module")
def url(store: MemoryStore, problems: MemoryProblems) -> Iterator[str]:
    containers = Named()
    with running(containers, store, problems) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def page(chromium: Chromium, url: str) -> Iterator[Chromium]:
    chromium.size(1200, 800)
    chromium.prefers("dark")
    chromium.leave()
    yield chromium
    assert chromium.said == [] and chromium.dialogs == 0


def opened(page: Chromium, url: str, search: str = "", shown: str = "line 1") -> None:
    page.open(f"{url}?c={FULL_ID[:12]}{search}")
    page.until(f"document.querySelector('#rows').textContent.includes({json.dumps(shown)})")


def test_nothing_that_a_container_writes_becomes_more_than_text(page: Chromium, url: str) -> None:
    opened(page, url)
    # Every message unfolded, in every way of showing it.
    for mode in ("colours", "plain", "raw"):
        page.run(
            f"(s => {{ s.value = '{mode}'; s.dispatchEvent(new Event('change')); }})(document.querySelector('#ansi'))"
        )
        page.run(
            "document.querySelectorAll('.row').forEach(r => r.classList.contains('unfolded') || r.dispatchEvent(new MouseEvent('dblclick', {bubbles: true})))"
        )
        names = set(page.run("[...document.querySelectorAll('#rows *')].map(e => e.localName)"))
        assert names <= {"div", "a", "span", "button", "dl", "dt", "dd", "p", "b", "mark"}
        text = page.run("document.querySelector('#rows').textContent")
        special = [
            hex(ord(c))
            for c in text
            if ord(c) < 32
            and c != "\n"
            or ord(c) in (0x7F, 0x9B, 0x202E, 0x202C, 0x2066, 0x200E, 0x200B, 0xFEFF, 0xE0041)
        ]
        assert special == []
        assert (
            "<img src=x onerror=alert(1)>" in text
            and "concealed" in text
            and "⟨U+202E⟩gnp.exe⟨U+202C⟩" in text
            and "safe⟨CR⟩forged" in text
        )
        links = page.run(
            "[...document.querySelectorAll('.message a, .more dd a')].map(a => [a.protocol, a.hostname, a.rel, a.target])"
        )
        assert {tuple(link) for link in links} == {
            (kind, host, "noopener noreferrer nofollow", "_blank")
            for kind, host in (("http:", "good.example"), ("https:", "example.org"))
        }
        assert page.run(
            "document.querySelectorAll('[style]').length < 40 && !document.querySelector('[onclick], [onerror], #rows [style], #rows [src]')"
        )
    assert page.run("document.title") == "fi<b>rst⟨U+202E⟩ · Wholelog"
    # Nothing reaches over its neighbour, nothing is hidden in its background.
    assert page.run(
        "[...document.querySelectorAll('.row')].every(r => getComputedStyle(r).contain.includes('paint') || getComputedStyle(r).contain === 'content')"
    )
    page.run("(s => { s.value = 'colours'; s.dispatchEvent(new Event('change')); })(document.querySelector('#ansi'))")
    assert page.run(
        "[...document.querySelectorAll('#rows .message span')].every(s => getComputedStyle(s).visibility === 'visible' && getComputedStyle(s).color !== getComputedStyle(s).backgroundColor)"
    )


def test_no_markup_can_be_made_from_text_at_all(page: Chromium, url: str) -> None:
    opened(page, url)
    refused = page.run(
        "(() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (e) { return e.name; } })()"
    )
    assert refused == "TypeError"
    page.run(
        "(() => { const s = document.createElement('style'); s.textContent = '*{display:none}'; document.body.append(s); s.remove(); })()"
    )
    page.until("true")
    assert page.said and all(
        "Content Security Policy" in said or "Trusted" in said or "TrustedHTML" in said for said in page.said
    )
    page.said.clear()


def test_runs_of_text_are_bounded_and_whole(page: Chromium, url: str) -> None:
    opened(page, url)
    module = "import(document.querySelector('link[href$=\"hostile.js\"]').href)"
    for mode in ("colours", "plain", "raw"):
        for text in HOSTILE:
            runs = page.run(f"{module}.then(m => m.runsOf({json.dumps(text)}, '{mode}').map(r => [r.text, r.style]))")
            assert len(runs) <= 4002
            allowed = {"", "ctl", "b", "d", "i", "u", "s", "inv"} | {f"{side}{n}" for side in "fg" for n in range(16)}
            assert {word for _, style in runs for word in style.split(" ")} <= allowed
            shown = "".join(run[0] for run in runs)
            assert all(word in shown for word in ("concealed", "forged", "tail") if word in text)
    expression = page.run(
        "import(document.querySelector('link[href$=\"marks.js\"]').href).then(m => m.marker('(a+)+b', true)('a'.repeat(60)))"
    )
    assert expression == []
    marks = "import(document.querySelector('link[href$=\"marks.js\"]').href).then(m => m.marker(%s, false)(%s).map(f => f.start))"
    for search, text, found in (
        ("full", "disk full! fully /FULL/", [5, 18]), ('"disk full"', "Disk: FULL", [0]), ("foo.bar", "foo/bar", [0]), ("日志", "错误日志文件", [2]), ("a*", "b", []),
    ):  # fmt: skip
        assert page.run(marks % (json.dumps(search), json.dumps(text))) == found, search


def test_the_seal_and_its_gap_are_always_to_be_seen(page: Chromium, url: str) -> None:
    opened(page, url)
    page.until("document.querySelector('#seal').textContent === '⚠ 1 gap, 7 lines missing'")
    page.press("g")
    page.until("document.querySelector('.gap-row')")
    around = page.run(
        "(g => [g.previousElementSibling, g, g.nextElementSibling].map(e => e.textContent))(document.querySelector('.gap-row'))"
    )
    assert around[0].endswith("message 10") and around[2].endswith("message 11") and "7 lines missing" in around[1]
    assert "⟨U+202E⟩<b>on purpose</b>" in around[1]
    page.press("s")
    page.until("document.querySelector('#drawer-body').textContent.includes('7 lines missing')")
    page.press("Escape")
    page.until("document.querySelector('#drawer').hidden")
    page.press("G")
    page.until("document.querySelector('.end-row')?.textContent === 'End of the log, which has gaps'")


def test_errors_are_found_wherever_they_are_and_the_link_leads_back(page: Chromium, url: str) -> None:
    opened(page, url)
    for number, key in ((2960, "E"), (1500, "E"), (40, "E"), (1500, "e")):
        page.press(key)
        page.until(f"document.querySelector('.row.chosen .message')?.textContent === 'message {number}'")
        page.until("!document.querySelector('#said').textContent")
    link = page.run("location.href")
    page.open(link)
    page.until("document.querySelector('.row.chosen .message')?.textContent === 'message 1500'")
    inside = page.run(
        "(r => r.top > 100 && r.bottom < innerHeight)(document.querySelector('.row.chosen').getBoundingClientRect())"
    )
    assert inside and "at=" in link
    page.press("j", "j", "k")
    assert page.run("document.querySelector('.row.chosen .message').textContent") == "message 1501"


def test_scrolling_reads_on_in_both_directions_and_keeps_little(page: Chromium, url: str) -> None:
    opened(page, url, "&t=2026-11-24T12:25:00Z", "message 1500")
    seen = "[...document.querySelectorAll('.row .message')].map(m => Number(m.textContent.slice(8)))"
    page.run("document.querySelector('#scroller').focus()")
    for _ in range(40):
        page.mouse(("mouseWheel", 700, 500), deltaX=0, deltaY=-1500)
        page.until("true")
    page.until("document.querySelector('.day')?.textContent === '2026-11-24 · begin'")
    numbers = page.run(seen)
    assert numbers == list(range(len(numbers))) and 250 < len(numbers) <= 1200
    page.until(f"(document.querySelector('#scroller').scrollTop = 1e9, {seen}.at(-1) >= 1700)")
    numbers = page.run(seen)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and len(numbers) <= 1200
    # The ruler leads anywhere at once.
    page.until("document.querySelector('#count').textContent === '3,011 messages'")
    box = page.run(
        "(b => [b.left + 8, b.top + b.height * 0.9])(document.querySelector('#ruler').getBoundingClientRect())"
    )
    page.mouse(("mousePressed", *box), ("mouseReleased", *box))
    page.until(f"Math.abs({seen}[250] - 2709) < 40")


def test_a_range_is_dragged_and_filters_are_in_the_link(page: Chromium, url: str) -> None:
    opened(page, url)
    page.until("document.querySelector('#count').textContent === '3,011 messages'")
    left, top, width = page.run(
        "(b => [b.left, b.top + 20, b.width])(document.querySelector('#histogram').getBoundingClientRect())"
    )
    page.mouse(
        ("mousePressed", left + width * 0.25, top),
        ("mouseMoved", left + width * 0.4, top),
        ("mouseMoved", left + width * 0.5, top),
        ("mouseReleased", left + width * 0.5, top),
    )
    page.until("/from=.*to=/.test(location.search) && !document.querySelector('#range').hidden")
    page.until("document.querySelector('#count').textContent.includes('that fit')")
    count = int(page.run("document.querySelector('#count').textContent.split(' ')[0]").replace(",", ""))
    assert 900 < count < 1100
    page.press("3")
    page.until(
        "location.search.includes('type=warning') && document.querySelectorAll('.row').length && [...document.querySelectorAll('.row')].every(r => r.classList.contains('warning'))"
    )
    page.click("#q")
    page.call("Input.insertText", text="message 1507")
    page.press("Enter")
    page.until("document.querySelectorAll('.row').length === 1 && document.querySelectorAll('.hit').length === 2")
    page.open(page.run("location.href"))
    page.until(
        "document.querySelectorAll('.row').length === 1 && document.querySelector('.row .message').textContent === 'message 1507'"
    )
    page.press("x")
    page.until(
        "document.querySelectorAll('.row').length > 200 && document.querySelector('.row.chosen .message').textContent === 'message 1507'"
    )


def test_what_the_server_refuses_is_said(page: Chromium, url: str) -> None:
    page.open(f"{url}?c={FULL_ID[:12]}&re=1&q=(unclosed")
    page.until("document.querySelector('#rows').textContent.includes('regex') && document.querySelector('#search.bad')")
    page.open(f"{url}?c=nobody")
    page.until("document.querySelector('#rows').textContent.includes('no container of this service')")
    page.said[:] = [said for said in page.said if "status of 40" not in said]


def test_a_token_is_asked_for_and_sent(page: Chromium, store: MemoryStore, tmp_path: Path) -> None:
    tokens, token = tmp_path / "tokens", new_token()
    tokens.write_text(line_of(Caller("ann", "admin"), token) + "\n")
    tokens.chmod(0o600)
    with running(Named(), store, access="tokens", access_tokens=tokens) as port:
        page.open(f"http://127.0.0.1:{port}/?c={FULL_ID[:12]}")
        for given in ("wrong", "nicht für Köpfe", token):
            page.until("document.querySelector('#sign-in').open && document.querySelector('#sign-in-why').textContent")
            page.run(
                f"document.querySelector('#token').value = {json.dumps(given)}; document.querySelector('#sign-in button').click()"
            )
        page.until("!document.querySelector('#sign-in').open && document.querySelector('.container')")
        page.until(
            "document.querySelector('#rows').textContent.includes('line 1') && document.querySelector('#count').textContent === '3,011 messages'"
        )
        kept = page.run("[Object.values(sessionStorage), Object.values(localStorage).join(''), location.href]")
        assert kept[0] == [token] and token not in kept[1] + kept[2]
        page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
        page.run(
            "(s => { s.value = 'ndjson'; s.dispatchEvent(new Event('change')); })(document.querySelector('#take'))"
        )
        assert eventually(lambda: any(file.suffix == ".ndjson" for file in tmp_path.iterdir()), 20)
        page.click("#sign-out")
        page.until(
            "document.querySelector('#sign-in').open && !document.querySelector('.container') && sessionStorage.length === 0"
        )
        page.said[:] = [said for said in page.said if "status of 401" not in said]
        assert page.said == []
        page.leave()


def test_just_what_is_chosen_is_copied_and_downloaded(page: Chromium, url: str, tmp_path: Path) -> None:
    opened(page, url, "&type=error", "message 2960")
    page.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    choose = "(s => { s.value = '%s'; s.dispatchEvent(new Event('change')); })(document.querySelector('#take'))"
    page.run(choose % "copy")
    page.until("document.querySelector('#said').textContent === 'Copied 3 messages'")
    copied = page.run("navigator.clipboard.readText()")
    assert [line.split(" ", 1)[1] for line in copied.splitlines()] == [f"error message {n}" for n in (40, 1500, 2960)]
    page.run(choose % "csv")
    assert eventually(lambda: [file.suffix for file in tmp_path.iterdir()] == [".csv"], 20)
    rows = next(tmp_path.iterdir()).read_text().splitlines()
    assert len(rows) == 5 and rows[-1].startswith("#end,gaps")
    page.press("G", "k", "c")
    page.until("document.querySelector('#said').textContent === 'Copied the message'")
    page.press("l")
    page.until("document.querySelector('#said').textContent === 'Copied the link'")
    assert page.run("navigator.clipboard.readText()") == page.run("location.href")


def test_problems_are_shown_and_something_is_said_of_them(page: Chromium, url: str, problems: MemoryProblems) -> None:
    page.open(url)
    page.click("#open-problems")
    page.until("document.querySelectorAll('.problem').length === 2")
    shown = page.run("document.querySelector('.problem').textContent")
    assert "ValueError: <img src=x onerror=alert(6)> ⟨U+202E⟩‹›" in shown
    buttons = "[...document.querySelectorAll('.problem button')]"
    page.run(f"{buttons}.find(b => b.textContent === 'Resolve').click()")
    page.until("document.querySelectorAll('.problem').length === 1")
    assert [said.state for said in problems.said.values()] == ["resolved"]
    page.click("#all-problems")
    page.until("document.querySelectorAll('.problem').length === 2 && document.querySelector('.problem.resolved')")
    page.run(f"{buttons}.find(b => b.textContent === 'Reopen').click()")
    page.until("!document.querySelector('.problem.resolved')")
    page.run("document.querySelector('.problem button').click()")
    page.until("document.querySelector('.row.chosen .message')?.textContent === 'message 1500'")
    page.press("o")
    page.until("document.querySelector('#drawer').hidden")


def test_patterns_and_keys_and_looks(page: Chromium, url: str) -> None:
    opened(page, url)
    page.press("p")
    page.until(
        "[...document.querySelectorAll('.pattern')].some(p => p.textContent.includes('message ‹›') && p.querySelector('b').textContent === '3,000')"
    )
    page.run(
        "[...document.querySelectorAll('.pattern')].find(p => p.querySelector('b').textContent === '3,000').querySelectorAll('button')[1].click()"
    )
    page.until(
        "document.querySelector('#count').textContent === '3,000 messages that fit' && document.querySelectorAll('.hit').length > 100"
    )
    page.press("Escape", "?")
    page.until("document.querySelector('#help').open && document.querySelectorAll('#keys dt').length > 20")
    page.press("Escape")
    page.until("!document.querySelector('#help').open")
    page.press("w", "u")
    page.until(
        "document.querySelector('#view.wrapped') && document.querySelector('#zone').textContent === 'local time'"
    )
    page.press("w", "u", "t", "t")
    page.until("document.documentElement.dataset.theme === 'light'")
    page.press("t")
    page.press("[")
    page.until("document.querySelector('.container[aria-current=true]')")
    page.open(url)
    page.until(
        "document.querySelector('#empty').checkVisibility() && document.querySelector('.container b').textContent === 'fi<b>rst⟨U+202E⟩'"
    )


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_text_can_be_read_on_its_background(page: Chromium, url: str, scheme: str) -> None:
    """WCAG 2.1, 1.4.3: a contrast of 4.5 for text; the times and other marks of no weight 3."""
    page.prefers(scheme)
    opened(page, url)
    ratios = page.run("""(() => {
      const style = getComputedStyle(document.documentElement);
      const luminance = name => { const hex = style.getPropertyValue(name).trim().replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3');
        const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
      return ['--text', '--dim', '--error', '--critical', '--warning', '--ok', '--accent', '--ansi0', '--ansi1', '--ansi2', '--ansi3', '--ansi4', '--ansi5', '--ansi6', '--ansi7', '--faint']
        .map(name => [name, Math.min(ratio(name, '--bg'), ratio(name, '--panel'))]); })()""")
    assert [pair for pair in ratios if pair[1] < (3 if pair[0] == "--faint" else 4.5)] == []
