"""The API put together, but for what it talks to: containers and log store are handed in."""

import time

from prometheus_client import CollectorRegistry

from log_store.problem import ProblemStore
from log_store.protocols import LogReader
from runtime_api.app import create_app
from runtime_api.audit_trail import AuditTrail, nowhere
from runtime_api.config import ApiSettings
from runtime_api.containers.protocols import Containers
from runtime_api.counters import Counters
from runtime_api.envelope import Clock
from runtime_api.lanes import Lanes
from runtime_api.refusals import Refusals
from runtime_api.server import ApiServer, ServerLimits
from runtime_api.shares import shares_of


def assemble(
    settings: ApiSettings, containers: Containers, reader: LogReader, problems: ProblemStore,
    clock: Clock = time.time_ns, trail: AuditTrail | None = None,
) -> ApiServer:  # fmt: skip
    """A server that listens and awaits `run`. Raises SettingsError, and OSError, ValueError (see `ApiServer`)."""
    counters = Counters(CollectorRegistry())
    if trail is not None:
        counters.watch_audit_lost(lambda: trail.lost)
    note = trail.note if trail is not None else nowhere
    own_names = not settings.listen_unprotected
    app = create_app(containers, reader, counters, clock, settings, problems, note, own_names=own_names)
    limits = ServerLimits(settings.api_connections, settings.body_limit, settings.request_timeout)
    refusals = Refusals(clock, counters, limits.body_limit, limits.connections, limits.timeout)
    return ApiServer(
        app, settings.listen, limits, Lanes(shares_of(settings.api_threads), counters, settings.follow_limit), refusals,
        group=settings.listen_group,
    )  # fmt: skip
