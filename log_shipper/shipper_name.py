"""A name of this shipper for ever: positions in its spool, and its counts, are told apart from another's by it."""

import os
import socket
import uuid
from pathlib import Path

from log_shipper.places import shipper_name_file


def shipper_name(data: Path) -> str:
    """Of the shipper of this data folder; made at the first call."""
    file = shipper_name_file(data)
    try:
        return file.read_text()
    except FileNotFoundError:
        name = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        new = file.with_suffix(".new")
        new.write_text(name)
        os.replace(new, file)
        return name
