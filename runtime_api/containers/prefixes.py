"""Which URLs of callers the operator allows: those below one of its prefixes."""

import posixpath
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit


def problem(url: str, allowed: Sequence[str], setting: str) -> str:
    """'' or why the URL is refused, as a phrase that goes on from its field and value: "is not …"."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError as error:
        return f"is no URL: {error}"
    if not parts.scheme or any(sign <= " " or sign == "\\" for sign in url):
        return "must be a URL such as 'https://HOST/path', without spaces"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or password"
    if parts.fragment:
        return "must not hold a fragment (#…)"
    path = unquote(parts.path)
    if path and posixpath.normpath(path) != path.rstrip("/").replace("//", "/") and path.strip("/"):
        return "must not hold . or .. in its path"
    if not allowed:
        return f"is not taken: the operator allows none (setting {setting})"
    if not any(_below(url, prefix) for prefix in allowed):
        return f"is not below what the operator allows (setting {setting})"
    return ""


def _below(url: str, prefix: str) -> bool:
    """At a border of the path: `s3://data` holds `s3://data/x` and not `s3://database`."""
    given, base = urlsplit(url), urlsplit(prefix)
    if (given.scheme.lower(), given.netloc.lower()) != (base.scheme.lower(), base.netloc.lower()):
        return False
    path, folder = unquote(given.path).strip("/"), unquote(base.path).strip("/")
    return not folder or path == folder or path.startswith(folder + "/")
