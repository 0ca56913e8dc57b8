"""The containers of the service on a real engine."""

import base64
import io
import json
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from log_store.seal import Seal
from runtime_api.config import ApiSettings
from runtime_api.containers.docker_engine import DockerEngine
from runtime_api.containers.open import open_containers
from runtime_api.containers.protocols import Created
from runtime_api.containers.service import ContainerService
from runtime_api.containers.tasks import Tasks
from runtime_api.errors import BadRequest, Conflict, EngineFailed, EngineUnavailable, NotFound
from runtime_api.schemas.task_body import parse_task
from tests.fakes import MemoryStore
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd
from tests.services.registry import registry
from wholelog_base import labels

CGROUPS = Path("/sys/fs/cgroup")


class Place:
    """A service on the session's engine, with a data folder of its own; `forever` ends by itself after ten minutes."""

    def __init__(self, dockerd: Dockerd, folder: Path) -> None:
        self.dockerd, self.client, self.store = dockerd, dockerd.client(), MemoryStore()
        self.settings = ApiSettings(
            data=folder / "data", docker_host=dockerd.url, image_bash_cell=BUSYBOX_IMAGE, image_pull=False,
            image_folder=folder, seal_wait=5.0, stop_grace=20.0,
        )  # fmt: skip
        self.service = self.open()

    def open(self) -> ContainerService:
        service = open_containers(self.settings, self.store, {})
        service.start()
        return service

    def reopen(self, **settings: Any) -> None:
        self.service.close()
        self.settings = replace(self.settings, **settings)
        self.service = self.open()

    def create(self, cmd: str = "", task_type: str = "bash_cell", request_id: str = "", **desc: Any) -> Created:
        desc.setdefault("image", BUSYBOX_IMAGE)
        body = {"tags": {"type": task_type}, "request_id": request_id, "task_desc": {"cmd": cmd, **desc}}
        return self.service.create(parse_task(body))

    def forever(self, **more: Any) -> Created:
        return self.create("sleep 600", **more)

    def ended(self, created: Created) -> tuple[int, str]:
        """Exit code and what it wrote, from Docker's own copy."""
        container = self.client.containers.get(created.container_id)
        code = container.wait(timeout=60)["StatusCode"]
        return code, container.logs().decode()

    def seal(self, container_id: str) -> None:
        """Do what the shipper does at a container's end."""
        details = DockerEngine(self.dockerd.url).inspect(container_id)
        assert details is not None
        self.store.write_seals(
            [Seal(container_id, details.started_at, details.summary.name, state="sealed", version=1)]
        )

    def ours(self) -> list[Any]:
        found: list[Any] = self.client.containers.list(all=True, filters={"label": labels.TASK_ID}, ignore_removed=True)
        return found


