"""What every backend of the log store must do; `store` is each of them in turn."""

from log_store.query import LogQuery
from tests.contract.stores import Store
from tests.documents import Documents, container, messages_of

A = container("a").container_id


def test_what_is_written_is_read(store: Store) -> None:
    writer = store.writer()
    result = writer.write(Documents().add_all(f"line {n}" for n in range(20)).batch)
    assert (result.stored, result.present, result.rejections) == (20, 0, [])
    writer.refresh()
    assert messages_of(store.reader(), LogQuery(A)) == [f"line {n}" for n in range(20)]
