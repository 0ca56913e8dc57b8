"""Importing a module of ours does nothing but define: no socket, thread, process, written file or environment read."""

import json
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT, dotted, modules

# All is imported twice: the first time what others do at their own import happens, the second time only ours is new.
PROGRAM = """
import importlib, json, os, sys, threading
names, rooms = json.loads(sys.argv[1]), set(json.loads(sys.argv[2]))
for name in names:
    importlib.import_module(name)
for name in [n for n in sys.modules if n.partition(".")[0] in rooms]:
    del sys.modules[name]

seen, current = [], ""
EVENTS = ("socket.__new__", "socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn",
          "os.system", "os.mkdir", "os.remove", "os.rename", "sqlite3.connect", "os.putenv")

def hook(event, arguments):
    if event in EVENTS or event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"{current}: {event} {arguments!r}")

def in_a_thread(frame, event, argument):
    seen.append(f"{current}: thread {threading.current_thread().name}")
    sys.setprofile(None)

class Watched(type(os.environ)):
    def __getitem__(self, key):
        seen.append(f"{current}: environment {key}")
        return super().__getitem__(key)

sys.addaudithook(hook)
threading.setprofile(in_a_thread)
sys.dont_write_bytecode = True
os.environ.__class__ = Watched
for current in names:
    importlib.import_module(current)
print(json.dumps(seen))
"""


def observe(names: list[str], rooms: list[str], folder: Path) -> list[str]:
    command = [sys.executable, "-c", PROGRAM, json.dumps(names), json.dumps(rooms)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: list[str] = json.loads(done.stdout)
    return seen


def test_nothing_happens_at_import() -> None:
    names = [dotted(path) for path in modules() if path.name != "__main__.py"]
    assert observe(names, [name.partition(".")[0] for name in names], ROOT) == []


def test_a_module_that_acts_at_import_is_found(tmp_path: Path) -> None:
    (tmp_path / "acts.py").write_text(
        "import os, socket, threading\n"
        "socket.socket().close()\n"
        "thread = threading.Thread(target=str.upper, args=('a',))\n"
        "thread.start()\n"
        "thread.join()\n"
        "open('made', 'w').close()\n"
        "os.environ.get('HOME')\n"
    )
    seen = " ".join(observe(["acts"], ["acts"], tmp_path))
    for what in ("socket.__new__", "thread", "open", "environment HOME"):
        assert what in seen
