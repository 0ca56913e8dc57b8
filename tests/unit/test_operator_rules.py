"""What the operator asks for: the rules file, a container's label, and what becomes of lines by them."""

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_shipper.config import ShipperSettings
from log_shipper.pipeline import Pipeline
from log_shipper.rules import RuleBook
from log_shipper.rules_file import read
from log_shipper.stages.document import Rules
from log_shipper.stages.operator import starter
from log_store.document import ContainerContext
from log_store.fields import LOG_TYPES
from tests.fakes import MemoryStore
from tests.unit.test_command_line import one_line, wholelog
from wholelog_base.linear import Expression
from wholelog_base.log_settings import TYPES, LogSettings, from_label, parse
from wholelog_base.settings import SettingsError

CONTAINER, TIME = "cd" * 32, 1_795_478_400_123_456_789
RULES = """
# types by expression
[[type]]
match = '^\\[(?P<level>\\w+)\\] legacy'
levels = { SCHLIMM = "error" }
name = "legacy"

[[type]]
match = "quota exceeded"
type = "critical"
stream = "stderr"
container = "^web-"

[[logs]]
task_type = "algorithm"
default_type = { stderr = "warning" }
"""


def book(tmp_path: Path, text: str = RULES) -> RuleBook:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    return RuleBook(ShipperSettings(rules=file, retention=1e9))


def of_label(**members: Any) -> Rules:
    return RuleBook(ShipperSettings(retention=1e9)).of(ContainerContext(CONTAINER, log=json.dumps(members)))


def found(rules: Rules, line: str, stream: str = "stdout") -> tuple[str, str]:
    (log_type,), (by,) = rules.classify([line], stream)
    return log_type, by


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read(file)
    return [problem.removeprefix(str(file)) for problem in caught.value.problems]


def test_the_types_are_the_same_in_all_rooms() -> None:
    assert TYPES == LOG_TYPES


def test_rules_of_the_file_come_before_what_a_line_declares(tmp_path: Path) -> None:
    rules = book(tmp_path).of(ContainerContext(CONTAINER, "web-1", type="bash_cell"))
    assert found(rules, "[SCHLIMM] legacy ERROR x") == ("error", "rule:legacy")
    assert found(rules, "[warning] legacy ERROR x") == ("warning", "rule:legacy")
    assert found(rules, "[odd] legacy") == ("info", "default")
    assert found(rules, "INFO quota exceeded", "stderr") == ("critical", "rule")
    assert found(rules, "INFO quota exceeded") == ("info", "column")
    assert found(rules, "ready", "stderr") == ("info", "default")


