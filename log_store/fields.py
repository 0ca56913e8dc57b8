"""The names and closed sets of values that a stored document uses, the same in every backend."""

from typing import Final

LOG_TYPES: Final = ("critical", "error", "warning", "info", "debug")

STDOUT: Final = "stdout"
STDERR: Final = "stderr"
WRITTEN: Final = (STDOUT, STDERR)
"""What a container writes."""
WHOLELOG: Final = "wholelog"
"""What the service itself has to say of a task, as lines of its log; they count as no lines of the container's."""
STREAMS: Final = (*WRITTEN, WHOLELOG)

OTHER_DAY: Final = "other"
"""The partition of documents whose time is too far from when they were received to open a day for them."""
