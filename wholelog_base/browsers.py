"""What a web page of somebody else's could make a browser of this machine ask of a service that asks for no token."""

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit


def is_name_of_others(host: str) -> bool:
    """Whether the header Host is a name that is registered with somebody: such a name has a dot, and is no address.

    A page's own name may be turned to the loopback while it is open; then it may read what it gets (DNS rebinding). A
    browser always says the name. `host`: without its port.
    """
    if "." not in host.rstrip(".") or host.lower().rstrip(".").endswith(".localhost"):
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def is_of_another_page(header: Callable[[str], str | None], place: str) -> bool:
    """By what a browser says of the page that asks (Fetch Metadata; RFC 6454 before it). `place`: our HOST:PORT."""
    site, origin = header("Sec-Fetch-Site"), header("Origin")
    return site not in (None, "same-origin", "none") or (origin is not None and urlsplit(origin).netloc != place)
