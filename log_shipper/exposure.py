"""Whether whoever should not could reach the shipper's own address."""

from pathlib import Path

from log_shipper.config import ShipperSettings
from wholelog_base.loopback import stays_here
from wholelog_base.settings import SettingsError


def check_exposure(settings: ShipperSettings) -> None:
    """It asks nobody who they are, and tells of everybody's containers. Raises SettingsError."""
    address = settings.shipper_listen
    if settings.shipper_listen_unprotected or isinstance(address, Path) or stays_here(address):
        return
    raise SettingsError(
        [
            f"shipper_listen: {address[0]!r} can be reached from other machines, and who asks there is asked for no token: set "
            "it to an address of 127.0.0.1 or a unix socket (unix:///PATH), or shipper_listen_unprotected to true where "
            "something else keeps strangers out"
        ]
    )
