"""The processes that Wholelog is made of, and their settings read together."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wholelog_base.settings import CONFIG_NAME, PREFIX, SettingsError, SharedSettings, load


@dataclass(frozen=True, slots=True)
class Process:
    """`arguments` follow `python -m`; the settings reach it through its environment."""

    name: str
    arguments: tuple[str, ...]
    settings: type[SharedSettings]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`sources`: for each setting's name where its value came from."""

    process: Process
    settings: SharedSettings
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """What the user gave: `flags` by setting name, as text; the environment; a TOML file."""

    flags: Mapping[str, str]
    environ: Mapping[str, str]
    config: Path | None = None


def all_processes() -> tuple[Process, ...]:
    # Imported here: `wholelog version` and `--help` of one command need not pay for the others.
    from log_shipper.config import ShipperSettings
    from runtime_api.config import ApiSettings

    return (
        Process("shipper", ("log_shipper", "supervisor"), ShipperSettings),
        Process("api", ("runtime_api",), ApiSettings),
    )


def setting_fields(cls: type[SharedSettings]) -> dict[str, "dataclasses.Field[Any]"]:
    return {field.name: field for field in dataclasses.fields(cls)}


def load_processes(chosen: Sequence[Process], given: Given) -> list[Loaded]:
    """The settings of each process. Raises SettingsError with the problems of all of them, each once."""
    known = [process.settings for process in all_processes()]
    loaded: list[Loaded] = []
    problems: list[str] = []
    for process in chosen:
        names = setting_fields(process.settings)
        own = {name: value for name, value in given.flags.items() if name in names}
        try:
            settings, sources = load(process.settings, own, given.environ, given.config, others=known)
        except SettingsError as error:
            problems.extend(problem for problem in error.problems if problem not in problems)
        else:
            loaded.append(Loaded(process, settings, sources))
    if problems:
        raise SettingsError(problems)
    return loaded


def load_shared(given: Given) -> SharedSettings:
    """What every process knows; the names of the others are left to them. Raises SettingsError."""
    known = [process.settings for process in all_processes()]
    return load(SharedSettings, given.flags, given.environ, given.config, others=known)[0]


def environment(given: Given) -> dict[str, str]:
    """The environment that makes a process find what was given: a flag wins, as it does for us."""
    environ = dict(given.environ)
    environ.update({PREFIX + name.upper(): value for name, value in given.flags.items()})
    if given.config is not None:
        environ[CONFIG_NAME] = str(given.config.absolute())
    return environ
