"""A bound on how many requests wait for an image at a time: a pull may take minutes, and each holds a thread."""

from runtime_api.errors import TooManyPulls
from runtime_api.slots import Slot, Slots


class Pulls:
    """Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._slots = Slots(limit)

    @property
    def taken(self) -> int:
        return self._slots.taken

    def turn(self) -> Slot:
        """For a `with`, around the wait. Raises TooManyPulls."""
        slot = self._slots.take()
        if slot is None:
            raise TooManyPulls(
                f"{self._slots.limit} requests wait for images to be pulled or loaded, which is the most at a time "
                "(setting api_threads), and this one would have to wait too: try again"
            )
        return slot
