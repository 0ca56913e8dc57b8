"""What can be wrong with what a sender sends. Each ends its connection: behind it nothing can be trusted.

ProtocolError
├── Malformed   not msgpack, or not a message of the Forward protocol
├── TooLarge    above a limit: a record, a message, what it inflates to, its nesting
└── Refused     the handshake failed
"""


class ProtocolError(Exception):
    """Its text says what was wrong, for the log."""


class Malformed(ProtocolError):
    pass


class TooLarge(ProtocolError):
    pass


class Refused(ProtocolError):
    pass
