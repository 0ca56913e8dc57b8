"""What the Elasticsearch backend makes of every answer that is not a plain yes; see `tests/services/elasticsearch_fake`."""

import base64
import hashlib
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from log_store.elastic import waiting
from log_store.elastic.bulk import PAUSES
from log_store.elastic.writer import ElasticWriter
from log_store.errors import LogStoreError, StoreDamaged, StoreMisconfigured, StoreUnavailable
from log_store.open import open_reader, open_writer
from log_store.options import StoreOptions
from log_store.protocols import WriteResult
from log_store.query import LogQuery
from log_store.seal import Seal
from tests.documents import NOON, Documents, container, messages_of
from tests.services.elasticsearch_fake import FakeElastic, Reply, Request, error, fake_elastic, items, reply

A = container("a").container_id
ONE = Documents().add(NOON, "one").batch
FIVE = Documents().add_all("abcde").batch

HTML = Reply(502, b"<html>bad gateway</html>", "text/html", product=False)
GARBLED = Reply(200, b'{"items": [', "application/json")
TORN = Reply(200, b'{"items": [', "application/json", missing=100)

LINE = {
    "log_time": "2026-05-06T12:00:00.000000000Z", "log_type": "info", "log_message": "one", "log_type_by": "default",
    "stream": "stdout", "lines": 1,
}  # fmt: skip


def all_well(request: Request) -> Reply | None:
    return None


def bulk(answer: Reply) -> Callable[[Request], Reply | None]:
    return lambda request: answer if "/_bulk" in request.path else None


def search(answer: Reply) -> Callable[[Request], Reply | None]:
    return lambda request: answer if "/_search" in request.path else None


def write(fake: FakeElastic) -> WriteResult:
    writer = open_writer(fake.url)
    try:
        return writer.write(FIVE)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (error(401, "security_exception", "missing credentials"), StoreMisconfigured, "set elasticsearch_api_key"),
        (error(403, "security_exception", "needs create_doc"), StoreMisconfigured, "needs create_doc"),
        (error(400, "media_type_header_exception"), StoreMisconfigured, "media_type_header"),
        (error(404, "index_not_found_exception"), StoreMisconfigured, "index_not_found"),
        (error(503, "cluster_block_exception", "no master"), StoreUnavailable, "no master"),
        (error(500, "some_exception"), StoreUnavailable, "500"),
        (HTML, StoreUnavailable, "502"),
        (GARBLED, StoreUnavailable, "not known what became"),
        (TORN, StoreUnavailable, "http://127.0.0.1"),
        (items(201, 201), StoreUnavailable, "2 items"),
        (reply({"took": 3}), StoreUnavailable, "0 items"),
        (reply({"items": [{"odd": 1}] * 5}), StoreUnavailable, "makes no sense"),
        (Reply(200, b"{}", product=False), StoreMisconfigured, "is no Elasticsearch"),
        (items(201, 404, 201, 201, 201, kind="index_not_found_exception"), StoreMisconfigured, "auto_create_index"),
        (items(201, 400, 201, 201, 201, kind="validation_exception"), StoreMisconfigured, "refuses every document"),
        (items(201, 403, 201, 201, 201, kind="security_exception"), StoreMisconfigured, "403"),
    ],
)
def test_a_batch_that_is_not_taken_raises_with_the_reason(answer: Reply, kind: type[LogStoreError], text: str) -> None:
    def answers(request: Request) -> Reply | None:
        # The product is known by the first answer.
        return answer if "/_bulk" in request.path or not answer.product else None

    with fake_elastic(answers) as fake, pytest.raises(kind, match=text) as raised:
        write(fake)
    assert fake.url in str(raised.value) or "127.0.0.1" in str(raised.value)


def test_the_items_of_one_bulk_each_have_their_own_fate() -> None:
    with fake_elastic(bulk(items(201, 409, 429, 400, 503, reason="why"))) as fake:
        result = write(fake)
    assert (result.stored, result.present) == (1, 1)
    assert [(r.row, r.retry) for r in result.rejections] == [(2, True), (3, False), (4, True)]
    assert all("why" in r.reason for r in result.rejections)
    assert len(fake.bulks) == 1


def test_a_full_disk_and_a_write_block_are_for_later() -> None:
    with fake_elastic(bulk(items(429, 403, 429, 403, 429, kind="cluster_block_exception"))) as fake:
        result = write(fake)
    assert [r.retry for r in result.rejections] == [True] * 5


