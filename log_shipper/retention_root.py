"""Retention's parts, put together."""

from collections.abc import Callable, Collection

from log_shipper.config import ShipperSettings
from log_shipper.containers import known_contexts
from log_shipper.places import containers_file
from log_shipper.retention.plan import Planner, Policy
from log_shipper.retention.removed import Removed
from log_shipper.retention.service import Retention
from log_shipper.rules import RuleBook
from log_store.protocols import LogReader, LogWriter
from log_store.removal import LogRemover
from wholelog_base.removal_requests import RemovalRequests

_SECOND = 10**9


def planner(settings: ShipperSettings, rules: RuleBook, remover: LogRemover, reader: LogReader) -> Planner:
    """What the settings, the rules file and the containers' labels ask for."""

    def expiries() -> dict[str, int]:
        terms = {
            name: int(rules.keep_for(context) * _SECOND)
            for name, context in known_contexts(containers_file(settings.data)).items()
        }
        return {name: term for name, term in terms.items() if term}

    policy = Policy(int(settings.logs_for * _SECOND), settings.logs_limit, settings.logs_unverified)
    return Planner(remover, reader, policy, expiries)


def retention(
    settings: ShipperSettings, rules: RuleBook, remover: LogRemover, reader: LogReader, writer: LogWriter, removed: Removed,
    compare: Callable[[str], None], known: Callable[[], Collection[str]], forget: Callable[[str], None],
    count: Callable[[str, int], None],
) -> Retention:  # fmt: skip
    """`writer`: one that states in seals what was removed."""
    return Retention(
        planner(settings, rules, remover, reader), removed, writer, RemovalRequests(settings.data), settings.logs_look,
        compare, known, forget, count,
    )  # fmt: skip
