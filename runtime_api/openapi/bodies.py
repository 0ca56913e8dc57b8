"""The bodies of requests, from the names, choices and patterns by which `schemas.task_body` checks them."""

from runtime_api.openapi.shapes import Shape, array, choice, number, or_empty, taken, text, whole, without
from runtime_api.schemas import image_name, label_names, quantities, secret_names, task_body
from runtime_api.schemas.task import TASK_TYPES
from wholelog_base import log_settings, user_labels
from wholelog_base.linear import LONGEST as LONGEST_EXPRESSION

LONGEST_REQUEST_ID = 256


def task() -> Shape:
    """Of `POST /containers`."""
    tags = taken(
        _known(task_body.TAGS, {"type": choice(TASK_TYPES, _TYPE), "labels": _labels()}),
        ("type",),
        "What kind of task it is.",
    )
    shapes = {"request_id": request_id(), "tags": tags, "task_desc": _task_desc()}
    return taken(_known(task_body.BODY, shapes), ("tags",))


def deletion() -> Shape:
    """Of `DELETE /containers/{container_id}`."""
    return taken({"request_id": request_id()})


def request_id() -> Shape:
    what = (
        "The caller's id for this request, of at most 256 bytes: the same id with the same body gives the first answer "
        "again, and does nothing a second time."
    )
    return text(what, maxLength=LONGEST_REQUEST_ID, pattern=without(""))


def _task_desc() -> Shape:
    cpu = {"pattern": whole(quantities.CPU_PATTERN), "examples": ["0.5", "2", "500m"]}
    memory = {"pattern": whole(quantities.MEMORY_PATTERN), "examples": ["512m", "2g", "512Mi"]}
    folder = "An absolute path in the container: "
    shapes = {
        "image": _image(),
        "task_id": text(
            "The task's id, part of the container's name; made up where absent. One that is in use is a 409.",
            maxLength=task_body.LONGEST_ID, pattern=whole(task_body.ID_PATTERN),
        ),
        "cmd": text(
            "Source of Python (code_cell), a shell's script (bash_cell), or a command line (algorithm). Absent: the "
            "image's own command.",
            maxLength=task_body.LONGEST_CMD, pattern=without("\t\n\r\f"),
        ),
        "cpu_limit": text("CPUs, as Docker's --cpus or Kubernetes' quantities; at least 0.01.", **cpu),
        "mem_limit": text("Memory and swap together, in powers of 1024; at least 6m.", **memory),
        "repo_path": text("URL of a folder or archive of code, put into the working directory before the start."),
        "env": _env(),
        "secrets": _secrets(),
        "log": _log(),
        "timeout": {
            "anyOf": [
                number("", "number", exclusiveMinimum=0, exclusiveMaximum=1e9),
                text(pattern=whole(quantities.SECONDS_PATTERN), examples=["30s", "10m", "2h"]),
            ],
            "description": "How long a run may take; it is then stopped. A number is of seconds.",
        },
        "retries": {
            "anyOf": [number(minimum=0, maximum=task_body.MOST_RETRIES), text(pattern="^[0-9]{1,8}$")],
            "description": f"Further runs after one that failed, up to {task_body.MOST_RETRIES}.",
        },
        "callback_url": text("Is sent a POST at the end; below one of the setting callback_prefixes.", pattern=without("")),
        "inputs": array(
            taken({"from_path": text("a path below it"), "bucket": text("URL of a storage")}, ("bucket",)),
            "Files that are in place below download_path before the command starts.", maxItems=task_body.MOST_TRANSFERS,
        ),
        "outputs": array(
            taken(
                {"from_path": text("below upload_path, or absolute"), "to_path": text("URL in a storage")},
                ("from_path", "to_path"),
            ),
            "What is copied from the container after its end.", maxItems=task_body.MOST_TRANSFERS,
        ),
        "download_path": text(folder + "the working directory. Absent: the image's own.", pattern="^/"),
        "upload_path": text(folder + "where outputs lie.", pattern="^/"),
        "network": text("Of an algorithm, where the operator allows it: the network of its container."),
        "user": text(
            "Of an algorithm, where the operator allows it: the user in its container.",
            pattern=whole(task_body.USER_PATTERN), examples=["1000:1000"],
        ),
        "gpus": {
            "anyOf": [number(minimum=1, maximum=64), text(pattern="^([1-9]|[1-5][0-9]|6[0-4]|all)$")],
            "description": "Of an algorithm, where the operator allows it: how many GPUs, or all.",
        },
        "shm_size": text("Of an algorithm: the size of /dev/shm, up to what the operator allows.", **memory),
    }  # fmt: skip
    return taken(_known(task_body.TASK, shapes), (), "What is to run, and how.")


