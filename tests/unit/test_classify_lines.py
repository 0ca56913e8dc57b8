"""Every labelled line has the type that it declares: formats by their definition, programs as they really print."""

from pathlib import Path

import pytest

from tests.data.log_lines.accuracy import files, predicted, rows


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_lines_have_the_type_that_they_declare(path: Path) -> None:
    wrong = [(line, want, predicted(line)) for line, want in rows(path) if predicted(line) != want]
    assert not wrong


def test_at_least_ten_programs_were_captured() -> None:
    captured = {path.stem for path in files()} - {"formats", "issues"}
    assert len(captured) >= 20
    for path in files():
        assert len(rows(path)) >= 10 and {want for _, want in rows(path)} - {"none"}, path.name
