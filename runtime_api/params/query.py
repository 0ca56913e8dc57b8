"""A query string as a table of names that are known."""

import difflib
from collections.abc import Sequence
from urllib.parse import parse_qsl

from runtime_api.errors import BadRequest

MOST = 100  # parameters
APART = "\0"  # between the values of one that is given several times: no value may hold it


def read_query(
    query: str, known: Sequence[str], repeated: Sequence[str] = (), apart: Sequence[str] = ()
) -> dict[str, str]:
    """The parameters of a WSGI query string that are not empty. Raises BadRequest naming the unknown and repeated.

    Those in `repeated` may be given several times: their values come with commas between. So may those in `apart`, whose
    values may hold commas: they come with APART between.
    """
    try:
        text = query.encode("latin-1").decode("utf-8")  # WSGI's strings are bytes (PEP 3333)
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except UnicodeError as error:
        raise BadRequest([f"the query string is not UTF-8: {query!r:.100}"]) from error
    except ValueError as error:
        raise BadRequest([f"more than {MOST} parameters"]) from error
    pairs = [_compared(name, value, known) for name, value in pairs]
    problems = [_unknown(name, known) for name in dict(pairs) if name not in known]
    names = [name for name, _ in pairs]
    problems += [
        f"{name}: given {names.count(name)} times, must be given once"
        for name in known
        if names.count(name) > 1 and name not in (*repeated, *apart)
    ]
    problems += [f"{name}: {value!r:.100} holds a NUL character" for name, value in pairs if "\0" in value]
    if problems:
        raise BadRequest(problems)
    given: dict[str, str] = {}
    for name, value in pairs:
        if value:
            between = APART if name in apart else ","
            given[name] = f"{given[name]}{between}{value}" if name in given else value
    return given


def _compared(name: str, value: str, known: Sequence[str]) -> tuple[str, str]:
    """`log_type>=warning` in a URL is a parameter `log_type>`: here it is log_type, and the value begins with `>=`."""
    if name[-1:] == ">" and name[:-1] in known and value:
        return name[:-1], ">=" + value
    return name, value


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return f"{name!r:.100}: this route takes no parameters"
    near = difflib.get_close_matches(name[:100], known, 1)
    return f"{name!r:.100}: no such parameter; " + (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    )
