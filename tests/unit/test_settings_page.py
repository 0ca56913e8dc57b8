"""docs/settings.md is made from the settings classes."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wholelog.processes import all_parts, setting_fields
from wholelog.setting_text import as_text
from wholelog.settings_page import page

PAGE = Path(__file__).resolve().parents[2] / "docs/settings.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m wholelog.settings_page > docs/settings.md"


def test_every_default_can_be_given_as_it_is_shown() -> None:
    for part in all_parts():
        for field in setting_fields(part.settings).values():
            shown = as_text(field, field.default)
            if shown:
                assert field.metadata["parse"](shown) == field.default, field.name


@given(st.integers(0, 1 << 45), st.floats(0, 1e9, allow_nan=False))
def test_sizes_and_durations_are_shown_as_they_are_read(size: int, seconds: float) -> None:
    fields = {name: field for part in all_parts() for name, field in setting_fields(part.settings).items()}
    for name, value in (("spool_limit", size), ("retention", seconds)):
        assert fields[name].metadata["parse"](as_text(fields[name], value)) == value
