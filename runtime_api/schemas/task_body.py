"""From the decoded body of `POST /containers` to a TaskRequest (contract.md, section 1)."""

import hashlib
import json
import re
import shlex
from dataclasses import asdict, replace
from typing import Any, Final, cast

from runtime_api.errors import BadRequest
from runtime_api.schemas import image_name, quantities
from runtime_api.schemas.label_names import labels_of
from runtime_api.schemas.members import Members, Problems
from runtime_api.schemas.secret_names import secret_names
from runtime_api.schemas.task import TASK_TYPES, ImageRequest, InputRequest, OutputRequest, TaskRequest, TaskType
from runtime_api.schemas.values import empty, forbidden
from wholelog_base import log_settings
from wholelog_base.log_settings import LogSettings

BODY: Final = ("request_id", "tags", "task_desc")
TAGS: Final = ("type", "labels")
TASK: Final = (
    "image", "task_id", "cmd", "cpu_limit", "mem_limit", "repo_path", "env", "secrets", "log", "inputs", "outputs", "download_path",
    "upload_path", "timeout", "retries", "callback_url", "network", "user", "gpus",
    "shm_size",
)  # fmt: skip
IMAGE: Final = ("file_path", "name", "tag", "auth")
INPUT: Final = ("bucket", "from_path")
OUTPUT: Final = ("to_path", "from_path")
MOST_TRANSFERS: Final = 1000
LONGEST_ARGUMENT: Final = 131_071  # bytes of one argument or variable without its NUL; Linux, MAX_ARG_STRLEN
LONGEST_CMD: Final = 16 << 20  # bytes; the body's own limit comes first
LONGEST_ID: Final = 128
MOST_VARIABLES: Final = 1000
MOST_RETRIES: Final = 20
MOST_ARGUMENTS: Final = 1_000_000  # bytes of all words of a command line; Linux takes a quarter of the stack's limit
_ID: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
_USER: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31}(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31})?", re.ASCII)
_VARIABLE: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*", re.ASCII)


def parse_task(body: Any) -> TaskRequest:
    """`body`: what JSON decodes to. Raises BadRequest with every problem at once."""
    problems = Problems()
    top = Members(body, "", BODY, problems)
    tags = Members(top.get("tags"), "tags", TAGS, problems)
    task_type = _type(tags)
    desc = Members(top.get("task_desc"), "task_desc", TASK, problems)
    env = _env(desc)
    task = TaskRequest(
        type=task_type or "algorithm",
        request_id=top.text("request_id", longest=256),
        task_id=desc.parsed("task_id", _task_id) or "",
        image=_image(desc),
        cmd=_cmd(desc, task_type),
        nano_cpus=desc.parsed("cpu_limit", quantities.nano_cpus),
        mem_limit=desc.parsed("mem_limit", quantities.memory),
        env=env,
        secrets=secret_names(desc, env),
        log=_log(desc),
        download_path=desc.parsed("download_path", _folder) or "",
        upload_path=desc.parsed("upload_path", _folder) or "",
        repo_path=desc.text("repo_path"),
        inputs=tuple(InputRequest(*pair) for pair in _transfers(desc, "inputs", INPUT)),
        outputs=_outputs(desc),
        timeout=_timeout(desc),
        retries=_retries(desc),
        callback_url=desc.text("callback_url"),
        network=desc.text("network", longest=128),
        user=desc.parsed("user", _user) or "",
        gpus=_gpus(desc),
        shm_size=desc.parsed("shm_size", quantities.memory),
        labels=labels_of(tags),
    )
    if found := problems.all():
        raise BadRequest(found)
    return replace(task, fingerprint=_fingerprint(task))


def _type(tags: Members) -> TaskType | None:
    choices = "must be one of " + ", ".join(TASK_TYPES)
    value = tags.get("type")
    if value is None:
        tags.problems.say(f"tags.type: is missing; it {choices}")
    elif value not in TASK_TYPES:
        tags.problems.add("tags.type", value, f"is a wrong container type; it {choices}")
    else:
        return cast(TaskType, value)
    return None


