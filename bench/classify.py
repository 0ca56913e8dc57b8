"""Microseconds a line of the classifier: common formats, a plain line.

    python bench/classify.py [--seconds S]

Prints one line a case. Best of several rounds, one core. `bench/hostile.py` has lines made to be slow.
"""

import argparse
import time
from collections.abc import Callable

from log_shipper.stages.classify import Classifier

_TEXT = "com.acme.orders.OrderService order 8812 accepted, customer 81, 0 errors, 12 ms"
COMMON = {
    "plain 110 bytes": "Order 8812 accepted for customer 81, forwarded to warehouse 7 in 12 ms, retries 0, queue depth 3 and counting on",
    "with an address": "Server listening on 10.0.0.1:8080 after 12 ms with 3 workers and a queue of 1000 entries, ready to serve now",
    "with pairs": "order accepted id=8812 customer=81 warehouse=7 took=12 retries=0 depth=3 and counting on for some words",
    "log4j 110 bytes": f"2026-03-01 10:20:30,456 INFO  [worker-12] {_TEXT}"[:110],
    "spring boot": f"2026-03-01T10:20:30.456Z  INFO 1 --- [  main] {_TEXT}",
    "logback": f"10:20:30.456 [worker-12] INFO  {_TEXT}",
    "python": f"2026-03-01 10:20:30,456 - orders.service - INFO - {_TEXT}",
    "bracket": f"[2026-03-01 10:20:30.456] [info] {_TEXT}",
    "nginx": f"2026/03/01 10:20:30 [notice] 12#12: {_TEXT}",
    "postgresql": f"2026-03-01 10:20:30.456 UTC [12] app@orders LOG:  {_TEXT}",
    "time, no level": "2026-03-01 10:20:30.456 Request accepted for customer 81, forwarded to warehouse 7 in 12 ms, retries 0, queue depth 3",
    "time, name, no level": "2026-03-01 10:20:30 orders.go:12: request accepted for customer 81, forwarded to warehouse 7 in 12 ms, depth 3",
    "json": '{"time":"2026-03-01T10:20:30.456Z","level":"info","logger":"orders","msg":"order 8812 accepted, 0 errors"}',
    "json, level last": '{"time":"2026-03-01T10:20:30Z","ctx":{"a":[1,2]},"msg":"order accepted","level":"info"}',
    "logfmt": 'ts=2026-03-01T10:20:30.456Z caller=orders.go:12 level=info msg="order accepted" errors=0 id=8812',
    "klog": f"I0301 10:20:30.456789   12 orders.go:12] {_TEXT}",
    "rfc 5424": f"<134>1 2026-03-01T10:20:30.456Z host orders 12 - - {_TEXT}",
    "logcat": f"03-01 10:20:30.456  1702  2395 I Orders: {_TEXT}",
    "syslog, sentence": "Mar  1 10:20:30 host sshd[12]: Accepted password for ann from 10.0.0.1 port 4711 with 12 tries, and then some",
    "syslog": f"Mar  1 10:20:30 host orders[12]: {_TEXT}",
    "level prefix": f"INFO:     {_TEXT}",
    "access log": '10.0.0.1 - - [01/Mar/2026:10:20:30 +0000] "GET /error.html HTTP/1.1" 200 612 "-" "curl/8.5.0" rt=0.012',
    "ansi": f"\x1b[2m2026-03-01T10:20:30.456Z\x1b[0m \x1b[32m INFO\x1b[0m {_TEXT}",
    "trace of 12 lines": "Traceback (most recent call last):\n"
    + '  File "a.py", line 3, in f\n    g()\n' * 5
    + "ValueError: x",
}


def _best(call: Callable[[], object], seconds: float) -> float:
    best, until = float("inf"), time.thread_time() + seconds
    while time.thread_time() < until:
        begun = time.thread_time()
        call()
        best = min(best, time.thread_time() - begun)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.15, help="time given to each common case")
    seconds = parser.parse_args().seconds
    classify = Classifier()
    for name, line in COMMON.items():
        batch = [line] * 500
        took = _best(lambda batch=batch: classify(batch, "stdout"), seconds)  # type: ignore[misc]
        print(f"{name:20} {took / 500 * 1e6:7.2f} us a line of {len(line)} characters: {classify([line], 'stdout')}")


if __name__ == "__main__":
    main()
