"""Names, archives and tars on their way into and out of containers, and storage by fsspec and HTTP."""

import contextlib
import io
import itertools
import os
import socket
import stat
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime_api.config import ApiSettings
from runtime_api.containers.lives import Lives
from runtime_api.containers.progress import Item, Progress
from runtime_api.containers.tasks import Task, Tasks
from runtime_api.errors import TransferFailed
from runtime_api.outbound import Outbound
from runtime_api.storage.code_archive import Bounds, opened
from runtime_api.storage.fsspec_storage import FsspecStorage
from runtime_api.storage.git_code import checked_out
from runtime_api.storage.http_storage import HttpStorage
from runtime_api.storage.names import below, safe
from runtime_api.storage.prefixes import of_owner, prefix_of, problem, shown
from runtime_api.storage.protocol import StoredFile
from runtime_api.storage.tar_stream import Member, packed, unpacked
from wholelog_base.settings import SettingsError, load


@given(st.text(max_size=60))
def test_a_safe_name_never_leads_out(name: str) -> None:
    try:
        plain = safe(name, "x")
    except TransferFailed:
        return
    assert not os.path.isabs(plain) and ".." not in plain.split("/")
    assert os.path.normpath(os.path.join("/folder", plain)).startswith("/folder/")


ALLOWED = ("s3://b/out/{uid}", "file:///srv/{uid}/in", "https://h/{uid}/x", "s3://b/shared")


@pytest.mark.parametrize("uid", ["alice", "a.b@c-d+e_1", "7"])
def test_a_prefix_of_each_owner(uid: str) -> None:
    own = of_owner(ALLOWED, uid)
    good = [
        f"s3://b/out/{uid}",
        f"s3://b/out/{uid}/x",
        f"file:///srv/{uid}/in/y",
        f"https://h/{uid}/x/y?z=1",
        "s3://b/shared/x",
    ]
    bad = ["s3://b/out", "s3://b/out/", "s3://b/out/{uid}", f"s3://b/out/{uid}x", "s3://b/out/bob/x", "file:///srv/bob/in/y", f"file:///srv/{uid}",
           "https://h/bob/x/y", f"https://h/{uid}%2f..%2fbob/x", f"s3://b/out/{uid}/../bob", "s3://b/out/{uid}/x"]  # fmt: skip
    assert [problem(url, own, "setting") for url in good] == [""] * len(good)
    assert all(problem(url, own, "setting") for url in bad)
    assert [prefix_of(url, ALLOWED) for url in good] == [*[own[0]] * 2, *own[1:]]
    assert prefix_of("s3://b/out/bob/x", ALLOWED) == "s3://b/out/bob" and prefix_of("s3://b/out", ALLOWED) == ""


@given(
    st.one_of(
        st.text(max_size=10),
        st.sampled_from(["", ".", "..", "a/b", "%2e%2e", "a%2fb", "{uid}", "é", "..a", ".a", "a?", "a#"]),
    )
)
def test_no_uid_leads_a_prefix_elsewhere(uid: str) -> None:
    for prefix in of_owner(ALLOWED[:3], uid):
        before, _, after = next(one for one in ALLOWED if one.startswith(prefix[:8])).partition("{uid}")
        assert prefix == before + uid + after and not set(uid) & set("/%?#\\ {}") and uid not in ("", ".", "..")


def test_a_link_does_not_lead_to_another_owners_folder(tmp_path: Path) -> None:
    for name in ("alice", "bob"):
        (tmp_path / name).mkdir()
    (tmp_path / "bob/secret").write_text("of bob")
    (tmp_path / "alice/link").symlink_to(tmp_path / "bob/secret")
    (tmp_path / "alice/own").write_text("of alice")
    storage = FsspecStorage((f"file://{tmp_path}/{{uid}}",), {})
    assert [one.size for one in storage.files(f"file://{tmp_path}/alice/own")] == [8]
    with pytest.raises(TransferFailed, match="leads out of what the operator allows"):
        storage.files(f"file://{tmp_path}/alice/link")


