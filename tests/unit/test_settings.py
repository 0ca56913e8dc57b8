"""Settings: where they come from, and what a bad one is told."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholelog_base.addresses import tcp_address, tcp_or_unix
from wholelog_base.settings import (
    SettingsError,
    duration,
    environment_for,
    flag,
    load,
    setting,
    size,
    text,
    whole_number,
)


@dataclass(frozen=True, kw_only=True)
class Ours:
    name: str = setting("plain", "a text", text)
    count: int = setting(3, "a number", whole_number(1, 9))
    on: bool = setting(False, "a switch", flag)
    place: tuple[str, int] | None = setting(None, "an address or none", tcp_address)
    key: str = setting("", "a secret", text, secret=True)
    digits: str = setting("", "a secret of digits", lambda value: str(int(value)), secret=True)


@dataclass(frozen=True, kw_only=True)
class Theirs:
    other: str = setting("", "of another process", text)


def problems(*arguments: object, **more: object) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(*arguments, **more)  # type: ignore[arg-type]
    return raised.value.problems


def test_defaults_need_nothing() -> None:
    settings, sources = load(Ours, {}, {})
    assert settings == Ours()
    assert set(sources.values()) == {"default"}


def test_a_flag_wins_over_the_environment_that_over_the_file_that_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text('name = "file"\ncount = 5\non = true\n')
    environ = {"WHOLELOG_NAME": "environment", "WHOLELOG_COUNT": "6"}
    settings, sources = load(Ours, {"name": "flag"}, environ, file)
    assert (settings.name, settings.count, settings.on) == ("flag", 6, True)
    assert sources["name"] == "--name"
    assert sources["count"] == "WHOLELOG_COUNT"
    assert sources["on"] == f"{file}: on"


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text("count = 4")
    assert load(Ours, {}, {"WHOLELOG_CONFIG": str(tmp_path / "w.toml")})[0].count == 4


def test_every_problem_is_named_at_once_with_what_would_fit() -> None:
    found = problems(Ours, {}, {"WHOLELOG_COUNT": "12", "WHOLELOG_NAMES": "x", "WHOLELOG_ON": "maybe"})
    assert found == [
        "WHOLELOG_NAMES: there is no such setting; did you mean name?",
        "WHOLELOG_COUNT: '12' must be a whole number from 1 to 9",
        "WHOLELOG_ON: 'maybe' must be true or false",
    ]


def test_a_bad_secret_is_not_shown() -> None:
    (found,) = problems(Ours, {}, {"WHOLELOG_DIGITS": "hunter2"})
    assert found.startswith("WHOLELOG_DIGITS: *** ")


def test_the_names_of_another_process_are_left_to_it_but_not_as_a_flag() -> None:
    environ = {"WHOLELOG_OTHER": "x"}
    assert load(Ours, {}, environ, others=[Theirs])[0] == Ours()
    assert problems(Ours, {"other": "x"}, {}, others=[Theirs])
    assert problems(Ours, {}, environ)


def test_names_of_the_tests_are_no_settings() -> None:
    assert load(Ours, {}, {"WHOLELOG_TEST_ES_URL": "http://127.0.0.1:9200"})[0] == Ours()


def test_a_setting_without_a_value_is_unset_by_an_empty_text() -> None:
    assert load(Ours, {"place": ""}, {"WHOLELOG_PLACE": "a:1"})[0].place is None
    assert load(Ours, {}, {"WHOLELOG_PLACE": "[::1]:80"})[0].place == ("::1", 80)


@pytest.mark.parametrize("content", ["name = ", "name = [1]", "[name]\nx = 1", "nam = 'x'"])
def test_a_bad_file_stops_the_start_and_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text(content)
    assert all(problem.startswith(f"{file}: ") for problem in problems(Ours, {}, {}, file))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (problem,) = problems(Ours, {}, {"WHOLELOG_CONFIG": str(tmp_path / "none.toml")})
    assert "none.toml: cannot be read" in problem


def test_a_child_gets_what_was_given_for_its_own_names_alone(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text('name = "file"\nother = "x"\ncount = 7\n')
    environ = {"PATH": "/bin", "WHOLELOG_CONFIG": str(file), "WHOLELOG_OTHER": "y", "WHOLELOG_COUNT": "8"}
    child = environment_for(Ours, {"key": "k"}, environ)
    assert child == {"PATH": "/bin", "WHOLELOG_NAME": "file", "WHOLELOG_COUNT": "8", "WHOLELOG_KEY": "k"}
    assert load(Ours, {}, child)[0] == load(Ours, {"key": "k"}, environ, others=[Theirs])[0]


@pytest.mark.parametrize(
    ("value", "seconds"), [("500ms", 0.5), ("30s", 30), ("10m", 600), ("2h", 7200), ("7d", 604_800), ("1.5", 1.5)]
)
def test_durations(value: str, seconds: float) -> None:
    assert duration(value) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["", "s", "-1s", "1w", "1e99", "nan", "inf", "1s1"])
def test_bad_durations(value: str) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        duration(value)


@pytest.mark.parametrize(
    ("value", "count"), [("64k", 65_536), ("8M", 8 << 20), ("2g", 2 << 30), ("8MiB", 8 << 20), ("7", 7), ("7b", 7)]
)
def test_sizes(value: str, count: int) -> None:
    assert size(value) == count


@pytest.mark.parametrize("value", ["", "k", "-1", "1.5m", "1x", "٣m", "9" * 17])
def test_bad_sizes(value: str) -> None:
    with pytest.raises(ValueError, match="must be a size"):
        size(value)


@pytest.mark.parametrize("value", ["", "host", ":80", "host:", "host:65536", "host:x", "host:-1", "host:٣"])
def test_bad_addresses(value: str) -> None:
    with pytest.raises(ValueError, match="must be HOST:PORT"):
        tcp_address(value)


@given(st.text(max_size=30))
def test_no_text_makes_a_parser_raise_anything_but_valueerror(value: str) -> None:
    for parse in (text, flag, duration, size, tcp_address, tcp_or_unix, whole_number(1, 9)):
        try:
            parse(value)
        except ValueError as error:
            assert "must" in str(error)
