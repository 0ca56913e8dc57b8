"""Errors of the log store.

LogStoreError
├── StoreUnavailable    cannot be reached, or refuses for now: try again later
├── StoreMisconfigured  reached, but the URL, credentials or settings do not fit: someone must act
└── StoreDamaged        an answer or a file that makes no sense: what was read before it must not look whole
"""


class LogStoreError(Exception):
    """Base of every error that leaves `log_store`; its text says what failed and where."""


class StoreUnavailable(LogStoreError):
    pass


class StoreMisconfigured(LogStoreError):
    pass


class StoreDamaged(LogStoreError):
    pass
