"""The settings of the shipper's processes."""

from dataclasses import dataclass
from pathlib import Path

from wholelog_base.addresses import Address, TcpAddress, tcp_address, tcp_or_unix
from wholelog_base.settings import (
    SharedSettings,
    choice,
    duration,
    flag,
    path,
    setting,
    size,
    text,
    whole_number,
)

LOG_TYPES = choice("critical", "error", "warning", "info", "debug")


@dataclass(frozen=True, kw_only=True)
class ShipperSettings(SharedSettings):
    forward_listen: TcpAddress | None = setting(
        None, "HOST:PORT on which Forward senders other than Docker are taken over TCP; unset: none", tcp_address
    )
    forward_shared_key: str = setting(
        "", "shared key that TCP senders must prove; empty: no handshake", text, secret=True
    )
    shipper_listen: Address = setting(
        ("127.0.0.1", 8081),
        "address of the shipper's /healthz, /readyz and /metrics, HOST:PORT or unix:///PATH",
        tcp_or_unix,
    )
    shipper_listen_unprotected: bool = setting(
        False, "whether `shipper_listen` may be reached from other machines: it asks nobody who they are", flag
    )
    spool_limit: int = setting(4 << 30, "bytes of the spool at most", size)
    segment_size: int = setting(64 << 20, "bytes of one segment of the spool", size)
    held_limit: int = setting(
        4 << 30, "bytes of Docker's copies at most that are kept from being rotated away until they were compared", size
    )
    queue_limit: int = setting(
        64 << 20, "bytes received that may wait for the disk; what comes above is dropped and counted", size
    )
    message_limit: int = setting(64 << 20, "bytes of one Forward message at most", size)
    inflated_limit: int = setting(256 << 20, "bytes that a compressed message may become", size)
    connection_limit: int = setting(10_000, "open connections of senders at most", whole_number(1, 100_000))
    partial_timeout: float = setting(60.0, "how long a TCP sender may take over one message", duration)
    max_message: int = setting(8 << 20, "bytes of a line above which it is stored in numbered pieces", size)
    default_type: str = setting("info", "log_type of a line on stdout that declares none", LOG_TYPES)
    default_type_stderr: str = setting("info", "log_type of a line on stderr that declares none", LOG_TYPES)
    fields: bool = setting(True, "whether JSON and logfmt lines are stored as fields too, beside their text", flag)
    rules: Path | None = setting(None, "TOML file of rules for log types and messages, see docs/log-types.md", path)
    alerts: Path | None = setting(None, "TOML file of rules for alerts, and where they go, see docs/alerts.md", path)
    retention: float = setting(90 * 86_400.0, "age up to which a line's day gets a partition of its own", duration)
    logs_for: float = setting(
        0.0, "how long lines are kept; whole days go once all of their lines are older; 0: for ever", duration
    )
    logs_limit: int = setting(
        0, "bytes of the store above which its oldest days go, whatever their age; 0: no limit", size
    )
    logs_unverified: bool = setting(
        False, "whether retention removes what has not been compared with Docker's copy, too", flag
    )
    logs_look: float = setting(600.0, "how often retention looks for what is to go", duration)
    batch_size: int = setting(5000, "documents of one write to the store at most", whole_number(1, 50_000))
    store_connections: int = setting(2, "writes to the store at a time", whole_number(1, 64))
    checkpoint_interval: float = setting(2.0, "how often the position in the spool is saved", duration)
    watchdog: float = setting(
        10.0, "how long the acceptor may be silent before it is killed and started again", duration
    )
