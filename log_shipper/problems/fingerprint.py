"""What makes two error messages the same problem.

The fingerprint is made of whose container it was, the message's log type, the exception's type, what it says without what differs (`masking`),
and the frames of the user's own code (`frames`); of a message without a trace it is made of its first line. The same
text gives the same fingerprint for ever, on every machine.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson
from xxhash import xxh3_64_hexdigest

from log_shipper.problems.frames import chosen, frames_of
from log_shipper.problems.masking import masked, titled, without_colours

_LOOKED_AT: Final = 256 << 10  # characters of a message
_NAMED: Final = r"[A-Za-z_][\w$]{0,100}(?:(?:\.|::|\\)[A-Za-z_][\w$<>]{0,100}){0,20}"
_ENDS: Final = r"(?:Error|Exception|Interrupt|Exit|Failure|Fault|Timeout|Iteration|Warning|Throwable|Refused|NotFound|Denied|Invalid)"
# The exception that a trace is of, by what stands at the beginning of its line.
_ANNOUNCED: Final = re.compile(
    r"(?!(?:SEVERE|FATAL|ERROR|CRITICAL|WARNING|WARN|State|Function|Last message|Process)\b)(?:Exception in thread \"[^\"\n]{0,200}\" |Uncaught (?:exception )?|PHP Fatal error:  Uncaught |Fatal error: Uncaught "
    r"|Unhandled exception\. |Unhandled Exception: |\[ERROR\] FATAL UNHANDLED EXCEPTION: |(?:\s*[|+]\s*)?)?"
    rf"(?P<type>{_NAMED}{_ENDS}|{_NAMED}(?=: )|[a-z_]\w*(?:\.\w+){{1,20}}(?=: |$))(?:: (?P<said>.*)|(?: \[[^\]]*\])?: (?P<more>.*)|:?\s*$)"
)
_TYPED: Final = re.compile(rf"(?P<type>{_NAMED}{_ENDS}\w*)\b(?:: ?(?P<said>.*)|\s*$| in )")
_ELIXIR: Final = re.compile(r".{0,200}?\*\* \((?P<type>[A-Za-z][\w.]{0,100})\) (?P<said>.*)")
_RUBY: Final = re.compile(r"\S{1,300}:\d+:in [`'][^'\n]{1,200}': (?P<said>.*?)(?: \((?P<type>[A-Z][\w:]{0,100})\))?$")
_GO: Final = re.compile(
    r"(?:.{0,100}?\b)?(?:panic|fatal error): (?P<said>.*)|.{0,100}http: panic serving \S+: (?P<served>.*)"
)
_RUST: Final = re.compile(
    r"thread '[^'\n]{0,200}'(?: \(\d+\))? panicked at (?:'(?P<said>.*)', )?(?P<place>[^\n]{1,300}?):?$"
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_TRACEBACK: Final = "Traceback (most recent call last):"
_FIELDS: Final = {
    "text": ("message", "msg", "log", "event", "error.message", "@m"),
    "trace": ("stack_trace", "stack", "stacktrace", "exc_info", "exception", "traceback", "error.stack_trace", "@x"),
    "error": ("error", "err", "exception"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`key`: 16 hexadecimal digits; `title` and `kind` (the exception's type, '' for none) follow from it."""

    key: str
    title: str
    kind: str


def fingerprint(message: str, log_type: str, owner: str = "") -> Fingerprint:
    """`owner`: the uid of its container, '' for none: nobody hears of another's errors. Of a message that may have many lines, or be an object of JSON."""
    text = message[:_LOOKED_AT]
    if text[:1] == "{":
        text = _of_json(text) or text
    if "\n" not in text:
        return _made(owner, log_type, *_plain(text.strip()))
    lines = [without_colours(line).rstrip("\r") for line in text.split("\n")]
    return _made(owner, log_type, *(_traced(lines) or _plain(_telling(lines))))


def _made(owner: str, log_type: str, kind: str, template: str, frames: list[str]) -> Fingerprint:
    key = xxh3_64_hexdigest("\x1f".join([owner, log_type, kind, template, *frames]).encode("utf-8", "replace"))
    short = kind.rpartition(".")[2] if "." in kind and "::" not in kind else kind
    return Fingerprint(key, titled(f"{short}: {template}" if kind and template else short or template), kind)


def _plain(line: str) -> tuple[str, str, list[str]]:
    return "", masked(line), []


def _traced(lines: list[str]) -> tuple[str, str, list[str]] | None:
    """None where there is no trace."""
    begins = [row for row, line in enumerate(lines) if line.strip().endswith(_TRACEBACK)]
    if begins:
        return _python(lines[begins[-1] + 1 :])
    frames = frames_of(lines)
    for row, line in enumerate(lines[:50]):
        if match := _RUST.search(line):
            after = lines[row + 1] if row + 1 < len(lines) else ""
            return (
                "panic",
                masked(match["said"] if match["said"] is not None else after),
                chosen(frames, nearest_last=False),
            )
        if match := _GO.match(line):
            said = match["said"] if match["said"] is not None else match["served"]
            return "panic", masked(said), chosen(frames, nearest_last=False)
        if match := _RUBY.match(line) or _ELIXIR.match(line):
            return match["type"] or "", masked(match["said"]), chosen(frames, nearest_last=False)
    if not frames:
        return None
    kind, said = _announced(lines)
    return kind, masked(said), chosen(frames, nearest_last=False)


def _python(lines: list[str]) -> tuple[str, str, list[str]]:
    """Of what follows the last `Traceback`: the exception that came out is the last, its innermost frame the last."""
    frames = chosen(frames_of(lines), nearest_last=True)
    for line in lines:
        if line.startswith("> File "):
            continue
        bare = line.lstrip(" |+") if line[:1] in " |+" and "File " not in line else line
        if line[:1] not in (" ", "\t", "") or (bare != line and _TYPED.match(bare)):
            kind, _, said = bare.partition(": ")
            return (kind.rstrip(":"), masked(said), frames) if " " not in kind else ("", masked(bare), frames)
    return "", "", frames


def _announced(lines: list[str]) -> tuple[str, str]:
    """The type and what it says; the first line where no type is told."""
    for line in lines[:50]:
        match = _ANNOUNCED.match(line)
        if match:
            return match["type"], match["said"] or match["more"] or ""
        found = _TYPED.search(line)
        if found and not line.startswith((" ", "\t")):
            return found["type"], found["said"] or ""
    return "", _telling(lines)


def _telling(lines: list[str]) -> str:
    """The first line with words in it; the first of all where none has."""
    for line in lines[:50]:
        if len(_WORD.findall(masked(line))) > 1:
            return line
    return next((line for line in lines if line.strip()), "")


def _of_json(text: str) -> str:
    """What an object of JSON says: its trace if it has one, else its message; '' where it says neither."""
    try:
        told: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(told, dict):
        return ""
    nested: dict[str, Any] = next((told[name] for name in _FIELDS["error"] if isinstance(told.get(name), dict)), {})
    trace = _text(nested, _FIELDS["trace"]) or _text(told, _FIELDS["trace"])
    said = _text(told, _FIELDS["text"]) or _text(nested, _FIELDS["text"])
    if "\n" in trace:
        return trace
    error = _text(told, _FIELDS["error"]) or _text(nested, _FIELDS["text"])
    return f"{said}: {error}" if said and error and error != said else said or error


def _text(told: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((value for name in names if isinstance(value := told.get(name), str) and value), "")