@pytest.fixture
def place(dockerd: Dockerd, tmp_path: Path) -> Iterator[Place]:
    place = Place(dockerd, tmp_path)
    yield place
    place.service.close()
    for container in place.ours():
        container.remove(force=True)
    place.client.close()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def cgroup_values(client: docker.DockerClient, container_id: str) -> tuple[float, int, int]:
    """CPUs, bytes of memory, bytes of memory and swap, as the kernel holds the container to them."""
    pid = client.api.inspect_container(container_id)["State"]["Pid"]
    groups = dict(line.split(":", 2)[1:] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    if "memory" not in groups:
        folder = CGROUPS / groups[""].lstrip("/")
        quota, period = (folder / "cpu.max").read_text().split()
        memory = int((folder / "memory.max").read_text())
        return int(quota) / int(period), memory, memory + int((folder / "memory.swap.max").read_text())
    cpu = next(CGROUPS / name / groups[name].lstrip("/") for name in groups if "cpu" in name.split(","))
    folder = CGROUPS / "memory" / groups["memory"].lstrip("/")
    cpus = int((cpu / "cpu.cfs_quota_us").read_text()) / int((cpu / "cpu.cfs_period_us").read_text())
    swap = folder / "memory.memsw.limit_in_bytes"
    memory = int((folder / "memory.limit_in_bytes").read_text())
    return cpus, memory, int(swap.read_text()) if swap.exists() else memory


def test_limits_bind(place: Place) -> None:
    made = place.forever(cpu_limit="250m", mem_limit="32Mi")
    assert cgroup_values(place.client, made.container_id) == (0.25, 32 << 20, 32 << 20)


def test_memory_limit_kills(place: Place, python_image: str) -> None:
    made = place.create("x = b'x' * (64 << 20)", "code_cell", image=python_image, mem_limit="32m")
    assert place.ended(made)[0] == 137
    shown = place.service.get(made.task_id)
    assert (shown.status, shown.more["exit_code"], shown.more["oom_killed"]) == ("exited", 137, True)


def test_code_cell(place: Place, python_image: str) -> None:
    made = place.create(
        "import os, sys\nprint(os.environ['A'], sys.stdout.write_through)",
        "code_cell",
        image=python_image,
        env=["A=x y"],
    )
    assert place.ended(made) == (0, "x y True\n")


BIG = "# ä 'quoted' \"twice\" $HOME `x` \\\\n\n" * 30_000


def test_a_cell_of_a_megabyte(place: Place, python_image: str) -> None:
    assert len(BIG.encode()) > 1 << 20
    cell = place.create(BIG + "print('done', __name__)", "code_cell", image=python_image)
    script = place.create(BIG + "echo done", "bash_cell", image=python_image)
    assert place.ended(cell) == (0, "done __main__\n") and place.ended(script) == (0, "done\n")
    sh = place.create(BIG + "echo done", "bash_cell")
    assert place.ended(sh) == (0, "done\n")


def test_quotes_newlines_and_unicode_in_every_type(place: Place, python_image: str) -> None:
    text = "a'b\"c\\d\n$HOME `x` ä€😀\t%s {}"
    cell = place.create(f"import sys\nsys.stdout.write({text!r})", "code_cell", image=python_image)
    assert place.ended(cell) == (0, text)
    quoted = text.replace("'", "'\\''")
    assert place.ended(place.create(f"printf %s '{quoted}'")) == (0, text)
    assert place.ended(place.create(f"printf %s '{quoted}'", "algorithm")) == (0, text)


def test_code_cell_in_an_image_without_python(place: Place) -> None:
    with pytest.raises(BadRequest, match="has no program 'python3' or 'python'"):
        place.create("print(1)", "code_cell", request_id="r1")
    assert place.ours() == []


def test_bash_cell_by_bash_else_sh(place: Place, python_image: str) -> None:
    made = place.create('a=(x y); echo "${a[1]} $0"; exit 3', image=python_image)
    assert place.ended(made) == (3, "y bash\n")
    assert place.ended(place.create("echo $((1 + 1)) $0; exit 4")) == (4, "2 sh\n")


def test_algorithm_is_executed_without_a_shell(place: Place) -> None:
    made = place.create("""echo '$HOME; x' "a  b" c\\ d >f""", "algorithm")
    assert place.ended(made) == (0, "$HOME; x a  b c d >f\n")


def test_images_own_entrypoint_and_command(place: Place) -> None:
    base = place.client.containers.create(BUSYBOX_IMAGE, ["true"])
    changes = {"Entrypoint": ["echo", "own"], "Cmd": ["words"], "Env": ["IMAGE=1"], "WorkingDir": "/tmp"}
    base.commit("wholelog-test/own", "1", conf=changes)
    base.remove()
    own = "wholelog-test/own:1"
    assert place.ended(place.create("", "algorithm", image=own)) == (0, "own words\n")
    # A command is executed itself, in the image's working directory unless another is asked for.
    assert place.ended(place.create("sh -c 'pwd; echo $IMAGE'", "algorithm", image=own)) == (0, "/tmp\n1\n")
    assert place.ended(place.create("pwd", image=own, download_path="/made/here")) == (0, "/made/here\n")


@pytest.mark.parametrize(
    ("task_type", "cmd", "why"),
    [
        ("algorithm", "nosuch x", "has no program 'nosuch'"),
        ("algorithm", "/etc", "permission denied"),
        ("algorithm", "", "[Nn]o command specified"),
    ],
)
def test_what_cannot_be_started_leaves_nothing_behind(place: Place, task_type: str, cmd: str, why: str) -> None:
    for _ in range(2):
        with pytest.raises(BadRequest, match=why):
            place.create(cmd, task_type, request_id="r1", task_id="t1")
    assert place.ours() == []
    assert place.ended(place.create("true", request_id="r1", task_id="t1"))[0] == 0


def test_working_directory_that_is_a_file(place: Place) -> None:
    with pytest.raises((BadRequest, EngineFailed), match="Docker was asked"):
        place.create("true", download_path="/bin/busybox")
    assert place.ours() == []


def test_more_cpus_than_the_machine_has(place: Place) -> None:
    with pytest.raises(BadRequest, match="task_desc.cpu_limit: '4096' is more than the machine's"):
        place.create("true", cpu_limit="4096")


def test_pulling_with_a_login_from_a_config_file(place: Place, tmp_path: Path) -> None:
    logins = tmp_path / "config.json"
    with registry(login="me:secret") as name:
        logins.write_text("{}")
        place.reopen(image_pull=True, image_logins=logins)
        logins.unlink()
        with pytest.raises(BadRequest, match=r"\(setting image_logins\) cannot be read: FileNotFoundError"):
            place.create("true", image=name)
        logins.write_text("{}")
        with pytest.raises(BadRequest, match="can't be pulled"):
            place.create("true", image=name)
        auth = base64.b64encode(b"me:secret").decode()
        logins.write_text(json.dumps({"auths": {name.partition("/")[0]: {"auth": auth}}}))
        made = place.create("print(1)", "code_cell", image=name)
    assert place.ended(made) == (0, "1\n") and made.image["digest"].startswith("sha256:")
    place.client.containers.get(made.container_id).remove(force=True)
    place.client.images.remove(name, force=True)


def test_image_that_cannot_be_had(place: Place) -> None:
    with pytest.raises(BadRequest, match="pulling is not allowed"):
        place.create("true", image="wholelog-test/nosuch:1")
    place.reopen(image_pull=True)
    # A registry that refuses connections stands for every one that does not have the image.
    with pytest.raises(
        BadRequest, match="task_desc.image: image 'localhost:1/nosuch:1' is not on the engine and can't be pulled"
    ):
        place.create("true", image="localhost:1/nosuch:1")
    with pytest.raises(BadRequest, match="wholelog-test/busybox@sha256:0"):
        place.create("true", image="localhost:1/wholelog-test/busybox@sha256:" + "0" * 64)


def test_image_and_digest_are_named(place: Place) -> None:
    made = place.create("true")
    assert made.image == {"name": BUSYBOX_IMAGE, "digest": place.client.images.get(BUSYBOX_IMAGE).id}
    assert place.service.get(made.container_id).more["image"] == made.image


def test_image_from_a_tar(place: Place, tmp_path: Path) -> None:
    name = "wholelog-test/saved:7"
    place.client.images.get(BUSYBOX_IMAGE).tag("wholelog-test/saved", "7")
    with open(tmp_path / "saved.tar", "wb") as out:
        for block in place.client.api.get_image(name):
            out.write(block)
    place.client.images.remove(name)
    image = {"name": "saved", "auth": "wholelog-test", "tag": "7", "file_path": "saved.tar"}
    with pytest.raises(
        BadRequest, match="must hold wholelog-test/saved:8 and nothing else; it holds wholelog-test/saved:7"
    ):
        place.create("true", image={**image, "tag": "8"})
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: place.create("echo here", image=image), range(4)))
    assert {one.image["name"] for one in made} == {name}
    assert place.ended(made[0]) == (0, "here\n")
    alone = place.create("true", image={"file_path": str(tmp_path / "saved.tar")})
    assert alone.image == made[0].image


