"""A message that holds the lines of others takes their place; `store` is every backend in turn."""

from log_store.document import Absorbed
from log_store.query import LogQuery
from tests.contract.stores import Store, write
from tests.documents import NOON, Documents, container, messages_of

A = container("a").container_id


def absorbed(documents: Documents, row: int, version: int) -> Absorbed:
    batch = documents.batch
    return Absorbed(
        batch.container[row], batch.stream[row], batch.id[row], batch.day[row], batch.log_time[row], version
    )


def test_what_is_absorbed_goes_and_its_lines_stay(store: Store) -> None:
    """A torn trace: its frames stood alone, then its beginning was put back. Sending it again changes nothing."""
    torn = Documents().add(NOON + 1, "  frame 1").add(NOON + 2, "  frame 2").add(NOON + 3, "other")
    write(store, torn.batch)
    whole = Documents().add(NOON, "header\n  frame 1\n  frame 2", first="header", version=9, lines=3)
    whole.batch.absorbed = [absorbed(torn, row, 8) for row in (0, 1)]
    write(store, whole.batch)
    write(store, whole.batch)
    assert messages_of(store.reader(), LogQuery(A)) == ["header\n  frame 1\n  frame 2", "other"]
    assert store.reader().count_lines(A) == 4


def test_a_greater_version_is_not_absorbed_and_what_is_not_there_is_no_error(store: Store) -> None:
    known = Documents().add(NOON, "stays", version=9)
    never = Documents().add(NOON + 5, "was never stored")
    write(store, known.batch)
    other = Documents().add(NOON + 9, "other")
    other.batch.absorbed = [absorbed(known, 0, 8), absorbed(never, 0, 8)]
    write(store, other.batch)
    assert messages_of(store.reader(), LogQuery(A)) == ["stays", "other"]
