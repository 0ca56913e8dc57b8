"""Any order of writes, and any query, against `MemoryStore`: a dictionary that is sorted when it is read."""

import itertools
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from log_store.document import ContainerContext
from log_store.fields import OTHER_DAY, STREAMS
from log_store.query import LogQuery
from log_store.rfc3339 import DAY
from tests.contract.stores import Store
from tests.documents import MIDNIGHT, Documents, lines_of
from tests.fakes import MemoryStore

OTHER_TIME = MIDNIGHT + 400 * DAY
TIMES = (MIDNIGHT - 2, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + DAY, OTHER_TIME)
DELAYS = (0, 0, 0, 1, 2, DAY, 401 * DAY)
EXAMPLES = itertools.count()


@dataclass(frozen=True)
class Version:
    """One version of one of the documents that there may be: container, stream, time and text name it."""

    container: int
    stream: str
    time: int  # of TIMES
    text: int
    delay: int  # order_time - log_time
    ordinal: int
    version: int
    lines: int
    raw: bool

    def add_to(self, documents: Documents) -> None:
        log_time = TIMES[self.time]
        # Of each (order_time, stream) no two have one ordinal: which of them comes first is no backend's promise.
        ordinal = 0
        if self.delay or self.ordinal or self.text:
            ordinal = 1 + self.ordinal * 12 + self.time * 2 + self.text
        documents.add(
            log_time,
            f"version {self.version}",
            self.stream,
            first=f"text {self.text}",
            day=OTHER_DAY if log_time == OTHER_TIME else None,
            version=self.version,
            lines=self.lines,
            raw=b"\xff" if self.raw else None,
            place=(log_time + self.delay, ordinal),
        )


versions = st.builds(
    Version,
    container=st.integers(0, 1),
    stream=st.sampled_from(STREAMS),
    time=st.integers(0, len(TIMES) - 1),
    text=st.integers(0, 1),
    delay=st.sampled_from(DELAYS),
    ordinal=st.integers(0, 1),
    version=st.integers(1, 4),
    lines=st.integers(1, 5),
    raw=st.booleans(),
)
times = st.none() | st.sampled_from([time + step for time in TIMES for step in (-1, 0, 1)])
queries = st.tuples(st.integers(0, 1), times, times, st.none() | st.integers(1, 12), st.booleans())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(versions, max_size=12), max_size=5), asked=st.lists(queries, min_size=1, max_size=6))
def test_as_a_dictionary_that_is_sorted(
    store: Store, batches: list[list[Version]], asked: list[tuple[int, int | None, int | None, int | None, bool]]
) -> None:
    model = MemoryStore()
    writer, reader = store.writer(), store.reader()
    example = next(EXAMPLES)  # one store serves all: containers of an example are its own
    ids = [f"{example:08x}{number:04x}" + "0" * 52 for number in range(2)]
    for batch in batches:
        documents = Documents()
        for version in batch:
            documents.context = ContainerContext(ids[version.container])
            version.add_to(documents)
        assert writer.write(documents.batch) == model.write(documents.batch)
    writer.refresh()
    for number, start, end, size, newest in asked:
        query = LogQuery(ids[number], start, end, size, newest)
        assert lines_of(reader, query) == lines_of(model, query)
    for name in ids:
        assert reader.count_lines(name) == model.count_lines(name)