def test_a_busy_server_that_refuses_all_together_is_for_later() -> None:
    with fake_elastic(bulk(error(429, "es_rejected_execution_exception"))) as fake:
        result = write(fake)
    assert [(r.row, r.retry) for r in result.rejections] == [(row, True) for row in range(5)]


@pytest.mark.parametrize("refusal", [Reply(413, b""), error(400, "action_request_validation_exception", "id too long")])
def test_what_is_refused_together_is_sent_in_halves_until_the_one_is_found(refusal: Reply) -> None:
    def answers(request: Request) -> Reply | None:
        return refusal if "/_bulk" in request.path and b'"log_message":"d"' in request.body else None

    with fake_elastic(answers) as fake:
        result = write(fake)
    assert (result.stored, [(r.row, r.retry) for r in result.rejections]) == (4, [(3, False)])
    assert str(refusal.status) in result.rejections[0].reason


def test_numbers_that_prove_a_document_too_large_end_it_at_once() -> None:
    reason = "rejected execution of primary operation [coordinating_and_primary_bytes=9, replica_bytes=0, all_bytes=9, "
    reason += "primary_operation_bytes=100, max_primary_bytes=90]"
    limits = bulk(items(429, kind="es_rejected_execution_exception", reason=reason))
    pauses: list[float] = []
    with fake_elastic(limits) as fake:
        result = ElasticWriter(fake.url, StoreOptions(), pauses.append).write(ONE)
    assert [r.retry for r in result.rejections] == [False] and "max_primary_bytes=90" in result.rejections[0].reason
    assert not pauses


def test_a_large_document_that_is_refused_at_every_try_is_given_up() -> None:
    """The others of its batch are stored; the tries are counted, since nothing says whether it can ever be taken."""

    def answers(request: Request) -> Reply | None:
        if "/_bulk" not in request.path or len(request.body) < 1 << 20:
            return None
        return items(*[429] * request.documents, kind="es_rejected_execution_exception")

    batch = Documents().add(NOON, "small").add(NOON + 1, "x" * (2 << 20)).add(NOON + 2, "small too").batch
    pauses: list[float] = []
    with fake_elastic(answers) as fake:
        result = ElasticWriter(fake.url, StoreOptions(), pauses.append).write(batch)
    assert pauses == list(PAUSES)
    assert [(r.row, r.retry) for r in result.rejections if not r.retry] == [(1, False)]


def test_bodies_stay_below_8_mb() -> None:
    batch = Documents().add_all(f"{n}" + "x" * 1_000_000 for n in range(20)).batch
    with fake_elastic(all_well) as fake:
        assert ElasticWriter(fake.url, StoreOptions()).write(batch).stored == 20
    assert len(fake.bulks) == 3 and max(len(request.body) for request in fake.bulks) <= 8_000_000


def test_a_seal_that_is_not_taken_raises() -> None:
    for status, kind in ((429, StoreUnavailable), (503, StoreUnavailable), (400, StoreMisconfigured)):
        with fake_elastic(bulk(items(status))) as fake, pytest.raises(kind, match="seal"):
            open_writer(fake.url).write_seals([Seal(A, 1)])


def test_a_seal_that_no_json_can_hold_is_refused_by_name() -> None:
    with fake_elastic(all_well) as fake, pytest.raises(StoreMisconfigured, match="surrogates"):
        open_writer(fake.url).write_seals([Seal(A, 1, "name \ud800")])
    assert not fake.bulks


