"""Parts of a batch of documents."""

from dataclasses import replace

import pytest

from log_store.document import COLUMNS, ContainerContext, DocumentBatch

CONTEXT = ContainerContext("ab" * 32)


def batch(size: int) -> DocumentBatch:
    columns = {name: [f"{name} {row}" for row in range(size)] for name in COLUMNS}
    made = DocumentBatch("here", **columns)  # type: ignore[arg-type]
    return replace(
        made, raw={1: b"\xff", 4: b"\xfe"}, repaired={0, 4, 5}, fields={row: b"%d" % row for row in (2, 3, 5)}
    )


@pytest.mark.parametrize(("start", "end"), [(0, 6), (0, 0), (1, 2), (2, 5), (4, 99), (6, 9)])
def test_a_part_is_what_select_gives_of_its_rows(start: int, end: int) -> None:
    whole = batch(6)
    part = whole.part(start, end)
    assert part == whole.select(list(range(start, min(end, 6))))
    assert len(part) == max(0, min(end, 6) - start)


def test_select_gives_the_rows_in_the_order_asked_for() -> None:
    chosen = batch(6).select([4, 1, 2])
    assert chosen.id == ["id 4", "id 1", "id 2"]
    assert (chosen.raw, chosen.repaired, chosen.fields) == ({0: b"\xfe", 1: b"\xff"}, {0}, {2: b"2"})
