"""What the answers hold (contract, "The envelope" and the sections after it)."""

from log_store.fields import LOG_TYPES, STREAMS
from runtime_api.openapi.shapes import Shape, array, choice, members, number, or_null, part, text, yes_or_no
from runtime_api.seal_view import DECIDING_FIRST

_MILLISECONDS = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
_NANOSECONDS = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$"
_FULL_ID = "^[0-9a-f]{64}$"
_PHASES = ("queued", "inputs", "created", "running", "outputs", "done")
_STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead", "removed")


def components() -> dict[str, Shape]:
    """By the name under which the document refers to them."""
    return {
        "Error": envelope({"type": "object", "maxProperties": 0}),
        "Image": members({"name": text(), "digest": text()}, description="As it was used."),
        "Created": _created(),
        "Container": members(_container(), _listed(), "A container as the list shows it."),
        "ContainerDetails": members(_container(), {**_listed(), **_record()}, "A container, there or removed."),
        "Deleted": _deleted(),
        "Seal": _seal(),
        "OneSeal": _one_seal(),
        "LogLine": _log_line(),
        "Logs": _logs(),
        "Dependency": members(
            {"state": choice(("ready", "not ready")), "since": text(pattern=_MILLISECONDS), "detail": text()},
            {"to_do": text("how to put it right")},
        ),
    }


def envelope(data: Shape) -> Shape:
    """What every answer is."""
    return members(
        {
            "timestamp": text("when the answer was made, UTC", pattern=_MILLISECONDS),
            "status": number("the HTTP status", minimum=100, maximum=599),
            "message": text("what happened; for an error what was wrong, and what would be right", minLength=1),
            "data": data,
        }
    )


def _time(description: str) -> Shape:
    return text(description + ", RFC 3339, UTC, nanoseconds", pattern=_NANOSECONDS)


def _created() -> Shape:
    return members(
        {
            "container_id": text(pattern=_FULL_ID),
            "container_name": text(),
            "log_path": text("the path under this API at which its lines are read"),
            "task_id": text(),
            "image": part("Image"),
        },
        {
            "phase": choice(("running", "queued", "inputs"), "how far it has come with this answer"),
            "secrets": members(
                {
                    "masked": array(text(), "variables whose values are masked in its log"),
                    "too_short": array(text(), "variables that should be, and are not: their values are too short"),
                }
            ),
        },
    )


def _deleted() -> Shape:
    return members(
        {"container_id": text(pattern=_FULL_ID), "removed": yes_or_no("false: it goes once its log is verified")},
        {"seal": part("Seal")},
    )


def _container() -> dict[str, Shape]:
    return {
        "container_id": text(pattern=_FULL_ID),
        "cpu": number("percent of one CPU, as docker stats", "number", minimum=0),
        "mem": text("as docker stats: 12.3MiB / 512MiB"),
        "status": choice(_STATES, "Docker's states; removed: gone, its record and its log are kept"),
        "user_info": members({"uid": text()}),
    }


def _listed() -> dict[str, Shape]:
    return {
        "name": text(),
        "type": text("tags.type of the task"),
        "task_id": text(),
        "labels": {"type": "object", "additionalProperties": text(), "description": "of the container, but ours"},
        "image": members({"name": text()}, {"digest": text()}),
        "phase": choice(_PHASES, "of the task's life"),
        "exit_code": or_null(number("of one that has ended")),
        "queue_place": or_null(number("1 is the next", minimum=0)),
    }


def _record() -> dict[str, Shape]:
    return {
        "command": array(text()),
        "cpu_limit": or_null(number("CPUs", "number")),
        "mem_limit": or_null(number("bytes")),
        "created": or_null(_time("when it was made")),
        "started": or_null(_time("when it was started last")),
        "finished": or_null(_time("when it ended")),
        "deleted": or_null(_time("when it was removed")),
        "exit_code": or_null(number()),
        "oom_killed": yes_or_no(),
        "error": text("what the engine says of a failed start"),
        "reason": text("how the task ended"),
        "signal": or_null(text("that ended it, such as SIGKILL")),
        "timed_out": yes_or_no(),
        "timeout": or_null(number("seconds that a run may take", "number")),
        "retries": number("runs that may follow one that fails", minimum=0),
        "attempts": number("runs so far", minimum=0),
        "inputs": array(_transfer()),
        "outputs": array(_transfer()),
        "callback": {"anyOf": [members({"state": text(), "tries": number(), "said": text()}), {"type": "null"}]},
        "seal": {"anyOf": [part("Seal"), {"type": "null"}]},
        "seal_problem": text("why there is no seal"),
    }


def _transfer() -> Shape:
    return members(
        {
            "source": text(),
            "target": text(),
            "state": choice(("waiting", "copying", "done", "failed")),
            "files": number(minimum=0),
            "bytes": number(minimum=0),
            "sha256": or_null(text("of a single file")),
            "tries": number(minimum=0),
            "said": text("why the last try failed"),
        }
    )


def _seal() -> Shape:
    gap = members(
        {
            "from": or_null(_time("begin")),
            "to": or_null(_time("end")),
            "lines": or_null(number("how many lines, where known")),
            "why": text(),
        },
        {"container_id": text("whose, where several were asked for")},
    )
    return members(
        {
            "state": choice(DECIDING_FIRST, "whether all that was written in the range is there"),
            "reason": text(),
            "started": or_null(_time("begin of the newest run")),
            "finished": or_null(_time("its end")),
            "verified_until": or_null(_time("compared so far")),
            "lines": number("written, as far as known", minimum=0),
            "put_back": number("of them those that the live path had lost", minimum=0),
            "gaps": array(gap),
            "runs": number("starts of the container", minimum=0),
        },
        description="The statement of whether the log is whole; sealed: every line that Docker has is here.",
    )


def _one_seal() -> Shape:
    named = {name: text() for name in ("container_id", "container_name", "task_id", "type", "uid")}
    return members({**named, "seal": part("Seal")}, description="Whose log it is, and the statement of it.")


def _log_line() -> Shape:
    return members(
        {
            "log_time": _time("as Docker stamped it"),
            "log_type": choice(LOG_TYPES),
            "log_message": text("whole, as it was written"),
            "stream": choice(STREAMS),
            "id": text("for ever the same"),
            "lines": number("that the message has", minimum=1),
        },
        {
            "log_type_by": text("which rule decided the type"),
            "fields": {
                "type": "object",
                "description": "what a JSON or logfmt line says in fields, by names of the Elastic Common Schema",
            },
            "raw": text("the bytes in base64, where they are not UTF-8", contentEncoding="base64"),
            "container_id": text("whose it is, where several containers were asked for"),
            "container_name": text("the same as a name; '' where none is known"),
            "late": yes_or_no("while following: its place is before one that was sent already"),
            "grown": number("while following: how many characters were sent before under this id", minimum=0),
            "gone": array(text(), "while following: ids sent before that are no more"),
        },
    )


def _logs() -> Shape:
    waited = members({"seconds": number("", "number", minimum=0), "sealed": yes_or_no()})
    return members(
        {
            "logs": array(part("LogLine")),
            "count": number("of messages", minimum=0),
            "lines": number("that they hold", minimum=0),
            "seal": part("Seal"),
        },
        {
            "cursor": text("to go on behind these, where `size` left a rest"),
            "waited": waited,
            "seals": array(part("OneSeal"), "of several containers that of each; `seal` is one for all of them"),
        },
    )
