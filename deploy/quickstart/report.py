"""What the user sees: lines as things happen, and at the end what is left on the machine."""

import os
import sys
from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    left: list[str] = field(default_factory=list)
    heard: bool = True

    def say(self, line: str) -> None:
        self.show(f"deploy/up: {line}")

    def show(self, line: str) -> None:
        """A line as it is, such as an answer of the API. Nothing once the reader has gone: cleaning up must go on."""
        if not self.heard:
            return
        try:
            print(line, flush=True)
        except OSError:  # a closed pipe, a terminal that is gone
            self.heard = False
            sys.stdout = open(os.devnull, "w")

    def leaves(self, what: str) -> None:
        if what not in self.left:
            self.left.append(what)

    def leaves_packages(self, names: str) -> None:
        self.leaves(f"packages that were installed: {names} (`apt-get purge --autoremove {names}` removes them)")

    def say_what_is_left(self) -> None:
        if self.left:
            self.say("left on this machine:")
            for what in self.left:
                self.show(f"  - {what}")
