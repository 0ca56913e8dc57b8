"""What a task's container may not do, tried from inside."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_api.errors import BadRequest
from tests.integration.test_containers import Place, wait_for
from tests.services.dockerd import BUSYBOX_IMAGE, Dockerd

STATUS = "import re\nprint(sorted(re.findall(r'(?:CapBnd|CapEff|NoNewPrivs|Seccomp):\\s+(\\S+)', open('/proc/self/status').read())))"


@pytest.fixture
def place(dockerd: Dockerd, tmp_path: Path) -> Iterator[Place]:
    place = Place(dockerd, tmp_path)
    yield place
    place.service.close()
    for container in place.ours():
        container.remove(force=True, v=True)
    place.client.close()


def test_privileges_capabilities_and_system_calls(place: Place, python_image: str) -> None:
    _, wrote = place.ended(place.create(STATUS, "code_cell", image=python_image))
    small = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7))  # linux/capability.h: CHOWN, DAC_OVERRIDE, FOWNER to SETUID
    assert wrote == str(sorted(["1", "2", f"{small:016x}", f"{small:016x}"])) + "\n"
    place.reopen(task_capabilities=())
    _, wrote = place.ended(place.create(STATUS, "code_cell", image=python_image))
    assert wrote == str(sorted(["1", "2", "0" * 16, "0" * 16])) + "\n"


def test_devices_raw_sockets_and_mounts_are_refused(place: Place, python_image: str) -> None:
    cell = """
import os, socket
for name, work in (
    ("mknod", lambda: os.mknod("/dev/sda", 0o60600, os.makedev(8, 0))),
    ("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)),
    ("chroot", lambda: os.chroot("/")), ("nice", lambda: os.nice(-5)), ("hostname", lambda: socket.sethostname("x")),
    ("kernel", lambda: open("/proc/sys/kernel/hostname", "w")),
):
    try:
        work()
        print(name, "WORKED")
    except OSError:
        print(name, "refused")
"""
    _, wrote = place.ended(place.create(cell, "code_cell", image=python_image))
    names = ("mknod", "raw", "chroot", "nice", "hostname", "kernel")
    assert wrote.splitlines() == [f"{name} refused" for name in names]


def test_a_fork_bomb_and_open_files_have_an_end(place: Place, python_image: str) -> None:
    place.reopen(task_pids=20, task_open_files=100)
    cell = """
import os, resource, time
print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE))
children = 0
try:
    while children < 1000:
        if not os.fork():
            time.sleep(60); os._exit(0)
        children += 1
except OSError:
    print("no more after", children)
os._exit(0)
"""
    assert place.ended(place.create(cell, "code_cell", image=python_image)) == (
        0,
        "(100, 100) (0, 0)\nno more after 19\n",
    )


def test_there_is_no_network_unless_the_operator_says_so(place: Place, python_image: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        cell = f"""
import os, socket
print(os.listdir("/sys/class/net"))
for place in (("127.0.0.1", {ours.getsockname()[1]}), ("169.254.169.254", 80), ("1.1.1.1", 53)):
    try:
        socket.create_connection(place, 3); print("WORKED", place)
    except OSError:
        print("refused")
"""
        made = place.create(cell, "code_cell", image=python_image)
        assert place.ended(made) == (0, "['lo']\nrefused\nrefused\nrefused\n")
    host = place.client.api.inspect_container(made.container_id)["HostConfig"]
    assert (host["NetworkMode"], host["Privileged"], host["Binds"], host["PidMode"], host["UTSMode"]) == (
        "none",
        False,
        None,
        "",
        "",
    )
    with pytest.raises(
        BadRequest, match=r"task_desc.network: 'bridge' is not allowed; there are none \(setting task_networks\)"
    ):
        place.create("true", "algorithm", network="bridge")


@pytest.mark.parametrize("network", ["host", "container:x"])
def test_the_machines_network_cannot_be_asked_for(place: Place, network: str) -> None:
    with pytest.raises(BadRequest, match="task_desc.network"):
        place.create("true", "algorithm", network=network)


def test_a_read_only_root_leaves_the_folders_of_the_task_writable(place: Place, python_image: str) -> None:
    source = place.settings.data.parent / "in"
    source.mkdir()
    (source / "f").write_text("given\n")
    target = place.settings.data.parent / "out"
    place.reopen(
        task_read_only=True, input_prefixes=(f"file://{source}",), output_prefixes=(f"file://{target}",), output_wait=0.0
    )  # fmt: skip
    cmd = (
        "# "
        + "x" * 200_000
        + "\ncat f; echo made > /out/o; echo t > /tmp/t && touch /work/w && touch /x 2>&1 || echo root refused"
    )
    made = place.create(
        cmd, download_path="/work", upload_path="/out", inputs=[{"bucket": f"file://{source}", "from_path": "f"}],
        outputs=[{"to_path": f"file://{target}/o", "from_path": "o"}],
    )  # fmt: skip
    wait_for(lambda: place.service.get(made.container_id).more["phase"] == "done")
    code, wrote = place.ended(made)
    assert code == 0 and wrote.startswith("given\n") and wrote.endswith("Read-only file system\nroot refused\n")
    assert (target / "o").read_text() == "made\n"
    with pytest.raises(BadRequest, match="task_desc.download_path: is missing"):
        place.create("true", inputs=[{"bucket": f"file://{source}", "from_path": "f"}])


def test_what_an_algorithm_may_choose_where_it_is_allowed(place: Place) -> None:
    asked: dict[str, Any] = {"user": "1000:1000", "shm_size": "32m", "gpus": "1"}
    with pytest.raises(BadRequest) as caught:
        place.create("true", "algorithm", **(asked | {"shm_size": "65m"}))
    for field in ("user", "gpus", "shm_size"):
        assert f"task_desc.{field}: " in str(caught.value)
    with pytest.raises(BadRequest, match="task_desc.user: is for an algorithm alone, not for a bash_cell"):
        place.create("true", user="1000")
    place.reopen(task_users=True)
    made = place.create(
        "sh -c 'echo $UID; cat /proc/self/mounts'", "algorithm", image=BUSYBOX_IMAGE, user="1000:1000", shm_size="32m"
    )
    _, wrote = place.ended(made)
    assert "size=32768k" in wrote
    assert place.client.api.inspect_container(made.container_id)["Config"]["User"] == "1000:1000"


def test_no_member_of_a_task_changes_the_log_or_our_labels(place: Place) -> None:
    """The body has no member for them, and an unknown one is refused."""
    for member in (
        "labels",
        "log_config",
        "log_opts",
        "privileged",
        "binds",
        "mounts",
        "volumes",
        "cap_add",
        "pid_mode",
    ):
        with pytest.raises(BadRequest, match=f"'{member}': there is no such member"):
            place.create("true", **{member: {"wholelog.uid": "x"}})
