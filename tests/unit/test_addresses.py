"""Where a process of ours may listen, and what is in the way of a unix socket."""

import grp
import os
import re
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholelog_base.addresses import as_text, tcp_address, tcp_or_unix, url_of
from wholelog_base.loopback import stays_here
from wholelog_base.unix_socket import bind, check_place

HOSTS = st.one_of(st.ip_addresses().map(str), st.from_regex(r"[a-z0-9.-]+", fullmatch=True))
PATHS = st.from_regex(r"/[^/\0]{1,20}", fullmatch=True).filter(lambda path: len(path.encode()) <= 100)


@given(st.one_of(st.tuples(HOSTS, st.integers(0, 65535)), PATHS.map(Path)))
def test_an_address_is_read_as_it_is_written(address: tuple[str, int] | Path) -> None:
    assert tcp_or_unix(as_text(address)) == address


@given(st.text(max_size=30))
def test_anything_else_is_refused_with_what_would_fit(text: str) -> None:
    for value in (text, f"unix://{text}"):
        try:
            assert tcp_or_unix(as_text(tcp_or_unix(value))) == tcp_or_unix(value)
        except ValueError as error:
            assert "unix:///" in str(error) or "bytes" in str(error)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("unix://run/api.sock", "absolute path"),
        ("unix:///run/", "absolute path"),
        ("unix:/run/api.sock", "HOST:PORT, such as 127.0.0.1:8080, or unix:///PATH"),
        ("unix:///" + "long/" * 30 + "s", "at most 107 bytes"),
        ("8080", "HOST:PORT"),
        ("h:65536", "HOST:PORT"),
    ],
)
def test_what_does_not_fit(value: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        tcp_or_unix(value)
    with pytest.raises(ValueError, match="HOST:PORT"):
        tcp_address(value)


def test_the_url_by_which_this_machine_finds_it() -> None:
    assert url_of(("0.0.0.0", 80)) == "http://127.0.0.1:80" and url_of(("::", 80)) == "http://[::1]:80"
    assert url_of(Path("/a b")) == "unix:///a b"


def test_a_unix_socket_is_never_reached_from_elsewhere() -> None:
    assert stays_here(Path("/run/s")) and stays_here(("127.0.0.1", 1)) and not stays_here(("0.0.0.0", 1))


def test_a_socket_is_for_its_own_user_or_a_group(tmp_path: Path) -> None:
    path = tmp_path / "s"
    made, name = bind(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made.close()
    shared, other = bind(path, group=grp.getgrgid(os.getgid()).gr_name)  # in place of what a dead process left
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, os.getgid())
    name.remove()
    assert path.exists(), "of the one before, whose name this is not any more"
    other.remove()
    other.remove()
    assert not path.exists()
    shared.close()


def test_what_is_in_the_way_of_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with pytest.raises(FileNotFoundError, match="folder .* is not there: make it"):
        check_place(tmp_path / "none" / "s")
    with pytest.raises(OSError, match="there is no group 'no such group'"):
        bind(path, group="no such group")
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="something else than a socket"):
        bind(path)
    assert path.read_text() == "mine"
    path.unlink()
    path.symlink_to("elsewhere")
    with pytest.raises(FileExistsError, match="something else than a socket"):
        bind(path)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(path))
        alive.listen()
        with pytest.raises(OSError, match="in use"):
            bind(path)
