"""A small image made of this machine's own Python, shell and everyday programs, where none can be fetched.

Files keep their paths, since a Python finds its library beside itself and a program its libraries by their path.
"""

import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from deploy.quickstart.errors import ImageProblem
from deploy.quickstart.machine import SYSTEM_PATH, find_program

PROGRAMS = (
    "bash sh cat ls echo printf sleep seq yes head tail tr dd cut sort uniq wc tee date env id true false test expr "
    "mkdir rmdir rm cp mv ln touch chmod chown mktemp basename dirname readlink pwd stat df du kill grep sed awk find "
    "xargs nproc uname hostname timeout tar gzip base64 sha256sum md5sum od nohup whoami"
).split()
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin", "LANG": "C.UTF-8"}
_LINKS = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")  # of a machine whose / and /usr are merged
_OTHERS = ("/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/ssl/certs/ca-certificates.crt", "/usr/share/zoneinfo/UTC")
_ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
}
_NOT_OF_PYTHON = re.compile(
    r"(^|/)(test|tests|idlelib|tkinter|turtledemo|lib2to3|ensurepip|site-packages|dist-packages|config-[^/]*)(/|$)"
    r"|\.a$|\.opt-[12]\.pyc$"
)


def write(out: IO[bytes]) -> None:
    """The image's files as a tar. Raises ImageProblem."""
    python, library = _python()
    files = [path for folder in library for path in _python_files(folder)]
    programs = [path for path in map(find_program, PROGRAMS) if path is not None]
    binaries = [str(python), *programs, *(str(path) for path in files if ".so" in path.suffixes)]
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        added = _Added(tar)
        for link in _LINKS:
            if os.path.islink(f"/{link}"):
                added.link(link, os.readlink(f"/{link}"))
        for path in [*_libraries(binaries), *programs, str(python), *map(str, files), *filter(os.path.exists, _OTHERS)]:
            added.file(path)
        for name in ("python3", "python"):
            added.link(f"usr/local/bin/{name}", str(python))
        added.folder("tmp", 0o1777)
        added.folder("root", 0o700)
        for name, content in _ACCOUNTS.items():
            added.content(name, content)


def _python() -> tuple[Path, list[Path]]:
    """The interpreter's file, and the folders of its standard library."""
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    folders = dict.fromkeys(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
    if not python.is_file():
        raise ImageProblem(f"this Python's own file was not found ({python}), so no image can be made from it")
    return python, [Path(folder) for folder in folders]


def _python_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        inside = os.path.relpath(place, folder)
        folders[:] = [name for name in folders if not _NOT_OF_PYTHON.search(os.path.join(inside, name))]
        for name in names:
            if not _NOT_OF_PYTHON.search(name):
                yield Path(place, name)


def _libraries(binaries: Iterable[str]) -> list[str]:
    """What the dynamic linker would load for these programs and libraries, itself included."""
    environ = {"PATH": SYSTEM_PATH, "LC_ALL": "C"}
    try:
        said = subprocess.run(["ldd", *binaries], capture_output=True, text=True, env=environ, timeout=60).stdout
    except OSError as error:
        raise ImageProblem("ldd is missing (Debian: apt-get install libc-bin), so no image can be made here") from error
    return list(dict.fromkeys(re.findall(r"(/\S+) \(0x[0-9a-f]+\)", said)))


class _Added:
    """A tar in which each name stands once, below folders that are there, owned by root."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._names: set[str] = set()

    def file(self, path: str) -> None:
        """The content that `path` leads to, under the name that it has on this machine."""
        folder, name = os.path.split(path)
        place = os.path.join(os.path.realpath(folder), name).lstrip("/")
        if not self._fresh(place):
            return
        with open(path, "rb") as file:
            member = self._tar.gettarinfo(arcname=place, fileobj=file)
            member.type, member.linkname = tarfile.REGTYPE, ""  # a second hard link is a file too
            member.size = os.fstat(file.fileno()).st_size
            _of_root(member, 0o755 if os.access(path, os.X_OK) else 0o644)
            self._tar.addfile(member, file)

    def content(self, name: str, content: bytes) -> None:
        if self._fresh(name):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            _of_root(member, 0o644)
            self._tar.addfile(member, io.BytesIO(content))

    def link(self, name: str, target: str) -> None:
        if self._fresh(name):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            self._tar.addfile(member)

    def folder(self, name: str, mode: int = 0o755) -> None:
        if self._fresh(name):
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE
            _of_root(member, mode)
            self._tar.addfile(member)

    def _fresh(self, name: str) -> bool:
        if name in self._names:
            return False
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self._names.add(name)
        return True


def _of_root(member: tarfile.TarInfo, mode: int) -> None:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = mode
