"""Inputs, code and outputs of tasks, by real containers, moto's S3 server, files and HTTP."""

import hashlib
import io
import json
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

from runtime_api.config import ApiSettings
from runtime_api.containers.open import open_containers
from runtime_api.errors import BadRequest
from runtime_api.schemas.task_body import parse_task
from tests.fakes import MemoryStore
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.s3 import s3_server
from tests.unit.test_git_code import GitServer, git
from tests.unit.test_storage import HEAD, Dribble
from wholelog_base import labels

__all__ = ["git"]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """fsspec's options for the server."""
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield {"key": "k", "secret": "s", "client_kwargs": {"endpoint_url": address}}


class Web:
    """An HTTP server; `answers` by path: status, headers, body."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.asked: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                answers = web.answers[self.path]
                status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def give(self, path: str, body: bytes, *earlier: int) -> None:
        fine = (200, {"Content-Length": str(len(body))}, body)
        self.answers[path] = [*((status, {"Content-Length": "0"}, b"") for status in earlier), fine]


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


class Place:
    def __init__(self, dockerd: Dockerd, folder: Path, s3: dict[str, Any], web: Web) -> None:
        self.folder, self.client = folder, dockerd.client()
        for name in ("in", "out"):
            (folder / name).mkdir()
        self.input, self.output = f"file://{folder}/in", f"file://{folder}/out"
        options = folder / "storage.json"
        options.write_text(json.dumps({"s3": s3}))
        self.settings = ApiSettings(
            data=folder / "data", docker_host=dockerd.url, image_bash_cell=BUSYBOX_IMAGE, image_pull=False, seal_wait=0.2,
            input_prefixes=(self.input, "s3://lake/in", web.url), output_prefixes=(self.output, "s3://lake/out"),
            storage_options=options, transfer_timeout=60.0, repo_git=True, output_wait=0.0,
        )  # fmt: skip
        self.lake = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False, **s3)
        if not self.lake.exists("lake"):
            self.lake.mkdir("lake")
        self.service = open_containers(self.settings, MemoryStore(), {})
        self.service.start()

    def reopen(self, **settings: Any) -> None:
        self.service.close()
        self.settings = replace(self.settings, **settings)
        self.service = open_containers(self.settings, MemoryStore(), {})
        self.service.start()

    def begin(self, cmd: str, **desc: Any) -> str:
        task = parse_task({"tags": {"type": "bash_cell"}, "task_desc": {"cmd": cmd, **desc}})
        return self.service.create(task).container_id

    def run(self, cmd: str, **desc: Any) -> dict[str, Any]:
        """What GET shows of it at its end, with what it wrote."""
        container_id = self.begin(cmd, **desc)
        wait_for(lambda: self.shown(container_id)["phase"] == "done")
        wait_for(lambda: self.shown(container_id)["status"] in ("exited", "removed"))
        shown = self.shown(container_id)
        if shown["status"] != "removed":
            shown["wrote"] = self.client.containers.get(container_id).logs().decode()
        return shown

    def shown(self, container_id: str) -> dict[str, Any]:
        view = self.service.get(container_id)
        return {**view.more, "status": view.status}

    def ours(self) -> list[Any]:
        return list(self.client.containers.list(all=True, filters={"label": labels.TASK_ID}, ignore_removed=True))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture
def place(dockerd: Dockerd, tmp_path: Path, s3: dict[str, Any], web: Web) -> Iterator[Place]:
    place = Place(dockerd, tmp_path, s3, web)
    yield place
    place.service.close()
    for container in place.ours():
        container.remove(force=True)
    place.client.close()


def test_files_and_folders_from_every_storage_are_there_before_the_command(place: Place, web: Web) -> None:
    (place.folder / "in/a").mkdir()
    (place.folder / "in/a/ä b.txt").write_text("one\n")
    (place.folder / "in/a/c").write_text("two\n")
    place.lake.pipe("lake/in/d/e.txt", b"three\n")
    place.lake.pipe("lake/in/d/f/g.txt", b"four\n")
    web.give("/h.txt?v=1", b"five\n", 503)
    shown = place.run(
        "pwd; cat a/*; cat d/e.txt d/f/g.txt h.txt", download_path="/work/in",
        inputs=[
            {"bucket": place.input, "from_path": "a"}, {"bucket": "s3://lake/in", "from_path": "d"},
            {"bucket": web.url + "/h.txt?v=1"},
        ],
    )  # fmt: skip
    assert shown["wrote"] == "/work/in\ntwo\none\nthree\nfour\nfive\n" and shown["exit_code"] == 0
    first, second, third = shown["inputs"]
    assert (
        (first["state"], first["files"], first["bytes"]) == ("done", 2, 8) == (second["state"], 2, second["bytes"] - 3)
    )
    assert third["sha256"] == hashlib.sha256(b"five\n").hexdigest() and third["tries"] == 2
    assert (third["source"], third["target"]) == (web.url + "/h.txt?v=1", "/work/in/h.txt")


def test_outputs_are_copied_with_size_and_checksum_also_when_the_task_failed(place: Place) -> None:
    shown = place.run(
        "mkdir -p /o/d; echo 12345 > /o/a; echo x > /o/d/b; echo y > /o/d/c; exit 3", upload_path="/o",
        outputs=[
            {"to_path": "s3://lake/out/r/", "from_path": "a"}, {"to_path": place.output + "/tree", "from_path": "/o/d"},
            {"to_path": place.output + "/none", "from_path": "nosuch"}, {"to_path": place.output + "/a", "from_path": "a"},
        ],
    )  # fmt: skip
    assert place.lake.cat("lake/out/r/a") == b"12345\n" and (place.folder / "out/a").read_text() == "12345\n"
    assert {p.name: p.read_text() for p in (place.folder / "out/tree").iterdir()} == {"b": "x\n", "c": "y\n"}
    states = [(one["state"], one["files"], one["bytes"]) for one in shown["outputs"]]
    assert states == [("done", 1, 6), ("done", 2, 4), ("failed", 0, 0), ("done", 1, 6)]
    assert shown["outputs"][0]["sha256"] == hashlib.sha256(b"12345\n").hexdigest()
    assert shown["exit_code"] == 3 and "outputs[2]: /o/nosuch of the container is not there" in shown["reason"]


def test_an_input_that_is_not_there_fails_the_task_and_leaves_no_container(place: Place) -> None:
    shown = place.run("true", inputs=[{"bucket": place.input, "from_path": "nosuch"}])
    assert shown["status"] == "removed" and not place.ours()
    assert shown["reason"] == f"inputs[0]: {place.input}/nosuch: is not there"
    assert (shown["inputs"][0]["state"], shown["exit_code"], shown["started"]) == ("failed", None, None)


def test_urls_that_are_not_allowed_are_refused_all_at_once(place: Place) -> None:
    with pytest.raises(BadRequest) as caught:
        place.begin(
            "true", repo_path="s3://other/x.zip", inputs=[{"bucket": "file:///etc", "from_path": "passwd"}],
            outputs=[{"to_path": place.input + "/x", "from_path": "/a"}, {"to_path": "http://h/x", "from_path": "/a"}],
        )  # fmt: skip
    for field in ("repo_path", "inputs[0]", "outputs[0].to_path", "outputs[1].to_path"):
        assert f"task_desc.{field}: " in str(caught.value)
    assert not place.ours()
    place.reopen(input_prefixes=(), output_prefixes=())
    with pytest.raises(BadRequest, match=r"inputs\[0\]: .* the operator allows none \(setting input_prefixes\)"):
        place.begin("true", inputs=[{"bucket": place.input, "from_path": "a"}])


def test_redirects_and_broken_answers_of_http(place: Place, web: Web) -> None:
    web.answers["/r"] = [(302, {"Location": "http://127.0.0.1:1/x", "Content-Length": "0"}, b"")]
    web.answers["/n"] = [(200, {}, b"no length")]
    web.answers["/m"] = [(404, {"Content-Length": "0"}, b"")]
    for path, said in (("/r", "redirects are not followed"), ("/n", "no Content-Length"), ("/m", "answered 404")):
        shown = place.run("true", inputs=[{"bucket": web.url + path}])
        assert said in shown["reason"] and shown["inputs"][0]["tries"] == 1
    web.answers["/s"] = [(200, {"Content-Length": "10"}, b"short")]
    place.reopen(transfer_timeout=2.5)
    shown = place.run("true", inputs=[{"bucket": web.url + "/s"}])
    assert shown["inputs"][0]["tries"] > 1 and ("setting transfer_timeout" in shown["reason"])


HOSTILE = """
import os
os.makedirs('/o/d')
open('/o/d/good', 'w').write('ok')
os.symlink('/etc/passwd', '/o/d/link')
os.symlink('/', '/o/d/root')
os.link('/o/d/good', '/o/d/twin')
os.mkfifo('/o/d/pipe')
os.symlink('/etc', '/o/top')
"""


def test_what_a_container_put_into_its_outputs_leads_nowhere_else(place: Place, python_image: str) -> None:
    """Links are left out and said, hard links are files, and nothing outside of the target is written."""
    outputs = [
        {"to_path": place.output + "/t", "from_path": "/o/d"}, {"to_path": place.output + "/u", "from_path": "/o/top"}
    ]  # fmt: skip
    desc = {"image": python_image, "cmd": HOSTILE, "outputs": outputs}
    made = place.service.create(parse_task({"tags": {"type": "code_cell"}, "task_desc": desc})).container_id
    wait_for(lambda: place.shown(made)["phase"] == "done")
    shown = place.shown(made)
    assert {p.name: p.read_text() for p in (place.folder / "out/t").iterdir()} == {"good": "ok", "twin": "ok"}
    first, second = shown["outputs"]
    assert (
        first["state"] == "failed" and "3 left out, which are no regular files: 'link', 'pipe', 'root'" in first["said"]
    )
    assert second["state"] == "failed" and "'top'" in second["said"] and not (place.folder / "out/u").exists()


def test_code_is_in_the_working_directory(place: Place) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        info = tarfile.TarInfo("bin/run.sh")
        script = b"#!/bin/sh\necho $0\n"
        info.size, info.mode = len(script), 0o755
        tar.addfile(info, io.BytesIO(script))
    place.lake.pipe("lake/in/code.tar.gz", content.getvalue())
    shown = place.run("bin/run.sh", repo_path="s3://lake/in/code.tar.gz", download_path="/code")
    assert shown["wrote"] == "bin/run.sh\n"
    assert shown["inputs"][0]["sha256"] == hashlib.sha256(content.getvalue()).hexdigest()
    (place.folder / "in/repo").mkdir()
    (place.folder / "in/repo/main").write_text("echo from a folder\n")
    assert place.run("sh main", repo_path=place.input + "/repo", download_path="/code")["wrote"] == "from a folder\n"
    (place.folder / "in/evil.tar").write_bytes(_evil())
    shown = place.run("true", repo_path=place.input + "/evil.tar", download_path="/code")
    assert shown["status"] == "removed" and "'../../etc/evil', which leads out of its folder" in shown["reason"]


def test_code_of_a_repository_by_http(place: Place, git: GitServer) -> None:
    url = f"http://127.0.0.1:{git.port}/team/code.git"
    place.reopen(input_prefixes=(url,))
    shown = place.run("cat main.py", repo_path=f"{url}?ref=v1", download_path="/code")
    assert (shown["wrote"], shown["inputs"][0]["state"], shown["inputs"][0]["files"]) == ("old", "done", 2)
    place.reopen(repo_git=False)
    shown = place.run("true", repo_path=url, download_path="/code")
    assert shown["status"] == "removed" and "git repositories are not allowed (setting repo_git)" in shown["reason"]


def _evil() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../../etc/evil"))
    return content.getvalue()


def test_delete_stops_a_transfer(place: Place, web: Web) -> None:
    """It is tried again and again; the task's end says why it ended."""
    web.answers["/slow"] = [(200, {"Content-Length": str(1 << 20)}, b"x" * 1000)]
    made = place.begin("true", inputs=[{"bucket": web.url + "/slow"}])
    wait_for(lambda: bool(place.shown(made)["inputs"]))
    assert place.service.delete(made, "").removed
    wait_for(lambda: place.shown(made)["phase"] == "done")
    assert place.shown(made)["reason"] == "deleted before it started" and not place.ours()


