"""Rows in columns, as `docker ps` writes them."""

from collections.abc import Iterator, Sequence

from wholelog.terminal.harmless import harmless


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    shown = [list(head), *([harmless(cell, False) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(head))]
    for row in shown:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