@pytest.mark.parametrize(
    "name",
    ["..", "../a", "a/../../b", "/etc/passwd", "a/..", "", ".", "a\0b", "a\nb", "a\\..\\b", "x" * 256, "a/" * 3000],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(TransferFailed):
        safe(name, "x")


def test_below() -> None:
    assert below("a/b/c", "a") == "b/c" and below("a", "a") == ""
    with pytest.raises(TransferFailed):
        below("ab/c", "a")


FILES = st.lists(st.tuples(st.text("abc/é", min_size=1, max_size=8), st.binary(max_size=2000)), max_size=5)


@given(FILES, st.integers(1, 700))
def test_a_tar_is_what_tarfile_reads_and_comes_back(files: list[tuple[str, bytes]], size: int) -> None:
    members = [Member(f"f{number}", len(data), [data]) for number, (_, data) in enumerate(files)]
    whole = b"".join(packed(members))
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        assert [(m.name, tar.extractfile(m).read()) for m in tar] == [  # type: ignore[union-attr]
            (member.name, data) for member, (_, data) in zip(members, files, strict=True)
        ]
    pieces = iter([whole[start : start + size] for start in range(0, len(whole), size)])
    assert [b"".join(content) for _, content in unpacked(pieces, "x")] == [data for _, data in files]


@settings(max_examples=50)
@given(st.binary(max_size=3000))
def test_any_bytes_as_a_tar_are_members_or_an_error(data: bytes) -> None:
    try:
        for _, content in unpacked(iter([data]), "x"):
            b"".join(content)
    except TransferFailed:
        pass


def test_a_tar_is_made_piece_by_piece() -> None:
    taken = 0

    def content() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(4096):
            taken += 1
            yield bytes(1 << 20)

    made = packed([Member("large", 4096 << 20, content())])
    for _ in range(5):
        next(made)
    assert taken <= 5


def test_a_member_that_is_not_as_long_as_it_said() -> None:
    with pytest.raises(TransferFailed, match="has 2 bytes, and was to have 3"):
        list(packed([Member("a", 3, [b"xx"])]))


BOUNDS = Bounds()


def code_zip(file: Path, members: dict[str, bytes], modes: dict[str, int] | None = None) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return file


def code_tar(file: Path, *members: tuple[str, Any, str]) -> Path:
    """(name, tarfile's type, what it links to or holds)"""
    with tarfile.open(file, "w:gz") as archive:
        for name, kind, rest in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o755
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname, rest = rest, ""
            info.size = len(rest)
            archive.addfile(info, io.BytesIO(rest.encode()))
    return file


def held(file: Path, what: str, bounds: Bounds = BOUNDS) -> dict[str, bytes | str]:
    with opened(file, what, bounds) as members:
        return {member.name: member.link or b"".join(member.content) for member in members}


def test_code_of_an_archive(tmp_path: Path) -> None:
    made = code_zip(tmp_path / "a", {"a.py": b"1", "d/b.sh": b"2", "d/": b""}, {"d/b.sh": 0o100755, "d/": 0o40755})
    assert held(made, "x.zip") == {"a.py": b"1", "d/b.sh": b"2"}
    with opened(made, "x.zip", Bounds()) as members:
        assert [member.executable for member in members] == [False, True]
    made = code_tar(
        tmp_path / "b", ("./", tarfile.DIRTYPE, ""), ("./a.py", tarfile.REGTYPE, "1"), ("d", tarfile.DIRTYPE, ""),
        ("d/l", tarfile.SYMTYPE, "../a.py"),
    )  # fmt: skip
    assert held(made, "x.tar.gz") == {"a.py": b"1", "d/l": "../a.py"}


@pytest.mark.parametrize(
    "members",
    [
        [("../a", tarfile.REGTYPE, "x")], [("/etc/passwd", tarfile.REGTYPE, "x")], [("a/../../b", tarfile.REGTYPE, "x")],
        [("l", tarfile.SYMTYPE, "/etc")], [("l", tarfile.SYMTYPE, "../x")], [("d/l", tarfile.SYMTYPE, "../../x")],
        [("l", tarfile.SYMTYPE, "d"), ("l/a", tarfile.REGTYPE, "x")], [("l", tarfile.LNKTYPE, "/etc/passwd")],
        [("a", tarfile.REGTYPE, "x"), ("l", tarfile.LNKTYPE, "a")], [("f", tarfile.FIFOTYPE, "")],
        [("c", tarfile.CHRTYPE, "")], [("b", tarfile.BLKTYPE, "")], [("l", tarfile.SYMTYPE, "")],
    ],
)  # fmt: skip
def test_hostile_tars_are_refused_before_a_byte_goes_anywhere(tmp_path: Path, members: Any) -> None:
    made = code_tar(tmp_path / "a", ("good", tarfile.REGTYPE, "x"), *members)
    with pytest.raises(TransferFailed, match="x.tar.gz holds"), opened(made, "x.tar.gz", Bounds()):
        pytest.fail("it was opened")


@pytest.mark.parametrize(
    ("name", "mode"), [("../a", 0o100644), ("/a", 0o100644), ("a", stat.S_IFLNK | 0o777), ("a", stat.S_IFIFO)]
)
def test_hostile_zips_are_refused(tmp_path: Path, name: str, mode: int) -> None:
    made = code_zip(tmp_path / "a", {"good": b"x", name: b"/etc/passwd"}, {name: mode})
    with pytest.raises(TransferFailed, match="x.zip holds"):
        held(made, "x.zip")


def test_bombs_are_refused(tmp_path: Path) -> None:
    made = code_zip(tmp_path / "a", {"zeros": bytes(50 << 20)})
    assert made.stat().st_size < 1 << 20
    with pytest.raises(TransferFailed, match="repo_limit"):
        held(made, "x.zip", Bounds(size=10 << 20))
    made = code_zip(tmp_path / "b", {str(number): b"" for number in range(200)})
    with pytest.raises(TransferFailed, match="or 100 files"):
        held(made, "x.zip", Bounds(files=100))
    # A member that says less than it holds ends with an error of the archive, not with more bytes.
    lying = made.read_bytes()
    made = code_zip(tmp_path / "c", {"zeros": bytes(1 << 20)})
    lying = made.read_bytes().replace((1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    made.write_bytes(lying)
    with pytest.raises(TransferFailed):
        held(made, "x.zip")


@settings(max_examples=50)
@given(st.binary(max_size=500), st.sampled_from(["x.zip", "x.tar", "x.tar.gz", "x.tgz"]))
def test_any_bytes_as_an_archive_are_code_or_an_error(tmp_path_factory: Any, data: bytes, what: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(data)
    try:
        held(file, what)
    except TransferFailed as error:
        assert what in str(error)


def bundle(folder: Path, prepare: Callable[[Path], None]) -> Path:
    repo = folder / "repo"
    repo.mkdir()
    prepare(repo)
    git = ["git", "-C", str(repo), "-c", "user.name=t", "-c", "user.email=t@t"]
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["commit", "-qm", "x"],
        ["bundle", "create", "-q", str(folder / "b"), "HEAD"],
    ):
        subprocess.run([*git, *words], check=True, capture_output=True, timeout=60)
    return folder / "b"


def test_code_of_a_git_bundle(tmp_path: Path) -> None:
    def prepare(repo: Path) -> None:
        (repo / "d").mkdir()
        (repo / "d/a.py").write_text("1")
        (repo / "run").write_text("#!/bin/sh\n")
        (repo / "run").chmod(0o755)
        (repo / "link").symlink_to("/etc/passwd")

    made = bundle(tmp_path, prepare)
    (tmp_path / "out").mkdir()
    members = {
        m.name: (b"".join(m.content), m.executable, m.link) for m in checked_out(made, tmp_path / "out", "u", Bounds())
    }
    assert members == {
        "d/a.py": (b"1", False, ""), "run": (b"#!/bin/sh\n", True, ""), "link": (b"/etc/passwd", False, "")
    }  # fmt: skip
    (tmp_path / "out2").mkdir()
    with pytest.raises(TransferFailed, match="repo_limit"):
        checked_out(made, tmp_path / "out2", "u", Bounds(size=5))
    made.write_bytes(b"no bundle")
    (tmp_path / "out3").mkdir()
    with pytest.raises(TransferFailed, match="u: git cannot take it"):
        checked_out(made, tmp_path / "out3", "u", Bounds())


@pytest.mark.parametrize(
    "url",
    [
        "file:///srv/in/../x", "file:///srv/in/%2e%2e/x", "file:///srv/inside", "file:///srv/in?/../../etc/passwd",
        "file:///srv/in#/x", "/srv/in/x", "local:///srv/in/x", "simplecache::file:///srv/in/x", "s3://data/x", "s3://DATA/in/x",
        "s3://user:pw@data/in/x", "s3://data/in/x?y", "file:///srv/in\\..\\x", "zip://x::file:///srv/in/x", "file://host/srv/in/x",
        "s3://data/%69n/x",
    ],
)  # fmt: skip
def test_urls_that_are_not_below_what_is_allowed(url: str) -> None:
    assert problem(url, ("file:///srv/in", "s3://data/in"), "input_prefixes")


def test_urls_that_are(tmp_path: Path) -> None:
    for url in ("file:///srv/in", "file:///srv/in/a/b", "s3://data/in/ä%20b"):
        assert problem(url, ("file:///srv/in/", "s3://data/in"), "input_prefixes") == ""


def test_files_are_read_and_written_whole_or_not_at_all(tmp_path: Path) -> None:
    base = f"file://{tmp_path}/"
    storage = FsspecStorage((base,), {})
    with storage.write(base + "out/a") as sink:
        sink.write(b"12")
        sink.write(b"3")
    assert (tmp_path / "out/a").read_bytes() == b"123" and storage.size(base + "out/a") == 3
    with pytest.raises(TransferFailed, match="the source broke off"), storage.write(base + "out/a") as sink:
        sink.write(b"half")
        raise TransferFailed("the source broke off")
    assert (tmp_path / "out/a").read_bytes() == b"123" and [p.name for p in (tmp_path / "out").iterdir()] == ["a"]
    (tmp_path / "out/d").mkdir()
    (tmp_path / "out/d/b").write_bytes(b"x" * 3_000_000)
    found = storage.files(base + "out")
    assert [(file.name, file.size) for file in found] == [("a", 3), ("d/b", 3_000_000)]
    assert b"".join(storage.read(found[1])) == b"x" * 3_000_000
    with pytest.raises(TransferFailed, match="is not there"):
        storage.files(base + "nosuch")


def test_a_link_of_the_machine_does_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in/link").symlink_to(tmp_path / "secret")
    (tmp_path / "in/up").symlink_to(tmp_path)
    base = f"file://{tmp_path}/in"
    storage = FsspecStorage((base,), {})
    for url in (base + "/link", base + "/up/secret"):
        with pytest.raises(TransferFailed, match="leads out of what the operator allows"):
            storage.files(url)
    with pytest.raises(TransferFailed, match="leads out of what the operator allows"), storage.write(base + "/up/new"):
        pytest.fail("it was opened")


def test_an_unknown_storage_is_said() -> None:
    with pytest.raises(TransferFailed, match="nosuch://a/b: "):
        FsspecStorage(("nosuch://a",), {}).files("nosuch://a/b")


def test_http_refuses_private_addresses_and_does_not_write() -> None:
    with pytest.raises(TransferFailed, match="no public address"):
        HttpStorage(Outbound()).files("http://localhost:1/x")
    with pytest.raises(TransferFailed, match="nothing can be written"):
        HttpStorage(Outbound()).write("http://localhost:1/x")


class Dribble:
    """A server that gives the beginning of an answer and then a byte of it now and then, or nothing any more."""

    def __init__(self, begins: bytes, goes_on: bytes) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._begins, self._goes_on, self._ended = begins, goes_on, threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listening.accept()[0],), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            connection.sendall(self._begins)
            while not self._ended.wait(0.05):
                connection.sendall(self._goes_on)

    def close(self) -> None:
        self._ended.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [(b"", b""), (b"HTTP/1.1 200 OK\r\nX: ", b"x"), (HEAD, b""), (HEAD, b"x")],
    ids=["silent", "a header without end", "a body that stands still", "a body that dribbles"],
)
def test_a_server_that_gives_nothing_holds_nobody_who_need_not_wait(begins: bytes, goes_on: bytes) -> None:
    server, looks = Dribble(begins, goes_on), 0

    def alive() -> None:
        nonlocal looks
        looks += 1
        if looks > 3:
            raise TransferFailed("nobody wants it any more")

    storage = HttpStorage(Outbound(private=True))
    with pytest.raises(TransferFailed, match="nobody wants it any more"):
        if begins == HEAD:
            list(storage.read(StoredFile("", 1_000_000, server.url), alive))
        storage.files(server.url, alive)
    server.close()


def test_a_server_that_says_nothing_for_too_long_is_left() -> None:
    server = Dribble(HEAD, b"")
    with pytest.raises(TransferFailed, match="said nothing for 0.5 seconds") as failed:
        list(HttpStorage(Outbound(private=True), silence=0.5).read(StoredFile("", 1_000_000, server.url)))
    assert failed.value.again
    server.close()


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("https://h/a/b", "https://h/a/b"),
        ("https://h/a?X-Amz-Signature=hunter2", "https://h/a?…"),
        ("https://me:hunter2@h/a@b", "https://***@h/a@b"),
        ("me:hunter2@h/a?hunter2", "***@h/a?…"),
        ("s3://b/x", "s3://b/x"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(given: str, right: str) -> None:
    assert shown(given) == repr(right)


@pytest.mark.parametrize("url", ["http://h:hunter2/x", "http://[hunter2/x", "http://u:hunter2@h:x/"])
def test_an_error_about_a_url_shows_no_part_that_may_be_secret(url: str) -> None:
    assert "hunter2" not in problem(url, ("http://h",), "input_prefixes")


PREFIXES = {"input_prefixes": (True, True), "output_prefixes": (False, True), "callback_prefixes": (True, False)}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("/srv/in", "must be a URL such as"),
        ("s3:bucket", "must be a URL such as"),
        ("file://", "must be a URL such as"),
        ("https://h:port/", "its port makes no sense"),
        ("s3://me:hunter2@b/x", "must not hold a user or password"),
        ("https://h/a?b", "must not hold ? or #"),
        ("file:///srv/../etc", "must not hold . or .. in its path"),
        ("s3://b/{user}", "braces but those of {uid}"),
    ],
)
def test_a_prefix_that_could_match_nothing_or_too_much_stops_the_start(value: str, said: str) -> None:
    for name in PREFIXES:
        with pytest.raises(SettingsError) as refused:
            load(ApiSettings, {name: f"s3://fine/x {value}" if name != "callback_prefixes" else value}, {})
        (problem,) = refused.value.problems
        assert problem.startswith(f"--{name.replace('_', '-')}: ") and "hunter2" not in problem
        assert said in problem or "this kind is not for it" in problem