def _image() -> Shape:
    reference = text(pattern=without(""), maxLength=4096, examples=["python:3.12", "team/name:1", "name@sha256:…"])
    shapes = {
        "file_path": text("An image's tar on the API's machine, below the setting image_folder.", pattern=without("")),
        "name": text("The image's name; it may hold a tag.", pattern=without("")),
        "tag": text("Its tag, or a digest.", pattern=whole(f"{image_name.TAG.pattern}|{image_name.DIGEST.pattern}")),
        "auth": text("Namespace of the repository: auth/name:tag.", pattern=whole(image_name.PATH), maxLength=255),
    }
    what = "The image. Absent: the default one of the type. One that is named and cannot be had is a 400."
    return {"anyOf": [reference, taken(_known(task_body.IMAGE, shapes))], "description": what}


def _env() -> Shape:
    one = text(pattern=f"^{task_body.VARIABLE_PATTERN}=" + without("\t\n\r\f\x1b").removeprefix("^"))
    empty_or_one = {"anyOf": [one, {"$ref": "#/components/schemas/Empty"}]}
    several = array(empty_or_one, maxItems=task_body.MOST_VARIABLES)
    return {"anyOf": [several, one], "description": "Variables NAME=value, each name once; one string is one of them."}


def _secrets() -> Shape:
    several = array(or_empty(text()), maxItems=secret_names.MOST)
    what = "Names of variables of env: their values are masked in the log before it is stored."
    return {"anyOf": [several, text()], "description": what}


def _labels() -> Shape:
    value = text(pattern=without(""), maxLength=user_labels.LONGEST - 2)
    shape: Shape = {
        "type": "object",
        "propertyNames": {"pattern": whole(label_names.PATTERN), "maxLength": user_labels.LONGEST_NAME},
        "additionalProperties": or_empty(value),
        "maxProperties": label_names.MOST,
        "examples": [{"team": "vision", "example.com/run": "7"}],
    }
    what = f"Labels of the container, by which it and its log are chosen; names that begin with {user_labels.OURS} are Wholelog's."
    return {**shape, "description": what}


def _log() -> Shape:
    types = choice(log_settings.TYPES, "The type of lines that declare none.")
    expression = text("An expression of RE2.", maxLength=LONGEST_EXPRESSION)
    shapes = {
        "default_type": {
            "anyOf": [types, taken({"stdout": types, "stderr": types})],
            "description": "The type of lines that declare none: one for both streams, or one for each.",
        },
        "format": choice(
            log_settings.FORMATS, "The only declarations that count; uncaught exceptions do in all but plain."
        ),
        "starts": {
            "anyOf": [array(or_empty(expression), maxItems=log_settings.MOST_STARTS), expression],
            "description": "A line in which one of these is found begins a message, and all others continue it.",
        },
        "ansi": choice(log_settings.ANSI, "Whether escape sequences are stored."),
        "keep_for": text("how long its lines are kept, such as 7d; at least 1m"),
        "carriage_return": choice(
            log_settings.CARRIAGE_RETURN, "Whether only what the last \\r left of a line is stored."
        ),
    }
    return taken(_known(log_settings.MEMBERS, shapes), (), "How its lines are to be read; docs/log-types.md.")


def _known(names: tuple[str, ...], shapes: dict[str, Shape]) -> dict[str, Shape]:
    """What the check knows, and nothing else; a name that nobody has described yet is there without words."""
    return {name: shapes.get(name, {}) for name in names}


_TYPE = (
    "code_cell runs `cmd` as source by the image's Python, bash_cell by its shell, algorithm is a command line that is "
    "split as a shell splits words and executed without one."
)