@pytest.fixture
def dribble() -> Iterator[Dribble]:
    server = Dribble(HEAD, b"x")
    yield server
    server.close()


def test_an_input_that_dribbles_is_ended_by_delete_and_holds_no_end_of_the_api(place: Place, dribble: Dribble) -> None:
    place.reopen(input_prefixes=(dribble.url,))
    made = place.begin("true", download_path="/w", inputs=[{"bucket": dribble.url + "/f"}])
    wait_for(lambda: bool(place.shown(made)["inputs"]) and place.shown(made)["inputs"][0]["bytes"] > 0)
    place.service.close()
    wait_for(lambda: not [one for one in threading.enumerate() if one.name.startswith("transfer")])
    place.reopen()
    assert place.shown(made)["phase"] == "inputs", "it is no failure of the task's that the API has ended"
    wait_for(lambda: place.shown(made)["inputs"][0]["state"] == "copying")
    assert place.service.delete(made, "").removed
    wait_for(lambda: place.shown(made)["inputs"][0]["state"] == "failed")
    assert place.shown(made)["reason"] == "deleted before it started" and not place.ours()


def test_a_transfer_goes_on_after_a_restart(place: Place, web: Web) -> None:
    web.answers["/f"] = [(503, {"Content-Length": "0"}, b"")]
    made = place.begin(
        "cat f", inputs=[{"bucket": web.url + "/f"}], outputs=[{"to_path": place.output + "/p", "from_path": "/f"}]
    )
    wait_for(lambda: bool(place.shown(made)["inputs"]))
    web.give("/f", b"late\n")
    place.reopen()
    wait_for(lambda: place.shown(made)["phase"] == "done")
    assert place.shown(made)["exit_code"] == 0 and (place.folder / "out/p").read_text() == "late\n"
