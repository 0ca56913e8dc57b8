"""From the settings to who is let in."""

from collections.abc import Callable

from runtime_api.access.bearer import Authenticate, by_token, everybody
from runtime_api.access.exposure import exposure_problem, group_problem
from runtime_api.access.gate import Gate
from runtime_api.access.jwt_keys import Keys
from runtime_api.access.jwt_tokens import Expected, JwtTokens
from runtime_api.access.key_sources import file_problem, source_of
from runtime_api.access.rates import Rates
from runtime_api.access.token_file import TokenFile, file_problems
from runtime_api.config import ApiSettings
from wholelog_base.settings import SettingsError


def open_gate(settings: ApiSettings, *, own_names: bool = False) -> Gate:
    """`own_names`: see `Gate`. Reads nothing yet but the settings: the file of tokens and the issuer's keys may be away. Raises SettingsError."""
    return Gate(_authenticate(settings), Rates(settings.caller_rate, 5 * settings.caller_rate), own_names=own_names)


def check_reach(settings: ApiSettings) -> None:
    """Whether whoever should not could reach the API. Raises SettingsError."""
    if problems := _reach_problems(settings):
        raise SettingsError(problems)


def check_access(settings: ApiSettings) -> None:
    """What can be told before the start. Raises SettingsError."""
    problems = _reach_problems(settings)
    if settings.access == "tokens":
        problems += file_problems(settings.token_path)
    if settings.access == "jwt":
        problems += _jwt_problems(settings) or _key_problems(settings.jwt_keys)
    if problems:
        raise SettingsError(problems)


def _reach_problems(settings: ApiSettings) -> list[str]:
    said = (
        exposure_problem(settings.access, settings.listen, settings.listen_unprotected),
        group_problem(settings.listen, settings.listen_group),
    )
    return [problem for problem in said if problem]


def _authenticate(settings: ApiSettings) -> Authenticate:
    if settings.access == "none":
        return everybody
    if settings.access == "tokens":
        return by_token(TokenFile(settings.token_path).caller_of)
    if problems := _jwt_problems(settings):
        raise SettingsError(problems)
    expected = Expected(
        settings.jwt_issuer, settings.jwt_audience, settings.jwt_algorithms, settings.jwt_uid_claim,
        settings.jwt_role_claim, settings.jwt_admin_role,
    )  # fmt: skip
    return by_token(JwtTokens(expected, Keys(_key_source(settings), settings.jwt_keys_for)).caller_of)


def _jwt_problems(settings: ApiSettings) -> list[str]:
    needed = {
        "jwt_issuer": settings.jwt_issuer, "jwt_audience": settings.jwt_audience, "jwt_keys": settings.jwt_keys,
        "jwt_algorithms": settings.jwt_algorithms, "jwt_uid_claim": settings.jwt_uid_claim,
        "jwt_admin_role": settings.jwt_admin_role,
    }  # fmt: skip
    return [f"{name}: is empty; access=jwt needs it (docs/access.md)" for name, value in needed.items() if not value]


def _key_problems(place: str) -> list[str]:
    try:
        source_of(place)
        said = file_problem(place)
    except ValueError as error:
        said = f"{place!r:.200} {error}"
    return [f"jwt_keys: {said}"] if said else []


def _key_source(settings: ApiSettings) -> Callable[[], bytes]:
    try:
        return source_of(settings.jwt_keys)
    except ValueError as error:
        raise SettingsError([f"jwt_keys: {settings.jwt_keys!r:.200} {error}"]) from error
