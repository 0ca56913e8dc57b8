"""Lines that declare nothing though a level word stands where one could: requests, test results, traces of `set -x`."""

import re

_REQUEST = re.compile(r"(?:TRACE|GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT) (?:/|\*|https?:)")
_TEST_RESULT = re.compile(
    r"ERROR (?:(?=\S(?:[^\s:]{0,200}+:){1,9}:\S)\S++|\S{1,300}+(?<=\S\.py))(?: - |$)|ERROR collecting |ERROR at (?:setup|teardown) of "
    r"|ERROR: \w+ \([\w.]+\)|(?:ERROR|WARNING)S?: ?\d+$|ERROR SUMMARY: "
)
# Nagios' events: `[1714983303] SERVICE ALERT: web;HTTP;CRITICAL;…`: what it is in words of capitals, and then fields
_EVENT = re.compile(r"\[\d{10}\] [A-Z]{3,12}(?: [A-Z]{2,14}){1,4}: [^;]{1,100}+;")
_ACCESS = re.compile(
    r'[\da-f.:]{3,45}+ \S{1,60}+ \S{1,60}+ \[\d\d/[A-Z][a-z]{2}/\d{4}:[^\]]{8,20}\] "'
)  # Common Log Format
_VALGRIND = re.compile(r"==\d+== ")


def of_words(line: str) -> bool:
    """A line that begins with a letter: a request, a result of pytest, of unittest or of valgrind."""
    first = line[0]
    if first == "E" or first == "W":
        return _TEST_RESULT.match(line) is not None
    return first in "TGHPDOC" and _REQUEST.match(line) is not None


def of_header(line: str) -> bool:
    """A line that begins with a bracket: an event of Nagios."""
    return line[11:13] == "] " and _EVENT.match(line) is not None


def of_access(line: str) -> bool:
    """A line of an access log."""
    return _ACCESS.match(line) is not None


def of_marks(line: str) -> bool:
    """A line that begins with a mark: what `set -x` prints, Prometheus' `# HELP`, valgrind's `==1== …`."""
    if line[0] == "+":
        return "+ Exception Group Traceback" not in line[:60]
    return line.startswith(("# HELP ", "# TYPE ")) or _VALGRIND.match(line) is not None