def test_which_storages_a_prefix_may_name() -> None:
    for name, (http, others) in PREFIXES.items():
        for value, right in (("https://h/x", http), ("s3://b/{uid}/in", others), ("file:///srv/in", others)):
            if right:
                assert getattr(load(ApiSettings, {name: value}, {})[0], name) == (value,)
            else:
                with pytest.raises(SettingsError, match="this kind is not for it"):
                    load(ApiSettings, {name: value}, {})


class Copying:
    """A task whose outputs are copied, and what is said of it."""

    def __init__(self, folder: Path, items: list[Item], limit: int = 0) -> None:
        self.tasks = Tasks(folder / "tasks.sqlite")
        self.tasks.created(Task("c", "n", "t", "bash_cell", "", "i", "d", 0), "")
        self.lives = Lives(self.tasks.file)
        self.progress = Progress(
            self.lives, "c", "outputs", items, cancelled=lambda: False, seconds=60, limit=limit, sleep=lambda _: None
        )  # fmt: skip

    def lines(self) -> list[str]:
        with self.tasks.file.transaction() as db:
            return [row[0] for row in db.execute("SELECT text FROM own_lines ORDER BY number")]


def test_what_is_said_of_a_url_is_said_without_its_query(tmp_path: Path) -> None:
    url = "https://h/a?X-Amz-Signature=hunter2"
    copying = Copying(tmp_path, [Item(url, "/w/a"), Item(url + "&b", "/w/b")])

    def copy(number: int, item: Item) -> None:
        if number:
            raise TransferFailed(f"{item.source}: answered 403")
        if item.tries == 1:
            raise TransferFailed(f"{item.source}: answered 503", again=True)

    problem = copying.progress.each(copy, all_of_them=True)
    life = copying.lives.of("c")
    assert life is not None and problem == "outputs[1]: https://h/a?…: answered 403"
    assert [one["source"] for one in life.result["outputs"]] == [url, url + "&b"], "its owner's own word"
    assert "hunter2" not in "".join([*copying.lines(), *(one["said"] for one in life.result["outputs"])])
    assert len(copying.lines()) == 3 and "https://h/a?…" in copying.lines()[0]
    copying.tasks.close()


def test_outputs_have_a_limit_together(tmp_path: Path) -> None:
    copying = Copying(tmp_path, [Item("/a", "s3://b/a"), Item("/holes", "s3://b/holes")], limit=15)

    def copy(number: int, item: Item) -> None:
        for _ in copying.progress.counted(item, [b"12345"] * (1 + number)):
            pass

    assert copying.progress.each(copy, all_of_them=True) == ""
    more = Copying(tmp_path / "more", [Item("/a", "s3://b/a"), Item("/holes", "s3://b/holes")], limit=14)

    def endless(number: int, item: Item) -> None:
        for _ in more.progress.counted(item, itertools.repeat(b"12345") if number else [b"12345"]):
            pass

    assert "more than 14 bytes together (setting output_limit)" in more.progress.each(endless, all_of_them=True)
    copying.tasks.close()
    more.tasks.close()
