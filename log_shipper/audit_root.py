"""The audit's parts, put together, with their threads."""

import threading
from collections.abc import Callable

from log_shipper.audit.accepted import AcceptorClient
from log_shipper.audit.auditor import Auditor
from log_shipper.audit.copies import Copies
from log_shipper.audit.docker_copy import Engine, Facts
from log_shipper.audit.held import HeldFiles
from log_shipper.audit.keeper import Keeper
from log_shipper.audit.rounds import Rounds
from log_shipper.audit.verdicts import Verdicts
from log_shipper.audit.watcher import Watcher
from log_shipper.config import ShipperSettings
from log_shipper.places import engine_file
from log_shipper.processor import Processor
from log_shipper.rules import RuleBook
from log_store.protocols import LogReader
from log_store.seal import Seal


class Audits:
    """Containers whose log comes to our socket are audited from `start` to `close`."""

    def __init__(
        self, settings: ShipperSettings, url: str, rules: RuleBook, processor: Processor, reader: LogReader,
        count: Callable[[str, int], None], ended: Callable[[Facts], None],
    ) -> None:  # fmt: skip
        self._url, engine = url, Engine(url)
        held = HeldFiles(engine.root, settings.held_limit)
        copies = Copies(held, count)
        self._accepted = accepted = AcceptorClient(settings.socket_path)
        auditor = Auditor(
            engine, held, accepted, processor, lambda context: rules.of(context).grouper, count,
            max_message=settings.max_message,
        )  # fmt: skip
        self._watcher = Watcher(
            engine, auditor, processor, copies, addresses=(f"unix://{settings.socket_path}",),
            identity_file=engine_file(settings.data), count=count, ended=ended,
        )  # fmt: skip
        self._rounds = Rounds(self._watcher, auditor, processor, count)
        self._keeper = Keeper(copies, processor, count)
        self._verdicts = Verdicts(engine, self._watcher, auditor, reader, self._rounds.compare)

    @property
    def trouble(self) -> str:
        """'' as long as the engine's events come."""
        return "" if self._watcher.connected else f"no events come from the engine at {self._url}"

    def start(self) -> None:
        threads = {
            "watcher": self._watcher.run,
            "rounds": self._rounds.run,
            "keeper": self._keeper.run,
            "keeper's questions": self._keeper.ask,
        }
        for name, run in threads.items():
            threading.Thread(target=run, name=name, daemon=True).start()

    def close(self) -> None:
        self._accepted.give_up()
        self._keeper.close()
        self._rounds.close()
        self._watcher.close()

    def compare(self, container_id: str) -> None:
        """Audit a container that runs, up to now; nothing for any other. Raises EngineUnavailable, NotAccepted."""
        facts = self._watcher.ours(container_id)
        if facts is not None and facts.running:
            self._rounds.compare(facts)

    def verdicts(self, name: str, repair: bool) -> list[Seal]:
        """Of one container, or of all of ours for ''. Raises ShipperError, LogStoreError."""
        return self._verdicts.of(name, repair) if name else self._verdicts.of_all(repair)
