"""CPU of all stages together: µs a record from the decoded Forward entry to the batch's row, and of each stage apart.

    python bench/document.py [--lines 20000]

classify and multi-line as they stand in the pipeline; `rows` is what is left: ids, order, days, text, fields. One core,
best of several rounds, batches of 1,000.
"""

import argparse
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


def pipeline(settings: ShipperSettings, line: str, lines: int) -> Callable[[], None]:
    context = ContainerContext(CONTAINER, "bench")
    entries: list[Any] = [
        (b"tag", START + n * 1_000_000, {b"container_id": CONTAINER.encode(), b"source": b"stdout", b"log": line.encode()}, {})
        for n in range(lines)
    ]  # fmt: skip

    def run() -> None:
        pipe = Pipeline("bench", lambda *_: context, RuleBook(settings).of, max_message=8 << 20)
        for at in range(0, lines, BATCH):
            pipe.add(pipe.new_batch(), [(at, entries[at : at + BATCH])], START, trusted=True)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=20_000)
    lines = parser.parse_args().lines
    settings = ShipperSettings()
    rules = RuleBook(settings).of(NO_CONTAINER)
    print(f"{'':20} {'classify':>9} {'lines':>9} {'fields':>9} {'rows':>9} {'all':>9}")
    for name, line in COMMON.items():
        if "\n" in line:
            continue
        texts, times = [line] * BATCH, list(range(BATCH))
        classify = best(lambda texts=texts: rules.classify(texts, "stdout")) / BATCH * 1e6  # type: ignore[misc]
        join = best(lambda texts=texts, times=times: rules.grouper.starts(texts, times, GroupState())) / BATCH * 1e6  # type: ignore[misc]
        plain = best(pipeline(ShipperSettings(fields=False), line, lines)) / lines * 1e6
        whole = best(pipeline(settings, line, lines)) / lines * 1e6
        fields = max(0.0, whole - plain)
        print(f"{name:20} {classify:9.2f} {join:9.2f} {fields:9.2f} {plain - classify - join:9.2f} {whole:9.2f}")


if __name__ == "__main__":
    main()
