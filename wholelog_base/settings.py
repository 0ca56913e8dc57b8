"""Settings: one frozen dataclass a process, whose fields are the only table there is.

From the same fields come the command line flags (`--data`), the environment names (`WHOLELOG_DATA`), the keys of the
TOML file (`data`), `--help`, and docs/settings.md. A flag wins over the environment, that over the file, that over the
default. An unknown or ill-typed name stops the start and says which, and what would fit.
"""

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

PREFIX = "WHOLELOG_"
CONFIG_NAME = PREFIX + "CONFIG"
_TESTS = PREFIX + "TEST_"  # our tests' own, no settings

S = TypeVar("S")


class SettingsError(Exception):
    """One or more settings do not fit; `problems` has a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def setting(default: Any, meaning: str, parse: Callable[[str], Any], *, secret: bool = False) -> Any:
    """A field of a settings class. `parse` takes text and raises ValueError saying what would fit."""
    metadata = {"meaning": meaning, "parse": parse, "secret": secret}
    return dataclasses.field(default=default, metadata=metadata)


def without_passwords(value: str) -> str:
    """As it may be shown: a user and a password may stand in a URL."""
    return re.sub(r"(?<=//)[^/@\s]*@", "***@", value)


def text(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold a NUL character")
    return value


def path(value: str) -> Path:
    if not value or "\0" in value:
        raise ValueError("must be the path of a file or folder")
    return Path(value).absolute()


def flag(value: str) -> bool:
    lowered = value.lower()
    if lowered in ("true", "yes", "on", "1"):
        return True
    if lowered in ("false", "no", "off", "0", ""):
        return False
    raise ValueError("must be true or false")


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdecimal() or not smallest <= int(value[:20]) <= largest:
            raise ValueError(f"must be a whole number from {smallest} to {largest}")
        return int(value)

    return parse


def amount(value: str) -> float:
    """A number that is not negative, such as `2` or `0.5`."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise ValueError("must be a number such as 2 or 0.5, and not negative")
    return number


def words(value: str) -> tuple[str, ...]:
    """A list with spaces or commas between its members."""
    return tuple(text(value).replace(",", " ").split())


_DURATIONS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(value: str) -> float:
    """Seconds, from `500ms`, `30s`, `10m`, `2h`, `7d` or a plain number of seconds."""
    unit = next((u for u in ("ms", "s", "m", "h", "d") if value.endswith(u)), "")
    number = value[: len(value) - len(unit)]
    try:
        seconds = float(number) * _DURATIONS.get(unit, 1.0)
    except ValueError:
        seconds = -1.0
    if not number or not 0 <= seconds < 1e10:
        raise ValueError("must be a duration such as 500ms, 30s, 10m, 2h or 7d")
    return seconds


_SIZES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size(value: str) -> int:
    """Bytes, from `64k`, `8m`, `2g`, `8MiB` or a plain number; powers of 1024."""
    lowered = value.lower().removesuffix("b").removesuffix("i")
    unit = lowered[-1:] if lowered[-1:] in _SIZES else ""
    number = lowered[: len(lowered) - len(unit)]
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise ValueError("must be a size such as 64k, 8m or 2g")
    return int(number) * _SIZES.get(unit, 1)


