"""The indices: their names, and the templates that give them their mapping.

`PREFIX-logs-2026.11.24` holds a day (UTC, of log_time), `PREFIX-logs-other` what has no day of its own, `PREFIX-seals`
the seals, `PREFIX-problems` what is counted of errors. Elasticsearch makes each when the first document for it comes, as the templates say, which the writer puts.

The mapping uses only what every Elasticsearch of 8 and 9 has, whatever its licence. It is not dynamic: a member it does
not know is kept and not searchable, so that a newer Wholelog can write into a day that an older one began.
"""

import logging
import re
from dataclasses import dataclass
from typing import Any, Final

from log_store.elastic.client import ElasticClient
from log_store.errors import StoreMisconfigured
from log_store.fields import OTHER_DAY
from log_store.rfc3339 import day_start

log = logging.getLogger(__name__)

DEFAULT_PREFIX: Final = "wholelog"
TEMPLATE_VERSION: Final = 4
"""Grows with every change below; a writer replaces a template of a smaller version and leaves one of a greater."""

_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}", re.ASCII)
_PRIORITY: Final = 500  # above those that Elasticsearch brings (100 to 200), should the prefix be `logs`

# A longer value is kept and not searchable, where Elasticsearch would refuse the document: 32,766 bytes of UTF-8 at most.
_KEYWORD: Final = {"type": "keyword", "ignore_above": 8191}
# Nobody could find a document without these: here a document that does not fit is refused, with the reason.
_NEEDED: Final = {"type": "keyword"}
_KEPT: Final = {"index": False, "doc_values": False}

_LOGS: Final[dict[str, Any]] = {
    "log_time": {"type": "date_nanos"},
    "@timestamp": {"type": "date"},  # milliseconds, the name that Kibana looks for
    "log_type": _KEYWORD,
    "log_message": {"type": "text", "norms": False},  # norms rank long texts below short ones: nothing for logs
    "log_type_by": _KEYWORD,
    "container_id": _NEEDED,
    "container_name": _KEYWORD,
    "task_id": _KEYWORD,
    "type": _KEYWORD,
    "uid": _KEYWORD,
    "stream": _NEEDED,
    "order_time": {"type": "long"},  # nanoseconds, as a number: exact in `sort` and `search_after` without a format
    "ordinal": {"type": "long", "index": False},
    "seq": {"type": "long"},
    "shipper": _KEYWORD,
    "lines": {"type": "long", "index": False},
    "last_time": {"type": "date_nanos", **_KEPT},
    "bytes": {"type": "long"},  # only where there are many, see document_rows
    # One field for all keys that programs think of: no key can make the mapping grow, no value be of a wrong type.
    "fields": {"type": "flattened", "ignore_above": 1024},
    "raw": {"type": "binary"},
    # The same by the names of the Elastic Common Schema, for Kibana and for queries written for other logs.
    "message": {"type": "alias", "path": "log_message"},
    "log": {"properties": {"level": {"type": "alias", "path": "log_type"}}},
    "container": {
        "properties": {
            "id": {"type": "alias", "path": "container_id"},
            "name": {"type": "alias", "path": "container_name"},
        }
    },
}
_SEALS: Final[dict[str, Any]] = {
    "container_id": _NEEDED,
    "started_at": {"type": "long"},
    "container_name": _KEYWORD,
    "task_id": _KEYWORD,
    "type": _KEYWORD,
    "uid": _KEYWORD,
    "state": _KEYWORD,
    "finished_at": {"type": "long"},
    "lines": {"type": "long"},
    "put_back": {"type": "long"},
    "labels": _KEYWORD,  # NAME=VALUE each: as an object, a name with dots would be more than one field
    "gaps": {"type": "object", "enabled": False},
}
_PROBLEMS: Final[dict[str, Any]] = {
    "kind": _NEEDED,
    "at": {"type": "long"},
    "problem": {"type": "object", "enabled": False},
    "triage": {"type": "object", "enabled": False},
}
_SETTINGS: Final = {
    "codec": "best_compression",
    "refresh_interval": "1s",  # set, so that an index which nobody searches for a while is refreshed as well
    "auto_expand_replicas": "0-1",  # one copy more as soon as there is a second node, and green without
}
# The order in which a container is read. Elasticsearch reads a page's documents in one go where they lie next to each
# other without a hole, and else unpacks a block anew for each: 14 times as long. Two fields less, and the end of a page
# amid lines of one time makes such a hole.
_SORT: Final = {"field": ["container_id", "order_time", "stream", "ordinal"], "order": ["asc"] * 4}


@dataclass(frozen=True, slots=True)
class IndexNames:
    """What the indices and templates of one prefix are called. Raises StoreMisconfigured for a prefix that can't be."""

    prefix: str

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise StoreMisconfigured(
                f"index_prefix {self.prefix!r}: must be 1 to 100 of a-z, 0-9, '-', '_' and '.', the first a letter or digit"
            )

    @property
    def logs(self) -> str:
        """The pattern that all indices of documents match."""
        return f"{self.prefix}-logs-*"

    @property
    def seals(self) -> str:
        return f"{self.prefix}-seals"

    @property
    def problems(self) -> str:
        return f"{self.prefix}-problems"

    def of_day(self, day: str) -> str:
        """The index of a partition. Raises ValueError where `day` is none."""
        if day != OTHER_DAY:
            day_start(day)
        return f"{self.prefix}-logs-{day}"


def is_day(day: str) -> bool:
    """Whether this can name a partition."""
    try:
        return day == OTHER_DAY or day_start(day) is not None
    except ValueError:
        return False


def templates(names: IndexNames) -> dict[str, dict[str, Any]]:
    """Name of a composable index template -> its body."""
    return {
        f"{names.prefix}-logs": _template(names.logs, _LOGS, {**_SETTINGS, "sort": _SORT}),
        names.seals: _template(names.seals, _SEALS, _SETTINGS),
        names.problems: _template(names.problems, _PROBLEMS, _SETTINGS),
    }


def put_templates(client: ElasticClient, names: IndexNames) -> None:
    """Put each template that is not there or is older than ours. Raises LogStoreError."""
    for name, body in templates(names).items():
        path = f"/_index_template/{name}"
        found = client.request(
            "GET", path, params={"filter_path": "index_templates.index_template.version"}, expected=(404,)
        )
        if found.status == 404 or _version(found.body) < TEMPLATE_VERSION:
            client.request("PUT", path, body=body)
            # Indices that an older one began are given what has come since; what they have stays as it is.
            (pattern,) = body["index_patterns"]
            known = {"properties": body["template"]["mappings"]["properties"]}
            answer = client.request(
                "PUT", f"/{pattern}/_mapping", body=known, params={"ignore_unavailable": "true"}, expected=(400, 404)
            )
            if answer.status == 400:
                log.warning("an index that an older Wholelog made stays as it is: %s", answer.reason)


def _template(pattern: str, properties: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "index_patterns": [pattern],
        "priority": _PRIORITY,
        "version": TEMPLATE_VERSION,
        "template": {"settings": {"index": settings}, "mappings": {"dynamic": False, "properties": properties}},
        "_meta": {"description": "made by Wholelog, which replaces it when it has a newer one"},
    }


def _version(body: Any) -> int:
    try:
        return int(body["index_templates"][0]["index_template"]["version"])
    except (KeyError, IndexError, TypeError, ValueError):
        return 0  # one without a version is not ours, and ours must take its place
