"""Containers that end at once, and outputs of every shape."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import MakeScene
from tests.services.writer import PART


@pytest.mark.timeout(900)
def test_containers_that_end_right_after_their_last_line(scenes: MakeScene, soak: bool) -> None:
    """One after the other, each gone within milliseconds of a burst."""
    scene = scenes()
    scene.shipper.start()
    for number in range(200 if soak else 40):
        lines = [40, 1, 2000][number % 3]
        out = b"".join(b"%d\n" % i for i in range(1, lines + 1))
        scene.run(f"seq 1 {lines}; echo {number} >&2", out, b"%d\n" % number)
    scene.await_end()
    scene.all_whole()


@pytest.mark.timeout(300)
def test_20_containers_at_once(scenes: MakeScene) -> None:
    """Made beforehand, started together."""
    scene = scenes()
    scene.shipper.start()
    out = b"".join(b"%d\n" % i for i in range(1, 1001))
    made = [scene.create("seq 1 1000", out) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda written: scene.client.api.start(written.id), made))
    scene.await_end()
    scene.all_whole()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_300_containers_in_a_minute(scenes: MakeScene) -> None:
    """Or as quickly as this engine starts them."""
    scene = scenes()
    scene.shipper.start()
    out = b"".join(b"%d\n" % i for i in range(1, 501))
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: scene.run("seq 1 500", out), range(300)))
    print(f"300 containers started in {time.monotonic() - begun:.0f} s")
    scene.await_end(seconds=300)
    scene.all_whole(seconds=300)


ZEROS = "head -c {} /dev/zero | tr '\\0' x"
SHAPES = {
    "nothing at all": ("true", b"", b""),
    "one empty line": ("echo", b"\n", b""),
    "no newline at the end": ("echo a; printf b", b"a\nb", b""),
    "no newline on either stream": ("printf a; printf b >&2", b"a", b"b"),
    **{
        f"{n} x 16 KiB": (ZEROS.format(n * PART) + "; echo; echo end", b"x" * (n * PART) + b"\nend\n", b"")
        for n in (1, 2, 3)
    },
    "16 KiB without a newline": (ZEROS.format(PART), b"x" * PART, b""),
    "a line of 1 MB": (ZEROS.format(1_000_000) + "; echo; echo end", b"x" * 1_000_000 + b"\nend\n", b""),
    "20 lines of 1 MB": (
        f"for i in {' '.join('1' * 20)}; do {ZEROS.format(1_000_000)}; echo; done", (b"x" * 1_000_000 + b"\n") * 20, b"",
    ),
    "not UTF-8": (
        r"printf '\377\376 a\n\303\nb\200\n\303\251\n'; printf '\355\240\200\n' >&2", b"\xff\xfe a\n\xc3\nb\x80\n\xc3\xa9\n", b"\xed\xa0\x80\n",
    ),
    "NUL": (r"printf 'a\0b\n\0\n\0'", b"a\0b\n\0\n\0", b""),
    "CRLF": (r"printf 'a\r\nb\r\n\r\n'", b"a\r\nb\r\n\r\n", b""),
    "a progress bar": (r"printf '10%%\r20%%\r100%%\n'; printf '1\r2\r3' >&2", b"10%\r20%\r100%\n", b"1\r2\r3"),
    "the same line often": ("yes same | head -n 5000", b"same\n" * 5000, b""),
    "binary": ("head -c 300000 /bin/busybox", None, b""),
}  # fmt: skip


@pytest.mark.timeout(300)
def test_every_shape_of_output(scenes: MakeScene) -> None:
    """All at once; each must come back to the byte."""
    import shutil
    from pathlib import Path

    busybox = Path(str(shutil.which("busybox"))).read_bytes()[:300_000]
    scene = scenes()
    scene.shipper.start()
    for script, out, err in SHAPES.values():
        scene.run(script, busybox if out is None else out, err)
    scene.await_end()
    scene.all_whole()
