"""`/` (the web page) and `/page/VERSION/NAME` (its files): served from memory, cached by browsers, nothing from elsewhere.

VERSION is made of all the files' bytes: a browser keeps a file for ever, and asks anew for `/` alone, which names the others.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

import falcon

from runtime_api.reading.compression import accepts_gzip

TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    packed: bytes  # gzip
    kind: str
    tag: str  # a strong ETag, without its quotes

    @classmethod
    def of(cls, content: bytes, kind: str) -> "Asset":
        return cls(content, gzip.compress(content, mtime=0), kind, _digest(content))


class Files:
    """`index` and `assets` by name; `version` names these assets."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        """`contents`: of each file, by its name. Raises KeyError where there is no index.html."""
        names = sorted(name for name in contents if _kind(name))
        self.assets = {name: Asset.of(contents[name], _kind(name)) for name in names}
        self.version = _digest(b"".join(self.assets[name].tag.encode() for name in names))
        folder = f"page/{self.version}"
        preloads = [f'<link rel="modulepreload" href="{folder}/{name}">' for name in names if name.endswith(".js")]
        text = contents[_INDEX].decode().replace("{assets}", folder).replace("{preloads}", "\n".join(preloads))
        self.index = Asset.of(text.encode(), "text/html; charset=utf-8")


def page_files() -> Files:
    """The page that comes with this package."""
    folder = files("runtime_api.page")
    return Files({one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()})


class Page:
    def __init__(self, found: Files) -> None:
        self._files = found

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        _send(req, resp, self._files.index, "no-cache")

    on_head = on_get


class PageAsset:
    """A file of another version is not there: a page that was left open over an update says so when it is read again."""

    def __init__(self, found: Files) -> None:
        self._files = found

    def on_get(self, req: falcon.Request, resp: falcon.Response, version: str, name: str) -> None:
        if version != self._files.version or name not in self._files.assets:
            raise falcon.HTTPNotFound(description=f"{name!r:.100} is no file of this version of the page: read / again")
        _send(req, resp, self._files.assets[name], "public, max-age=31536000, immutable")

    on_head = on_get


def _send(req: falcon.Request, resp: falcon.Response, asset: Asset, caching: str) -> None:
    resp.set_headers(
        {
            "Cache-Control": caching,
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
    )
    packed = accepts_gzip(req.get_header("Accept-Encoding"))
    resp.etag = asset.tag + ("-gzip" if packed else "")
    if _known(req, asset):
        resp.status = falcon.HTTP_304
        return
    resp.content_type = asset.kind
    if packed:
        resp.set_header("Content-Encoding", "gzip")
    resp.data = asset.packed if packed else asset.content


def _known(req: falcon.Request, asset: Asset) -> bool:
    """Whether the browser has these bytes, in either encoding."""
    return any(str(tag) in ("*", asset.tag, f"{asset.tag}-gzip") for tag in req.if_none_match or [])


def _kind(name: str) -> str:
    return next((kind for ending, kind in TYPES.items() if name.endswith(ending)), "")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:20]
