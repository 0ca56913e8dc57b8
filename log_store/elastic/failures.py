"""What Elasticsearch and the way to it answer, as the errors of the log store, with the way out."""

from dataclasses import dataclass
from typing import Any, Final

import elasticsearch
from elastic_transport import ConnectionError as TransportConnectionError
from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError

from log_store.errors import LogStoreError, StoreDamaged, StoreMisconfigured, StoreUnavailable

_CREDENTIALS: Final = "set elasticsearch_api_key, or elasticsearch_user and elasticsearch_password"
_TRUST: Final = (
    "set elasticsearch_ca or elasticsearch_fingerprint to what the server shows, and https or http in the URL"
)
_NOT_TRUSTED: Final = ("CERTIFICATE_VERIFY_FAILED", "ingerprint", "WRONG_VERSION_NUMBER", "hostname")
_NO_SHARD: Final = ("missing shards", "no_shard_available")
_LONGEST: Final = 500  # characters of a reason: it may quote the document


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `body` is its JSON, its text, or None."""

    status: int
    body: Any

    @property
    def kind(self) -> str:
        """Elasticsearch's name for the error, such as `index_not_found_exception`; '' where there is none."""
        return kind_of(self._error)

    @property
    def reason(self) -> str:
        """What it says of the error, kind included."""
        return reason_of(self._error) or f"no reason given: {self.body!r:.200}"

    @property
    def lacks_shards(self) -> bool:
        """Whether an index has a shard that no node serves: one that was lost, or that is just being made."""
        return self.status == 503 and any(mark in self.reason for mark in _NO_SHARD)

    @property
    def _error(self) -> Any:
        return self.body.get("error") if isinstance(self.body, dict) else self.body


def kind_of(error: Any) -> str:
    """The type of an `error` member, of an answer or a bulk item."""
    return str(error.get("type", "")) if isinstance(error, dict) else ""


def reason_of(error: Any) -> str:
    """Type, reason and the innermost cause of an `error` member, as one text of bounded length."""
    if not isinstance(error, dict):
        return str(error or "")[:_LONGEST]
    text = f"{kind_of(error)}: {error.get('reason')}"
    cause = error.get("caused_by")
    if cause is None:
        roots = error.get("root_cause")
        cause = roots[0] if isinstance(roots, list) and roots else None
        if isinstance(cause, dict) and cause.get("reason") == error.get("reason"):
            cause = None
    while isinstance(cause, dict) and isinstance(cause.get("caused_by"), dict):
        cause = cause["caused_by"]
    if isinstance(cause, dict):
        text = f"{text[: _LONGEST // 2]} ({kind_of(cause)}: {cause.get('reason')})"
    return text[:_LONGEST]


def refused(place: str, answer: Answer) -> LogStoreError:
    """The error for an answer of status 300 or more that nobody expected."""
    said = f"{place} answered {answer.status}: {answer.reason}"
    if answer.status == 401:
        return StoreMisconfigured(f"{said}; {_CREDENTIALS}")
    if answer.status == 403:
        return StoreMisconfigured(f"{said}; grant that to the user or API key that Wholelog has, or give it another")
    if answer.status == 408 or answer.status == 429 or answer.status >= 500:
        return StoreUnavailable(said)
    return StoreMisconfigured(said)


def failed(place: str, error: Exception) -> LogStoreError:
    """The error for a request that got no answer, or one that could not be read."""
    said = f"{error}"[:_LONGEST]
    if isinstance(error, elasticsearch.UnsupportedProductError):
        return StoreMisconfigured(f"{place} is no Elasticsearch: let the setting `store` name one")
    if isinstance(error, SerializationError):
        return StoreDamaged(f"{place} gave an answer that makes no sense: {said}")
    if isinstance(error, TlsError) and any(mark in said for mark in _NOT_TRUSTED):
        return StoreMisconfigured(f"{place}: no trusted connection: {said}; {_TRUST}")
    if isinstance(error, ConnectionTimeout):
        return StoreUnavailable(f"{place} did not answer in time: {said}")
    if isinstance(error, (TransportConnectionError, TransportError)):
        return StoreUnavailable(f"{place} cannot be reached: {said}")
    raise error
