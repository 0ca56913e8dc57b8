"""Code of a git repository by HTTP, from git's own server program."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from runtime_api.errors import TransferFailed
from runtime_api.storage.code_archive import Bounds
from runtime_api.storage.git_code import cloned, is_repository

HERE = ["127.0.0.1"]


class GitServer:
    """`git http-backend` (a CGI program) behind an HTTP server; what begins with /moved is redirected."""

    def __init__(self, root: Path) -> None:
        server = self
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                if self.path.startswith("/moved"):
                    self.send_response(302)
                    self.send_header("Location", self.path.removeprefix("/moved"))
                    self.end_headers()
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = urlsplit(self.path)
                environ = {
                    "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": parts.path, "QUERY_STRING": parts.query, "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "GIT_CONFIG_COUNT": "1",
                    "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
                }  # fmt: skip
                if encoding := self.headers.get("Content-Encoding"):
                    environ["HTTP_CONTENT_ENCODING"] = encoding
                made = subprocess.run(["git", "http-backend"], input=body, env=environ, capture_output=True, timeout=60)
                head, _, content = made.stdout.partition(b"\r\n\r\n")
                fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
                self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def git(tmp_path: Path) -> Iterator[GitServer]:
    """With a repository /team/code.git of two commits, a tag on the first, and a branch."""
    repo = tmp_path / "root" / "team" / "code.git"
    repo.mkdir(parents=True)

    def run(*words: str) -> None:
        command = ["git", "-C", str(repo), "-c", "user.name=t", "-c", "user.email=t@t", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    run("init", "-q", "-b", "main")
    (repo / "main.py").write_text("old")
    (repo / "link").symlink_to("/etc/passwd")
    run("add", "-A")
    run("commit", "-qm", "one")
    run("tag", "v1")
    (repo / "main.py").write_text("new")
    (repo / "big").write_bytes(os.urandom(200_000))
    run("add", "-A")
    run("commit", "-qm", "two")
    server = GitServer(tmp_path / "root")
    yield server
    server.close()


def files(url: str, folder: Path, bounds: Bounds | None = None, addresses: list[str] = HERE) -> dict[str, bytes]:
    folder.mkdir()
    return {one.name: b"".join(one.content) for one in cloned(url, addresses, folder, bounds or Bounds())}


def test_the_newest_state_or_what_a_ref_names(git: GitServer, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{git.port}/team/code.git"
    newest = files(url, tmp_path / "a")
    assert (newest["main.py"], newest["link"], len(newest["big"])) == (b"new", b"/etc/passwd", 200_000)
    assert files(f"{url}?ref=v1", tmp_path / "b") == {"main.py": b"old", "link": b"/etc/passwd"}
    with pytest.raises(TransferFailed, match="git cannot take it: .*v2"):
        files(f"{url}?ref=v2", tmp_path / "c")


def test_git_connects_where_it_was_told_and_nowhere_else(git: GitServer, tmp_path: Path) -> None:
    """A name that leads nowhere, with the address that was looked up before; and this machine by a wrong address."""
    assert "main.py" in files(f"http://code.invalid:{git.port}/team/code.git", tmp_path / "a")
    asked = len(git.asked)
    with pytest.raises(TransferFailed, match="git cannot take it"):
        files(f"http://localhost:{git.port}/team/code.git", tmp_path / "b", addresses=["127.0.0.2"])
    assert len(git.asked) == asked


def test_a_redirect_is_not_followed(git: GitServer, tmp_path: Path) -> None:
    with pytest.raises(TransferFailed, match="git cannot take it"):
        files(f"http://127.0.0.1:{git.port}/moved/team/code.git", tmp_path / "a")
    assert all(path.startswith("/moved") for path in git.asked)


def test_what_is_too_large_is_refused(git: GitServer, tmp_path: Path) -> None:
    """While it comes, and once its files are known."""
    url = f"http://127.0.0.1:{git.port}/team/code.git"
    with pytest.raises(TransferFailed, match="larger than 100000 bytes, setting repo_limit"):
        files(url, tmp_path / "a", Bounds(size=100_000))
    assert not list((tmp_path / "a").iterdir())
    with pytest.raises(TransferFailed, match="repo_limit"):
        files(url, tmp_path / "b", Bounds(files=2))


@pytest.mark.parametrize("query", ["x=1", "ref=a&ref=b", "ref=--upload-pack=x", "ref=a%20b", "ref=a&b=c", "ref=../x"])
def test_a_query_is_a_ref_and_nothing_else(tmp_path: Path, query: str) -> None:
    with pytest.raises(TransferFailed, match="query may be"):
        files(f"http://127.0.0.1:9/team/code.git?{query}", tmp_path / "a")


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://h/x.git", True), ("HTTP://h/a/x.git?ref=v1", True), ("https://h/x.git/y", False),
        ("file:///srv/x.git", False), ("ssh://h/x.git", False), ("https://h/x?y=.git", False),
    ],
)  # fmt: skip
def test_which_urls_are_of_repositories(url: str, right: bool) -> None:
    assert is_repository(url) is right
