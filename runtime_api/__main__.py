"""`python -m runtime_api`: the API's process. Settings come from the environment, into which `wholelog api` puts those that are ours.

Exit code 2: the settings do not fit, and starting again would not help; 1: the address is taken; 0: ended by a signal.
"""

import errno
import logging
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence

from log_store.errors import StoreMisconfigured
from log_store.open import open_problems, open_reader
from log_store.options import store_options
from runtime_api.access.open import check_reach
from runtime_api.assembly import assemble
from runtime_api.audit_trail import AuditTrail
from runtime_api.config import ApiSettings
from runtime_api.containers.open import open_containers
from runtime_api.errors import RuntimeApiError
from runtime_api.server import ApiServer
from wholelog_base.addresses import as_text
from wholelog_base.own_log import log_to
from wholelog_base.service_manager import ServiceManager
from wholelog_base.settings import SettingsError, load

_log = logging.getLogger("runtime_api")


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    if arguments:
        return _refuse("takes no arguments; `wholelog api --help` lists its settings", 2)
    try:
        settings, _ = load(ApiSettings, {}, environ)
        check_reach(settings)
        reader = open_reader(settings.store_url, store_options(settings))
        problems = open_problems(settings.store_url, store_options(settings))
    except SettingsError as error:
        return _refuse("; ".join(error.problems), 2)
    except StoreMisconfigured as error:
        return _refuse(str(error), 2)
    _prepare_logging()
    _raise_file_limit(2 * settings.api_connections + 100)
    try:
        log_to(settings.own_logs, "api")
        containers = open_containers(settings, reader, environ)
    except SettingsError as error:
        return _refuse("; ".join(error.problems), 2)
    except RuntimeApiError as error:  # its table in the data folder cannot be opened
        return _refuse(str(error), 1)
    trail = AuditTrail(settings.socket_path)
    try:
        server = assemble(settings, containers, reader, problems, trail=trail)
    except SettingsError as error:
        return _refuse("; ".join(error.problems), 2)
    except (OSError, ValueError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        return _refuse(
            f"listen: {as_text(settings.listen)}: {getattr(error, 'strerror', '') or error}", 1 if taken else 2
        )
    containers.start()
    trail.start()
    try:
        _run(server, settings)
    finally:
        trail.close()
        containers.close()
        reader.close()
        problems.close()
    return 0


def _run(server: ApiServer, settings: ApiSettings) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    _log.info("listening on %s", server.url)
    manager = ServiceManager(os.environ)
    manager.ready()
    server.run(manager.alive)
    manager.stopping()
    _log.info("ended")


def _prepare_logging() -> None:
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s api %(levelname)s %(name)s: %(message)s"
    )
    for name in ("waitress", "elastic_transport", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they have a line for each request
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a gauge says it


def _raise_file_limit(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if most < wanted:
            _log.warning("%d open files are allowed: too few for the setting api_connections", most)


def _refuse(message: str, code: int) -> int:
    print("wholelog api: " + " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
