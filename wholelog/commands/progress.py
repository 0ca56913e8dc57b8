"""How far an export is, on a terminal; nothing elsewhere."""

from types import TracebackType
from typing import Any

from wholelog.commands.context import Context


class Progress:
    """Called with the messages so far, those of an earlier attempt included."""

    def __init__(self, context: Context, begun: int, total: int | None) -> None:
        self._shown: Any = None
        self._task: Any = None
        if context.asked.quiet or not context.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(), TaskProgressColumn(show_speed=True), MofNCompleteColumn(), TimeRemainingColumn())
        self._shown = Bar(*columns, console=Console(file=context.stderr), transient=True)
        self._task = self._shown.add_task("", total=total, completed=begun)

    def __enter__(self) -> "Progress":
        if self._shown is not None:
            self._shown.start()
        return self

    def __call__(self, count: int) -> None:
        if self._shown is not None:
            self._shown.update(self._task, completed=count)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()
