"""A file of rules in TOML, read at the start: what is wrong with it as such is told with its place."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from wholelog_base.settings import SettingsError

LARGEST: Final = 1 << 20  # bytes


def read_toml(file: Path, setting: str = "") -> tuple[str, dict[str, Any]]:
    """Its text, and its document. `setting`: which one names it, if that is to be told.

    Raises SettingsError, with `FILE:LINE:COLUMN: …` for a mistake.
    """
    named = f"{setting}: {file}" if setting else str(file)
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{named}: cannot be read: {error}"]) from error
    if len(content) > LARGEST:
        raise SettingsError([f"{named}: is larger than {LARGEST} bytes"])
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        where = f"{place[1]}:{place[2]}" if place else f"{text.count(chr(10)) + 1}:1"
        raise SettingsError([f"{file}:{where}: not TOML: {str(error).partition(' (at ')[0]}"]) from error
