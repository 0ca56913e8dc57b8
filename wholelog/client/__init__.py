"""The Python client of Wholelog's API: `Client`, `AsyncClient`, and what they take and give (docs/client.md).

from wholelog.client import Client, Task

with Client("http://127.0.0.1:8080") as client:
    started = client.start(Task(type="bash_cell", cmd="echo hello"))
    for line in (lines := client.follow(started.container_id)):
        print(line.message)
    assert lines.end.seal.whole
"""

from typing import TYPE_CHECKING

from wholelog.client.errors import (
    BadRequest,
    Busy,
    ClientError,
    Conflict,
    Forbidden,
    NotFound,
    NotWholelog,
    Refused,
    Unauthorized,
    Unreachable,
)
from wholelog.client.models import Container, Deleted, End, Gap, Line, Seal, Started
from wholelog.client.patience import Retries
from wholelog.client.request import Selection, Task

if TYPE_CHECKING:
    from wholelog.client.asynchronous import AsyncClient, AsyncLines
    from wholelog.client.blocking import Client, Lines

__all__ = [
    "AsyncClient", "AsyncLines", "BadRequest", "Busy", "Client", "ClientError", "Conflict", "Container", "Deleted", "End",
    "Forbidden", "Gap", "Line", "Lines", "NotFound", "NotWholelog", "Refused", "Retries", "Seal", "Selection", "Started", "Task",
    "Unauthorized", "Unreachable",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """httpx and asyncio take a tenth of a second: who asks for neither does not wait for them."""
    if name in ("AsyncClient", "AsyncLines"):
        from wholelog.client import asynchronous

        return getattr(asynchronous, name)
    if name in ("Client", "Lines"):
        from wholelog.client import blocking

        return getattr(blocking, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