def test_a_refresh_that_missed_a_shard_raises() -> None:
    failing = reply({"_shards": {"total": 2, "successful": 1, "failed": 1}})
    with fake_elastic(lambda request: failing) as fake, pytest.raises(StoreUnavailable, match="not all shards"):
        open_writer(fake.url).refresh()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(401, "security_exception"), StoreMisconfigured),
        (error(403, "security_exception"), StoreMisconfigured),
        (error(404, "search_context_missing_exception"), StoreUnavailable),
        (error(429, "es_rejected_execution_exception"), StoreUnavailable),
        (error(503, "search_phase_execution_exception"), StoreUnavailable),
        (HTML, StoreUnavailable),
        (GARBLED, StoreDamaged),
        (TORN, StoreUnavailable),
        (reply({"took": 1}), StoreDamaged),
        (reply({"timed_out": True, "_shards": {"failed": 0}, "hits": {"hits": []}}), StoreUnavailable),
        (reply({"timed_out": False, "_shards": {"failed": 1}, "hits": {"hits": []}}), StoreUnavailable),
    ],
)
def test_a_search_that_is_not_whole_raises_and_its_point_in_time_is_closed(
    answer: Reply, kind: type[LogStoreError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BUSY", 0.2)
    with fake_elastic(search(answer)) as fake:
        reader = open_reader(fake.url)
        with pytest.raises(kind):
            messages_of(reader, LogQuery(A))
        assert [r.method for r in fake.requests if "/_pit" in r.path] == ["POST", "DELETE"]
        with pytest.raises(kind if answer.status != 404 else StoreMisconfigured):
            reader.count_lines(A)


def one_light_line(request: Request) -> Reply | None:
    """A log of LINE."""

    def found(search: bytes) -> dict[str, Any]:
        hit = {"_id": "x", "_index": "i", "_source": LINE, "sort": [1, "stdout", 0, 0]}
        hits = [] if b"aggs" in search or b'"exists"' in search else [hit]
        told = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"total": {"value": 1}, "hits": hits}}
        return {**told, "aggregations": {"first": {"value": 1.0}, "last": {"value": 1.0}}}

    if "/_msearch" in request.path:
        return reply({"responses": [found(search) for search in request.body.splitlines()[1::2]]})
    return reply(found(request.body)) if "/_search" in request.path else None


@pytest.mark.parametrize("query", [LogQuery(A), LogQuery(A, size=3)])
@pytest.mark.parametrize("within", [False, True])
def test_a_server_that_is_too_busy_is_asked_again(query: LogQuery, within: bool) -> None:
    """Each request is refused once, or one of the searches that are in it."""
    refused = set[tuple[str, str, bytes]]()

    def answers(request: Request) -> Reply | None:
        asked, well = (request.method, request.path, request.body), one_light_line(request)
        if request.method == "DELETE" or asked in refused:
            return well
        refused.add(asked)
        if well is None or not within or "/_msearch" not in request.path:
            return error(429, "circuit_breaking_exception")
        responses = json.loads(well.body)["responses"]
        return reply({"responses": [*responses[:-1], {"status": 429, "error": {"type": "circuit_breaking_exception"}}]})

    with fake_elastic(answers) as fake:
        assert messages_of(open_reader(fake.url), query) == ["one"]
    assert refused


def test_a_document_without_its_members_is_damage() -> None:
    hit = {"_id": "x", "_index": "i", "_source": {"log_message": "text"}, "sort": [1, "stdout", 0, 0]}
    answer = reply({"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": [hit]}})
    with fake_elastic(search(answer)) as fake, pytest.raises(StoreDamaged, match="makes no sense"):
        messages_of(open_reader(fake.url), LogQuery(A))


def test_credentials_are_sent_and_never_shown() -> None:
    def refuse(request: Request) -> Reply:
        return error(401, "security_exception")

    basic = "Basic " + base64.b64encode(b"me:secret").decode()
    for options, header in (
        (StoreOptions(user="me", password="secret"), basic),
        (StoreOptions(api_key="c2VjcmV0OmtleQ=="), "ApiKey c2VjcmV0OmtleQ=="),
    ):
        with fake_elastic(all_well) as fake:
            open_writer(fake.url, options).write(ONE)
        assert {request.headers["authorization"] for request in fake.requests} == {header}
        refusal = error(401, "security_exception")
        with (
            fake_elastic(lambda request, refusal=refusal: refusal) as fake,
            pytest.raises(StoreMisconfigured) as raised,
        ):
            open_writer(fake.url, options).write(ONE)
        assert "secret" not in str(raised.value) and "secret" not in repr(options)


def test_https_trusts_the_authority_or_the_fingerprint_that_is_set_and_nothing_else(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    digits = hashlib.sha256(der).hexdigest()
    with fake_elastic(all_well, tls) as fake:
        for options in (
            StoreOptions(ca=str(tmp_path / "ca.pem")),
            StoreOptions(fingerprint=digits),
            StoreOptions(fingerprint=digits.upper()),
        ):
            assert open_writer(fake.url, options).write(ONE).stored == 1
        for options in (
            StoreOptions(),
            StoreOptions(ca=str(tmp_path / "other.pem")),
            StoreOptions(fingerprint="0" * 64),
        ):
            with pytest.raises(StoreMisconfigured, match="elasticsearch_ca or elasticsearch_fingerprint"):
                open_writer(fake.url, options).write(ONE)
    with fake_elastic(all_well) as plain, pytest.raises(StoreMisconfigured, match="http in the URL"):
        open_writer(plain.url.replace("http:", "https:")).write(ONE)
