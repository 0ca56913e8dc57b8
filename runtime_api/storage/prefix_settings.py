"""The operator's prefixes of URLs, as settings: one that could never match, or would match too much, stops the start."""

from collections.abc import Callable
from urllib.parse import urlsplit

from wholelog_base.settings import words

_HTTP = ("http", "https")


def prefixes_of(*, http: bool, others: bool) -> Callable[[str], tuple[str, ...]]:
    """What reads them: whether those of http and https may be among them, and whether those of other storages."""

    def parse(value: str) -> tuple[str, ...]:
        found = words(value)
        for prefix in found:
            if said := _problem(prefix, http=http, others=others):
                shown = prefix.rpartition("@")[2]  # never a password
                raise ValueError(f"holds {shown[:100]!r}, which {said}")
        return found

    return parse


def _problem(prefix: str, *, http: bool, others: bool) -> str:
    try:
        parts = urlsplit(prefix)
        _ = parts.port if parts.scheme in _HTTP else None
    except ValueError:
        return "is no URL: its host or its port makes no sense"
    kinds = " or ".join(
        [*(["https://HOST/folder"] if http else []), *(["s3://BUCKET/folder", "file:///folder"] if others else [])]
    )
    if "://" not in prefix or not parts.scheme or not (parts.netloc or parts.path.strip("/")):
        return f"must be a URL such as {kinds}"
    if not (http if parts.scheme in _HTTP else others):
        return f"must be a URL such as {kinds}: this kind is not for it"
    if "@" in parts.netloc:
        return "must not hold a user or password: keys of storage are for storage_options"
    if "?" in prefix or "#" in prefix:
        return "must not hold ? or #: it is the beginning of a path"
    if any(part in (".", "..") for part in parts.path.split("/")):
        return "must not hold . or .. in its path"
    if set(prefix.replace("{uid}", "")) & set("{}"):
        return "must not hold braces but those of {uid}, which stands for the owner"
    return ""
