"""The connection to Elasticsearch: one request in, one answer or one of our errors out.

The client of 8.19 speaks to servers of 8 and 9. `GET /` is never asked: a node without all its modules does not know it.
"""

import re
import ssl
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from elastic_transport import TextSerializer, TransportError
from elasticsearch import ApiError, Elasticsearch, OrjsonSerializer
from elasticsearch.serializer import DEFAULT_SERIALIZERS

from log_store.elastic.failures import Answer, failed, refused
from log_store.elastic.waiting import until_able
from log_store.errors import StoreMisconfigured, StoreUnavailable
from log_store.options import StoreOptions

NOTHING: Final = frozenset[int]()
_JSON: Final = {"accept": "application/json", "content-type": "application/json"}
_NDJSON: Final = {"accept": "application/json", "content-type": "application/x-ndjson"}
_CONNECTIONS: Final = 16
_FINGERPRINT: Final = re.compile(r"[0-9a-fA-F]{64}")


class _CompatibleOrjson(OrjsonSerializer):
    mimetype = "application/vnd.elasticsearch+json"


class _AsItCame(OrjsonSerializer):
    """The bytes of an answer, for who reads them otherwise."""

    def loads(self, data: bytes) -> Any:
        return data


class _CompatibleAsItCame(_AsItCame):
    mimetype = _CompatibleOrjson.mimetype


class ElasticClient:
    """Safe to use from several threads. `timeout`: seconds for one request."""

    def __init__(self, url: str, options: StoreOptions, timeout: float) -> None:
        """Connects to nothing yet. Raises StoreMisconfigured for a URL, file or combination that cannot work."""
        self.place = url.rstrip("/")
        self._closed = False
        arguments = {**_where(url), **_credentials(options), **_trust(url, options)}
        self._client = self._connected(OrjsonSerializer(), _CompatibleOrjson(), timeout, arguments)
        self._as_it_came = self._connected(_AsItCame(), _CompatibleAsItCame(), timeout, arguments)

    def _connected(
        self, serializer: OrjsonSerializer, compatible: OrjsonSerializer, timeout: float, arguments: dict[str, Any]
    ) -> Elasticsearch:
        serializers = {
            **DEFAULT_SERIALIZERS,
            "application/json": serializer,
            _CompatibleOrjson.mimetype: compatible,
            "text/*": TextSerializer(),  # a proxy's error page
        }
        try:
            client = Elasticsearch(
                serializers=serializers,
                request_timeout=timeout,
                connections_per_node=_CONNECTIONS,
                # One more try for a connection that the server closed while it was idle; all else is the caller's.
                max_retries=1,
                retry_on_timeout=False,
                retry_on_status=(),
                **arguments,
            )
        except (ValueError, OSError) as error:
            raise StoreMisconfigured(f"{self.place}: {error}") from error
        return client.options(ignore_status=range(300, 600))

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | bytes | None = None,
        params: Mapping[str, Any] | None = None,
        expected: Container[int] = NOTHING,
    ) -> Answer:
        """The answer, if its status is below 300 or `expected`. `body` as bytes is NDJSON.

        A server that is too busy is asked again for a while, unless 429 is `expected`.

        Raises StoreUnavailable, StoreMisconfigured, or StoreDamaged for an answer that cannot be read.
        """
        answer = until_able(lambda: self._told(self._client, method, path, body, params), expected=expected)
        return self._checked(answer, expected)

    def request_bytes(
        self, method: str, path: str, *, body: Mapping[str, Any], params: Mapping[str, Any], expected: Container[int]
    ) -> Answer:
        """As `request`; below 300 the answer's body is its bytes."""
        answer = until_able(
            lambda: _readable(self._told(self._as_it_came, method, path, body, params)), expected=expected
        )
        return self._checked(answer, expected)

    def _told(
        self, client: Elasticsearch, method: str, path: str, body: Mapping[str, Any] | bytes | None,
        params: Mapping[str, Any] | None,
    ) -> Answer:  # fmt: skip
        if self._closed:
            raise StoreUnavailable(f"{self.place}: this connection has been closed")
        headers = _NDJSON if isinstance(body, bytes) else _JSON
        try:
            response = client.perform_request(method, path, params=params, headers=headers, body=body)
        except (TransportError, ApiError) as error:
            raise failed(self.place, error) from error
        return Answer(response.meta.status, response.body)

    def _checked(self, answer: Answer, expected: Container[int]) -> Answer:
        if answer.status >= 300 and answer.status not in expected:
            raise refused(self.place, answer)
        return answer

    def close(self) -> None:
        self._closed = True
        self._client.close()
        self._as_it_came.close()


def _readable(answer: Answer) -> Answer:
    """Of bytes; those of an error as what they mean."""
    if answer.status < 300 or not isinstance(answer.body, bytes):
        return answer
    try:
        return Answer(answer.status, orjson.loads(answer.body))
    except orjson.JSONDecodeError:
        return Answer(answer.status, answer.body.decode("utf-8", "replace"))


def _where(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        # A URL is shown in messages and in `wholelog config`.
        raise StoreMisconfigured(
            "store: no user or password in the URL: set elasticsearch_user and elasticsearch_password"
        )
    if parts.query or parts.fragment:
        raise StoreMisconfigured(f"store {url!r}: must end after the host, port and path")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 9200)
    return {"hosts": [f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"]}


def _credentials(options: StoreOptions) -> dict[str, Any]:
    if options.api_key and (options.user or options.password):
        raise StoreMisconfigured("elasticsearch_api_key: not together with elasticsearch_user and _password")
    if bool(options.user) != bool(options.password):
        raise StoreMisconfigured("elasticsearch_user and elasticsearch_password: one is set without the other")
    if options.api_key:
        return {"api_key": options.api_key}
    return {"basic_auth": (options.user, options.password)} if options.user else {}


def _trust(url: str, options: StoreOptions) -> dict[str, Any]:
    if not options.ca and not options.fingerprint:
        return {}
    if not url.startswith("https:"):
        raise StoreMisconfigured(f"elasticsearch_ca, elasticsearch_fingerprint: only for https, but store is {url!r}")
    arguments: dict[str, Any] = {}
    if options.ca:
        if not Path(options.ca).is_file():
            raise StoreMisconfigured(f"elasticsearch_ca {options.ca!r}: there is no such file")
        try:
            ssl.create_default_context(cafile=options.ca)
        except OSError as error:
            raise StoreMisconfigured(f"elasticsearch_ca {options.ca!r}: cannot be read as PEM: {error}") from error
        arguments["ca_certs"] = options.ca
    if options.fingerprint:
        digits = options.fingerprint.replace(":", "")
        if not _FINGERPRINT.fullmatch(digits):
            raise StoreMisconfigured(
                f"elasticsearch_fingerprint {options.fingerprint!r}: must be the certificate's SHA-256, 64 hexadecimal "
                "digits with or without colons"
            )
        arguments["ssl_assert_fingerprint"] = digits.lower()
    return arguments
