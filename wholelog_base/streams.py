"""How a line tells that it is of stderr where it came by the pipe of stdout."""

from typing import Final

# Two pipes are read and stamped apart, so what was written to both has no order that can be known. A code cell's Python
# writes both to one, and marks the lines of stderr.
STDERR_MARK: Final = b"\x1ewl:2\x1f"