def test_entries_count_only_for_the_containers_that_fit(tmp_path: Path) -> None:
    rules = book(tmp_path)
    task = rules.of(ContainerContext(CONTAINER, "job", type="algorithm"))
    assert found(task, "quota exceeded", "stderr") == ("warning", "default")
    assert found(task, "quota exceeded") == ("info", "default")
    own = rules.of(ContainerContext(CONTAINER, "job", type="algorithm", log='{"default_type":"debug"}'))
    assert found(own, "ready", "stderr") == ("debug", "default")  # the container's own label comes first


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[type]]\nmatch = 'a'\ntype = \"bad\"\n", ":3:1: [[type]] type: 'bad' must be one of critical, error,"),
        ("\n[[type]]\n  match = '(a'\n type='error'", ":3:3: [[type]] match: '(a' is no regular expression of RE2 (missing )"),
        ("[[type]]\nmatch = '(?=a)'\ntype='error'", ":2:1: [[type]] match: '(?=a)' is no regular expression of RE2"),
        ("[[type]]\nmatch = 'a'\n", ":2:1: [[type]] type: is missing, and match has no group (?P<level>"),
        ("[[type]]\ntype = 'error'\n", ":1:3: [[type]] match: is missing"),
        ("[[type]]\nmatch='a'\ntype='info'\n[[type]]\nmatch='b'\ntype='info'\nmach='x'", ":7:1: [[type]] mach: there is no such key"),
        ("[[logs]]\ndefault_type = { stderr = 'bad' }", ":2:1: [[logs]] default_type.stderr: 'bad' must be one of"),
        ("[[logs]]\nstarts = ['^a', '[']", ":2:1: [[logs]] starts[1]: '[' is no regular expression of RE2"),
        ("[[logs]]\nansi = 'yes'", ":2:1: [[logs]] ansi: 'yes' must be one of keep, drop"),
        ("[type]\nmatch='a'", ":1:2: [[type]] type: must be a list of tables"),
        ("[[typ]]\nmatch='a'", ":1:3: [[typ]] typ: there is no such table"),
        ("[[type]]\nmatch = 'a\ntype='error'", ":2:"),
        ("[[type]]\nmatch='a'\ntype='error'\nlevels={X='loud'}", ":4:1: [[type]] levels: must be a table of words and types"),
        ("[[type]]\nmatch='a'\ntype='error'\nname='a b'", ":4:1: [[type]] name: 'a b' must be 1 to 64 letters"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_column(tmp_path: Path, text: str, says: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(says)


def test_a_bad_or_absent_file_stops_the_start_with_a_line(tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text("[[type]]\nmatch = '*'\ntype = 'error'\n")
    for command in ("shipper", "check", "classify"):
        assert f"{file}:2:1: [[type]] match: '*' is no" in one_line(
            wholelog(command, "--rules", str(file), "--data", str(tmp_path)), 2
        )
    assert "cannot be read" in one_line(wholelog("classify", "--rules", str(tmp_path / "none")), 2)


def test_no_expression_can_stall(tmp_path: Path) -> None:
    """A backtracking engine would need longer than the universe is old for the first of these."""
    for pattern in (r"^(a+)+$", r"(.*)*x{50}$", r"(a|a|aa)*b"):
        assert not Expression(pattern).found("a" * 2000 + "!")
    with pytest.raises(ValueError, match="RE2"):
        Expression("((a{100}){100}){100}")
    with pytest.raises(ValueError, match="1 to 1000"):
        Expression("a" * 1001)


@pytest.mark.parametrize(
    ("form", "line", "expected"),
    [
        ("json", '{"level":"error","msg":"x"}', ("error", "field")),
        ("json", "ERROR x", ("info", "default")),
        ("json", "level=error x=1", ("info", "default")),
        ("json", "Traceback (most recent call last):", ("error", "trace")),
        ("logfmt", "level=warn msg=x", ("warning", "field")),
        ("logfmt", '{"level":"error","msg":"x"}', ("info", "default")),
        ("columns", "2026-03-01 10:20:30 ERROR x", ("error", "column")),
        ("columns", '{"level":"error","msg":"x"}', ("info", "default")),
        ("syslog", "<3>x", ("error", "priority")),
        ("syslog", "ERROR x", ("info", "default")),
        ("plain", "Traceback (most recent call last):", ("info", "default")),
        ("auto", "ERROR x", ("error", "column")),
    ],
)
def test_a_pinned_format_is_the_only_one_that_counts(form: str, line: str, expected: tuple[str, str]) -> None:
    assert found(of_label(format=form), line) == expected


def test_text_is_untouched_unless_less_was_asked_for() -> None:
    bar = "\x1b[32mdone\x1b[0m  10%\rdone 100%\nnext \x1b]0;title\x07line"
    assert of_label(ansi="keep", carriage_return="keep").reduce is None
    drop, last = of_label(ansi="drop").reduce, of_label(carriage_return="last").reduce
    assert drop is not None and drop(bar) == "done  10%\rdone 100%\nnext line"
    assert last is not None and last(bar) == "done 100%\nnext \x1b]0;title\x07line"


class Log:
    """Lines through the pipeline into a store."""

    def __init__(self, label: str) -> None:
        self.label, self.store, self.seq = label, MemoryStore(), 0
        self.pipe = self._pipeline()

    def _pipeline(self) -> Pipeline:
        rules = RuleBook(ShipperSettings(retention=1e9))
        return Pipeline("t", lambda c, n: ContainerContext(c, n, log=self.label), rules.of, max_message=8 << 20)

    def receive(self, lines: list[tuple[int, str]], *, restart: bool = False) -> None:
        if restart:
            snapshot = msgpack.unpackb(msgpack.packb(self.pipe.snapshot()), strict_map_key=False)
            self.pipe = self._pipeline()
            self.pipe.restore(snapshot)
        batch = self.pipe.new_batch()
        records: list[Any] = [
            (b"t", time, {b"container_id": CONTAINER.encode(), b"source": b"stdout", b"log": text.encode()}, {})
            for time, text in lines
        ]
        self.pipe.add(batch, [(self.seq, records)], TIME, trusted=True)
        self.pipe.show_open_lines(batch, TIME)
        self.seq += len(lines)
        assert not self.store.write(batch).rejections

    def messages(self) -> list[str]:
        return [row.members["message"] for row in sorted(self.store.rows.values(), key=lambda row: row.place)]


OWN = [
    "before",
    "2026-01-01 one",
    "  more",
    "Traceback (most recent call last):",
    "end",
    "2026-01-01 two",
    "2026-01-01 three",
    "x",
]
TIMES = [TIME + n * 20_000_000 for n in range(len(OWN) - 1)] + [TIME + 5 * 10**9]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, len(OWN) - 1), max_size=6), st.booleans())
def test_own_starts_part_messages_however_the_lines_are_cut(cuts: list[int], restart: bool) -> None:
    log = Log(LogSettings(starts=("^2026-",)).label())
    lines = list(zip(TIMES, OWN, strict=True))
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(lines)], strict=True):
        if begin < end:
            log.receive(lines[begin:end], restart=restart)
    assert log.messages() == ["before", "\n".join(OWN[1:5]), "2026-01-01 two", "2026-01-01 three", "x"]