def choice(*values: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in values:
            raise ValueError("must be one of " + ", ".join(values))
        return value

    return parse


def some_of(*values: str) -> Callable[[str], tuple[str, ...]]:
    """A list of these, with spaces or commas between."""

    def parse(value: str) -> tuple[str, ...]:
        found = words(value)
        if not found or any(one not in values for one in found):
            raise ValueError("must be one or more of " + ", ".join(values))
        return found

    return parse


def load(
    cls: type[S],
    flags: Mapping[str, str],
    environ: Mapping[str, str] = os.environ,
    config: Path | None = None,
    *,
    others: Sequence[type] = (),
) -> tuple[S, dict[str, str]]:
    """The settings, and for each name where its value came from: `flag --data`, `WHOLELOG_DATA`, the file, `default`.

    `flags` maps field names to the text given for them. `others` are the settings classes of the other processes:
    their names are known, and left to them, in the environment and the file. Raises SettingsError.
    """
    fields = _fields(cls)
    known = set(fields).union(*(_fields(other) for other in others))
    given: dict[str, tuple[str, str]] = {}
    problems: list[str] = []
    for place, name, value in _given(flags, environ, config):
        if name in fields:
            given[name] = (value, _source(place, name))
        elif name not in known or place == "flag":
            problems.append(_unknown(_source(place, name), name, known))
    values_of: dict[str, Any] = {}
    for name, (value, source) in given.items():
        if value == "" and fields[name].default is None:
            values_of[name] = None  # unset, as `wholelog config` shows it
            continue
        try:
            values_of[name] = fields[name].metadata["parse"](value)
        except ValueError as error:
            shown = "***" if fields[name].metadata["secret"] else repr(without_passwords(value))
            problems.append(f"{source}: {shown} {error}")
    if problems:
        raise SettingsError(problems)
    return cls(**values_of), {name: given[name][1] if name in given else "default" for name in fields}


def environment_for(
    cls: type, flags: Mapping[str, str], environ: Mapping[str, str] = os.environ, config: Path | None = None
) -> dict[str, str]:
    """The environment of a child process that loads `cls` from it alone: what was given for its names, as text.

    Names of other processes and the config file's are left out, so that the child can be strict with what it finds.
    Call it after `load` has judged the same arguments. Raises SettingsError for a file that cannot be read.
    """
    fields = _fields(cls)
    child = {name: value for name, value in environ.items() if not name.startswith(PREFIX) or name.startswith(_TESTS)}
    for _, name, value in _given(flags, environ, config):  # the last place wins
        if name in fields:
            child[PREFIX + name.upper()] = value
    return child


def _fields(cls: type) -> dict[str, "dataclasses.Field[Any]"]:
    return {field.name: field for field in dataclasses.fields(cls)}


def _given(flags: Mapping[str, str], environ: Mapping[str, str], config: Path | None) -> Iterator[tuple[str, str, str]]:
    """(place, name, text) of all that was given, the weakest place first. Raises SettingsError."""
    file = config or (Path(environ[CONFIG_NAME]) if environ.get(CONFIG_NAME) else None)
    if file is not None:
        for name, value in _read_file(file).items():
            yield str(file), name, value
    for name, value in environ.items():
        if name.startswith(PREFIX) and name != CONFIG_NAME and not name.startswith(_TESTS):
            yield "environment", name.removeprefix(PREFIX).lower(), value
    for name, value in flags.items():
        yield "flag", name, value


def _source(place: str, name: str) -> str:
    if place == "environment":
        return PREFIX + name.upper()
    if place == "flag":
        return "--" + name.replace("_", "-")
    return f"{place}: {name}"


def _unknown(source: str, name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"{source}: there is no such setting" + (
        f"; did you mean {near[0]}?" if near else "; `wholelog up --help` lists them"
    )


def _read_file(file: Path) -> dict[str, str]:
    try:
        read = tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{file}: cannot be read: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{file}: not TOML: {error}"]) from error
    bad = [
        f"{file}: {name}: must be a text, a number or true/false"
        for name, v in read.items()
        if isinstance(v, (list, dict))
    ]
    if bad:
        raise SettingsError(bad)
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in read.items()}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SharedSettings:
    """What the API and the shipper both need to know."""

    data: Path = setting(Path("/var/lib/wholelog"), "folder of everything that must outlive the process", path)
    own_logs: Path | None = setting(
        None,
        "folder for the log of this service itself, a file a process, rotated at 10 MB (5 are kept); unset: standard error",
        path,
    )
    docker_host: str = setting("", "the engine: unix:///path.sock; empty: DOCKER_HOST, else Docker's own default", text)
    socket: str = setting(
        "",
        "unix socket of the shipper that Docker's log driver connects to; empty: forward.sock in the data folder",
        text,
    )
    store: str = setting(
        "",
        "where documents live: http(s)://HOST:PORT of Elasticsearch, or sqlite:///FOLDER; empty: SQLite in the data folder",
        text,
    )
    secret_env: tuple[str, ...] = setting(
        (),
        "variables whose values are masked in the log of their container, patterns such as `*TOKEN* *PASSWORD*`; empty:"
        " only those that a task names (`secrets`)",
        words,
    )
    index_prefix: str = setting("wholelog", "what the names of our indices begin with", text)
    elasticsearch_user: str = setting("", "user of basic authentication", text)
    elasticsearch_password: str = setting("", "its password", text, secret=True)
    elasticsearch_api_key: str = setting("", "API key, instead of user and password", text, secret=True)
    elasticsearch_ca: str = setting("", "PEM file of the certificate authority for https", text)
    elasticsearch_fingerprint: str = setting("", "SHA-256 fingerprint of the certificate for https", text)

    @property
    def socket_path(self) -> Path:
        return Path(self.socket) if self.socket else self.data / "forward.sock"

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite://{self.data / 'logs'}"
