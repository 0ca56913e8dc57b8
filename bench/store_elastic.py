"""Documents a second into Elasticsearch and lines a second out of it.

    python -m bench.store_elastic http://127.0.0.1:9200 [DOCUMENTS]

Makes indices with a prefix of its own, which it names; remove them afterwards.
"""

import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from log_store.document import ContainerContext, DocumentBatch
from log_store.elastic import document_rows
from log_store.open import open_reader, open_writer
from log_store.options import StoreOptions
from log_store.query import LogQuery
from log_store.rfc3339 import day_name

BATCH = 5000
CONTAINERS = 10
CONNECTIONS = 2
START = 1_795_521_600 * 10**9
STEP = 100_000  # ns between two lines of a container


def batches(documents: int) -> list[DocumentBatch]:
    """Lines of 110 bytes; every batch has those of one container, the containers in turn."""
    contexts = [
        ContainerContext(f"{n:02x}" * 32, f"name-{n}", f"task-{n}", "bash_cell", "uid") for n in range(CONTAINERS)
    ]
    made: list[DocumentBatch] = []
    next_line = [0] * CONTAINERS
    for number in range(max(documents // BATCH, 1)):
        context = contexts[number % CONTAINERS]
        first = next_line[number % CONTAINERS]
        next_line[number % CONTAINERS] += BATCH
        times = [START + n * STEP for n in range(first, first + BATCH)]
        texts = [
            f"GET /things/{n} status=200 bytes={n * 7 % 9973} user=u{n % 331} took={n % 97} ms".ljust(110, ".")
            for n in times
        ]
        hashes = [sha256(text.encode()).hexdigest()[:16] for text in texts]
        made.append(
            DocumentBatch(
                "bench",
                [context] * BATCH,
                ["stdout"] * BATCH,
                [f"{context.container_id[:12]}o{t:016x}{h}" for t, h in zip(times, hashes, strict=True)],
                [17] * BATCH,
                [day_name(t) for t in times],
                times,
                times,
                [0] * BATCH,
                list(range(first, first + BATCH)),
                ["info"] * BATCH,
                ["default"] * BATCH,
                texts,
                [1] * BATCH,
                times,
            )
        )
    return made


def main() -> None:
    url, documents = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    options = StoreOptions(index_prefix=f"bench-{uuid.uuid4().hex[:8]}")
    made = batches(documents)
    total = sum(map(len, made))
    print(f"{total} documents in indices {options.index_prefix}-*")
    before, cpu = time.perf_counter(), time.process_time()
    for batch in made:
        document_rows.encode(batch)
    print(f"encode: {(time.process_time() - cpu) / total * 1e6:.2f} us of cpu a document")
    writer, reader = open_writer(url, options), open_reader(url, options)
    for what in ("write", "the same again"):
        before, cpu = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            results = list(pool.map(writer.write, made))
        took, spent = time.perf_counter() - before, time.process_time() - cpu
        taken = sum(r.stored for r in results), sum(r.present for r in results)
        print(
            f"{what}: {total / took:,.0f}/s, {spent / total * 1e6:.2f} us of our cpu a document; stored, present {taken}"
        )
    writer.refresh()
    container = made[0].container[0].container_id
    for what, query in (
        ("all lines of a container", LogQuery(container)),
        ("100 lines", LogQuery(container, size=100)),
        ("the newest 100 lines", LogQuery(container, size=100, newest=True)),
    ):
        before, cpu = time.perf_counter(), time.process_time()
        count = sum(len(page) for page in reader.read(query))
        took, spent = time.perf_counter() - before, time.process_time() - cpu
        print(
            f"{what}: {count} in {took * 1000:.0f} ms, {count / took:,.0f}/s, {spent / count * 1e6:.2f} us of our cpu a line"
        )
    writer.close()
    reader.close()


if __name__ == "__main__":
    main()
