"""docs/settings.md, made from the settings classes: `python -m wholelog.settings_page > docs/settings.md`."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import Field
from typing import Any

from wholelog.client_settings import OWN, ClientSettings
from wholelog.processes import all_parts, setting_fields
from wholelog.setting_text import as_text
from wholelog_base.settings import PREFIX, SharedSettings

_HEAD = """# Settings

Made from the settings classes by `python -m wholelog.settings_page`; change those, not this page.

Each setting can be given in four places; the first that has it wins:

1. a flag of `wholelog up`, `api`, `shipper`, `config` and `check`: `--NAME VALUE`, with `-` for `_`
2. the environment: `WHOLELOG_NAME=VALUE`, in capitals
3. a TOML file named by `--config FILE` or `WHOLELOG_CONFIG`: `name = "VALUE"`
4. the default

A name that does not exist or a value that does not fit stops the start with a line that says which, and what would
fit. `wholelog config` prints every setting with its value and where it came from, secrets masked. Durations are
`500ms`, `30s`, `10m`, `2h`, `7d`; sizes `64k`, `8m`, `2g` (powers of 1024). Give secrets by the environment or the
file: flags can be read by every user of the machine.
"""


_CLIENT = "Commands that talk to the API (`run`, `ps`, `logs` …)"


def page() -> str:
    shared = setting_fields(SharedSettings)
    parts = [_HEAD, _section("All parts", shared)]
    for part in all_parts():
        own = {name: field for name, field in setting_fields(part.settings).items() if name not in shared}
        parts.append(_section(f"`wholelog {part.name}`", own))
    own = setting_fields(ClientSettings)
    parts.append(_section(_CLIENT, {name: own[name] for name in OWN}))
    return "\n".join(parts)


def _section(title: str, fields: "Mapping[str, Field[Any]]") -> str:
    return "\n".join(
        [
            f"## {title}",
            "",
            "| flag | environment | default | meaning |",
            "| --- | --- | --- | --- |",
            *_rows(fields),
            "",
        ]
    )


def _rows(fields: "Mapping[str, Field[Any]]") -> Iterator[str]:
    for name, field in fields.items():
        default = as_text(field, field.default)
        cells = [
            f"`--{name.replace('_', '-')}`",
            f"`{PREFIX}{name.upper()}`",
            f"`{default}`" if default else "",
            field.metadata["meaning"],
        ]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(page())
