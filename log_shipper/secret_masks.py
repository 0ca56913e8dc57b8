"""What is masked in each container's log."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from log_shipper.audit.docker_copy import Facts
from log_shipper.stages.masking import Mask
from log_store.document import ContainerContext
from wholelog_base.secret_files import SecretFiles, maskable, values_of

log = logging.getLogger(__name__)

_KEPT: Final = 4096  # containers whose answer is remembered


class SecretMasks:
    """By the files that the API leaves before a start, and for other containers by the operator's `patterns`.

    Safe to use from several threads.
    """

    def __init__(self, files: SecretFiles, patterns: Sequence[str] = ()) -> None:
        self._files, self._patterns = files, patterns
        self._made: OrderedDict[str, Mask | None] = OrderedDict()

    def of(self, container_id: str) -> Mask | None:
        """None for a container without secrets. Raises OSError, ValueError for a file that cannot be read."""
        if container_id in self._made:
            return self._made[container_id]
        return self._remember(container_id, Mask(self._files.read(container_id)))

    def learn(self, container_id: str, env: Sequence[str]) -> None:
        """From the engine, before the first line is stored: variables of the image, and of containers of others."""
        found = {value for value in values_of(env, (), self._patterns).values() if maskable(value)}
        known = set(self._files.read(container_id))
        self._remember(container_id, Mask(found | known))
        if not found <= known:
            try:
                self._files.keep(container_id, found | known)
            except OSError as error:
                # Masked as long as this process lives; a full disk must not keep the lines from the store.
                log.error("what is masked of %s cannot be written: %s", container_id[:12], error)

    def _remember(self, container_id: str, mask: Mask) -> Mask | None:
        self._made[container_id] = mask if mask.any else None
        if len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return self._made[container_id]

    def containers(self) -> set[str]:
        return self._files.containers()

    def forget(self, container_id: str) -> None:
        self._files.forget(container_id)


def learning(facts_of: Callable[[str], Facts | None], masks: SecretMasks) -> Callable[[str], ContainerContext | None]:
    """What `Containers` asks once of each container. The function raises EngineUnavailable."""

    def look_up(container_id: str) -> ContainerContext | None:
        facts = facts_of(container_id)
        if facts is None:
            return None
        masks.learn(facts.context.container_id, facts.env)
        return facts.context

    return look_up
