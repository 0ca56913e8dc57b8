"""The operator's files that hold keys: of storage, and of registries."""

import json
from pathlib import Path
from typing import Any

from runtime_api.config import ApiSettings
from wholelog_base.settings import SettingsError


def check_key_files(settings: ApiSettings) -> None:
    """Raises SettingsError for one that could not be used."""
    storage_options(settings.storage_options)
    check_logins(settings.image_logins)


def storage_options(file: Path | None) -> dict[str, dict[str, Any]]:
    """By protocol, what fsspec's file systems are made with. Raises SettingsError."""
    if file is None:
        return {}
    read = _json_object("storage_options", file, '{"s3": {"key": "…"}}')
    for name, options in read.items():
        if not isinstance(options, dict):
            raise SettingsError([f'storage_options: {file}: {name[:60]!r}: must be an object such as {{"key": "…"}}'])
    return read


def check_logins(file: Path | None) -> None:
    """Raises SettingsError where pulls could not read it."""
    if file is not None:
        _json_object("image_logins", file, 'Docker\'s config.json: {"auths": {"HOST": {"auth": "…"}}}')


def _json_object(setting: str, file: Path, such_as: str) -> dict[str, Any]:
    """Raises SettingsError, which shows nothing of its content: it holds keys."""
    try:
        read = json.loads(file.read_text())
    except json.JSONDecodeError as error:
        place = f"{file}:{error.lineno}:{error.colno}"
        raise SettingsError([f"{setting}: {place}: no JSON ({error.msg}); it must be such as {such_as}"]) from None
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8"
        raise SettingsError([f"{setting}: {file} cannot be read by this user: {reason}"]) from error
    if not isinstance(read, dict):
        raise SettingsError([f"{setting}: {file}: must be an object such as {such_as}"])
    return read
