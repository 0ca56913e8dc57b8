"""Lines of a task's log that the service itself has written: a stream of their own, each a message of its own.

They count as no lines (`lines` is 0): a seal says how many the container wrote.
"""

from dataclasses import replace
from typing import Final

from xxhash import xxh3_128_intdigest

from log_shipper.stages.document import LIVE, Rules, add_documents
from log_shipper.stages.members import Decoded
from log_shipper.stages.multiline import Grouper
from log_shipper.stages.partials import Lines
from log_shipper.stages.stream_state import StreamState
from log_store.document import ContainerContext, DocumentBatch
from log_store.fields import WHOLELOG
from wholelog_base.own_lines import OwnLines, type_of

BY: Final = "wholelog"


def add_own_lines(
    batch: DocumentBatch, own: OwnLines, state: StreamState, rules: Rules, *, seq: list[int], received: int
) -> None:
    """`rules`: the container's, of which the days and what is masked count; `seq`: one for each line."""
    lines = Lines()
    for line, place in zip(own.lines, seq, strict=True):
        text = line.text.encode("utf-8", "replace")
        lines.append(line.time, text, xxh3_128_intdigest(text, line.time), place, lines=0)
    context = ContainerContext(own.container_id, own.container_name, own.task_id, own.type, own.uid)
    each = Grouper(lambda _: None, begins=lambda _: True)
    rules = replace(rules, classify=_classify, grouper=each, reduce=None)
    add_documents(batch, context, WHOLELOG, lines, state, rules, received=received, revision=LIVE)


def _classify(messages: list[str], stream: str, decoded: Decoded | None = None) -> tuple[list[str], list[str]]:
    return list(map(type_of, messages)), [BY] * len(messages)
