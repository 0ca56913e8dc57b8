"""Where in a TOML file a key of a list of tables stands, for who says what is wrong with it."""

import re
from typing import Final

_HEADER: Final = re.compile(r"[ \t]*+\[\[?[ \t]*+([\w-]++)")
_KEY: Final = re.compile(r"[ \t]*+[\"']?([\w-]++)[\"']?[ \t]*+[.=]")
_FENCE: Final = re.compile(r"\"\"\"|'''")


def places(text: str) -> dict[tuple[str, int, str], tuple[int, int]]:
    """(table, how many of its name came before, key; '' is the header itself) -> line and column, from 1."""
    places: dict[tuple[str, int, str], tuple[int, int]] = {}
    counts: dict[str, int] = {}
    table, fenced = "", False
    for number, line in enumerate(text.split("\n"), 1):
        if not fenced:
            if header := _HEADER.match(line):
                table = header[1]
                counts[table] = counts.get(table, -1) + 1
                places.setdefault((table, counts[table], ""), (number, header.start(1) + 1))
            elif key := _KEY.match(line):
                owner = (table, counts[table], key[1]) if table else (key[1], 0, "")
                places.setdefault(owner, (number, key.start(1) + 1))
        if len(_FENCE.findall(line)) % 2:
            fenced = not fenced
    return places
