"""The composition root of the processor's process: processor, audit and health."""

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry

from log_shipper.audit.accepted import AcceptorClient
from log_shipper.audit.auditor import Auditor
from log_shipper.audit.docker_copy import Engine
from log_shipper.audit.rounds import Rounds
from log_shipper.audit.verdicts import Verdicts
from log_shipper.audit.watcher import Watcher
from log_shipper.checkpoint import Checkpoint
from log_shipper.config import ShipperSettings
from log_shipper.containers import Containers
from log_shipper.counters import Collector, Counters
from log_shipper.delivery.dead_letters import DeadLetters
from log_shipper.delivery.delivery import Delivery, Stopping
from log_shipper.health import HealthServer
from log_shipper.losses import Losses
from log_shipper.pipeline import Pipeline
from log_shipper.places import (
    acceptor_counters,
    bad_folder,
    checkpoint_file,
    containers_file,
    dead_letter_file,
    engine_file,
    shipper_name_file,
    spool_folder,
)
from log_shipper.processor import Pace, Processor
from log_shipper.spool.reader import SpoolReader
from log_shipper.stages.classify import Classifier
from log_shipper.stages.document import DayRange, Rules
from log_shipper.stages.multiline import Grouper
from log_store.fields import STDOUT
from log_store.open import open_reader, open_writer, store_options

log = logging.getLogger(__name__)

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
STOP_SECONDS = 5.0  # for what is on its way to the store when we are told to end; the spool has it


def run_processor(settings: ShipperSettings, environ: Mapping[str, str], beat: Callable[[], None]) -> None:
    """The process's main: until SIGTERM or SIGINT. Raises ShipperError, LogStoreError."""
    data, counters = settings.data, Counters()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = settings.docker_host or environ.get("DOCKER_HOST") or DEFAULT_ENGINE
    containers = Containers(containers_file(data), Engine(url, timeout=5).lookup)
    rules = rules_of(settings)
    pipeline = Pipeline(
        shipper_name(shipper_name_file(data)), containers.context,
        rules, max_message=settings.max_message,
    )  # fmt: skip
    checkpoint = Checkpoint(checkpoint_file(data))
    position, state = checkpoint.load()
    pipeline.restore(state)
    writer = open_writer(settings.store_url, store_options(settings))
    reader = open_reader(settings.store_url, store_options(settings))
    losses = Losses(reader.count_lines, counters.count)
    losses.restore(state.get("losses", {}))
    delivery = Delivery(
        writer, DeadLetters(dead_letter_file(data)), connections=settings.store_connections, beat=beat,
        count=counters.count, refused=losses.refused,
    )  # fmt: skip
    spool = SpoolReader(spool_folder(data), position)
    pace = Pace(settings.batch_size, settings.checkpoint_interval, settings.inflated_limit)
    processor = Processor(
        spool, pipeline, delivery, writer, checkpoint, pace, losses, counters.count, bad_folder(data)
    )  # fmt: skip
    engine = Engine(url)
    auditor = Auditor(engine, AcceptorClient(settings.socket_path), processor, rules.grouper, counters.count)
    address = f"unix://{settings.socket_path}"
    watcher = Watcher(
        engine, auditor, processor, addresses=(address,), identity_file=engine_file(data), count=counters.count
    )  # fmt: skip
    rounds = Rounds(watcher, auditor, processor, counters.count)
    registry = CollectorRegistry()
    registry.register(Collector(counters, acceptor_counters(data)))
    checks = {
        "engine": lambda: "" if watcher.connected else f"no events come from the engine at {url}",
        "store": lambda: delivery.trouble,
        "socket": lambda: _refused(settings.socket_path),
    }
    verdicts = Verdicts(engine, watcher, auditor, reader, rounds.compare)
    health = HealthServer(
        settings.shipper_listen, checks, registry,
        lambda name, repair: verdicts.of(name, repair) if name else verdicts.of_all(repair),
    )  # fmt: skip
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _begin_to_stop(stop, delivery))
    health.start()
    for name, run in (("watcher", watcher.run), ("rounds", rounds.run)):
        threading.Thread(target=run, name=name, daemon=True).start()
    try:
        processor.run(beat, stop)
    except Stopping:
        log.warning("the store did not take all before the end; the spool has the rest")
    finally:
        rounds.close()
        watcher.close()
        health.close()
        delivery.stop()
        writer.close()
        reader.close()


def rules_of(settings: ShipperSettings) -> Rules:
    """How lines become documents."""
    classify = Classifier(settings.default_type, settings.default_type_stderr)

    def declares(line: str) -> str | None:
        (log_type,), (rule,) = classify([line], STDOUT)
        return None if rule == "default" else log_type

    return Rules(DayRange(int(settings.retention * 1e9)), classify, Grouper(declares))


def shipper_name(file: Path) -> str:
    """A name of this shipper for ever: positions in its spool are told apart from another's by it."""
    try:
        return file.read_text()
    except FileNotFoundError:
        name = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        new = file.with_suffix(".new")
        new.write_text(name)
        os.replace(new, file)
        return name


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
