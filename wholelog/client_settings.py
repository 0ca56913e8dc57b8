"""The settings of the commands that talk to the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wholelog_base.addresses import Address, tcp_or_unix, url_of
from wholelog_base.settings import SettingsError, duration, environment_for, load, path, setting, text


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    api_url: str = setting(
        "", "the API, http(s)://HOST:PORT or unix:///PATH; empty: where `listen` says, on this machine", text
    )
    retry_for: float | None = setting(
        None,
        "how long a request is made again while the API is away or busy, 0 for not at all; unset: a minute, but where "
        "nobody answers the first request not at all",
        duration,
    )
    token: str = setting("", "token that says who asks, where the API wants one", text, secret=True)
    token_file: Path | None = setting(None, "file that holds the token, instead of `token`", path)
    listen: Address = setting(("127.0.0.1", 8080), "address of the API, HOST:PORT or unix:///PATH", tcp_or_unix)

    @property
    def url(self) -> str:
        return self.api_url or url_of(self.listen)


def token_of(settings: ClientSettings) -> str:
    """'' where there is none. Raises SettingsError."""
    if settings.token or settings.token_file is None:
        return settings.token
    try:
        return settings.token_file.read_text().strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SettingsError([f"token_file: {settings.token_file} cannot be read: {reason}"]) from error


OWN = ("api_url", "retry_for", "token", "token_file")  # `listen` is the API's


def client_settings(flags: Mapping[str, str], environ: Mapping[str, str], config: Path | None) -> ClientSettings:
    """Names of the services' settings are left to them. Raises SettingsError."""
    settings, _ = load(ClientSettings, {}, environment_for(ClientSettings, flags, environ, config))
    return settings
