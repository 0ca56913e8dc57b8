#!/usr/bin/env python3
"""CPU of grouping lines into messages: µs a line for plain lines and for traces, µs a KiB for lines made to be slow.

python bench/multiline.py [lines]
"""

import sys
import time
from collections.abc import Callable, Sequence

from log_shipper.stages.multiline import Grouper, GroupState

BATCH = 1000

PLAIN = {
    "timestamp level": "2026-11-24T10:15:03.127Z INFO  [http-1] shop.orders.Service - order 4711 of customer 815 accepted in 12 ms",
    "json": '{"time":"2026-11-24T10:15:03.127Z","level":"info","logger":"shop.orders","msg":"order accepted","order":4711}',
    "logfmt": 'time=2026-11-24T10:15:03.127Z level=info msg="order accepted" order=4711 customer=815 path=/orders took=12ms',
    "access": '10.0.0.7 - - [24/Nov/2026:10:15:03 +0000] "GET /orders/4711 HTTP/1.1" 200 5124 "-" "curl/8.5.0" 0.012 9f3a',
    "bracket": "[2026-11-24 10:15:03,127] INFO [GroupCoordinator 0]: Stabilized group shop generation 17 with 3 members (kafka)",
    "words": "order 4711 of customer 815 was accepted by the warehouse in Lyon after 12 ms and 3 retries, thank you all",
    "klog": "I1124 10:15:03.127456       1 controller.go:114] reconciled deployment shop/orders in 12 ms, nothing to do",
    "colour": "\x1b[32minfo\x1b[39m: order 4711 of customer 815 accepted in 12 ms by the warehouse in Lyon after 3 retries",
    "postgresql": "2026-11-24 10:15:03.127 UTC [4711] app@orders LOG:  duration: 12.034 ms  statement: select * from orders",
    "indented": "      order 4711 of customer 815 was accepted by the warehouse in Lyon after 12 ms and 3 retries, thanks",
}
TRACES = {
    "java": [
        "ERROR o.Main - failed",
        "java.lang.IllegalStateException: no",
        *["\tat shop.Orders.run(Orders.java:12)"] * 30,
    ],
    "python": [
        "Traceback (most recent call last):",
        *['  File "/app/a.py", line 3, in run', "    go(1)"] * 15,
        "KeyError: 1",
    ],
    "go": ["panic: no", "", "goroutine 1 [running]:", *["main.run(0x1)", "\t/app/main.go:12 +0x1d"] * 15],
    "node": ["TypeError: no", *["    at run (/app/a.js:2:39)"] * 30],
    "json": ["{", *['  "name": "value",'] * 29, '  "last": 1', "}"],
}
SLOW = {
    "spaces": " ",
    "brackets": "[",
    "braces": "{",
    "digits": "1",
    "quotes": '"',
    "escaped quotes": '{"\\"',
    "letters": "a",
    "class names": "java.lang.Exception",
    "one class": "Exception",
    "dots": "a.",
    "colons": "a:1:",
    "frames": " at a.b(",
    "called": "\tx called at ",
    "category": "info: [1]",
    "warnings": "a:1: Warning: ",
    "parentheses": " (",
    "escapes": "\x1b[1m",
    "escape starts": "\x1b[",
    "two spaces": ":  ",
    "traceback": "Traceback ",
}


def best(run: Callable[[], object], rounds: int = 5) -> float:
    """CPU seconds of the fastest of some rounds."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        took.append(time.process_time() - start)
    return min(took)


def per(grouper: Grouper, texts: Sequence[str], units: float, rounds: int = 5) -> float:
    """CPU µs a unit."""
    return best(lambda: group(grouper, texts), rounds) / units * 1e6


def group(grouper: Grouper, texts: Sequence[str]) -> int:
    state, messages = GroupState(), 0
    for at in range(0, len(texts), BATCH):
        part = texts[at : at + BATCH]
        messages += sum(grouper.starts(part, range(at, at + len(part)), state))
    return messages


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    grouper = Grouper(lambda text: "error" if text.startswith("ERROR") else None)
    for name, line in PLAIN.items():
        texts = [line] * lines
        print(f"plain  {name:16} {per(grouper, texts, lines):7.3f} µs/line")
    for name, trace in TRACES.items():
        texts = trace * (lines // 10 // len(trace))
        took = per(grouper, texts, len(texts))
        print(f"trace  {name:16} {took:7.3f} µs/line, {group(grouper, texts)} messages of {len(texts)} lines")
    for name, unit in SLOW.items():
        text = unit * (256 * 1024 // len(unit))
        for before in ("", "x: Warning: info: [1] {", *(trace[0] for trace in TRACES.values())):
            texts = [before, text, text]
            took = per(grouper, texts, 2 * len(text) / 1024, 2)
            if took > 2 or not before:
                print(f"slow   {name:16} {took:7.3f} µs/KiB after {before[:20]!r}")
    worst("lines of 1 KiB", grouper, 1024)
    worst("lines of 4 KiB", grouper, 4096)


def worst(name: str, grouper: Grouper, size: int) -> None:
    """The slowest of all kinds, as lines that are looked at to their end."""
    took = {}
    for unit_name, unit in SLOW.items():
        for before in ("", *(trace[0] for trace in TRACES.values())):
            for start in ("", " ", "\t"):
                texts = [before, *[start + unit * (size // len(unit))] * 20]
                took[per(grouper, texts, 20 * size / 1024, 3)] = (
                    unit_name,
                    before,
                    start,
                )
    for slow in sorted(took, reverse=True)[:3]:
        print(f"worst  {name:16} {slow:7.3f} µs/KiB {took[slow]}")


if __name__ == "__main__":
    main()
