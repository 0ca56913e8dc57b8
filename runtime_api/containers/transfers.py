"""Inputs and code into a container before its start, outputs from it after its end."""

import posixpath
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tarfile import TarInfo

from log_store.errors import LogStoreError
from log_store.protocols import LogReader
from runtime_api.containers.engine import Details, Engine
from runtime_api.containers.lives import Life, Lives
from runtime_api.containers.progress import Cancelled, Item, Progress
from runtime_api.errors import BadRequest, EngineFailed, EngineUnavailable, NotFound, TransferFailed
from runtime_api.storage import code_archive, git_code
from runtime_api.storage.code_archive import Bounds
from runtime_api.storage.names import below, safe
from runtime_api.storage.prefixes import is_http
from runtime_api.storage.protocol import Storage, StoredFile
from runtime_api.storage.tar_stream import Member, packed, unpacked

_SHOWN = 5  # members named in an error


@dataclass(frozen=True, slots=True)
class TransferRules:
    """`seconds` for all inputs, or all outputs, of a task."""

    seconds: float
    scratch: Path
    repo: Bounds
    git: bool
    addresses: Callable[[str], list[str]]  # to which git may connect for a URL; raises BadRequest, OSError
    seal_wait: float  # seconds that outputs wait for the log's audit, which cannot look while they are copied
    output_limit: int  # bytes of all outputs of a task; 0: no limit