def _image(desc: Members) -> ImageRequest | None:
    value = desc.get("image")
    if value is None or isinstance(value, str):
        return desc.parsed("image", image_name.split)
    if not isinstance(value, dict):
        desc.problems.add(desc.path("image"), value, "must be an object or a string such as 'python:3.12'")
        return None
    image = Members(value, desc.path("image"), IMAGE, desc.problems)
    named = image.parsed("name", image_name.split) or ImageRequest()
    tag = image.parsed("tag", _checked(image_name.check_tag)) or ""
    auth = image.parsed("auth", _checked(image_name.check_namespace)) or ""
    file_path = image.text("file_path")
    if named.tag and tag:
        image.problems.add(image.path("tag"), tag, f"is given twice: the name has {named.tag!r}")
    if (tag or auth) and image.get("name") is None:
        image.problems.say(f"{image.path('name')}: is missing, while tag or auth is given")
    if not named.name and not file_path:
        return None
    return ImageRequest(named.name, named.tag or tag, auth, file_path)


def _cmd(desc: Members, task_type: TaskType | None) -> str:
    # Of any length that the body may have: what does not fit into an argument is put into a file.
    cmd = desc.text("cmd", allowed="\t\n\r\f", longest=LONGEST_CMD)
    if cmd and task_type == "algorithm":
        try:
            words = shlex.split(cmd)
        except ValueError as error:
            desc.problems.add(desc.path("cmd"), cmd, f"cannot be split into words as a shell does: {error}")
            return ""
        sizes = [len(word.encode()) for word in words]
        if not words:
            desc.problems.add(desc.path("cmd"), cmd, "must hold a command")
        elif max(sizes) > LONGEST_ARGUMENT or sum(sizes) > MOST_ARGUMENTS:
            desc.problems.add(
                desc.path("cmd"),
                cmd,
                f"has a word of {max(sizes)} bytes, {sum(sizes)} in all; Linux takes {LONGEST_ARGUMENT} in one argument,"
                f" and {MOST_ARGUMENTS} in all are taken here",
            )
    elif cmd and not cmd.strip():
        desc.problems.add(desc.path("cmd"), cmd, "must hold a command")
    return cmd


def _outputs(desc: Members) -> tuple[OutputRequest, ...]:
    outputs = tuple(OutputRequest(*pair) for pair in _transfers(desc, "outputs", OUTPUT))
    if any(not one.from_path.startswith("/") for one in outputs) and desc.get("upload_path") is None:
        desc.problems.say(f"{desc.path('upload_path')}: is missing, while an output's from_path is not absolute")
    return outputs


def _transfers(desc: Members, name: str, members: tuple[str, str]) -> list[tuple[str, str]]:
    """(URL, path) of each entry; the URL's member is the first of `members`."""
    value = desc.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_TRANSFERS:
        desc.problems.add(desc.path(name), value, f"must be a list of at most {MOST_TRANSFERS} objects")
        return []
    found = []
    for number, entry in enumerate(value):
        if empty(entry):
            continue
        one = Members(entry, f"{desc.path(name)}[{number}]", members, desc.problems)
        url, path = one.text(members[0]), one.text(members[1])
        if isinstance(entry, dict) and one.get(members[0]) is None:
            desc.problems.say(f"{one.path(members[0])}: is missing")
        if isinstance(entry, dict) and (name == "outputs") and not path and one.get("from_path") is None:
            desc.problems.say(f"{one.path('from_path')}: is missing")
        if any(word in (".", "..") for word in path.split("/")) or (name == "inputs" and path.startswith("/")):
            right = "must lead nowhere else: no . or .. in it" + (", and no / before it" if name == "inputs" else "")
            desc.problems.add(one.path("from_path"), path, right)
        found.append((url, path))
    return found


def _timeout(desc: Members) -> float | None:
    value = desc.get("timeout")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if 0 < value < 1e9:
            return float(value)
        desc.problems.add(desc.path("timeout"), value, "must be a number of seconds, and more than nothing")
        return None
    return desc.parsed("timeout", quantities.seconds)


def _retries(desc: Members) -> int:
    value = desc.get("retries")
    if value is None:
        return 0
    number = (
        int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9 else value
    )
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_RETRIES:
        desc.problems.add(desc.path("retries"), value, f"must be a whole number from 0 to {MOST_RETRIES}")
        return 0
    return number


