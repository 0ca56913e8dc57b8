"""Further lines of messages of Python's exceptions, by the libraries that write them: they have no end mark of their own.

libpq and its drivers, psycopg (connection.py, `connect`), SQLAlchemy, jsonschema, kubernetes (ApiException.__str__), grpc, selenium,
playwright, httpx, PyTorch (torch/_utils.py, ExceptionWrapper.reraise; distributed/elastic/multiprocessing/errors, ChildFailedError),
transformers and huggingface_hub (utils/hub.py; utils/_http.py, hf_raise_for_status), TensorFlow (framework/errors_impl.py), FastAPI
(exceptions.py, ValidationException.__str__), PySpark (errors/exceptions/captured.py), PyYAML (MarkedYAMLError.__str__),
configparser (MissingSectionHeaderError), DuckDB (its Catalog, Binder and Parser errors), invoke (exceptions.py, UnexpectedExit.__str__), Py4J, Ray, Jinja.
"""

import re

from log_shipper.stages.traces.managed import REMOTE
from log_shipper.stages.traces.phase import COMPLETE, MESSAGE_LINES, RECORD, At, Step

TAIL = re.compile(
    r"(?:DETAIL|HINT|CONTEXT|QUERY|WHERE):  |LINE \d+: |\[SQL: |\[parameters: |\(Background on this error at: "
    r"|connection to server (?:at|on socket) \"|Help: https://docs\.oracle"
    r"|Reason: \w|HTTP response (?:headers|body): |For more information check: https?://|>$"
    r"|Stacktrace:$|#\d+ 0x[0-9a-f]+ |Call log:$|={3,} logs ={3,}$|={40,}$"
    r"|CUDA kernel errors might be |For debugging consider passing CUDA_|Compile with `TORCH_"
    r"|'.*\\n'$"
    r"|Multiple connection attempts failed\. All failures were:$|- host: '"
    r"|waiting for (?:locator\(|get_by_|selector )|navigating to \"|nccl\w+Error: |Last error:$"
    r"|If this is a private (?:or gated )?repository, make sure to pass a token "
)
_ORIGINAL = "Original Traceback (most recent call last):"  # of a worker, whose exception PyTorch raises again
_HUB = re.compile(
    r"(?:Repository|Entry|Revision) Not Found for url: |Cannot access (?:gated repo for url |content at: )|Access to \w+ \S+ is restricted"
    r"|Please make sure you specified |If you are trying to access |Make sure your token |Invalid (?:username|credentials)|\d{3} Forbidden: "
)
_PLAN = re.compile(r"(?:'|[ :]*[:+]- '?)[A-Z]")
_RULE = re.compile(r"={40,}$")
_PARSED = re.compile(r"file: '.*', line: \d+$")
_RAN = re.compile(r"(?:Command|Exit code|Stdout|Stderr): |$")
_MARK = re.compile(r'  in ".*", line \d+, column \d+')
_AFTER_MARK = re.compile(r"expected |could not |found |but |while |cannot |did not |mapping values |sequence entries ")
_OF_JAVA = re.compile(r": [a-z]\w*\.[\w.$]+(?:: |$)")
_LONGER = (
    (re.compile(r"fastapi\.exceptions\.\w+ValidationError: \d+ validation errors?:$"), "py.parted"),
    (re.compile(r"tensorflow\.[\w.]+Error: Graph execution error:$"), "py.graph"),
    (re.compile(r"huggingface_hub\.[\w.]+Error: \d{3} (?:Client|Server) Error"), "py.hub"),
    (re.compile(r"pyspark\.[\w.]+AnalysisException: .*;$"), "py.plan"),
    (re.compile(r"(?:ruamel\.)?yaml\.\w+\.\w+Error: "), "py.yaml"),
    (re.compile(r"duckdb\.[\w.]*Exception: (?:Catalog|Binder|Parser) Error: "), "py.duckdb"),
    (re.compile(r"invoke\.exceptions\.\w+: Encountered a bad command exit code!$"), "py.invoke"),
    (re.compile(r"torch\.distributed\.elastic\.[\w.]+ChildFailedError: *$"), "py.elastic"),
)


def begins(text: str) -> At | None:
    """The line of an exception whose message goes on as its library prints it."""
    if text.startswith("ray.exceptions.RayTaskError("):
        return At("py.frames")
    if text.startswith("jinja2.exceptions.TemplateSyntaxError: "):
        return At("py.stack")
    for message, phase in _LONGER:
        if message.match(text):
            return At(phase)
    return None


def goes_on(text: str, at: At) -> At | None:
    """A line behind an exception's own that is known to be of its message."""
    if _MARK.match(text):
        return at._replace(phase="py.yaml")
    if _OF_JAVA.match(text):  # Py4J: what the JVM printed
        return At("at.head", REMOTE)
    if _PARSED.match(text):
        return At("py.ini", at.mark)
    if text == _ORIGINAL:
        return At("py.frames")
    return at if TAIL.match(text) else None


def _parted(text: str, at: At) -> At | None:
    """FastAPI: the errors, and after an empty line the endpoint."""
    return at if not text or text[0] in " \t" else None


def _graph(text: str, at: At) -> At | None:
    """TensorFlow: where in Python the operation was made, and what it says, up to the operation's own name."""
    if RECORD.match(text) or text.startswith("Traceback") or at.seen >= MESSAGE_LINES:
        return None
    return At("py.done") if "[Op:" in text and text.endswith("]") else at._replace(seen=at.seen + 1)


def _hub(text: str, at: At) -> At | None:
    """An empty line, and what the server or the library says."""
    if not text:
        return None if at.seen else at._replace(seen=1)
    return at._replace(seen=2) if _HUB.match(text) else None


def _plan(text: str, at: At) -> At | None:
    return at if _PLAN.match(text) else None


def _elastic(text: str, at: At) -> At | None:
    """Between two rules."""
    if _RULE.match(text):
        return COMPLETE if at.seen else at._replace(seen=1)
    return at._replace(seen=at.seen + 1) if 0 < at.seen < MESSAGE_LINES * 2 and not RECORD.match(text) else None


def _ini(text: str, at: At) -> At | None:
    """configparser: the line that it cannot read."""
    return At("py.done", at.mark) if text[:1] in ("'", '"') and text[-1] == text[0] else None


def _invoke(text: str, at: At) -> At | None:
    return at if _RAN.match(text) else None


def _duckdb(text: str, at: At) -> At | None:
    """What it may have meant, an empty line, and where in the statement."""
    if not text:
        return None if at.seen else at._replace(seen=1)
    return at if not at.seen and text.startswith(("Did you mean ", "Candidate ")) else None


def _after_mark(text: str, at: At) -> At | None:
    """PyYAML: where, then what was expected there, and again where."""
    if text[:1] == " " or _AFTER_MARK.match(text):
        return goes_on(text, at) or at
    return None


STEPS: dict[str, Step] = {
    "py.yaml": _after_mark,
    "py.ini": _ini,
    "py.invoke": _invoke,
    "py.duckdb": _duckdb,
    "py.parted": _parted,
    "py.graph": _graph,
    "py.hub": _hub,
    "py.plan": _plan,
    "py.elastic": _elastic,
}
"""What is none of these may still be what comes after any message."""
