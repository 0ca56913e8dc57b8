"""What an image's tar holds, read before the engine sees it: `docker save`'s manifest.json, and index.json (OCI)."""

import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from runtime_api.errors import BadRequest

FIELD: Final = "task_desc.image.file_path"
_LARGEST: Final = 4 << 20  # bytes of a manifest
_NAMES: Final = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


@dataclass(frozen=True, slots=True)
class TarNames:
    """`names`: what loading the tar would name, `name:tag` each; `image_id`: sha256:… of its only image."""

    names: tuple[str, ...]
    image_id: str


def locate(file_path: str, folder: Path | None) -> Path:
    """The file, which must lie below `folder` after all links have been followed. Raises BadRequest."""
    if folder is None:
        raise BadRequest(
            [f"{FIELD}: {file_path!r} cannot be used: the operator allows no folder (setting image_folder)"]
        )
    base = folder.resolve()
    found = (base / file_path).resolve()
    if not found.is_relative_to(base):
        raise BadRequest([f"{FIELD}: {file_path!r} must lie below {folder}"])
    if not found.is_file():
        raise BadRequest([f"{FIELD}: {file_path!r} is not a file below {folder}"])
    return found


def read_names(tar: BinaryIO, shown: str, in_time: Callable[[], bool]) -> TarNames:
    """Raises BadRequest for what is no image's tar. `in_time` is asked between members."""
    found: dict[str, Any] = {}
    try:
        with tarfile.open(fileobj=tar, mode="r:*") as archive:
            for member in archive:
                name = str(Path("/", member.name))[1:]
                if name in ("manifest.json", "index.json"):
                    if name in found or not member.isfile() or member.size > _LARGEST:
                        raise BadRequest(
                            [f"{FIELD}: {shown!r} must have one {name}, a file of at most {_LARGEST} bytes"]
                        )
                    content = archive.extractfile(member)
                    found[name] = json.loads(content.read()) if content else None
                if not in_time():
                    raise BadRequest([f"{FIELD}: {shown!r} took longer to read than setting pull_timeout allows"])
        return _names(found)
    except (tarfile.TarError, EOFError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest(
            [f"{FIELD}: {shown!r} is not the tar of an image as `docker save` makes it: {error!r}"]
        ) from error


def _names(found: dict[str, Any]) -> TarNames:
    manifests = found["manifest.json"]
    names = {name for manifest in manifests for name in manifest.get("RepoTags") or ()}
    for manifest in found.get("index.json", {}).get("manifests", ()):
        annotations = manifest.get("annotations") or {}
        # The reference's name may be the tag alone, which is then not a name that loading gives.
        names.update(_short(annotations[key]) for key in _NAMES if ":" in annotations.get(key, ""))
    configs = {Path(manifest["Config"]).name.removesuffix(".json") for manifest in manifests}
    return TarNames(tuple(sorted(names)), f"sha256:{configs.pop()}" if len(configs) == 1 else "")


def _short(name: str) -> str:
    """Docker's own registry and its `library` are not written in `RepoTags`."""
    return name.removeprefix("docker.io/").removeprefix("library/")
