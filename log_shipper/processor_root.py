"""The composition root of the processor's process: processor, audit and health."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from prometheus_client import CollectorRegistry

from log_shipper.audit.docker_copy import Engine
from log_shipper.audit_root import Audits
from log_shipper.checkpoint import Checkpoint
from log_shipper.config import ShipperSettings
from log_shipper.containers import Containers
from log_shipper.counters import Collector, Counters
from log_shipper.delivery.dead_letters import DeadLetters
from log_shipper.delivery.delivery import Delivery, Stopping
from log_shipper.health import Check, HealthServer
from log_shipper.losses import Losses
from log_shipper.pipeline import Pipeline
from log_shipper.places import (
    acceptor_counters,
    bad_folder,
    checkpoint_file,
    containers_file,
    dead_letter_file,
    spool_folder,
)
from log_shipper.problems_root import Watching
from log_shipper.processor import Observer, Pace, Processor
from log_shipper.rules import RuleBook
from log_shipper.shipper_name import shipper_name
from log_shipper.spool.reader import SpoolReader
from log_store.open import open_problems, open_reader, open_writer, store_options
from log_store.protocols import LogWriter

log = logging.getLogger(__name__)

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
NICER = 5  # than the acceptor, which must read while all that is clever here keeps the machine busy
STOP_SECONDS = 5.0  # for what is on its way to the store when we are told to end; the spool has it


def run_processor(settings: ShipperSettings, environ: Mapping[str, str], beat: Callable[[], None]) -> None:
    """The process's main: until SIGTERM or SIGINT. Raises ShipperError, LogStoreError."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.nice(NICER)
    counters, options = Counters(), store_options(settings)
    url = settings.docker_host or environ.get("DOCKER_HOST") or DEFAULT_ENGINE
    with (
        closing(open_writer(settings.store_url, options)) as writer,
        closing(open_reader(settings.store_url, options)) as reader,
        closing(open_problems(settings.store_url, options)) as problems,
    ):
        losses = Losses(reader.count_lines, counters.count)
        delivery = Delivery(
            writer, DeadLetters(dead_letter_file(settings.data)), connections=settings.store_connections, beat=beat,
            count=counters.count, refused=losses.refused,
        )  # fmt: skip
        rules = RuleBook(settings)
        watching = Watching(settings, problems, reader, writer.refresh, counters.count)
        processor = _processor(settings, url, rules, writer, delivery, losses, counters, watching.watch)
        audits = Audits(settings, url, rules, processor, reader, counters.count, watching.watch.ended)
        health = HealthServer(
            settings.shipper_listen, _checks(settings, audits, delivery), _registry(settings, counters), audits.verdicts
        )  # fmt: skip
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: _begin_to_stop(stop, delivery))
        for number in (signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, lambda *_: watching.reload())
        health.start()
        audits.start()
        watching.start()
        try:
            processor.run(beat, stop)
        except Stopping:
            log.warning("the store did not take all before the end; the spool has the rest")
        finally:
            audits.close()
            health.close()
            watching.close()
            delivery.stop()


def _processor(
    settings: ShipperSettings, url: str, rules: RuleBook, writer: LogWriter, delivery: Delivery, losses: Losses,
    counters: Counters, observer: Observer,
) -> Processor:  # fmt: skip
    """As the checkpoint left it."""
    data, checkpoint = settings.data, Checkpoint(checkpoint_file(settings.data))
    containers = Containers(containers_file(data), Engine(url, timeout=5).lookup)
    pipeline = Pipeline(
        shipper_name(data), containers.context, rules.of, max_message=settings.max_message
    )  # fmt: skip
    position, state = checkpoint.load()
    pipeline.restore(state)
    losses.restore(state.get("losses", {}))
    spool = SpoolReader(spool_folder(data), position)
    pace = Pace(settings.batch_size, settings.checkpoint_interval, settings.inflated_limit, settings.spool_limit // 8)
    return Processor(
        spool, pipeline, delivery, writer, checkpoint, pace, losses, counters.count, bad_folder(data), observer
    )  # fmt: skip


def _registry(settings: ShipperSettings, counters: Counters) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Collector(counters, acceptor_counters(settings.data)))
    return registry


def _checks(settings: ShipperSettings, audits: Audits, delivery: Delivery) -> dict[str, Check]:
    return {
        "engine": lambda: audits.trouble,
        "store": lambda: delivery.trouble,
        "socket": lambda: _refused(settings.socket_path),
    }


def _begin_to_stop(stop: threading.Event, delivery: Delivery) -> None:
    stop.set()
    timer = threading.Timer(STOP_SECONDS, delivery.stop)
    timer.daemon = True
    timer.start()


def _refused(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except OSError as error:
            return f"the acceptor does not take connections at {path}: {error}"
    return ""
