"""What `wholelog audit` asks for: a verdict for each run of a container, and an authoritative pass."""

import time
from collections.abc import Callable
from dataclasses import replace

from log_shipper.audit.auditor import Auditor
from log_shipper.audit.docker_copy import Engine, Facts
from log_shipper.audit.watcher import Watcher
from log_shipper.errors import CopyGone
from log_shipper.losses import STORE_LACKS
from log_store.protocols import LogReader
from log_store.seal import Seal

WAIT = 30.0  # seconds for a seal that is on its way

Compare = Callable[[Facts], Seal | None]


class Verdicts:
    """Blocking; for any thread. Raises EngineUnavailable, NotAccepted, LogStoreError."""

    def __init__(self, engine: Engine, watcher: Watcher, auditor: Auditor, reader: LogReader, compare: Compare) -> None:
        self._engine, self._watcher, self._auditor, self._reader = engine, watcher, auditor, reader
        self._compare = compare

    def of(self, name: str, repair: bool) -> list[Seal]:
        """The newest seal of each run of a container, named by id, prefix or name; raises CopyGone for an unknown one."""
        facts = self._watcher.ours(name)
        if facts is None:
            known = self._reader.find_containers(name)
            if not known or repair:
                raise CopyGone(
                    f"there is no container {name!r} of ours on the engine"
                    + (", nothing to repair from" if known else "")
                )
            return self._reader.seals(known[0].container_id)
        if repair and not facts.running:
            self._repair(facts)
        elif facts.running:
            self._compare(facts)
        return self._settled(facts)

    def of_all(self, repair: bool) -> list[Seal]:
        """The same for all containers of ours on the engine."""
        ours = [facts for name in self._engine.container_ids() if (facts := self._watcher.ours(name)) is not None]
        return [seal for facts in ours for seal in self.of(facts.context.container_id, repair)]

    def _repair(self, facts: Facts) -> None:
        """Write all of the copy again, then the seal as it is known, without what the store lacked."""
        self._auditor.rewrite(facts)
        for seal in self._settled(facts):
            gaps = tuple(gap for gap in seal.gaps if not gap.why.startswith(STORE_LACKS))
            state = "sealed" if seal.state == "gaps" and not gaps else seal.state
            self._auditor.state(replace(seal, gaps=gaps, state=state))
            self._wait_for(seal)

    def _settled(self, facts: Facts) -> list[Seal]:
        """The seals, once the last run of an ended container has its own; what is there where that takes too long."""
        end = time.monotonic() + WAIT
        while True:
            seals = self._reader.seals(facts.context.container_id)
            if facts.running or (seals and seals[-1].state != "open") or time.monotonic() > end:
                return seals
            time.sleep(0.05)

    def _wait_for(self, stated: Seal) -> None:
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            if any(
                seal.started_at == stated.started_at and seal.version > stated.version
                for seal in self._reader.seals(stated.container_id)
            ):
                return
            time.sleep(0.05)
