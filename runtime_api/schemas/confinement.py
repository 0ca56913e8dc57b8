"""What a setting says of tasks' confinement."""

from typing import Final

# What root needs for its own files, for becoming another user, and for ending its processes. Of Docker's own set there
# are missing: NET_RAW (forged packets), MKNOD, SETFCAP, SETPCAP, SYS_CHROOT, AUDIT_WRITE, NET_BIND_SERVICE.
CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID")


def network(text: str) -> str:
    """`none`, `bridge`, or a network's name; never another's namespace. Raises ValueError."""
    plain = text.replace("-", "").replace("_", "").replace(".", "")
    if text == "host" or not plain.isascii() or not plain.isalnum():
        raise ValueError(
            "must be none, bridge or the name of a network of the engine; not host, not another container's"
        )
    return text


def networks(text: str) -> tuple[str, ...]:
    """Names with spaces or commas between. Raises ValueError."""
    return tuple(network(word) for word in text.replace(",", " ").split())
