"""The figures of a run: a row for each fault, printed at its end, and written where `--figures FILE` says."""

from dataclasses import dataclass, field

from tests.faults.compare import Outcome

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


def table(rows: list[Row]) -> str:
    return "\n".join([HEAD, RULE, *(row.text() for row in rows)])
