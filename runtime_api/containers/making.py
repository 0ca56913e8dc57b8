"""Making a container for a task, with the program that its image has for it, not started yet."""

import hashlib
import io
import logging
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from runtime_api.containers.commands import FOLDER, Command, command_of, environment
from runtime_api.containers.confinement import Confinement
from runtime_api.containers.engine import CommandNotFound, ContainerSpec, Engine
from runtime_api.containers.images import Image
from runtime_api.containers.secret_choice import SecretChoice
from runtime_api.errors import BadRequest, Conflict, NotFound, RuntimeApiError
from runtime_api.schemas.task import TaskRequest
from wholelog_base import labels, user_labels
from wholelog_base.secret_files import SecretFiles

log = logging.getLogger(__name__)

NAME_PREFIX: Final = "wholelog-"
_OWNER_DIGITS: Final = (
    10  # of a name, so that it tells nothing of another owner's: each has all task ids to choose from
)


class Maker:
    """Safe to use from several threads. `ordered`: as of `command_of`."""

    def __init__(
        self, engine: Engine, instance: str, log_options: Callable[[], Mapping[str, str]], confinement: Confinement,
        secrets: SecretChoice, secret_files: SecretFiles, *, ordered: bool = True,
    ) -> None:  # fmt: skip
        self._engine, self._instance, self._log_options, self._ordered = engine, instance, log_options, ordered
        self._confinement, self._secrets, self._secret_files = confinement, secrets, secret_files
        self._working: dict[str, int] = {}  # type and image -> which of the command lines its programs fit

    def make(self, task: TaskRequest, task_id: str, image: Image) -> str:
        """The id of a container in the state `created`. Raises Conflict, BadRequest (CommandNotFound for a cell).

        What is to be masked in its log is on the disk by then.
        """
        container_id = self._made(task, task_id, image)
        if values := self._secrets.values(task):
            try:
                self._secret_files.keep(container_id, values)
            except OSError as error:
                self.discard(container_id)
                raise RuntimeApiError(f"what is secret of the task cannot be written: {error}") from error
        return container_id

    def _made(self, task: TaskRequest, task_id: str, image: Image) -> str:
        command = command_of(task.type, task.cmd, ordered=self._ordered)
        folders = (f"/{FOLDER}",) if command.files else ()
        spec = self._confinement.confined(self._spec(task, task_id, image), task, folders)
        if not command.lines:
            return self._create(spec)
        container_id = self._with_program(f"{task.type} {image.image_id}", spec, command, image)
        if command.files:
            try:
                # Of a read-only root the engine takes files for its volumes alone.
                place = f"/{FOLDER}" if spec.read_only else "/"
                self._engine.put(container_id, place, iter((_tar(command.files, folder=not spec.read_only),)))
            except Exception:
                self.discard(container_id)
                raise
        return container_id

    def discard(self, container_id: str) -> None:
        """Of a container that was not started."""
        try:
            self._engine.remove(container_id, force=True)
            self._secret_files.remove(container_id)
        except RuntimeApiError as error:
            # Another try with its request id finds it, and so does the next start of this service.
            log.warning("container %s was not started and cannot be removed: %s", container_id[:12], error)
        except OSError as error:
            log.warning("what is secret of container %s is left: %s", container_id[:12], error)

    def _with_program(self, key: str, spec: ContainerSpec, command: Command, image: Image) -> str:
        if len(command.lines) == 1:
            return self._create(_with(spec, command.lines[0]))
        if (known := self._working.get(key)) is not None:
            return self._create(_with(spec, command.lines[known]))
        for number, line in enumerate(command.lines):
            container_id = self._create(_with(spec, line))
            try:
                there = any(self._engine.has_file(container_id, f"{place}/{line[0]}") for place in image.path)
            except Exception:
                self.discard(container_id)
                raise
            if there:
                self._working[key] = number
                return container_id
            self.discard(container_id)
        programs = " or ".join(repr(line[0]) for line in command.lines)
        raise CommandNotFound(
            [f"task_desc.cmd: image {image.name!r} has no program {programs} to run it in {':'.join(image.path)}"]
        )

    def _create(self, spec: ContainerSpec) -> str:
        try:
            return self._engine.create(spec)
        except Conflict as error:
            raise Conflict(
                f"task_desc.task_id: {spec.labels[labels.TASK_ID]!r} is taken by another task; name another or none"
            ) from error
        except NotFound as error:
            raise BadRequest([f"task_desc.image: {spec.image!r} is gone from the engine: {error}"]) from error

    def _spec(self, task: TaskRequest, task_id: str, image: Image) -> ContainerSpec:
        marks = {
            **user_labels.named(task.labels),
            labels.TASK_ID: task_id,
            labels.TYPE: task.type,
            labels.UID: task.uid,
            labels.INSTANCE: self._instance,
        }
        if task.request_id:
            marks[labels.REQUEST_ID] = task.request_id
        if task.log is not None:
            marks[labels.LOG] = task.log.label()
        return ContainerSpec(
            name=container_name(task_id, task.uid),
            image=image.name,
            labels=marks,
            log_options=self._log_options(),
            env=environment(task.type, task.env),
            working_dir=task.download_path,
            nano_cpus=task.nano_cpus,
            memory=task.mem_limit,
        )


def container_name(task_id: str, uid: str) -> str:
    if not uid:
        return NAME_PREFIX + task_id
    return f"{NAME_PREFIX}{hashlib.sha256(uid.encode()).hexdigest()[:_OWNER_DIGITS]}-{task_id}"


def _with(spec: ContainerSpec, line: tuple[str, ...]) -> ContainerSpec:
    program, *words = line
    return replace(spec, entrypoint=(program,), command=tuple(words))


def _tar(files: Mapping[str, bytes], *, folder: bool) -> bytes:
    """These files, readable by every user of the container; `folder`: in a folder FOLDER."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as out:
        if folder:
            above = tarfile.TarInfo(FOLDER)
            above.type, above.mode = tarfile.DIRTYPE, 0o755
            out.addfile(above)
        for name, text in files.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}" if folder else name)
            member.size, member.mode = len(text), 0o644
            out.addfile(member, io.BytesIO(text))
    return content.getvalue()
