"""What an operator wants to be told, when, and how: the content of the alerts file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from log_store.document import ContainerContext
from wholelog_base.linear import Expression
from wholelog_base.user_labels import fits

Kind = Literal["problem", "lines", "silence", "failed", "gap"]
KINDS: Final = ("problem", "lines", "silence", "failed", "gap")
SEVERITY: Final = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Rule:
    """Durations in ns. `types`: those that count; `match`: found in the message; None or '': whatever it is."""

    name: str
    on: Kind
    notify: tuple[str, ...]
    types: frozenset[str] = frozenset(SEVERITY)
    container: Expression | None = None
    task: Expression | None = None
    task_type: str = ""
    uid: str = ""
    has_labels: tuple[str, ...] = ()  # the container's: NAME=VALUE, or NAME with any value; all of them
    match: Expression | None = None
    count: int = 1  # so many within the window
    within: int = 0
    quiet: int = 0  # of on = "silence": so long without a line
    every: int = 0  # between two updates
    resolve: int = 0  # without another, after which it is over
    max_age: int = 0  # of a line
    labels: Mapping[str, str] = field(default_factory=dict)

    def fits_container(self, context: ContainerContext) -> bool:
        return (
            (not self.task_type or self.task_type == context.type)
            and (not self.uid or self.uid == context.uid)
            and (not self.has_labels or fits(context.labels, self.has_labels))
            and (self.container is None or self.container.found(context.container_name))
            and (self.task is None or self.task.found(context.task_id))
        )

    def fits(self, context: ContainerContext, log_type: str, message: str) -> bool:
        return (
            log_type in self.types
            and self.fits_container(context)
            and (self.match is None or self.match.found(message))
        )


@dataclass(frozen=True, slots=True)
class Mute:
    """No alert between the times (ns), of this rule, problem or container; '' and None: of all."""

    rule: str = ""
    problem: str = ""
    container: Expression | None = None
    start: int = 0
    end: int = (1 << 63) - 1

    def fits(self, rule: str, subject: str, container: str, now: int) -> bool:
        return (
            self.start <= now <= self.end
            and self.rule in ("", rule)
            and self.problem in ("", subject)
            and (self.container is None or self.container.found(container))
        )


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where alerts go; which members count depends on `kind`. Secrets are in `secret` and `password` alone."""

    name: str
    kind: str
    url: str = ""
    secret: str = ""
    server: tuple[str, int] = ("", 0)
    tls: str = "none"
    sender: str = ""
    to: tuple[str, ...] = ()
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Receiver({self.name!r}, {self.kind!r})"  # a chat's URL is a secret, too


@dataclass(frozen=True, slots=True)
class AlertRules:
    rules: tuple[Rule, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    mutes: tuple[Mute, ...] = ()
    link: str = ""  # of the API, for who reads an alert

    def of(self, *kinds: Kind) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.on in kinds)


NO_ALERTS: Final = AlertRules()
