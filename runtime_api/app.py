"""The WSGI application: which route is answered by which resource."""

from importlib.resources import files
from typing import Final

import falcon

from log_store.problem import ProblemStore
from log_store.protocols import LogReader
from runtime_api.access.open import open_gate
from runtime_api.audit_trail import Note, Trail, nowhere
from runtime_api.config import ApiSettings
from runtime_api.containers.protocols import Containers
from runtime_api.containers.secret_choice import SecretChoice
from runtime_api.counters import Counters
from runtime_api.envelope import Clock
from runtime_api.error_handlers import ErrorHandlers
from runtime_api.observer import Observer
from runtime_api.openapi.document import document
from runtime_api.probes import Probes
from runtime_api.readiness import Dependency, shipper_socket
from runtime_api.resources.containers import ContainerList, OneContainer
from runtime_api.resources.following import Following
from runtime_api.resources.health import Alive, Metrics, Ready
from runtime_api.resources.log_removal import LogRemoval
from runtime_api.resources.logs import Bounds, Logs
from runtime_api.resources.openapi import Docs, OpenApi
from runtime_api.resources.page import Page, PageAsset, page_files
from runtime_api.resources.problems import OneProblem, ProblemList, ProblemViews
from runtime_api.resources.views import Context, Diff, Histogram, Patterns, Views
from runtime_api.seal_waits import SealWaits
from runtime_api.shares import shares_of
from runtime_api.slots import Slots
from wholelog_base.removal_requests import RemovalRequests
from wholelog_base.version import VERSION

App = falcon.App[falcon.Request, falcon.Response]

_ROUTES: Final = (
    "POST and GET /containers, GET and DELETE /containers/{container_id}, GET and DELETE /logs, GET /logs/histogram, /logs/context, "
    "/logs/patterns, /logs/diff, /problems, GET and PATCH /problems/{problem_id}, GET /healthz, /readyz, /metrics, /openapi.json, "
    "/docs, /"
)
_ENGINE_ADVICE: Final = "see that Docker runs and that this user may use its socket (setting docker_host)"
_STORE_ADVICE: Final = "see that the log store runs and that its settings fit (store, elasticsearch_*)"
_SOCKET_ADVICE: Final = (
    "start the shipper (`wholelog up` or `wholelog shipper`): until then lines come later, by its audit"
)


def create_app(
    containers: Containers, reader: LogReader, counters: Counters, clock: Clock, settings: ApiSettings,
    problems: ProblemStore, note: Note = nowhere, *, own_names: bool = False,
) -> App:  # fmt: skip
    """`note` keeps the trail of what is changed. `own_names`: see `Gate`; clients of tests call the machine what they like.

    Asks neither the containers nor the reader for anything yet: both may be away. Raises SettingsError.
    """
    gate = open_gate(settings, own_names=own_names)
    app: App = falcon.App(middleware=[Observer(clock, counters), Trail(note, clock), gate])
    app.req_options.strip_url_path_trailing_slash = True
    ErrorHandlers(clock, counters, _ROUTES).add_to(app)
    secrets = SecretChoice(settings.secret_env)
    app.add_route("/containers", ContainerList(containers, clock, settings.body_limit, secrets))
    app.add_route("/containers/{container_id}", OneContainer(containers, clock, settings.body_limit))
    shares = shares_of(settings.api_threads)
    bounds = Bounds(Slots(shares.streams), Slots(shares.waits), settings.wait_limit)
    counters.watch_seal_waits(lambda: bounds.waits.taken)
    followers = Slots(settings.follow_limit)
    counters.watch_followers(lambda: followers.taken)
    following = Following(containers, reader, followers, counters, settings.follow_keep_alive)
    removal = LogRemoval(containers, reader, RemovalRequests(settings.data), clock, settings.seal_wait)
    waits = SealWaits(reader.seals)
    app.add_route("/logs", Logs(containers, reader, waits, clock, bounds, counters, following, removal))
    views = Views(containers, reader, clock, bounds.streams)
    for name, kind in (("histogram", Histogram), ("context", Context), ("patterns", Patterns), ("diff", Diff)):
        app.add_route(f"/logs/{name}", kind(views))
    problem_views = ProblemViews(problems, containers, reader, clock)
    app.add_route("/problems", ProblemList(problem_views))
    app.add_route("/problems/{problem_id}", OneProblem(problem_views, settings.body_limit))
    app.add_route("/healthz", Alive(clock))
    dependencies = [
        Dependency("engine", containers.check, _ENGINE_ADVICE, clock),
        Dependency("store", reader.check, _STORE_ADVICE, clock),
        Dependency("socket", lambda: shipper_socket(settings.socket_path), _SOCKET_ADVICE, clock, needed=False),
    ]
    app.add_route("/readyz", Ready(dependencies, clock))
    app.add_route("/metrics", Metrics(counters.registry, Probes(dependencies, counters)))
    app.add_route("/openapi.json", OpenApi(document(VERSION, settings.wait_limit, secured=settings.access != "none")))
    app.add_route("/docs", Docs(files("runtime_api.openapi").joinpath("page.html").read_bytes()))
    page = page_files()
    app.add_route("/", Page(page))
    app.add_route("/page/{version}/{name}", PageAsset(page))
    return app