def test_image_tar_that_the_engine_refuses(place: Place, tmp_path: Path) -> None:
    manifest = json.dumps([{"Config": "x.json", "RepoTags": ["bad:1"], "Layers": ["y/layer.tar"]}]).encode()
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest))
    with pytest.raises((BadRequest, EngineFailed), match=r"load"):
        place.create("true", image={"name": "bad", "tag": "1", "file_path": "bad.tar"})


def test_one_start_for_concurrent_twins_and_after_a_restart(place: Place) -> None:
    place.reopen(api_threads=64)  # as many as may wait however long the start takes
    wanted = threading.Barrier(8)

    def create(_: int) -> Created:
        wanted.wait(20)
        return place.forever(request_id="r1", task_id="t1")

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(8)))
    assert len({one.container_id for one in made}) == 1 and sorted(one.again for one in made) == [False] + [True] * 7
    place.reopen()
    assert create_again(place) == replace(made[0], again=True)
    with pytest.raises(Conflict, match="request_id"):
        place.create("true", request_id="r1", task_id="t1")
    with pytest.raises(Conflict, match="task_desc.task_id: 't1' is taken"):
        place.forever(request_id="r2", task_id="t1")
    assert len(place.ours()) == 1


def create_again(place: Place) -> Created:
    return place.forever(request_id="r1", task_id="t1")


