"""Further lines of messages of Python's exceptions, by the libraries that write them: they have no end mark of their own.

libpq and its drivers, SQLAlchemy, jsonschema, kubernetes (ApiException.__str__), grpc, selenium, playwright, httpx, PyTorch,
PyYAML (MarkedYAMLError.__str__), configparser, Py4J, Ray, Jinja.
"""

import re

from log_shipper.stages.traces.phase import At

TAIL = re.compile(
    r"(?:DETAIL|HINT|CONTEXT|QUERY|WHERE):  |LINE \d+: |\[SQL: |\[parameters: |\(Background on this error at: "
    r"|connection to server (?:at|on socket) \"|Help: https://docs\.oracle"
    r"|Reason: \w|HTTP response (?:headers|body): |For more information check: https?://|>$"
    r"|Stacktrace:$|#\d+ 0x[0-9a-f]+ |Call log:$|={3,} logs ={3,}$|={40,}$"
    r"|CUDA kernel errors might be |For debugging consider passing CUDA_|Compile with `TORCH_"
    r"|file: '.*', line: \d+$|'.*\\n'$"
)
_MARK = re.compile(r'  in ".*", line \d+, column \d+')
_AFTER_MARK = re.compile(r"expected |could not |found |but |while |cannot |did not |mapping values |sequence entries ")
_OF_JAVA = re.compile(r": [a-z]\w*\.[\w.$]+(?:: |$)")


def begins(text: str) -> At | None:
    """The line of an exception whose message holds frames."""
    if text.startswith("ray.exceptions.RayTaskError("):
        return At("py.frames")
    return At("py.stack") if text.startswith("jinja2.exceptions.TemplateSyntaxError: ") else None


def goes_on(text: str, at: At) -> At | None:
    """A line behind an exception's own that is known to be of its message."""
    if _MARK.match(text):
        return at._replace(phase="py.yaml")
    if _OF_JAVA.match(text):  # Py4J: what the JVM printed
        return At("at.head", "loose")
    return at if TAIL.match(text) else None


def after_mark(text: str, at: At) -> At | None:
    """PyYAML: where, then what was expected there, and again where."""
    if text[:1] == " " or _AFTER_MARK.match(text):
        return goes_on(text, at) or at
    return None
