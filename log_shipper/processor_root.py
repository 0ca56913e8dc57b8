"""The composition root of the processor's process: processor, audit and health."""

import logging
import os
import resource
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import closing

from prometheus_client import CollectorRegistry

from log_shipper.audit.docker_copy import Engine
from log_shipper.audit_root import Audits
from log_shipper.checkpoint import Checkpoint
from log_shipper.checks import engine_check, socket_check, store_check
from log_shipper.config import ShipperSettings
from log_shipper.containers import Containers
from log_shipper.counters import Collector, Counters
from log_shipper.delivery.dead_letters import DeadLetters
from log_shipper.delivery.delivery import Delivery, Stopping
from log_shipper.exposure import check_exposure
from log_shipper.health import HealthServer
from log_shipper.losses import Losses
from log_shipper.measures import MeasuredWriter, Measures
from log_shipper.pipeline import Pipeline
from log_shipper.places import (
    acceptor_counters,
    bad_folder,
    checkpoint_file,
    containers_file,
    dead_letter_file,
    removed_file,
    spool_folder,
)
from log_shipper.problems_root import Watching
from log_shipper.processor import Observer, Pace, Processor
from log_shipper.retention.removed import Removed
from log_shipper.retention.writer import RetainingWriter
from log_shipper.retention_root import retention
from log_shipper.rules import RuleBook
from log_shipper.secret_masks import SecretMasks, learning
from log_shipper.shipper_name import shipper_name
from log_shipper.spool.reader import SpoolReader
from log_shipper.states import Check, States
from log_store.open import open_problems, open_reader, open_remover, open_writer
from log_store.options import store_options
from log_store.protocols import LogReader, LogWriter
from wholelog_base.secret_files import SecretFiles

log = logging.getLogger(__name__)

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
NICER = 5  # than the acceptor, which must read while all that is clever here keeps the machine busy
MOST_FILES = 65_536
STOP_SECONDS = 5.0  # for what is on its way to the store when we are told to end; the spool has it


def run_processor(settings: ShipperSettings, environ: Mapping[str, str], beat: Callable[[], None]) -> None:
    """The process's main: until SIGTERM or SIGINT. Raises ShipperError, LogStoreError, SettingsError."""
    check_exposure(settings)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.nice(NICER)
    _allow_files()
    counters, options = Counters(), store_options(settings)
    url = settings.docker_host or environ.get("DOCKER_HOST") or DEFAULT_ENGINE
    with (
        closing(open_writer(settings.store_url, options)) as store,
        closing(open_reader(settings.store_url, options)) as reader,
        closing(open_problems(settings.store_url, options)) as problems,
        closing(open_remover(settings.store_url, options)) as remover,
    ):
        removed = Removed(removed_file(settings.data))
        stating = RetainingWriter(store, removed)
        registry = CollectorRegistry()
        measures = Measures(registry)
        writer = MeasuredWriter(stating, measures)
        losses = Losses(lambda name: reader.count_lines(name) + removed.lines(name), counters.count)
        delivery = Delivery(
            writer, DeadLetters(dead_letter_file(settings.data)), connections=settings.store_connections, beat=beat,
            count=counters.count, refused=losses.refused,
        )  # fmt: skip
        masks = SecretMasks(SecretFiles(settings.data), settings.secret_env)
        rules = RuleBook(settings, masks.of)
        watching = Watching(settings, problems, reader, writer.refresh, counters.count)
        processor = _processor(settings, url, rules, masks, writer, delivery, losses, counters, watching.watch)
        audits = Audits(settings, url, rules, processor, reader, counters.count, watching.watch.ended)
        keeping = retention(
            settings, rules, remover, reader, stating, removed, audits.compare, processor.known_containers, watching.forget,
            counters.count,
        )  # fmt: skip
        states = _states(settings, url, audits, delivery, reader, measures)
        _measured(registry, measures, settings, counters, processor, states)
        insists = settings.shipper_listen_unprotected
        health = HealthServer(settings.shipper_listen, states, registry, audits.verdicts, insists=insists)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: _begin_to_stop(stop, delivery))
        for number in (signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, lambda *_: watching.reload())
        health.start()
        audits.start()
        watching.start()
        for name, run in (("retention", keeping.run), ("states", states.run)):
            threading.Thread(target=run, name=name, daemon=True).start()
        try:
            processor.run(beat, stop)
        except Stopping:
            log.warning("the store did not take all before the end; the spool has the rest")
        finally:
            keeping.close()
            states.close()
            audits.close()
            health.close()
            watching.close()
            delivery.stop()


def _allow_files() -> None:
    """Of each container that runs a file is held open: many systems allow 1,024 unless more is asked for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _processor(
    settings: ShipperSettings, url: str, rules: RuleBook, masks: SecretMasks, writer: LogWriter, delivery: Delivery,
    losses: Losses, counters: Counters, observer: Observer,
) -> Processor:  # fmt: skip
    """As the checkpoint left it."""
    data, checkpoint = settings.data, Checkpoint(checkpoint_file(settings.data))
    containers = Containers(containers_file(data), learning(Engine(url, timeout=5).facts, masks))
    pipeline = Pipeline(
        shipper_name(data), containers.context, rules.of, max_message=settings.max_message
    )  # fmt: skip
    position, state = checkpoint.load()
    pipeline.restore(state)
    losses.restore(state.get("losses", {}))
    spool = SpoolReader(spool_folder(data), position)
    pace = Pace(settings.batch_size, settings.checkpoint_interval, settings.inflated_limit, settings.spool_limit // 8)
    return Processor(
        spool, pipeline, delivery, writer, checkpoint, pace, losses, counters.count, bad_folder(data), masks, observer
    )  # fmt: skip


def _measured(
    registry: CollectorRegistry, measures: Measures, settings: ShipperSettings, counters: Counters, processor: Processor,
    states: States,
) -> None:  # fmt: skip
    """What is asked for when somebody reads the figures."""

    def ready(name: str) -> float:
        state = states.known().get(name)
        return float("nan") if state is None else float(not state.wrong)

    registry.register(Collector(counters, acceptor_counters(settings.data)))
    measures.watch_ready(ready)
    measures.watch_disk(settings.data)
    measures.watch("lag_seconds", "age of the oldest record that is not safely in the store", processor.lag)
    measures.watch("backlog_bytes", "bytes of the spool that are not processed", processor.backlog)
    measures.watch("spool_limit_bytes", "bytes that the spool may have", lambda: settings.spool_limit)
    measures.watch("open_runs", "runs whose end has not been audited", lambda: len(processor.open_runs()))


def _states(
    settings: ShipperSettings, url: str, audits: Audits, delivery: Delivery, reader: LogReader, measures: Measures
) -> States:
    engine = Engine(url, timeout=5)
    checks: dict[str, Check] = {
        "engine": lambda: engine_check(lambda: audits.trouble, engine.ping),
        "store": lambda: store_check(delivery.trouble, reader),
        "socket": lambda: socket_check(settings.socket_path),
    }
    return States(checks, measures.looked)


def _begin_to_stop(stop: threading.Event, delivery: Delivery) -> None:
    stop.set()
    timer = threading.Timer(STOP_SECONDS, delivery.stop)
    timer.daemon = True
    timer.start()
