"""Errors of the shipper.

ShipperError
├── SpoolLocked        another shipper works on this data folder
├── SpoolFull          no room for a record: over the limit, or the disk is full
├── AddressUnusable    a socket that cannot be listened on
├── CheckpointDamaged  the checkpoint is there but cannot be trusted
├── RemovalsDamaged    the note of what was removed on purpose cannot be trusted
├── EngineUnavailable  Docker does not answer
│   └── ContainerBusy  it does not say anything of one container, which somebody copies to or from
├── CopyDamaged        Docker's copy of a log broke off, or its frames make no sense
├── CopyGone           the container, and with it its copy, is not there any more
├── BookUnusable       the book of problems cannot be opened
├── NotAccepted        the acceptor did not take what the audit put back; it is tried again
└── NotTold            a receiver of alerts did not take them
"""


class ShipperError(Exception):
    """Base of every error that the shipper raises on purpose; its text says what failed and the way out."""


class SpoolLocked(ShipperError):
    pass


class SpoolFull(ShipperError):
    pass


class AddressUnusable(ShipperError):
    pass


class CheckpointDamaged(ShipperError):
    pass


class RemovalsDamaged(ShipperError):
    pass


class EngineUnavailable(ShipperError):
    pass


class ContainerBusy(EngineUnavailable):
    pass


class CopyDamaged(ShipperError):
    pass


class CopyGone(ShipperError):
    pass


class NotAccepted(ShipperError):
    pass


class BookUnusable(ShipperError):
    pass


class NotTold(ShipperError):
    """`final`: trying again would not help."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final
