"""What the user sees: lines as things happen, and at the end what is left on the machine."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    left: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        print(f"deploy/up: {line}", flush=True)

    def show(self, line: str = "") -> None:
        """A line of output proper, such as an answer of the API."""
        print(line, flush=True)

    def leaves(self, what: str) -> None:
        if what not in self.left:
            self.left.append(what)

    def say_what_is_left(self) -> None:
        if self.left:
            self.say("left on this machine:")
            for what in self.left:
                self.show(f"  - {what}")
