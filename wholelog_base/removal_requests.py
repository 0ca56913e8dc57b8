"""What the API asks of the shipper, which alone writes the store: that a container's log be removed.

A file each in `removals` of the data folder, so that a request outlives both processes; the shipper removes it when done.
"""

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """`by`: who asked, as it is to be told. `at`: ns since 1970 UTC; what is stamped later stays."""

    container_id: str
    by: str
    at: int


class RemovalRequests:
    """Any process may have one of a data folder. Raises OSError where the folder cannot be used."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "removals"

    def put(self, request: RemovalRequest) -> None:
        """Durable on return; a second one of the same container takes the first one's place."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._file(request.container_id)
        new = file.with_suffix(f".{os.getpid()}.new")
        with open(new, "w") as out:
            json.dump(asdict(request), out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(new, file)

    def pending(self) -> list[RemovalRequest]:
        """Oldest first; a file that is none of ours is left out."""
        found = []
        for file in self._folder.glob("*.json"):
            try:
                found.append(RemovalRequest(**json.loads(file.read_text())))
            except FileNotFoundError:
                continue  # done meanwhile
            except (ValueError, TypeError):
                continue
        return sorted(found, key=lambda request: request.at)

    def waits(self, container_id: str) -> bool:
        return self._file(container_id).exists()

    def done(self, request: RemovalRequest) -> None:
        self._file(request.container_id).unlink(missing_ok=True)

    def _file(self, container_id: str) -> Path:
        return self._folder / f"{sha256(container_id.encode('utf-8', 'surrogatepass')).hexdigest()}.json"
