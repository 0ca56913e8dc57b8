"""The figures of a run: a row for each fault, printed at its end, and written where `--figures FILE` says.

A plugin of the whole run: rows come with the reports of their tests, in whichever process those ran.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.compare import Outcome

PROPERTY = "figures"

HEAD = "| fault | store | containers | written | stored | missing | doubled | put back | to seal, s | seals |"
RULE = "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --- |"


@dataclass(slots=True)
class Row:
    fault: str
    store: str
    outcome: Outcome = field(default_factory=Outcome)
    containers: int = 0
    put_back: int = 0
    longest: float = (
        0.0  # seconds from a container's end, or from the end of the fault where that is later, to its seal
    )
    states: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, state: str, put_back: int, seconds: float) -> None:
        self.outcome.add(outcome)
        self.containers += 1
        self.put_back += put_back
        self.longest = max(self.longest, seconds)
        self.states[state] = self.states.get(state, 0) + 1

    def text(self) -> str:
        o = self.outcome
        states = ", ".join(f"{state} {count}" for state, count in sorted(self.states.items()))
        cells: list[str | int] = [
            self.fault, self.store, self.containers, o.written, o.stored, o.missing, o.doubled + o.foreign,
            self.put_back, f"{self.longest:.1f}", states,
        ]  # fmt: skip
        return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |"


def table(rows: list[str]) -> str:
    return "\n".join([HEAD, RULE, *rows])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", default="", help="faults: write the table of figures to this file")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reports = [
        report for told in terminalreporter.stats.values() for report in told if isinstance(report, pytest.TestReport)
    ]
    ended = [report for report in reports if report.when == "teardown"]
    rows = [str(text) for report in ended for name, text in report.user_properties if name == PROPERTY]
    if not rows:
        return
    terminalreporter.section("faults")
    terminalreporter.write_line(table(rows))
    if file := config.getoption("figures"):
        Path(file).write_text(table(rows) + "\n")
