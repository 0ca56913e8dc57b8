"""`wholelog …`: parses, calls what does it, and turns its errors into one line each and an exit code."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from log_store.errors import LogStoreError
from wholelog import __version__, stored_data, upkeep
from wholelog.commands import completion
from wholelog.commands.names import COMMANDS as CLIENT_COMMANDS
from wholelog.driver_options import render
from wholelog.errors import CommandError, EngineProblem, InputProblem, UsageProblem
from wholelog.parser import parse
from wholelog.processes import Given, Loaded, all_parts, become, children, load_parts, load_shared, setting_fields
from wholelog.setting_text import as_text, as_toml
from wholelog_base.addresses import UNIX
from wholelog_base.settings import SettingsError

_OLDEST_ENGINE = "20.10.0"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0; 1 for what is wrong with the machine; 2 for what is wrong with what was given."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path need not be UTF-8
    asked, flags = parse(sys.argv[1:] if arguments is None else arguments)
    if asked.command in CLIENT_COMMANDS:
        return _client(asked, flags)
    given = Given(flags, os.environ, getattr(asked, "config", None))
    try:
        code = _COMMANDS[asked.command](asked, given)
        sys.stdout.flush()
        return code
    except SettingsError as error:
        return _fail(asked.command, error.problems, 2)
    except (InputProblem, UsageProblem) as error:
        return _fail(asked.command, [str(error)], 2)
    except BrokenPipeError:  # `wholelog config | head -1`: who reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (CommandError, LogStoreError, OSError) as error:
        return _fail(asked.command, [str(error)], 1)
    except KeyboardInterrupt:
        return 130


def _client(asked: argparse.Namespace, flags: Mapping[str, str]) -> int:
    if asked.command == "completion":
        print(completion.script(asked.shell))
        return 0
    # Imported here, as all that only some commands need: who types a command should not wait for the others' parts.
    from wholelog.commands.dispatch import dispatch

    try:
        return dispatch(asked, flags)
    except SettingsError as error:
        return _fail(asked.command, error.problems, 2)
    except UsageProblem as error:
        return _fail(asked.command, [str(error)], 2)
    except (CommandError, OSError) as error:
        return _fail(asked.command, [str(error)], 125 if asked.command == "run" else 1)
    except KeyboardInterrupt:
        return 130


def _fail(command: str, problems: Sequence[str], code: int) -> int:
    for problem in problems:
        print(f"wholelog {command}: {' '.join(problem.split())}", file=sys.stderr)
    return code


def _supervised(asked: argparse.Namespace, given: Given) -> int:
    """`up` and `shipper`: their processes under a supervisor, which is this process."""
    from wholelog.places import lock_data_folder
    from wholelog.preparing import prepare
    from wholelog_base.own_log import log_to
    from wholelog_base.service_manager import ServiceManager
    from wholelog_base.supervisor import supervise

    loaded = load_parts([part for part in all_parts() if asked.command in ("up", part.name)], given)
    prepare(loaded)
    data = loaded[0].settings.data
    lock = lock_data_folder(data)
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s %(levelname)s wholelog {asked.command}: %(message)s")
    log_to(loaded[0].settings.own_logs, "supervisor")
    logging.getLogger(__name__).info(
        "%sdata in %s; store %s", _api_address(loaded), data, _shown(loaded[0], "store_url")
    )
    try:
        return supervise(children(loaded, given), manager=ServiceManager(os.environ))
    finally:
        os.close(lock)


def _api(asked: argparse.Namespace, given: Given) -> int:
    from wholelog.preparing import prepare

    (part,) = [part for part in all_parts() if part.name == "api"]
    prepare(load_parts([part], given))
    become(part, given)
    raise AssertionError("exec returned")


def _api_address(loaded: Sequence[Loaded]) -> str:
    places = [_shown(one, "listen") for one in loaded if one.part.name == "api"]
    return "".join(f"API on {place if place.startswith(UNIX) else f'http://{place}'}; " for place in places)


def _shown(one: Loaded, name: str) -> str:
    fields = setting_fields(one.part.settings)
    return as_text(fields["store" if name == "store_url" else name], getattr(one.settings, name))


def _config(asked: argparse.Namespace, given: Given) -> int:
    seen: set[str] = set()
    for one in load_parts(all_parts(), given):
        for name, field in setting_fields(one.part.settings).items():
            if name not in seen:
                print(f"{as_toml(field, getattr(one.settings, name))}  # {one.sources[name]}")
                seen.add(name)
    return 0


def _check(asked: argparse.Namespace, given: Given) -> int:
    from wholelog.check import check
    from wholelog.preparing import check_rules

    loaded = load_parts(all_parts(), given)
    for one in loaded:
        check_rules(one)
    return 0 if check(loaded, given.environ, print) else 1


def _audit(asked: argparse.Namespace, given: Given) -> int:
    from wholelog.audit import ask, report

    (loaded,) = load_parts([part for part in all_parts() if part.name == "shipper"], given)
    verdicts = ask(loaded.settings.shipper_listen, asked.container, asked.repair)
    for line in report(verdicts):
        print(line)
    return 0 if all(verdict.whole for verdict in verdicts) else 1


def _classify(asked: argparse.Namespace, given: Given) -> int:
    from log_shipper.rules import RuleBook
    from log_store.document import ContainerContext
    from wholelog.classify import classify_plain, classify_records
    from wholelog_base.log_settings import from_label

    try:
        from_label(asked.log_settings)
    except ValueError as error:
        raise SettingsError([f"--log-settings: {error}"]) from error
    (loaded,) = load_parts([part for part in all_parts() if part.name == "shipper"], given)
    rules, join = RuleBook(loaded.settings).of(ContainerContext("", log=asked.log_settings)), not asked.each_line
    if asked.jsonl:
        classify_records(sys.stdin.fileno(), sys.stdout, rules, join=join)
    else:
        classify_plain(sys.stdin.fileno(), sys.stdout, rules, stream=asked.stream, join=join)
    return 0


def _token(asked: argparse.Namespace, given: Given) -> int:
    from wholelog.token import add, make

    (loaded,) = load_parts([part for part in all_parts() if part.name == "api"], given)
    token, line = make(asked.uid, asked.role)
    if asked.add:
        add(line, loaded.settings.token_path)
    print(token if asked.add else f"{token}\n{line}")
    return 0


def _driver_options(asked: argparse.Namespace, given: Given) -> int:
    from runtime_api.containers.log_driver import driver_options
    from wholelog.engine_client import EngineClient, engine_socket
    from wholelog.places import check_socket_path

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
    "up": _supervised,
    "api": _api,
    "shipper": _supervised,
    "config": _config,
    "check": _check,
    "status": upkeep.status,
    "audit": _audit,
    "classify": _classify,
    "reclassify": stored_data.reclassify_stored,
    "alerts": stored_data.alerts,
    "retention": upkeep.retention,
    "backup": upkeep.backup,
    "restore": upkeep.restore,
    "token": _token,
    "driver-options": _driver_options,
    "version": _version,
}
