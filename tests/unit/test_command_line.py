"""The command line as a user meets it: a process, its output and its exit code."""

import hashlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from log_shipper.config import ShipperSettings
from log_shipper.exposure import check_exposure
from runtime_api.access.caller import Caller
from runtime_api.access.token_file import TokenFile
from wholelog.driver_options import render
from wholelog.engine_client import engine_socket
from wholelog.errors import EngineProblem
from wholelog.parser import COMMANDS
from wholelog.processes import Given, all_parts, environment, load_parts
from wholelog_base.settings import SettingsError


def wholelog(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("WHOLELOG_", "DOCKER_"))}
    command = [sys.executable, "-m", "wholelog", *arguments]
    return subprocess.run(command, env={**clean, **environ}, capture_output=True, text=True, timeout=60)


def one_line(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def listening() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_version() -> None:
    assert re.fullmatch(r"wholelog \d+\.\d+\.\d+\n", wholelog("version").stdout)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_of_every_command(command: tuple[str, ...]) -> None:
    done = wholelog(*command, "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: wholelog")


def test_a_token_is_printed_once_with_the_line_that_knows_it(tmp_path: Path) -> None:
    token, line = wholelog("token", "alice", "--data", str(tmp_path)).stdout.splitlines()
    assert line == f"alice user sha256:{hashlib.sha256(token.encode()).hexdigest()}" and not list(tmp_path.iterdir())
    file = tmp_path / "data/tokens"
    (added,) = wholelog("token", "root", "--role", "admin", "--add", WHOLELOG_DATA=str(file.parent)).stdout.splitlines()
    with open(file, "a") as out:
        out.write(line)  # by hand, without its end
    for uid in ("bob", "eve"):
        assert wholelog("token", uid, "--add", "--access-tokens", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o077 == 0
    known = TokenFile(file)
    assert known.caller_of(added) == Caller("root", "admin") and known.caller_of(token) == Caller("alice")
    assert [one.split()[0] for one in file.read_text().splitlines()] == ["root", "alice", "bob", "eve"]
    assert "'a b': must be text" in one_line(wholelog("token", "a b"), 2)


@pytest.mark.parametrize("command", ["up", "api"])
def test_an_api_that_anybody_could_reach_does_not_start(command: str, tmp_path: Path) -> None:
    def start(**environ: str) -> str:
        return one_line(wholelog(command, "--data", str(tmp_path / "d"), "--listen", "0.0.0.0:0", **environ), 2)

    assert "listen: '0.0.0.0' can be reached from other machines" in start() and "listen_unprotected" in start()
    assert "access_tokens" in start(WHOLELOG_ACCESS="tokens")
    missing = wholelog(command, "--data", str(tmp_path / "d"), WHOLELOG_ACCESS="jwt")
    named = [line.removeprefix(f"wholelog {command}: ").partition(":")[0] for line in missing.stderr.splitlines()]
    assert (missing.returncode, named) == (2, ["jwt_issuer", "jwt_audience", "jwt_keys"])
    assert "must be one of none, tokens, jwt" in start(WHOLELOG_ACCESS="nobody")
    assert "must be one or more of RS256" in start(WHOLELOG_JWT_ALGORITHMS="HS256 none")
    assert not (tmp_path / "d").exists()


def test_a_shipper_that_anybody_could_reach_does_not_start(tmp_path: Path) -> None:
    line = one_line(wholelog("shipper", "--data", str(tmp_path / "d"), "--shipper-listen", "0.0.0.0:0"), 2)
    assert "shipper_listen: '0.0.0.0' can be reached from other machines" in line
    assert "unix:///PATH" in line and "shipper_listen_unprotected" in line and not (tmp_path / "d").exists()
    with pytest.raises(SettingsError):
        check_exposure(ShipperSettings(shipper_listen=("::", 1)))
    check_exposure(ShipperSettings(shipper_listen=("::", 1), shipper_listen_unprotected=True))
    check_exposure(ShipperSettings(shipper_listen=tmp_path / "s"))


def test_no_command_shows_the_commands_and_is_an_error() -> None:
    done = wholelog()
    assert done.returncode == 2
    assert all(command in done.stdout for command in COMMANDS)


def test_an_unknown_flag_is_named_with_the_nearest() -> None:
    assert (
        one_line(wholelog("up", "--lisen=x"), 2)
        == "wholelog up: --lisen=x: there is no such flag; did you mean --listen?"
    )


def test_an_unknown_command_is_named() -> None:
    assert "'upp'" in one_line(wholelog("upp"), 2)


def test_config_shows_each_setting_with_its_source_and_can_be_read_back(tmp_path: Path) -> None:
    environ = {"WHOLELOG_WATCHDOG": "1500ms", "WHOLELOG_ELASTICSEARCH_PASSWORD": "hunter2"}
    first = wholelog("config", "--store", "http://me:hunter2@127.0.0.1:9200", "--spool-limit=3m", **environ)
    assert first.returncode == 0
    assert "hunter2" not in first.stdout
    lines = dict(line.lstrip("# ").split(" = ", 1) for line in first.stdout.splitlines())
    assert lines["watchdog"] == '"1.5s"  # WHOLELOG_WATCHDOG'
    assert lines["spool_limit"] == '"3m"  # --spool-limit'
    assert lines["forward_listen"] == '""  # default'
    file = tmp_path / "w.toml"
    file.write_text(first.stdout)
    again = wholelog("config", "--config", str(file))
    assert again.returncode == 0, again.stderr
    read = tomllib.loads(first.stdout)
    assert tomllib.loads(again.stdout) == {
        **read,
        **{n: tomllib.loads(again.stdout)[n] for n in ("store", "elasticsearch_password")},
    }


def test_bad_settings_are_all_named_each_once() -> None:
    done = wholelog("up", WHOLELOG_TYPO="1", WHOLELOG_LISTEN="x", WHOLELOG_WATCHDOG="y")
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        "WHOLELOG_TYPO", "WHOLELOG_WATCHDOG", "WHOLELOG_LISTEN",
    ]  # fmt: skip


@pytest.mark.parametrize("host", ["tcp://user:hunter2@10.0.0.1:2375", "ssh://user@10.0.0.1", "npipe:////./pipe/docker"])
@pytest.mark.parametrize("command", ["up", "api", "shipper"])
def test_an_engine_on_another_machine_is_refused_with_the_way_out(command: str, host: str, tmp_path: Path) -> None:
    line = one_line(wholelog(command, "--data", str(tmp_path), DOCKER_HOST=host), 1)
    assert "must be on this machine" in line and "unix:///" in line and "hunter2" not in line


def test_an_address_in_use_is_named_with_its_flag(listening: int, tmp_path: Path) -> None:
    line = one_line(
        wholelog(
            "up", "--data", str(tmp_path), "--shipper-listen", "127.0.0.1:0", "--listen", f"127.0.0.1:{listening}"
        ),
        1,
    )
    assert f"127.0.0.1:{listening}" in line and "--listen HOST:PORT" in line
    line = one_line(wholelog("shipper", "--data", str(tmp_path), "--shipper-listen", f"127.0.0.1:{listening}"), 1)
    assert "--shipper-listen HOST:PORT" in line


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = one_line(wholelog("up", "--data", str(tmp_path / "file")), 1)
    assert "data folder" in line and "--data DIR" in line


def test_a_socket_path_that_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    line = one_line(wholelog("shipper", "--data", str(tmp_path / ("long" * 30))), 1)
    assert "107" in line and "--socket PATH" in line


def test_a_store_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "ftp://" in one_line(wholelog("up", "--data", str(tmp_path), "--store", "ftp://host"), 1)


def test_check_has_a_line_for_each_thing_and_says_the_way_out(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = wholelog("check", "--data", str(data), "--docker-host", f"unix://{tmp_path}/none.sock")
    assert done.returncode == 1
    lines = {line.split()[1]: line for line in done.stdout.splitlines()}
    assert set(lines) == {"docker", "store", "socket", "data", "images", "api"}
    assert lines["docker"].startswith("bad") and "start Docker's engine" in lines["docker"]
    assert lines["socket"].startswith("bad") and "wholelog up" in lines["socket"]
    assert lines["data"].startswith("ok") and lines["images"].startswith("ok")
    assert lines["api"].startswith("ok") and "127.0.0.1:" in lines["api"]
    assert not data.exists()


def test_driver_options_suit_a_shell() -> None:
    done = wholelog("driver-options", "--data", "/tmp/with blank", "--docker-host", "unix:///none.sock")
    assert done.returncode == 0
    words = shlex.split(done.stdout)
    assert words[:2] == ["--log-driver", "fluentd"]
    assert "fluentd-address=unix:///tmp/with blank/forward.sock" in words
    assert "there is no such socket" in done.stderr


def test_driver_options_for_compose_and_for_the_engine_say_the_same() -> None:
    options = {"fluentd-address": "unix:///a b.sock", "tag": "{{.ID}}", "price": "$5"}
    assert json.loads(render(options, "json")) == {"log-driver": "fluentd", "log-opts": options}
    compose = render(options, "compose").splitlines()
    assert compose[:3] == ["logging:", "  driver: fluentd", "  options:"]
    assert [json.loads(line.partition(": ")[2]).replace("$$", "$") for line in compose[3:]] == list(options.values())
    words = shlex.split(render(options, "run"))
    assert words[2:] == [word for n, v in options.items() for word in ("--log-opt", f"{n}={v}")]


@pytest.mark.parametrize(
    ("setting", "environ", "path"),
    [
        ("", {}, "/var/run/docker.sock"),
        ("", {"DOCKER_HOST": "unix:///run/user/1/docker.sock"}, "/run/user/1/docker.sock"),
        ("unix:///mine.sock", {"DOCKER_HOST": "unix:///theirs.sock"}, "/mine.sock"),
        ("/mine.sock", {}, "/mine.sock"),
    ],
)
def test_which_engine(setting: str, environ: dict[str, str], path: str) -> None:
    assert engine_socket(setting, environ) == Path(path)


def test_an_engine_by_a_relative_path_is_refused() -> None:
    with pytest.raises(EngineProblem, match="ABSOLUTE"):
        engine_socket("unix://docker.sock", {})


def test_a_child_of_each_part_understands_its_environment() -> None:
    given = Given(
        {"listen": "127.0.0.1:0", "watchdog": "3s"}, {"WHOLELOG_BATCH_SIZE": "7", "WHOLELOG_API_THREADS": "9"}
    )
    for part in all_parts():
        ((_, settings, sources),) = [(o.part, o.settings, o.sources) for o in load_parts([part], given)]
        child = environment(part, given)
        alone = Given({}, child)
        assert load_parts([part], alone)[0].settings == settings
        assert {name for name, source in sources.items() if source != "default"} == {
            name.removeprefix("WHOLELOG_").lower() for name in child
        }
