"""Accuracy of the classifier on the lines of this folder: `python -m tests.data.log_lines.accuracy`."""

import json
from pathlib import Path

from log_shipper.stages.classify import Classifier

HERE = Path(__file__).parent
ALERTS = ("error", "critical")
Row = tuple[str, str]
"""(line, log type; `none` where it declares nothing)."""


def rows(path: Path) -> list[Row]:
    """The labelled lines of one file."""
    return [(row["log"], row["log_type"]) for row in map(json.loads, path.read_text().splitlines())]


def files() -> list[Path]:
    """Every labelled file, by name."""
    return sorted(HERE.glob("*.jsonl"))


def predicted(line: str) -> str:
    """The classifier's type, `none` where it took the default."""
    types, by = Classifier()([line], "stdout")
    return "none" if by == ["default"] else types[0]


def main() -> None:
    total = right = alerts = alerts_right = raised = 0
    print("| file | lines | right | false alerts | missed alerts |\n| --- | --- | --- | --- | --- |")
    for path in files():
        found = [(want, predicted(line)) for line, want in rows(path)]
        good = sum(want == got for want, got in found)
        false = sum(got in ALERTS and want not in ALERTS for want, got in found)
        missed = sum(want in ALERTS and got not in ALERTS for want, got in found)
        print(f"| {path.stem} | {len(found)} | {good} | {false} | {missed} |")
        total, right = total + len(found), right + good
        here = sum(want in ALERTS for want, _ in found)
        alerts, alerts_right, raised = alerts + here, alerts_right + here - missed, raised + here - missed + false
    print(
        f"\n{right} of {total} lines right ({right / total:.2%}); of {alerts} errors and criticals {alerts_right} found,"
    )
    print(f"{raised - alerts_right} false alerts")


if __name__ == "__main__":
    main()
