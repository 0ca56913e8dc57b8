"""What a feed asks the store for, each answer whole up to a seq."""

from dataclasses import dataclass
from typing import Final

from log_store.protocols import LogReader
from log_store.query import Arrival, Arrived, LogQuery, Page

PAGE: Final = 2000  # messages a read
_END: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Source:
    reader: LogReader
    container_id: str

    def heads(self) -> dict[str, int]:
        return self.reader.heads(self.container_id)

    def since(self, shipper: str, after: int, until: int = _END) -> list[Arrival]:
        """The next messages; all that there are up to the last one's seq.

        Where they lie in several partitions, some of which were read before others, the first answer may have holes: not
        up to what it has shown to be there.
        """
        found = self.reader.read_since(self.container_id, shipper, after, until, PAGE)
        if not found:
            return found
        last = found[-1].seq
        if self.reader.count_since(self.container_id, shipper, after, last) != len(found):
            found = self.reader.read_since(self.container_id, shipper, after, last, PAGE)
        return found

    def count(self, shipper: str, after: int, until: int) -> int:
        return self.reader.count_since(self.container_id, shipper, after, until)

    def newest(self, count: int, heads: dict[str, int]) -> Page:
        """Of what came up to these heads."""
        arrived = tuple(Arrived(shipper, -1, head) for shipper, head in heads.items())
        query = LogQuery(self.container_id, size=count, newest=True, arrived=arrived)
        pages = list(self.reader.read(query)) if heads else []
        places = [page.place(row) for page in pages for row in range(len(page))]
        return Page([line for page in pages for line in page], places.__getitem__)

    def still_there(self, names: set[str], start: int, end: int) -> set[str]:
        """Those of these ids that messages of this range of time have."""
        found: set[str] = set()
        for page in self.reader.read(LogQuery(self.container_id, start, end)):
            found |= names & {line["id"] for line in page}
        return found
