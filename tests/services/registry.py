"""An image registry on the loopback (which an engine takes without TLS), with one image made of this machine."""

import gzip
import hashlib
import io
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from deploy.quickstart import machine_image

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class _Handler(BaseHTTPRequestHandler):
    """Only what a pull asks for: the distribution API's base, manifests and blobs, by name or digest."""

    protocol_version = "HTTP/1.1"
    contents: dict[str, tuple[str, bytes]]  # the last part of the path -> type and bytes
    login = ""  # user:password that is asked for

    def do_GET(self) -> None:
        if self.login and self.headers.get("Authorization") != f"Basic {b64encode(self.login.encode()).decode()}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="tests"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        found = self.contents.get(self.path.rpartition("/")[2])
        media, content = found or ("application/json", b"{}")
        self.send_response(200 if found or self.path == "/v2/" else 404)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", _digest(content))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        return None  # not on the tests' output


@contextmanager
def registry(tag: str = "1", login: str = "") -> Iterator[str]:
    """The name under which an engine of this machine can pull the image: with python3 and bash."""
    files = io.BytesIO()
    machine_image.write(files)
    layer = gzip.compress(files.getvalue(), 1)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": [f"{name}={value}" for name, value in machine_image.ENVIRONMENT.items()]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(files.getvalue())]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "size": len(config), "digest": _digest(config)},
            "layers": [{"mediaType": _LAYER, "size": len(layer), "digest": _digest(layer)}],
        }
    ).encode()
    contents = {
        tag: (_MANIFEST, manifest),
        _digest(manifest): (_MANIFEST, manifest),
        _digest(config): (_CONFIG, config),
        _digest(layer): ("application/octet-stream", layer),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"contents": contents, "login": login}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/wholelog/python:{tag}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
