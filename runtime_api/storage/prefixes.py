"""Which URLs of callers the operator allows: those below one of its prefixes."""

import posixpath
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit


def problem(url: str, allowed: Sequence[str], setting: str) -> str:
    """'' or why the URL is refused, as a phrase that goes on from its field and value: "is not …"."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    if said := _form(url, parts):
        return said
    if not allowed:
        return f"is not taken: the operator allows none (setting {setting})"
    if not any(_below(parts, urlsplit(prefix)) for prefix in allowed):
        return f"is not below what the operator allows (setting {setting})"
    return ""


def prefix_of(url: str, allowed: Sequence[str]) -> str:
    """The prefix that allows it; '' where none does."""
    return next((prefix for prefix in allowed if _below(urlsplit(url), urlsplit(prefix))), "")


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
