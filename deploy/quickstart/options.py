"""The flags of `deploy/up`, and the settings that follow from them."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from deploy.quickstart.rest import TOKEN, Api
from wholelog.engine_client import engine_socket
from wholelog.places import check_address, check_exposure, check_socket_path, free_port, make_data_folder
from wholelog.processes import Given, all_parts, load_parts
from wholelog_base.addresses import as_text
from wholelog_base.settings import SettingsError


@dataclass(frozen=True, slots=True)
class Options:
    """`flags`: what `wholelog up` is given, by setting name. `settings`: as it will read them."""

    once: bool
    flags: dict[str, str]
    settings: Mapping[str, Any]
    sources: Mapping[str, str]

    @property
    def data(self) -> Path:
        data: Path = self.settings["data"]
        return data

    @property
    def socket(self) -> Path:
        return Path(self.settings["socket"]) if self.settings["socket"] else self.data / "forward.sock"

    @property
    def api(self) -> Api:
        return Api(self.settings["listen"])


class _OneLine(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parse(arguments: Sequence[str], environ: Mapping[str, str], root: Path) -> Options:
    """Raises SettingsError, and CommandError for an engine, address, folder or socket path that cannot be used.

    A setting of the environment (docs/settings.md) counts too. Ends the process for --help and for unknown flags.
    """
    asked = _parser(root).parse_args(arguments)
    flags = {n: v for n in ("data", "listen", "store") if (v := getattr(asked, n)) is not None}
    settings, sources = _load(flags, environ)
    if sources["data"] == "default":
        flags["data"] = str(root / "wholelog-data")
    flags.update(_free_addresses(settings, sources))
    settings, sources = _load(flags, environ)
    options = Options(asked.once, flags, settings, sources)
    check_exposure(settings["access"], settings["listen"], settings["listen_unprotected"])
    if settings["access"] != "none" and not environ.get(TOKEN):
        way_out = f"set {TOKEN} to one of the API's tokens (docs/access.md)"
        raise SettingsError([f"access: {settings['access']}: the sample task needs a token: {way_out}"])
    engine_socket(settings["docker_host"], environ)  # refused before anything is made or installed
    check_socket_path(options.socket, "--data DIR")
    make_data_folder(options.data)
    check_address(settings["listen"])
    return options


def _load(flags: Mapping[str, str], environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    settings: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for one in load_parts(all_parts(), Given(flags, environ)):
        sources.update(one.sources)
        settings.update({name: getattr(one.settings, name) for name in one.sources})
    return settings, sources


def _free_addresses(settings: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str]:
    """A port in place of 0, so that the URL can be told; and the shipper's, which nobody asked for, wherever is room."""
    chosen: dict[str, str] = {}
    listen, shipper = settings["listen"], settings["shipper_listen"]
    if not isinstance(listen, Path) and listen[1] == 0:
        chosen["listen"] = as_text((listen[0], free_port(listen[0])))
    if sources["shipper_listen"] == "default":
        chosen["shipper_listen"] = as_text((shipper[0], free_port(*shipper)))
    return chosen


def _parser(root: Path) -> argparse.ArgumentParser:
    parser = _OneLine(
        prog="deploy/up",
        description="Start Wholelog on this machine, run a sample task, and stay up until Ctrl-C.",
        epilog="DOCKER_HOST names another engine of this machine. What is missing is installed where root runs this "
        "on a Debian-like machine, and said before. Every setting of docs/settings.md can be given in the environment.",
        allow_abbrev=False,
    )
    parser.add_argument("--once", action="store_true", help="end after the sample task: exit code 0 if all was well")
    parser.add_argument("--store", metavar="URL", help="an Elasticsearch, http(s)://HOST:PORT (default: SQLite files)")
    parser.add_argument("--data", metavar="DIR", help=f"data folder (default: {root / 'wholelog-data'})")
    parser.add_argument(
        "--listen", metavar="ADDR", help="address of the API, HOST:PORT or unix:///PATH (default: 127.0.0.1:8080)"
    )
    return parser
