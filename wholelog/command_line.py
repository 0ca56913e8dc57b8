"""`wholelog …`: parses, calls the room that does it, and turns its errors into one line each and an exit code."""

import argparse
import io
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from log_store.errors import LogStoreError
from wholelog import __version__
from wholelog.check import check, check_store_url
from wholelog.child import Child, python_module
from wholelog.driver_options import render
from wholelog.engine_client import EngineClient, engine_socket
from wholelog.errors import CommandError, EngineProblem
from wholelog.parser import parse
from wholelog.places import check_address, check_socket_path, lock_data_folder, make_data_folder
from wholelog.processes import Given, Loaded, all_processes, environment, load_processes, load_shared, setting_fields
from wholelog.setting_text import as_text, as_toml
from wholelog.up import supervise
from wholelog_base.settings import SettingsError, SharedSettings

_OLDEST_ENGINE = "20.10.0"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0; 1 for what is wrong with the machine; 2 for what is wrong with what was given."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path need not be UTF-8
    asked, flags = parse(sys.argv[1:] if arguments is None else arguments)
    given = Given(flags, os.environ, getattr(asked, "config", None))
    try:
        code = _COMMANDS[asked.command](asked, given)
        sys.stdout.flush()
        return code
    except SettingsError as error:
        return _fail(asked.command, error.problems, 2)
    except (CommandError, LogStoreError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # `wholelog config | head -1`: who reads has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _fail(asked.command, [str(error)], 1)
    except KeyboardInterrupt:
        return 130


def _fail(command: str, problems: Sequence[str], code: int) -> int:
    for problem in problems:
        print(f"wholelog {command}: {' '.join(problem.split())}", file=sys.stderr)
    return code


def _up(asked: argparse.Namespace, given: Given) -> int:
    loaded = load_processes(all_processes(), given)
    for one in loaded:
        _prepare(one)
    settings = loaded[0].settings
    lock = lock_data_folder(settings.data)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s wholelog up: %(message)s")
    logging.getLogger(__name__).info(
        "%s; data in %s; store %s", _address(loaded), settings.data, _shown_store(settings)
    )
    environ = environment(given)
    children = [Child(o.process.name, python_module(o.process.arguments), environ, time.monotonic) for o in loaded]
    try:
        return supervise(children)
    finally:
        os.close(lock)


def _one_process(asked: argparse.Namespace, given: Given) -> int:
    process = next(p for p in all_processes() if p.name == asked.command)
    _prepare(*load_processes([process], given))
    _become(python_module(process.arguments), environment(given))


def _become(command: list[str], environ: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, environ)


def _prepare(one: Loaded) -> None:
    """Find out before the start what would only end it. Raises CommandError, LogStoreError, SettingsError."""
    check_store_url(one.settings)
    make_data_folder(one.settings.data)
    if one.process.name == "shipper":
        check_socket_path(one.settings.socket_path)
    listen = getattr(one.settings, "listen", None)
    if one.process.name == "api" and listen is not None:
        check_address(*listen)


def _address(loaded: Sequence[Loaded]) -> str:
    fields = [(o, setting_fields(o.process.settings).get("listen")) for o in loaded if o.process.name == "api"]
    return ", ".join(f"API on http://{as_text(field, getattr(o.settings, 'listen'))}" for o, field in fields if field)  # noqa: B009


def _shown_store(settings: SharedSettings) -> str:
    return settings.store_url.rpartition("@")[2]


def _config(asked: argparse.Namespace, given: Given) -> int:
    loaded = load_processes(all_processes(), given)
    seen: set[str] = set()
    for one in loaded:
        for name, field in setting_fields(one.process.settings).items():
            if name not in seen:
                print(f"{as_toml(field, getattr(one.settings, name))}  # {one.sources[name]}")
                seen.add(name)
    return 0


def _check(asked: argparse.Namespace, given: Given) -> int:
    loaded = load_processes(all_processes(), given)
    return 0 if check(loaded[0].settings, given.environ, print) else 1


def _driver_options(asked: argparse.Namespace, given: Given) -> int:
    from runtime_api.containers.log_driver import driver_options

    settings = load_shared(given)
    check_socket_path(settings.socket_path)
    try:
        version = EngineClient(engine_socket(settings.docker_host, given.environ)).version()
    except EngineProblem as error:
        version = _OLDEST_ENGINE
        print(f"wholelog driver-options: {error}; these options suit every engine since {version}", file=sys.stderr)
    print(render(driver_options(settings.socket_path, version), asked.format))
    return 0


def _version(asked: argparse.Namespace, given: Given) -> int:
    print(f"wholelog {__version__}")
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace, Given], int]] = {
    "up": _up,
    "api": _one_process,
    "shipper": _one_process,
    "config": _config,
    "check": _check,
    "driver-options": _driver_options,
    "version": _version,
}