class ContainerTransfers:
    """Safe to use from several threads. `web`: for http and https; `readable` and `writable`: for all others."""

    def __init__(
        self, engine: Engine, lives: Lives, reader: LogReader, web: Storage, readable: Storage, writable: Storage,
        rules: TransferRules,
    ) -> None:  # fmt: skip
        self._engine, self._lives, self._reader, self._web = engine, lives, reader, web
        self._readable, self._writable, self._rules = readable, writable, rules

    def fetch(self, life: Life, cancelled: Callable[[], bool]) -> str:
        details = self._engine.inspect(life.container_id)
        if details is None:
            return "its container was removed from the engine by another hand"
        folder = details.working_dir
        repo = [Item(life.plan.repo_path, folder)] if life.plan.repo_path else []
        inputs = [
            Item(input_url(one.bucket, one.from_path), target_of(folder, one.from_path, one.bucket))
            for one in life.plan.inputs
        ]

        def copy(number: int, item: Item) -> None:
            if repo and number == 0:
                self._put_code(progress, life, details, item)
            else:
                self._put(life, folder, self._members(progress, item, folder), item)

        progress = self._progress(life, "inputs", repo + inputs, cancelled)
        try:
            return progress.each(copy, all_of_them=False)
        except Cancelled as error:
            return str(error)

    def deliver(self, life: Life, cancelled: Callable[[], bool]) -> str:
        items = [
            Item(posixpath.join(life.plan.upload_path or "/", one.from_path), one.to_path) for one in life.plan.outputs
        ]

        def copy(number: int, item: Item) -> None:
            self._take(progress, life.container_id, item)

        progress = self._progress(life, "outputs", items, cancelled)
        try:
            self._await_seal(life, progress)
            return progress.each(copy, all_of_them=True)
        except Cancelled as error:
            return str(error)

    def _await_seal(self, life: Life, progress: Progress) -> None:
        """Raises Cancelled."""
        end = time.monotonic() + self._rules.seal_wait
        while time.monotonic() < end:
            progress.check()
            try:
                seals = self._reader.seals(life.container_id)
            except LogStoreError:
                return
            if any(seal.started_at == life.started_at and seal.state != "open" for seal in seals):
                return
            time.sleep(0.1)

    def _progress(self, life: Life, kind: str, items: list[Item], cancelled: Callable[[], bool]) -> Progress:
        limit = self._rules.output_limit if kind == "outputs" else 0
        return Progress(
            self._lives, life.container_id, kind, items, cancelled=cancelled, seconds=self._rules.seconds, limit=limit
        )  # fmt: skip

    def _source(self, url: str) -> Storage:
        return self._web if is_http(url) else self._readable

    def _members(self, progress: Progress, item: Item, folder: str) -> Iterator[Member]:
        place = posixpath.relpath(item.target, folder)
        storage = self._source(item.source)
        files = storage.files(item.source, progress.check)
        for file in files:
            progress.check()
            name = posixpath.normpath(posixpath.join(place, file.name)) if file.name else place
            content = progress.counted(item, storage.read(file, progress.check), one=not file.name)
            yield Member(name, file.size, content)

    def _put(self, life: Life, folder: str, members: Iterator[Member], item: Item) -> None:
        """As one tar, below the working directory: of a read-only root the engine takes files for its volumes alone."""
        with self._engine_answers(item):
            self._engine.put(life.container_id, folder, packed(members))

    @contextmanager
    def _engine_answers(self, item: Item) -> Iterator[None]:
        """Raises EngineUnavailable only where the engine is away: it closes connections of what it does not take, too."""
        try:
            yield
        except (BadRequest, NotFound) as error:
            raise TransferFailed(f"{item.source}: the engine does not take it: {error}") from error
        except (EngineUnavailable, EngineFailed) as error:
            self._engine.ping()
            raise TransferFailed(f"{item.source}: {error}", again=True) from error

    def _put_code(self, progress: Progress, life: Life, details: Details, item: Item) -> None:
        url = item.source
        if git_code.is_repository(url):
            self._put_repository(progress, life, item)
            return
        if not url.endswith((*code_archive.SUFFIXES, git_code.SUFFIX)):
            self._put(life, item.target, self._members(progress, item, item.target), item)
            return
        if url.endswith(git_code.SUFFIX) and not self._rules.git:
            raise TransferFailed(f"{url}: git bundles are not allowed (setting repo_git)")
        storage = self._source(url)
        (file, *more) = storage.files(url, progress.check)
        if more or file.name or file.size > self._rules.repo.size:
            raise TransferFailed(f"{url} must be a file of at most {self._rules.repo.size} bytes (setting repo_limit)")
        self._rules.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._rules.scratch) as scratch:
            local = Path(scratch, "code")
            self._download(progress, item, storage, file, local)
            if url.endswith(git_code.SUFFIX):
                self._put(life, item.target, git_code.checked_out(local, Path(scratch), url, self._rules.repo), item)
            else:
                with code_archive.opened(local, url, self._rules.repo) as members:
                    self._put(life, item.target, members, item)

    def _put_repository(self, progress: Progress, life: Life, item: Item) -> None:
        url = item.source
        if not self._rules.git:
            raise TransferFailed(f"{url}: git repositories are not allowed (setting repo_git)")
        try:
            addresses = self._rules.addresses(url)
        except BadRequest as error:
            raise TransferFailed(str(error)) from error
        except OSError as error:
            raise TransferFailed(f"{url}: {error}", again=True) from error
        self._rules.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._rules.scratch) as scratch:
            members = git_code.cloned(url, addresses, Path(scratch), self._rules.repo)
            counted = (replace(one, content=progress.counted(item, one.content)) for one in members)
            self._put(life, item.target, counted, item)

    def _download(self, progress: Progress, item: Item, storage: Storage, file: StoredFile, local: Path) -> None:
        with open(local, "wb") as out:
            for piece in progress.counted(item, storage.read(file, progress.check), one=True):
                out.write(piece)

    def _take(self, progress: Progress, container_id: str, item: Item) -> None:
        """What the container put there: regular files alone, whatever their names lead to."""
        what = f"{item.source} of the container"
        try:
            pieces = self._engine.get(container_id, item.source)
        except NotFound as error:
            raise TransferFailed(f"{what} is not there") from error
        except BadRequest as error:
            raise TransferFailed(f"{what} cannot be read: {error}") from error
        with self._engine_answers(item):
            self._take_members(progress, container_id, item, unpacked(pieces, what), what)

    def _take_members(
        self,
        progress: Progress,
        container_id: str,
        item: Item,
        members: Iterator[tuple[TarInfo, Iterator[bytes]]],
        what: str,
    ) -> None:
        root, left, single = "", list[str](), False
        for member, content in members:
            progress.check()
            name = safe(member.name, what)
            if not root:
                root, single = name, not member.isdir()
            rest = below(name, root)
            if member.isdir():
                continue
            if member.islnk():
                # The same file under a second name: asked for alone, it is a file.
                path = posixpath.join(item.source, rest) if rest else item.source
                content = self._alone(container_id, path, member)
            elif not member.isreg():
                left.append(rest or root)
                continue
            self._send(progress, item, _target(item.target, rest, root), content, single)
        if left:
            names = ", ".join(ascii(name[:100]) for name in left[:_SHOWN])
            raise TransferFailed(f"{what}: {len(left)} left out, which are no regular files: {names}")
        if not item.files:
            raise TransferFailed(f"{what} is a folder without files")

    def _alone(self, container_id: str, path: str, member: TarInfo) -> Iterator[bytes]:
        for one, content in unpacked(self._engine.get(container_id, path), path):
            if not one.isreg():
                raise TransferFailed(f"{path} of the container is no regular file any more")
            yield from content

    def _send(self, progress: Progress, item: Item, url: str, content: Iterator[bytes], single: bool) -> None:
        sent = item.bytes
        with self._writable.write(url) as sink:
            for piece in progress.counted(item, content, one=single):
                sink.write(piece)
        stored = self._writable.size(url)
        if stored != item.bytes - sent:
            raise TransferFailed(f"{url} has {stored} bytes where {item.bytes - sent} were written", again=True)


def input_url(bucket: str, from_path: str) -> str:
    return f"{bucket.rstrip('/')}/{from_path.strip('/')}" if from_path else bucket


def target_of(folder: str, from_path: str, bucket: str) -> str:
    """Where an input lies in the container: its path below the bucket, below the working directory."""
    return posixpath.join(
        folder or "/", from_path.strip("/") or posixpath.basename(bucket.partition("?")[0].rstrip("/"))
    )


def _target(to_path: str, rest: str, root: str) -> str:
    """A file goes to the URL itself, or below it where that ends with a slash; a folder's files below it."""
    if rest:
        return f"{to_path.rstrip('/')}/{rest}"
    return f"{to_path}{root}" if to_path.endswith("/") else to_path
