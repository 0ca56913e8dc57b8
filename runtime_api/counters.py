"""What the API counts, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"))


class Counters:
    """Registers itself in `registry`; safe to use from several threads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Counter(
            "wholelog_api_requests", "answers by route and status", ("route", "method", "status"), registry=registry
        )
        self._seconds = Histogram(
            "wholelog_api_request_seconds",
            "time from the whole request to its answer, of a streamed one to its first page",
            ("route",),
            buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30, 120, 600),
            registry=registry,
        )
        self._errors = Counter("wholelog_api_errors", "errors by kind", ("kind",), registry=registry)
        self._refused = Counter(
            "wholelog_api_refused", "connections and requests that no route has seen", ("reason",), registry=registry
        )
        self._lines = Counter("wholelog_api_log_lines", "members of `logs` sent", registry=registry)
        self._streams = Gauge("wholelog_api_streams", "answers that are being streamed", registry=registry)
        self._broken = Counter("wholelog_api_streams_broken", "streams that the store broke off", registry=registry)
        self._seal_waits = Gauge("wholelog_api_seal_waits", "requests that wait for a seal", registry=registry)
        self._audit_lost = Gauge(
            "wholelog_api_audit_lost", "records of the audit trail that could not be sent", registry=registry
        )
        self._waiting = Gauge(
            "wholelog_api_requests_waiting", "requests without a thread", ("lane",), registry=registry
        )

        self._ready = Gauge(
            "wholelog_api_ready", "whether what we depend on answered last", ("dependency",), registry=registry
        )
        self._looks = Histogram(
            "wholelog_api_look_seconds", "time that a look at what we depend on took", ("dependency",),
            buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30), registry=registry,
        )  # fmt: skip
        self._followers = Gauge("wholelog_api_followers", "requests that follow a log", registry=registry)

    def looked(self, dependency: str, ready: bool, seconds: float) -> None:
        self._ready.labels(dependency).set(ready)
        self._looks.labels(dependency).observe(seconds)

    def watch_followers(self, following: Callable[[], float]) -> None:
        self._followers.set_function(following)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        known = method if method in _METHODS else "other"  # a label must not grow by what callers send
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def error(self, kind: str) -> None:
        self._errors.labels(kind).inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def lines(self, count: int) -> None:
        self._lines.inc(count)

    def stream_began(self) -> None:
        self._streams.inc()

    def stream_ended(self) -> None:
        self._streams.dec()

    def stream_broke(self) -> None:
        self._broken.inc()

    def watch_seal_waits(self, waiting: Callable[[], float]) -> None:
        self._seal_waits.set_function(waiting)

    def watch_audit_lost(self, lost: Callable[[], float]) -> None:
        self._audit_lost.set_function(lost)

    def watch_waiting(self, lane: str, waiting: Callable[[], float]) -> None:
        self._waiting.labels(lane).set_function(waiting)