def test_crash_between_start_and_answer(place: Place) -> None:
    """The table of tasks is as the crash left it: the request was begun, and the container is on the engine."""
    first = place.forever(request_id="r1", task_id="t1")
    place.service.close()
    file = place.settings.data / "tasks.sqlite"
    fingerprint = request_fingerprint(file)
    for left in file.parent.glob("tasks.sqlite*"):
        left.unlink()
    tasks = Tasks(file)
    tasks.begin("r1", fingerprint)
    tasks.close()
    place.service = place.open()
    again = create_again(place)
    assert (again.container_id, again.container_name, again.task_id) == (first.container_id, "wholelog-t1", "t1")
    assert again.again and len(place.ours()) == 1


def request_fingerprint(file: Path) -> str:
    tasks = Tasks(file)
    request = tasks.request("r1")
    tasks.close()
    assert request is not None
    return request.fingerprint


def test_prefix_and_name(place: Place) -> None:
    made = [place.forever(task_id=f"t{number}") for number in range(17)]  # of 17 two begin alike
    ids = sorted(one.container_id for one in made)
    shared = next(one[0] for one, other in zip(ids, ids[1:], strict=False) if one[0] == other[0])
    for call in (place.service.get, place.service.resolve, lambda name: place.service.delete(name, "")):
        with pytest.raises(BadRequest, match=f"container_id: '{shared}' begins the ids of"):
            call(shared)
    for name in (made[3].container_id, made[3].container_id[:20], "t3", "wholelog-t3"):
        assert place.service.resolve(name) == place.service.get(name).container_id == made[3].container_id


def test_containers_of_others_are_not_ours(place: Place) -> None:
    theirs = place.client.containers.create(BUSYBOX_IMAGE, ["true"], name="theirs")
    container_id = str(theirs.id)
    try:
        assert place.service.list() == []
        for call in (place.service.get, place.service.resolve, lambda name: place.service.delete(name, "")):
            for name in ("theirs", container_id, container_id[:12]):
                with pytest.raises(NotFound):
                    call(name)
    finally:
        theirs.remove()


def test_two_instances_on_one_engine_leave_each_others_containers_alone(place: Place, tmp_path: Path) -> None:
    theirs = open_containers(replace(place.settings, data=tmp_path / "other"), MemoryStore(), {})
    try:
        mine = place.forever(task_id="t1", request_id="r1")
        body = {"tags": {"type": "bash_cell"}, "request_id": "r1", "task_desc": {"cmd": "sleep 600", "task_id": "t2"}}
        other = theirs.create(parse_task(body))
        assert [view.container_id for view in place.service.list()] == [mine.container_id]
        assert [view.container_id for view in theirs.list()] == [other.container_id]
        for call in (theirs.get, theirs.resolve, lambda name: theirs.delete(name, "")):
            with pytest.raises(NotFound):
                call(mine.container_id)
        with pytest.raises(Conflict, match="task_desc.task_id: 't2' is taken"):
            place.forever(task_id="t2")
    finally:
        theirs.close()


def test_a_deleted_container_is_shown_as_removed(place: Place) -> None:
    made = place.forever(task_id="t1")
    place.service.delete("t1", "")
    place.seal(made.container_id)
    wait_for(lambda: place.ours() == [])
    place.reopen()
    for name in ("t1", "wholelog-t1", made.container_id, made.container_id[:20]):
        shown = place.service.get(name)
        assert (shown.container_id, shown.status, shown.more["seal"]["state"]) == (
            made.container_id,
            "removed",
            "sealed",
        )
    by_hand = place.forever(task_id="t2")
    place.client.containers.get(by_hand.container_id).remove(force=True)
    shown = place.service.get("t2")
    assert (shown.status, shown.more["deleted"], shown.more["seal"]["state"]) == ("removed", None, "open")


