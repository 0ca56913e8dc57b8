"""Where the issuer's keys come from: a file, or an address that is asked."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from runtime_api.access.jwt_keys import LARGEST, read_keys
from wholelog_base.loopback import is_loopback

_SILENCE: Final = 5.0  # seconds
_WHOLE: Final = 10.0  # seconds


def source_of(place: str) -> Callable[[], bytes]:
    """What fetches the keys; raises OSError. Raises ValueError for a place that is neither a file nor an address that may be asked."""
    parts = urlsplit(place)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return lambda: _asked(place)
    if parts.scheme == "http":
        raise ValueError("must be https: whoever is between could give keys of their own")
    if parts.scheme or not place:
        raise ValueError("must be a file's path or an https URL")
    return lambda: _read(Path(place))


def file_problem(place: str) -> str:
    """'' or what keeps a file of keys from being used, before a start; '' for an address, which may be away."""
    if urlsplit(place).scheme or not place:
        return ""
    try:
        if not read_keys(_read(Path(place))):
            return f"{place}: holds no public key for signatures of the kinds RSA, EC or OKP"
    except OSError as error:
        return f"{place} cannot be read: {error.strerror or error}; put the issuer's key set (JWKS) there"
    except ValueError as error:
        return f"{place}: {error}"
    return ""


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        return _bounded(file.read(LARGEST + 1))


def _asked(url: str) -> bytes:
    """Redirects are not followed."""
    end = time.monotonic() + _WHOLE
    content = b""
    try:
        with httpx.stream("GET", url, timeout=_SILENCE, headers={"Accept": "application/json"}) as answer:
            if answer.status_code != 200:
                raise OSError(f"{url} answers {answer.status_code}")
            for part in answer.iter_bytes():
                content = _bounded(content + part)
                if time.monotonic() > end:
                    raise OSError(f"{url} takes longer than {_WHOLE:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(f"{url}: {str(error) or type(error).__name__}") from error
    return content


def _bounded(content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise OSError(f"it is larger than {LARGEST} bytes")
    return content
