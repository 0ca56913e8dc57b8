"""What a feed has sent of late: by it, what comes a second time is told from what is new."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from log_store.query import LogLine, Place

_MOST: Final = 20_000  # messages


@dataclass(frozen=True, slots=True)
class Sent:
    shipper: str
    seq: int
    place: Place
    characters: int
    text: int  # a hash


class Memory:
    """The last so many messages. `low`: of each shipper the seq up to which it may have forgotten some."""

    def __init__(self, low: dict[str, int]) -> None:
        self.low = dict(low)
        self._sent: OrderedDict[str, Sent] = OrderedDict()

    def note(self, shipper: str, seq: int, line: LogLine, place: Place) -> None:
        text = line["log_message"]
        self._sent[line["id"]] = Sent(shipper, seq, place, len(text), hash(text))
        self._sent.move_to_end(line["id"])
        if len(self._sent) > _MOST:
            _, gone = self._sent.popitem(last=False)
            self.low[gone.shipper] = max(gone.seq, self.low.get(gone.shipper, -1))

    def knows(self, name: str) -> bool:
        return name in self._sent

    def seq_of(self, name: str) -> int:
        sent = self._sent.get(name)
        return -1 if sent is None else sent.seq

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._sent.pop(name, None)

    def count(self, shipper: str, until: int) -> int:
        """How many came after `low` and up to `until`, as far as it knows."""
        low = self.low.get(shipper, -1)
        return sum(sent.shipper == shipper and low < sent.seq <= until for sent in self._sent.values())

    def grown(self, line: LogLine) -> int | None:
        """Of a message sent before: how many of its first characters were (0: it is another text), None: as it is now."""
        sent = self._sent[line["id"]]
        text = line["log_message"]
        if sent.characters == len(text) and sent.text == hash(text):
            return None
        return sent.characters if sent.text == hash(text[: sent.characters]) else 0

    def parts_of(self, line: LogLine, place: Place) -> dict[str, Place]:
        """Messages that stood behind it in its stream and may be lines of it now."""
        lines = set(line["log_message"].split("\n"))
        hashes = {(len(one), hash(one)) for one in lines}
        return {
            name: sent.place
            for name, sent in self._sent.items()
            if sent.place > place and sent.place[1] == place[1] and (sent.characters, sent.text) in hashes
        }