def test_delete_with_a_seal(place: Place) -> None:
    made = place.forever(task_id="t1")
    with socket.socket(socket.AF_UNIX) as shipper:
        shipper.bind(str(place.settings.socket_path))
        shipper.listen()
        threading.Timer(0.5, place.seal, [made.container_id]).start()
        deleted = place.service.delete("t1", "d1")
    assert deleted.removed and deleted.seal is not None and deleted.seal["state"] == "sealed"
    assert place.ours() == []
    place.reopen()
    assert place.service.delete("t1", "d1") == deleted
    assert place.service.resolve("t1") == made.container_id


def test_delete_without_the_shipper(place: Place) -> None:
    made = place.forever(task_id="t1")
    deleted = place.service.delete("t1", "d1")
    assert not deleted.removed and "the log shipper is not there" in deleted.message
    (view,) = place.service.list()
    assert (view.container_id, view.status, view.mem) == (made.container_id, "removing", "0B / 0B")
    place.reopen()
    place.seal(made.container_id)
    wait_for(lambda: place.ours() == [])
    assert place.service.delete("t1", "d1") == deleted


def test_first_process_that_catches_the_signal_has_its_grace(place: Place) -> None:
    """One that does not would be waited for in vain, and is killed at once."""
    heeding = place.create("trap 'echo bye; exit 7' TERM; echo ready; while true; do sleep 0.1; done", task_id="t1")
    wait_for(lambda: b"ready" in place.client.containers.get(heeding.container_id).logs())
    place.service.delete("t1", "")
    assert place.ended(heeding) == (7, "ready\nbye\n")
    deaf = place.forever(task_id="t2")
    place.service.delete("t2", "")
    assert place.ended(deaf)[0] == 137


def test_engine_away(place: Place, tmp_path: Path) -> None:
    for url in (f"unix://{tmp_path}/nosuch.sock", f"unix://{tmp_path}"):
        service = open_containers(replace(place.settings, docker_host=url, data=tmp_path / "other"), place.store, {})
        service.start()
        with pytest.raises(EngineUnavailable, match="cannot be reached"):
            service.check()
        with pytest.raises(EngineUnavailable):
            service.create(parse_task({"tags": {"type": "bash_cell"}, "request_id": "r1"}))
        with pytest.raises(EngineUnavailable):
            service.list()
        service.close()


def test_check(place: Place) -> None:
    assert place.service.check().startswith("Docker ")


def docker_stats(place: Place, container_id: str) -> tuple[float, str]:
    """As the docker command shows them."""
    command = [
        "docker",
        "-H",
        place.dockerd.url,
        "stats",
        "--no-stream",
        "--format",
        "{{.CPUPerc}};{{.MemUsage}}",
        container_id,
    ]
    cpu, mem = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip().split(";")
    return float(cpu.removesuffix("%")), mem


def test_figures_are_those_of_docker_stats(place: Place) -> None:
    """The two look at different moments, so the same figures must come up within some looks."""
    busy = place.create("while true; do :; done", cpu_limit="0.5", mem_limit="64m")
    idle = place.forever()

    def agree() -> bool:
        ours = {view.container_id: view for view in place.service.list()}
        cpu, mem = docker_stats(place, busy.container_id)
        assert mem.endswith(" / 64MiB") and ours[busy.container_id].mem.endswith(" / 64MiB")
        close = abs(ours[busy.container_id].cpu - cpu) < 10 and cpu > 20
        still = ours[idle.container_id]
        return close and (still.cpu, still.mem) == docker_stats(place, idle.container_id)

    wait_for(agree)


def test_the_engines_own_statistics_say_the_same(place: Place) -> None:
    """They are asked where the control groups cannot be seen."""
    made = place.forever(mem_limit="64m")
    usage = DockerEngine(place.dockerd.url).usage(made.container_id)
    assert usage is not None and usage.limit == 64 << 20 and usage.memory > 0 and usage.cpu > 0
    place.client.containers.get(made.container_id).kill()
    wait_for(lambda: place.service.get(made.container_id).status == "exited")
    assert DockerEngine(place.dockerd.url).usage(made.container_id) is None


def test_log_driver_of_a_container(place: Place) -> None:
    made = place.create("echo x", env=["SECRET=1"])
    config = place.client.api.inspect_container(made.container_id)["HostConfig"]["LogConfig"]
    assert config["Type"] == "fluentd" and config["Config"]["fluentd-address"] == f"unix://{place.settings.socket_path}"
    assert "labels" not in config["Config"] and "env" not in config["Config"]
    assert place.ended(made) == (0, "x\n")
