"""A container's confinement in the words of docker-py's host config."""

from typing import Any

from docker.types import DeviceRequest, Ulimit

from runtime_api.containers.engine import ContainerSpec


def confined(spec: ContainerSpec) -> dict[str, Any]:
    """Never: privileged, mounts of the host, namespaces of the host or of others, another seccomp profile than the engine's."""
    ulimits = [Ulimit(name="core", soft=0, hard=0)]
    if spec.open_files:
        ulimits.append(Ulimit(name="nofile", soft=spec.open_files, hard=spec.open_files))
    config: dict[str, Any] = {
        "network_mode": spec.network,
        "security_opt": ["no-new-privileges"],
        "cap_drop": ["ALL"],
        "cap_add": list(spec.capabilities),
        "ulimits": ulimits,
    }
    if spec.pids:
        config["pids_limit"] = spec.pids
    if spec.read_only:
        config |= {"read_only": True, "tmpfs": {"/tmp": ""}}
    if spec.shm:
        config["shm_size"] = spec.shm
    if spec.gpus:
        count = -1 if spec.gpus == "all" else int(spec.gpus)
        config["device_requests"] = [DeviceRequest(count=count, capabilities=[["gpu"]])]
    return config