def _env(desc: Members) -> tuple[str, ...]:
    value = desc.get("env")
    if value is None:
        return ()
    if not isinstance(value, (str, list)):
        desc.problems.add(desc.path("env"), value, "must be a list of strings NAME=value")
        return ()
    entries = [value] if isinstance(value, str) else value
    if len(entries) > MOST_VARIABLES:
        desc.problems.say(f"{desc.path('env')}: has {len(entries)} entries; {MOST_VARIABLES} at most")
        return ()
    names: set[str] = set()
    kept: list[str] = []
    for number, entry in enumerate(entries):
        place = desc.path("env") if isinstance(value, str) else f"{desc.path('env')}[{number}]"
        if empty(entry):
            continue
        if problem := _variable_problem(entry, names):
            # What stands after the = may be a secret, and all of it where there is none, so it is not shown.
            name, equals, _ = entry.partition("=") if isinstance(entry, str) else ("", "", "")
            if equals:
                desc.problems.add(place, name, problem)
            else:
                desc.problems.say(f"{place}: {problem}")
        else:
            names.add(entry.partition("=")[0])
            kept.append(entry)
    return tuple(kept)


def _log(desc: Members) -> LogSettings | None:
    value = desc.get("log")
    if value is None:
        return None
    log = Members(value, desc.path("log"), log_settings.MEMBERS, desc.problems)
    members = {name: log.get(name) for name in log_settings.MEMBERS}
    if isinstance(members["default_type"], dict):
        members["default_type"] = {name: one for name, one in members["default_type"].items() if not empty(one)}
    if isinstance(members["starts"], list):
        members["starts"] = [one for one in members["starts"] if not empty(one)]
    settings = log_settings.parse(
        members,
        lambda path, wrong, right: desc.problems.add(log.path(path), wrong, right),
    )
    if len(settings.label()) > log_settings.LONGEST_LABEL:
        desc.problems.say(f"{desc.path('log')}: is longer than {log_settings.LONGEST_LABEL} characters")
    return settings if settings.label() else None


def _variable_problem(entry: Any, names: set[str]) -> str:
    if not isinstance(entry, str):
        return "must be a string NAME=value"
    name, equals, content = entry.partition("=")
    if not equals or not _VARIABLE.fullmatch(name):
        return "must be NAME=value, the name of letters, digits, _ . or - and not beginning with a digit"
    if what := forbidden(content, "\t\n\r\f\x1b"):
        return f"must not hold {what} in its value"
    if len(entry.encode()) > LONGEST_ARGUMENT:
        return f"is {len(entry.encode())} bytes long with its value; {LONGEST_ARGUMENT} at most"
    return "is given twice" if name in names else ""


def _task_id(text: str) -> str:
    if len(text) > LONGEST_ID or not _ID.fullmatch(text):
        raise ValueError(
            f"must be part of a container's name: letters, digits, _ . or -, first a letter or digit, at most {LONGEST_ID}"
        )
    return text


def _user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise ValueError("must be a user of the container, such as '1000', '1000:1000' or 'name:group'")
    return text


def _gpus(desc: Members) -> str:
    value = desc.get("gpus")
    if value is None:
        return ""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if text != "all" and not (text.isascii() and text.isdecimal() and 0 < int(text[:4]) <= 64 and len(text) < 3):
        desc.problems.add(desc.path("gpus"), value, "must be a number of GPUs from 1 to 64, or 'all'")
        return ""
    return text


def _folder(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("must be an absolute path in the container, such as '/work'")
    return text


def _checked(check: Any) -> Any:
    def parse(text: str) -> str:
        check(text)
        return text

    return parse


def _fingerprint(task: TaskRequest) -> str:
    asked = {name: value for name, value in asdict(task).items() if name not in ("request_id", "fingerprint")}
    # Absent members are left out, so that one added in a later version does not change what older bodies ask for.
    kept = {name: value for name, value in asked.items() if value not in (None, "", (), 0)}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


ID_PATTERN: Final = _ID.pattern
VARIABLE_PATTERN: Final = _VARIABLE.pattern
USER_PATTERN: Final = _USER.pattern