def test_many_starts_are_one_expression_where_they_can_be() -> None:
    for starts in (("^a", "(?i)b"), ("(?P<n>^a)", "(?P<n>(?i)b)")):
        begins = starter(starts)
        assert begins is not None
        assert [begins(text) for text in ("a", "xB", "xa", "")] == [True, True, False, False]
    assert starter(()) is None


def test_no_more_rules_are_kept_than_the_limit() -> None:
    rules = RuleBook(ShipperSettings(retention=1e9))
    for number in range(600):
        context = ContainerContext(CONTAINER, log=LogSettings(starts=(f"^{number}-",)).label())
        assert rules.of(context) is rules.of(context)
    assert len(rules._made) <= 256


def test_reduced_text_is_stored_and_names_stay_those_of_the_bytes() -> None:
    lines = [(TIME, "\x1b[31mERROR\x1b[0m no"), (TIME + 1, "10%\r20%")]
    kept, reduced = Log(""), Log('{"ansi":"drop","carriage_return":"last"}')
    kept.receive(lines)
    reduced.receive(lines)
    assert kept.messages() == [text for _, text in lines]
    assert reduced.messages() == ["ERROR no", "20%"]
    assert list(kept.store.rows) == list(reduced.store.rows)


@pytest.mark.parametrize("label", ["{", "[]", '{"format":"xml"}', '{"starts":["("]}', '{"colour":"no"}', "x" * 9000])
def test_a_bad_label_is_passed_over(label: str) -> None:
    with pytest.raises(ValueError):
        from_label(label)
    log = Log(label)
    log.receive([(TIME, "ERROR x")])
    assert log.messages() == ["ERROR x"]


def test_a_label_says_what_was_asked() -> None:
    said: list[Any] = []
    asked = parse(
        {"default_type": {"stderr": "error"}, "format": "json", "starts": ["^ä"], "ansi": "drop"},
        lambda *problem: said.append(problem),
    )
    assert not said and from_label(asked.label()) == asked
    assert LogSettings().label() == "" and from_label("") == LogSettings()
