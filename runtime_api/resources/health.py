"""`/healthz` (this process answers), `/readyz` (so does what it depends on) and `/metrics`."""

from collections.abc import Sequence
from dataclasses import replace

import falcon
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from runtime_api.access.caller import caller_of
from runtime_api.envelope import MEDIA_TYPE, Clock, envelope
from runtime_api.probes import Probes
from runtime_api.readiness import Dependency


class Alive:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = envelope(self._clock(), 200, "alive", {})
        resp.content_type = MEDIA_TYPE

    on_head = on_get


class Ready:
    """`data`: for each dependency its `state`, `since` when, `detail`, and what is `to_do`. 503 if one is not ready that is
    needed.

    Details, which tell of the machine, are for an administrator and a monitor: for everybody where nobody is told apart.
    """

    def __init__(self, dependencies: Sequence[Dependency], clock: Clock) -> None:
        self._dependencies = dependencies
        self._clock = clock

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = [(dependency, dependency.look()) for dependency in self._dependencies]
        if caller_of(req).role == "user":
            found = [(dependency, replace(condition, detail="")) for dependency, condition in found]
        bad = [
            f"{dependency.name}: {condition.detail or 'not ready'}"
            for dependency, condition in found
            if not condition.ready
        ]
        unready = any(dependency.needed and not condition.ready for dependency, condition in found)
        status = 503 if unready else 200
        if unready:
            resp.set_header("Retry-After", "5")
        resp.status = status
        data = {dependency.name: dependency.shown(condition) for dependency, condition in found}
        resp.data = envelope(self._clock(), status, _message(unready, bad), data)
        resp.content_type = MEDIA_TYPE

    on_head = on_get


def _message(unready: bool, bad: list[str]) -> str:
    if unready or not bad:
        return "; ".join(bad) or "ready"
    return "ready, but " + "; ".join(bad)


class Metrics:
    """Prometheus' text format: the one answer without an envelope, because its reader knows no other form."""

    def __init__(self, registry: CollectorRegistry, probes: Probes) -> None:
        self._registry, self._probes = registry, probes

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._probes.nudge()
        resp.data = generate_latest(self._registry)
        resp.content_type = CONTENT_TYPE_LATEST

    on_head = on_get
