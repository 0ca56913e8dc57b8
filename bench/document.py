"""CPU of all stages together: µs a record from the decoded Forward entry to the batch's row, and of each stage apart.

    python bench/document.py [--lines 20000]

First of one line over and over, with classify and multi-line as they stand in the pipeline; `rows` is what is left: ids,
order, days, text. Then of streams as programs write them: names, keys and texts in turns, since what is remembered of lines
is of no use where none is like one of the last. One core, best of several rounds, batches of 1,000, garbage looked for as
rarely as the shipper does.
"""

import argparse
import gc
import json
import random
import time
from collections.abc import Callable
from typing import Any

from bench.classify import COMMON
from log_shipper.config import ShipperSettings
from log_shipper.pipeline import Pipeline
from log_shipper.rules import NO_CONTAINER, RuleBook
from log_shipper.stages.multiline import GroupState
from log_store.document import ContainerContext

BATCH = 1000
START = 1_795_478_400_123_456_789
CONTAINER = "ab" * 32


def best(call: Callable[[], object], rounds: int = 7) -> float:
    took = []
    for _ in range(rounds):
        begun = time.process_time()
        call()
        took.append(time.process_time() - begun)
    return min(took)


def streams(lines: int) -> dict[str, list[str]]:
    dice = random.Random(5)
    names = [f"{name}{end}" for name in ("app", "orders.service", "db") for end in ("", ".cache", "-2", ".jobs.night")]
    texts = ["order accepted", "connection closed by peer after 12 ms", "cache miss for key 12", "retry 3, backing off"]
    values: dict[str, Any] = {
        "user": "ann", "path": "/a/b", "method": "GET", "status": 200, "bytes": 8812, "ms": 12, "id": "c0ffee", "err": "no route",
        "peer": "10.0.0.1:80", "ratio": 0.25, "tags": ["a", "b"], "req": {"method": "GET", "url": "/a"},
    }  # fmt: skip
    flat = [dice.sample(list(values)[:9], dice.randrange(6)) for _ in range(15)]
    rich = [dice.sample(list(values), dice.randrange(6)) for _ in range(15)]

    def level() -> str:
        return dice.choice(("INFO", "INFO", "DEBUG", "WARNING", "ERROR"))

    def members(kinds: list[list[str]]) -> dict[str, Any]:
        first = {
            "level": level().lower(),
            "ts": "2026-03-01T10:20:30Z",
            "logger": dice.choice(names),
            "msg": dice.choice(texts),
        }
        return {**first, **{key: values[key] for key in dice.choice(kinds)}}

    def logfmt() -> str:
        return " ".join(
            f'{key}="{value}"' if " " in str(value) else f"{key}={value}" for key, value in members(flat).items()
        )

    def pino() -> str:
        return json.dumps(
            {
                "level": dice.choice((30, 50)),
                "time": 1_795_478_400_123,
                "pid": 7,
                "hostname": "h",
                "msg": dice.choice(texts),
            }
        )

    made: dict[str, Callable[[], str]] = {
        "python, 12 names": lambda: f"2026-03-01 10:20:{dice.randrange(10, 60)},123 - {dice.choice(names)} - {level()} - {dice.choice(texts)}",
        "threads": lambda: f"10:20:30.{dice.randrange(100, 999)} [exec-{dice.randrange(200)}] {level():5} {dice.choice(names)} - {dice.choice(texts)}",
        "json, 15 kinds": lambda: json.dumps(members(flat)),
        "json, 15 rich kinds": lambda: json.dumps(members(rich)),
        "json, each its kind": lambda: json.dumps({**members(flat), f"k{dice.randrange(10**6)}": 1}),
        "pino": pino,
        "logfmt, 15 kinds": logfmt,
    }  # fmt: skip
    return {name: [make() for _ in range(lines)] for name, make in made.items()}


def pipeline(settings: ShipperSettings, texts: list[str]) -> Callable[[], None]:
    context = ContainerContext(CONTAINER, "bench")
    entries: list[Any] = [
        (b"tag", START + n * 1_000_000, {b"container_id": CONTAINER.encode(), b"source": b"stdout", b"log": text.encode()}, {})
        for n, text in enumerate(texts)
    ]  # fmt: skip

    def run() -> None:
        pipe = Pipeline("bench", lambda *_: context, RuleBook(settings).of, max_message=8 << 20)
        for at in range(0, len(entries), BATCH):
            pipe.add(pipe.new_batch(), [(at, entries[at : at + BATCH])], START, trusted=True)

    return run


def stages(settings: ShipperSettings, line: str) -> tuple[float, float]:
    """Of one line µs to classify and to join."""
    rules, texts, times = RuleBook(settings).of(NO_CONTAINER), [line] * BATCH, list(range(BATCH))
    classify = best(lambda: rules.classify(texts, "stdout", {}))
    return classify / BATCH * 1e6, best(lambda: rules.grouper.starts(texts, times, GroupState())) / BATCH * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=20_000)
    lines = parser.parse_args().lines
    gc.freeze()
    gc.set_threshold(20_000)
    settings, without_fields = ShipperSettings(), ShipperSettings(fields=False)
    print(f"{'':20} {'classify':>9} {'lines':>9} {'fields':>9} {'rows':>9} {'all':>9}")
    for name, line in COMMON.items():
        if "\n" in line:
            continue
        classify, join = stages(settings, line)
        plain = best(pipeline(without_fields, [line] * lines)) / lines * 1e6
        whole = best(pipeline(settings, [line] * lines)) / lines * 1e6
        fields = max(0.0, whole - plain)
        print(f"{name:20} {classify:9.2f} {join:9.2f} {fields:9.2f} {plain - classify - join:9.2f} {whole:9.2f}")
    for name, texts in streams(lines).items():
        print(f"{name:20} {'':39} {best(pipeline(settings, texts)) / lines * 1e6:9.2f}")


if __name__ == "__main__":
    main()
