"""A request's body as a JSON object."""

import json
from collections import Counter
from typing import Any

import falcon
import orjson

from runtime_api.errors import BadRequest, BodyTooLarge, NotJson


def read_object(req: falcon.Request, limit: int, *, required: bool) -> dict[str, Any]:
    """The body; {} where it is absent and not `required`.

    Raises BadRequest (not JSON, a name given twice, not an object), BodyTooLarge (above `limit` bytes), NotJson.
    """
    if (req.content_length or 0) > limit:
        raise too_large(limit)
    raw = req.bounded_stream.read(limit + 1)
    if len(raw) > limit:
        raise too_large(limit)
    if not raw.strip():
        if required:
            raise BadRequest(["the body is missing; it must be a JSON object"])
        return {}
    _check_type(req)
    body = _parse(raw)
    if not isinstance(body, dict):
        kind = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}.get(type(body), "a number")
        raise BadRequest([f"the body must be a JSON object, not {kind}"])
    _check_names(raw)
    return body


def too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {limit} bytes (setting body_limit)")


def _check_type(req: falcon.Request) -> None:
    given = req.content_type or "application/json"
    kind, _, rest = given.partition(";")
    charset = rest.strip().lower().replace('"', "").replace(" ", "")
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8", "charset=utf8"):
        raise NotJson(
            f"content-type: {given!r:.100} must be application/json in UTF-8 "
            "(with curl: -H 'content-type: application/json')"
        )
    encoding = req.get_header("content-encoding") or "identity"
    if encoding.lower() != "identity":
        raise NotJson(f"content-encoding: {encoding!r:.100} is not taken; send the body as it is")


def _parse(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadRequest([f"the body is not JSON in UTF-8: {error.msg}, at {where}"]) from error


def _check_names(raw: bytes) -> None:
    """A name that stands twice in an object: which of the two was meant cannot be known."""
    twice: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > 1:
            twice.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)

    try:
        json.loads(raw, object_pairs_hook=look, parse_int=_skip, parse_float=_skip)
    except RecursionError as error:
        raise BadRequest(["the body is nested too deeply"]) from error
    if twice:
        raise BadRequest([f"{name!r:.100}: given more than once in the same object" for name in twice[:20]])


def _skip(number: str) -> None:
    """Numbers have been read by orjson; one of a million digits is not read again."""
