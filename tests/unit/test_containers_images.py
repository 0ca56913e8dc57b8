"""The order in which an image is looked for, and what may be loaded from a tar."""

import io
import json
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runtime_api.containers.engine import ImageFacts
from runtime_api.containers.image_tar import read_names
from runtime_api.containers.images import ImagePolicy, Images
from runtime_api.containers.pulls import Pulls
from runtime_api.errors import BadRequest, EngineFailed, EngineUnavailable, TooManyPulls
from runtime_api.schemas.task_body import parse_task
from tests.fake_engine import FakeEngine

ID = "sha256:" + "3" * 64
FACTS = ImageFacts(ID, ())


def image_tar(file: Path, *names: str, index: Any = None, more: dict[str, bytes] | None = None) -> Path:
    manifest = [{"Config": "3" * 64 + ".json", "RepoTags": list(names), "Layers": []}]
    members = {"manifest.json": json.dumps(manifest).encode(), **(more or {})}
    if index is not None:
        members["index.json"] = json.dumps(index).encode()
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file


def task(image: Any) -> Any:
    return parse_task({"tags": {"type": "algorithm"}, "task_desc": {"image": image}})


class Place:
    def __init__(self, folder: Path, pulls: int = 8, **policy: Any) -> None:
        self.engine = FakeEngine()
        self.folder = folder / "images"
        self.folder.mkdir()
        defaults: Any = {"algorithm": "default:1", "code_cell": "default:1", "bash_cell": "default:1"}
        self.images = Images(self.engine, ImagePolicy(defaults, folder=self.folder, **policy), Pulls(pulls))

    def resolve(self, image: Any) -> tuple[str, str]:
        found = self.images.resolve(task(image))
        return found.name, found.digest


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_an_image_that_the_engine_has(place: Place) -> None:
    place.engine.images["img:1"] = ImageFacts(ID, ("other@sha256:" + "5" * 64, "img@sha256:" + "4" * 64))
    assert place.resolve("img:1") == ("img:1", "sha256:" + "4" * 64)
    place.engine.images["img:latest"] = FACTS
    assert place.resolve("img") == ("img:latest", ID)
    assert place.engine.calls == ["image", "image"]


def test_pulled_where_allowed(place: Place) -> None:
    place.engine.registry["img:1"] = FACTS
    assert place.resolve("img:1") == ("img:1", ID)
    with pytest.raises(
        BadRequest, match=r"task_desc.image: image 'nosuch:1' is not on the engine and can't be pulled: pull access"
    ):
        place.resolve("nosuch:1")
    place.engine.go_away()
    with pytest.raises(EngineUnavailable):
        place.resolve("img:1")


def test_pulled_once(place: Place) -> None:
    """Those that wait share a failure too, instead of trying one after the other."""
    wanted = threading.Barrier(8)
    pull = place.engine.pull

    def slow(reference: str, timeout: float) -> None:
        time.sleep(0.2)
        pull(reference, timeout)

    place.engine.pull = slow  # type: ignore[method-assign]

    def resolve(name: str) -> str:
        wanted.wait(10)
        try:
            return place.resolve(name)[1]
        except BadRequest as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(resolve, ["nosuch:1"] * 8))) == 1
        assert place.engine.calls.count("pull") == 1
        place.engine.registry["img:1"] = FACTS
        assert set(pool.map(resolve, ["img:1"] * 8)) == {ID}
    assert place.engine.calls.count("pull") == 2


def test_a_pull_that_fails_gives_its_turn_back(tmp_path: Path) -> None:
    place = Place(tmp_path, pulls=1)
    for _ in range(3):
        with pytest.raises(BadRequest, match="can't be pulled"):
            place.resolve("nosuch:1")
    with place.images._pulls.turn(), pytest.raises(TooManyPulls, match="1 requests wait for images"):
        place.resolve("nosuch:1")


def test_pulling_that_is_not_allowed(tmp_path: Path) -> None:
    place = Place(tmp_path, pull=False)
    place.engine.registry["img:1"] = FACTS
    with pytest.raises(BadRequest, match=r"pulling is not allowed \(setting image_pull\)"):
        place.resolve("img:1")
    assert "pull" not in place.engine.calls


def test_default_only_where_none_is_named(place: Place) -> None:
    place.engine.images["default:1"] = FACTS
    assert place.resolve(None) == place.resolve({"name": "", "tag": ""}) == ("default:1", ID)
    with pytest.raises(BadRequest):
        place.resolve("named:1")
    place.engine.images.clear()
    with pytest.raises(EngineFailed):
        place.resolve(None)


def test_registry_before_an_author(tmp_path: Path) -> None:
    place = Place(tmp_path, registry="reg.example:5000")
    place.engine.images["reg.example:5000/team/img:1"] = place.engine.images["img:1"] = FACTS
    assert place.resolve({"name": "img", "tag": "1", "auth": "team"})[0] == "reg.example:5000/team/img:1"
    assert place.resolve("img:1")[0] == "img:1"


def test_loaded_from_a_tar(place: Place) -> None:
    image_tar(place.folder / "img.tar", "img:1")
    place.engine.tar = {"img:1": FACTS}
    for file_path in ("img.tar", str(place.folder / "img.tar"), "../images/img.tar"):
        assert place.resolve({"name": "img", "tag": "1", "file_path": file_path}) == ("img:1", ID)
        assert place.resolve({"file_path": file_path}) == ("img:1", ID)
    assert place.engine.calls.count("load") == 1 and "pull" not in place.engine.calls


