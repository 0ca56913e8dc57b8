"""How a task's container is kept from the machine and from others (docs/security.md says why each is so)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runtime_api.containers.engine import ContainerSpec
from runtime_api.schemas.confinement import CAPABILITIES
from runtime_api.schemas.task import TaskRequest


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the operator says of all tasks, and what it lets a task choose. 0: no limit."""

    network: str = "none"
    networks: tuple[str, ...] = ()  # that an algorithm may choose
    capabilities: tuple[str, ...] = CAPABILITIES
    pids: int = 1024
    open_files: int = 0
    read_only: bool = False
    users: bool = False  # whether an algorithm may choose its user
    gpus: bool = False
    shm: int = 64 << 20  # bytes of /dev/shm at most

    def problems(self, task: TaskRequest) -> list[str]:
        """What of a task is not allowed here, each with its field."""
        found = []
        asked = {"network": task.network, "user": task.user, "gpus": task.gpus, "shm_size": task.shm_size}
        if task.type != "algorithm":
            found += [
                f"task_desc.{name}: is for an algorithm alone, not for a {task.type}"
                for name, value in asked.items()
                if value
            ]
        if task.network and task.network not in (self.network, *self.networks):
            may = ", ".join(sorted({self.network, *self.networks}))
            found.append(f"task_desc.network: {task.network!r} is not allowed; there are {may} (setting task_networks)")
        if task.user and not self.users:
            found.append(
                f"task_desc.user: {task.user!r} cannot be chosen: the operator does not allow it (setting task_users)"
            )
        if task.gpus and not self.gpus:
            found.append(
                f"task_desc.gpus: {task.gpus!r} cannot be had: the operator does not allow it (setting task_gpus)"
            )
        if task.shm_size and task.shm_size > self.shm:
            found.append(f"task_desc.shm_size: {task.shm_size} bytes are more than {self.shm} (setting task_shm)")
        if self.read_only and (task.inputs or task.repo_path) and not task.download_path:
            found.append(
                "task_desc.download_path: is missing, while inputs or repo_path are given: the operator runs tasks on a "
                "read-only root (setting task_read_only), so name a folder that is to be writable"
            )
        return found

    def confined(self, spec: ContainerSpec, task: TaskRequest, folders: Sequence[str]) -> ContainerSpec:
        """`folders`: those that must be writable on a read-only root, too."""
        given = [folder for folder in (task.download_path, task.upload_path, *folders) if folder and folder != "/"]
        return replace(
            spec,
            network=task.network or self.network,
            capabilities=self.capabilities,
            pids=self.pids,
            open_files=self.open_files,
            read_only=self.read_only,
            volumes=tuple(dict.fromkeys(given)) if self.read_only else (),
            user=task.user,
            gpus=task.gpus,
            shm=task.shm_size or 0,
        )
