"""What is needed to open a store, beside its URL."""

from dataclasses import dataclass
from typing import Final

from wholelog_base.settings import SharedSettings


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """What goes with the URL of an Elasticsearch; SQLite needs none of it. Empty: not given."""

    index_prefix: str = ""
    user: str = ""
    password: str = ""
    api_key: str = ""
    ca: str = ""  # PEM file of the certificate authority
    fingerprint: str = ""  # SHA-256 of the certificate

    def __repr__(self) -> str:
        return f"StoreOptions(index_prefix={self.index_prefix!r}, user={self.user!r})"  # never a secret


DEFAULTS: Final = StoreOptions()


def store_options(settings: SharedSettings) -> StoreOptions:
    """What the settings say of an Elasticsearch."""
    return StoreOptions(
        index_prefix=settings.index_prefix,
        user=settings.elasticsearch_user,
        password=settings.elasticsearch_password,
        api_key=settings.elasticsearch_api_key,
        ca=settings.elasticsearch_ca,
        fingerprint=settings.elasticsearch_fingerprint,
    )
