"""`wholelog driver-options`: the log driver's options for a container that is started without our API."""

import json
import re
import shlex
from collections.abc import Mapping

FORMATS = ("run", "compose", "json")


def render(options: Mapping[str, str], form: str) -> str:
    """`run`: flags of `docker run`; `compose`: a service's `logging`; `json`: what daemon.json takes."""
    if form == "json":
        return json.dumps({"log-driver": "fluentd", "log-opts": dict(options)}, indent=2)
    if form == "compose":
        # A string of JSON is one of YAML; compose replaces $NAME, $$ is a $.
        lines = [f"    {name}: {json.dumps(value).replace('$', '$$')}" for name, value in options.items()]
        return "\n".join(["logging:", "  driver: fluentd", "  options:", *lines])
    return " ".join(
        ["--log-driver fluentd", *(f"--log-opt {_word(f'{name}={value}')}" for name, value in options.items())]
    )


def _word(text: str) -> str:
    # Unquoted where a shell leaves it alone ({{.ID}}, too): `docker run $(wholelog driver-options) …` then works.
    return text if re.fullmatch(r"[\w@%+=:,./{}-]+", text) and "," not in text else shlex.quote(text)
