"""What a secret may be written as in a log."""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from wholelog_base.secret_files import maskable


def forms_of(values: Iterable[str]) -> set[str]:
    """All that these values are looked for as; none of those that are too short."""
    return {form for value in values if maskable(value) for form in _forms(value) if maskable(form)}


def _forms(value: str) -> Iterator[str]:
    """As it is, each of its lines, and as JSON, a URL and base64 hold it."""
    value = value.encode("utf-8", "replace").decode()
    whole = value.strip()
    yield whole
    yield from (line.strip() for line in whole.split("\n"))
    for one in {value, whole}:
        for ascii_alone in (True, False):
            told = json.dumps(one, ensure_ascii=ascii_alone)[1:-1]
            yield from (told, told.replace("/", "\\/"))
        yield from (quote(one, safe=""), quote(one), quote_plus(one))
        for ending in ("", "\n"):
            yield base64.b64encode((one + ending).encode()).decode().rstrip("=")