def test_loaded_once(place: Place) -> None:
    image_tar(place.folder / "img.tar", "img:1")
    place.engine.tar = {"img:1": FACTS}
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(place.resolve, [{"name": "img", "tag": "1", "file_path": "img.tar"}] * 8))
    assert found == {("img:1", ID)} and place.engine.calls.count("load") == 1


def test_tar_made_before_the_registry_was_set(tmp_path: Path) -> None:
    place = Place(tmp_path, registry="reg.example")
    image_tar(place.folder / "img.tar", "team/img:1")
    place.engine.tar = {"team/img:1": FACTS}
    image = {"name": "img", "tag": "1", "auth": "team", "file_path": "img.tar"}
    assert place.resolve(image) == place.resolve(image) == ("reg.example/team/img:1", ID)
    assert place.engine.calls.count("load") == 1


@pytest.mark.parametrize("names", [("other:1",), ("img:2",), ("img:1", "default:1"), ()])
def test_tar_that_holds_something_else(place: Place, names: tuple[str, ...]) -> None:
    image_tar(place.folder / "img.tar", *names)
    with pytest.raises(
        BadRequest, match=r"task_desc.image.file_path: 'img.tar' must hold img:1 and nothing else; it holds"
    ):
        place.resolve({"name": "img", "tag": "1", "file_path": "img.tar"})
    if len(names) != 1:
        with pytest.raises(BadRequest, match="must hold one name and nothing else"):
            place.resolve({"file_path": "img.tar"})
    assert "load" not in place.engine.calls


def test_name_that_only_the_oci_index_gives(place: Place) -> None:
    named = {"annotations": {"io.containerd.image.name": "docker.io/library/default:1"}}
    image_tar(place.folder / "img.tar", "img:1", index={"manifests": [named]})
    with pytest.raises(BadRequest, match="it holds default:1, img:1"):
        place.resolve({"name": "img", "tag": "1", "file_path": "img.tar"})
    own = {
        "annotations": {"io.containerd.image.name": "docker.io/library/img:1", "org.opencontainers.image.ref.name": "1"}
    }
    image_tar(place.folder / "img.tar", "img:1", index={"manifests": [own]})
    place.engine.tar = {"img:1": FACTS}
    assert place.resolve({"name": "img", "tag": "1", "file_path": "img.tar"})[0] == "img:1"


def test_tar_with_two_manifests(place: Place) -> None:
    image_tar(place.folder / "img.tar", "img:1", more={"./manifest.json": b"[]"})
    with pytest.raises(BadRequest, match="must have one manifest.json"):
        place.resolve({"name": "img", "tag": "1", "file_path": "img.tar"})


def test_files_outside_the_folder(place: Place, tmp_path: Path) -> None:
    outside = image_tar(tmp_path / "img.tar", "img:1")
    (place.folder / "link.tar").symlink_to(outside)
    (place.folder / "up").symlink_to("..")
    for file_path in ("link.tar", "up/img.tar", "../img.tar", str(outside), "/etc/passwd", ".", "nosuch.tar"):
        with pytest.raises(BadRequest, match=r"task_desc.image.file_path: .* below"):
            place.resolve({"name": "img", "tag": "1", "file_path": file_path})


def test_no_folder_is_allowed() -> None:
    images = Images(FakeEngine(), ImagePolicy({}), Pulls(1))
    with pytest.raises(BadRequest, match="the operator allows no folder"):
        images.resolve(task({"file_path": "/x.tar"}))


@pytest.mark.parametrize(
    "content", [b"", b"not a tar" * 1000, b"\x1f\x8b" + b"x" * 600, b'[{"a":1}]', b"[1]", b"{}", b"null", b"\xff"]
)
def test_garbage(place: Place, content: bytes) -> None:
    (place.folder / "raw.tar").write_bytes(content)
    image_tar(place.folder / "in.tar", "img:1", more={"manifest.json": content})
    for name in ("raw.tar", "in.tar"):
        with pytest.raises(BadRequest, match=r"task_desc.image.file_path"):
            place.resolve({"name": "img", "tag": "1", "file_path": name})


def test_reading_a_tar_is_bounded(tmp_path: Path) -> None:
    with open(image_tar(tmp_path / "img.tar", "img:1"), "rb") as tar, pytest.raises(BadRequest, match="took longer"):
        read_names(tar, "img.tar", lambda: False)


def test_only_images_that_are_allowed(tmp_path: Path) -> None:
    place = Place(tmp_path, allow=("python:*", "HOST:5000/team/*"))
    for name in ("python:3", "python:3-slim", "HOST:5000/team/a:1", "default:1"):
        place.engine.images[name] = FACTS
    assert place.resolve("python:3")[0] == "python:3" and place.resolve("HOST:5000/team/a:1")
    assert place.images.resolve(parse_task({"tags": {"type": "algorithm"}})).name == "default:1"
    tar = image_tar(place.folder / "i.tar", "other:1")
    for image in ("other:1", "evil/python:3", "docker.io/library/python:3", {"file_path": tar.name}):
        with pytest.raises(BadRequest, match=r"is not among the images .* \(setting image_allow\)"):
            place.resolve(image)
    assert "load" not in place.engine.calls and "pull" not in place.engine.calls
