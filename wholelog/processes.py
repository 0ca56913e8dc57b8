"""The parts that Wholelog is made of, their processes, and their settings read together."""

import dataclasses
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wholelog.client_settings import ClientSettings
from wholelog_base.child import Child, python_module
from wholelog_base.settings import SettingsError, SharedSettings, environment_for, load


@dataclass(frozen=True, slots=True)
class Part:
    """`processes`: what follows `python -m`, by the process' name. All of a part read the same settings."""

    name: str
    settings: type[SharedSettings]
    processes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`sources`: for each setting's name where its value came from."""

    part: Part
    settings: Any  # an instance of part.settings
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """What the user gave: `flags` by setting name, as text; the environment; a TOML file."""

    flags: Mapping[str, str]
    environ: Mapping[str, str]
    config: Path | None = None


def all_parts() -> tuple[Part, ...]:
    # Imported here: `wholelog version` need not pay for it.
    from log_shipper.config import ShipperSettings
    from runtime_api.config import ApiSettings

    shipper = {"acceptor": ("log_shipper", "acceptor"), "processor": ("log_shipper", "processor")}
    return Part("shipper", ShipperSettings, shipper), Part("api", ApiSettings, {"api": ("runtime_api",)})


def setting_fields(cls: type) -> dict[str, "dataclasses.Field[Any]"]:
    return {field.name: field for field in dataclasses.fields(cls)}


def load_parts(chosen: Sequence[Part], given: Given) -> list[Loaded]:
    """The settings of each part. Raises SettingsError with the problems of all of them, each once."""
    known: list[type] = [ClientSettings, *(part.settings for part in all_parts())]
    loaded: list[Loaded] = []
    problems: list[str] = []
    for part in chosen:
        names = setting_fields(part.settings)
        own = {name: value for name, value in given.flags.items() if name in names}
        try:
            settings, sources = load(part.settings, own, given.environ, given.config, others=known)
        except SettingsError as error:
            problems.extend(problem for problem in error.problems if problem not in problems)
        else:
            loaded.append(Loaded(part, settings, sources))
    if problems:
        raise SettingsError(problems)
    return loaded


def load_shared(given: Given) -> SharedSettings:
    """What every process knows; the names of the others are left to them. Raises SettingsError."""
    known: list[type] = [ClientSettings, *(part.settings for part in all_parts())]
    return load(SharedSettings, given.flags, given.environ, given.config, others=known)[0]


def environment(part: Part, given: Given) -> dict[str, str]:
    return environment_for(part.settings, given.flags, given.environ, given.config)


def children(loaded: Sequence[Loaded], given: Given) -> list[Child]:
    """A child for each process, none started. The shipper's are watched: a frozen acceptor freezes engines."""
    made: list[Child] = []
    for one in loaded:
        environ = environment(one.part, given)
        for name, arguments in one.part.processes.items():
            made.append(
                Child(
                    name,
                    python_module(arguments),
                    environ,
                    time.monotonic,
                    _watchdog(name, one.settings),
                    reloads=name == "processor",
                )  # fmt: skip
            )
    return made


def _watchdog(name: str, settings: Any) -> float | None:
    """Seconds of silence after which a process is killed; the processor may be busy with one thing for longer."""
    if name == "acceptor":
        return float(settings.watchdog)
    return max(3 * float(settings.watchdog), 30.0) if name == "processor" else None


def become(part: Part, given: Given) -> None:
    """Replace this process by the only one of the part; does not return. Raises OSError."""
    (arguments,) = part.processes.values()
    command = python_module(arguments)
    environ = environment(part, given)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, environ)
