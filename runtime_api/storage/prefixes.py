"""Which URLs of callers the operator allows: those below one of its prefixes, where `{uid}` stands for whose they are."""

import posixpath
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_UID: Final = "{uid}"
# One part of a path, the same whether it is read as it stands or as part of a URL.
_PART: Final = re.compile(r"[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]*", re.ASCII)


def problem(url: str, allowed: Sequence[str], setting: str) -> str:
    """'' or why the URL is refused, as a phrase that goes on from its field and value: "is not …"."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # whose text shows what may be a password
        return "is no URL: its host or its port makes no sense"
    if said := _form(url, parts):
        return said
    if not allowed:
        return f"is not taken: the operator allows none (setting {setting})"
    if not any(_below(parts, urlsplit(prefix)) for prefix in allowed):
        return f"is not below what the operator allows (setting {setting})"
    return ""


def without_query(url: str) -> str:
    """For logs: a signature may stand in a query."""
    plain, mark, _ = url.partition("?")
    return plain + ("?…" if mark else "")


def shown(url: str) -> str:
    """For errors, which are in the trail of calls too: without user, password and query."""
    scheme, mark, rest = without_query(url).rpartition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    return repr(f"{scheme}{mark}{'***' if at else user}{at}{host}{slash}{path}"[:200])


def of_owner(allowed: Sequence[str], uid: str) -> tuple[str, ...]:
    """The prefixes as they are for this owner: those with `{uid}` are nobody's whose uid is no plain part of a path."""
    plain = bool(_PART.fullmatch(uid))
    return tuple(prefix.replace(_UID, uid) for prefix in allowed if plain or _UID not in prefix)


def prefix_of(url: str, allowed: Sequence[str]) -> str:
    """The prefix that allows it, of whomever it is; '' where none does."""
    found = (_filled(prefix, url) for prefix in allowed)
    return next((prefix for prefix in found if prefix and _below(urlsplit(url), urlsplit(prefix))), "")


def _filled(prefix: str, url: str) -> str:
    """With that for `{uid}` which stands in its place in the URL; '' where nothing can."""
    before, mark, after = prefix.partition(_UID)
    if not mark:
        return prefix
    return before + part[0] + after if (part := _PART.match(url.removeprefix(before))) else ""


def is_http(url: str) -> bool:
    return urlsplit(url).scheme.lower() in ("http", "https")


def _form(url: str, parts: SplitResult) -> str:
    if not parts.scheme or "://" not in url or any(sign <= " " or sign in "\\\x7f" for sign in url):
        return "must be a URL such as 'https://HOST/path' or 's3://BUCKET/folder', without spaces"
    if "::" in url and not parts.netloc.startswith("["):
        return "must not be a chain of storages (::)"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or password"
    if parts.fragment or "#" in url:
        return "must not hold a fragment (#…)"
    # Only HTTP gives a query and an escape a meaning; elsewhere they are part of a file's name, as it stands.
    if "?" in url and not is_http(url):
        return "must not hold a question mark"
    for path in (parts.path, unquote(parts.path)):
        if any(word in (".", "..") for word in path.split("/")):
            return "must not hold . or .. in its path"
    return ""


def _below(given: SplitResult, base: SplitResult) -> bool:
    """At a border of the path: `s3://data` holds `s3://data/x` and not `s3://database`."""
    if (given.scheme.lower(), _host(given)) != (base.scheme.lower(), _host(base)):
        return False
    path, folder = _path(given), _path(base)
    return not folder or path == folder or path.startswith(folder + "/")


def _host(parts: SplitResult) -> str:
    return parts.netloc.lower() if parts.scheme.lower() in ("http", "https") else parts.netloc


def _path(parts: SplitResult) -> str:
    path = unquote(parts.path) if parts.scheme.lower() in ("http", "https") else parts.path
    return posixpath.normpath("/" + path).strip("/")
