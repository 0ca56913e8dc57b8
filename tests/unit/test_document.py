"""A batch's rows stay whole when it is cut up and joined."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from log_store.document import COLUMNS, DocumentBatch
from tests.documents import NOON, Documents, container


def made(texts: list[str], letter: str = "a") -> DocumentBatch:
    """Rows in which each column tells its row apart; every third has raw bytes."""
    documents = Documents(container(letter))
    for number, text in enumerate(texts):
        raw = f"{letter} {number}".encode() if number % 3 == 0 else None
        documents.add(
            NOON + number * 7,
            text,
            version=number + 1,
            lines=number + 2,
            raw=raw,
            fields={"n": number} if number % 2 else None,
        )
    return documents.batch


def rows(batch: DocumentBatch) -> list[tuple[object, ...]]:
    columns = [getattr(batch, name) for name in COLUMNS]
    return [
        (*row, batch.raw.get(number), batch.fields.get(number)) for number, row in enumerate(zip(*columns, strict=True))
    ]


def test_columns_names_every_column() -> None:
    assert set(COLUMNS) == {one.name for one in fields(DocumentBatch)} - {
        "shipper",
        "raw",
        "fields",
        "absorbed",
        "repaired",
    }


def test_an_empty_batch_has_no_rows() -> None:
    assert len(DocumentBatch("s")) == 0 and rows(DocumentBatch("s")) == []


@given(st.lists(st.text(), max_size=8), st.data())
def test_selected_rows_are_those_in_the_order_given(texts: list[str], data: st.DataObject) -> None:
    batch = made(texts)
    chosen = data.draw(st.lists(st.sampled_from(range(len(texts))), unique=True) if texts else st.just([]))
    before = rows(batch)
    selected = batch.select(chosen)
    assert rows(selected) == [before[row] for row in chosen]
    assert len(selected) == len(chosen) and selected.shipper == batch.shipper
    assert set(selected.raw) <= set(range(len(selected)))
    assert rows(batch) == before


@given(st.lists(st.text(), max_size=8), st.lists(st.text(), max_size=8))
def test_extend_appends_rows(first: list[str], second: list[str]) -> None:
    batch, other = made(first), made(second, "b")
    expected = rows(batch) + rows(other)
    after = rows(other)
    batch.extend(other)
    assert rows(batch) == expected and len(batch) == len(first) + len(second)
    assert rows(other) == after
