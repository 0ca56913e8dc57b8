"""Which image a task runs, and how the engine gets it (contract.md: `task_desc.image`)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from runtime_api.containers.engine import DEFAULT_PATH, Engine, ImageFacts
from runtime_api.containers.image_tar import FIELD, TarNames, locate, read_names
from runtime_api.containers.pulls import Pulls
from runtime_api.containers.turns import Twins
from runtime_api.errors import BadRequest, Conflict, EngineFailed, NotFound
from runtime_api.schemas import image_name
from runtime_api.schemas.task import ImageRequest, TaskRequest, TaskType

_NAMED: Final = "task_desc.image"


@dataclass(frozen=True, slots=True)
class ImagePolicy:
    """What the operator allows."""

    defaults: Mapping[TaskType, str]
    registry: str = ""
    folder: Path | None = None
    pull: bool = True
    timeout: float = 600.0  # seconds to pull or load
    allow: tuple[str, ...] = ()  # patterns of names that a task may name; none: any

    def check(self, name: str) -> None:
        """Raises BadRequest for an image that a task may not name."""
        if self.allow and not any(fnmatchcase(name, pattern) for pattern in self.allow):
            raise BadRequest(
                [f"{_NAMED}: {name!r} is not among the images that the operator allows (setting image_allow)"]
            )


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the engine has: its name there, the digest that answers give, and the engine's id of it."""

    name: str
    digest: str
    image_id: str
    path: tuple[str, ...] = DEFAULT_PATH  # where its programs are looked for
    fetched: str = ""  # how it came to the engine just now: pulled, loaded


class Images:
    """Safe to use from several threads: an image is loaded or pulled by one, the others wait for what that one gets.

    `pulls` bounds how many load, pull or wait for it.
    """

    def __init__(
        self, engine: Engine, policy: ImagePolicy, pulls: Pulls, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._policy, self._pulls, self._clock = engine, policy, pulls, clock
        self._fetches: Twins[Image] = Twins(pulls.turn)

    def resolve(self, task: TaskRequest) -> Image:
        """Raises BadRequest where a named image can't be had, EngineFailed where the default one can't, TooManyPulls."""
        if task.image is None:
            return self._default(task.type)
        if not task.image.name:
            return self._loaded(task.image, "")
        name = image_name.reference(task.image, self._policy.registry)
        self._policy.check(name)
        if facts := self._engine.image(name):
            return _image(name, facts)
        return self._loaded(task.image, name) if task.image.file_path else self._pulled(name)

    def _default(self, task_type: TaskType) -> Image:
        setting = f"the default image of a {task_type} (setting image_{task_type})"
        try:
            name = image_name.reference(image_name.split(self._policy.defaults[task_type]))
        except ValueError as error:
            raise EngineFailed(f"{setting}: {self._policy.defaults[task_type]!r} {error}") from error
        if facts := self._engine.image(name):
            return _image(name, facts)
        try:
            return self._pulled(name)
        except BadRequest as error:
            raise EngineFailed(f"{_NAMED}: none is named, and {setting} can't be had: {error}") from error

    def _pulled(self, name: str) -> Image:
        if not self._policy.pull:
            raise BadRequest(
                [f"{_NAMED}: the engine has no image {name!r}, and pulling is not allowed (setting image_pull)"]
            )
        return self._fetch(f"pull {name}", lambda: self._pull(name))

    def _pull(self, name: str) -> Image:
        try:
            self._engine.pull(name, self._policy.timeout)
        except (BadRequest, NotFound, Conflict, EngineFailed) as error:
            raise BadRequest([f"{_NAMED}: image {name!r} is not on the engine and can't be pulled: {error}"]) from error
        facts = self._engine.image(name)
        if facts is None:
            raise EngineFailed(f"{_NAMED}: image {name!r} was pulled, and the engine does not have it")
        return replace(_image(name, facts), fetched="pulled")

    def _loaded(self, image: ImageRequest, name: str) -> Image:
        """`name`: as the engine is to know it; '': as the tar names its only image."""
        path = locate(image.file_path, self._policy.folder)
        return self._fetch(f"load {name} {path}", lambda: self._load(path, image, name))

    def _fetch(self, what: str, work: Callable[[], Image]) -> Image:
        def in_turn() -> Image:
            with self._pulls.turn():
                return work()

        return self._fetches.run(what, in_turn)

    def _load(self, path: Path, image: ImageRequest, name: str) -> Image:
        end = self._clock() + self._policy.timeout
        with open(path, "rb") as tar:
            held = read_names(tar, image.file_path, lambda: self._clock() < end)
            loaded = self._name_in(held, image, name)
            wanted = name or loaded
            self._policy.check(wanted)
            facts, fetched = self._engine.image(wanted), ""
            if facts is None or (not name and facts.image_id != held.image_id):
                fetched = "loaded"
                tar.seek(0)
                self._engine.load(tar, self._policy.timeout)
                if loaded != wanted:
                    self._engine.tag(loaded, wanted)
                facts = self._engine.image(wanted)
        if facts is None:
            raise EngineFailed(f"{FIELD}: {image.file_path!r} was loaded, and the engine does not have {wanted!r}")
        return replace(_image(wanted, facts), fetched=fetched)

    def _name_in(self, held: TarNames, image: ImageRequest, name: str) -> str:
        """The one name in the tar, which must be what was asked for: any other would be replaced on the engine."""
        if not name and len(held.names) == 1:
            return held.names[0]
        # Made before a registry was set, it lacks the registry's name.
        fitting = {name, image_name.reference(image)} if name else set()
        if len(held.names) != 1 or held.names[0] not in fitting:
            inside = ", ".join(held.names[:10]) or "no name"
            right = " or ".join(sorted(fitting)) or "one name"
            raise BadRequest([f"{FIELD}: {image.file_path!r} must hold {right} and nothing else; it holds {inside}"])
        return held.names[0]


def _image(name: str, facts: ImageFacts) -> Image:
    repository = name.partition("@")[0] if "@" in name else name.rpartition(":")[0]
    of_name = [digest for digest in facts.digests if digest.partition("@")[0] == repository]
    digest = (of_name or list(facts.digests) or [facts.image_id])[0]
    return Image(name, digest.rpartition("@")[2], facts.image_id, facts.path)
