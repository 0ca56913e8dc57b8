"""The name of an image: what Docker's reference grammar takes (distribution/reference), cut into its parts."""

import re
from typing import Final

from runtime_api.schemas.task import ImageRequest

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN: Final = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?"
PATH: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_NAME: Final = re.compile(rf"(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
LONGEST: Final = 255


def split(text: str) -> ImageRequest:
    """From `name`, `name:tag`, `HOST:5000/name:tag` or `name@sha256:…`. Raises ValueError saying what would fit.

    A digest stands where the tag would (a tag has no colon); a tag beside a digest says nothing and is dropped.
    """
    name, at, digest = text.partition("@")
    slash = name.rfind("/")
    colon = name.find(":", slash + 1)
    tag = name[colon + 1 :] if colon >= 0 else ""
    name = name[:colon] if colon >= 0 else name
    if (colon >= 0 and not TAG.fullmatch(tag)) or (at and not DIGEST.fullmatch(digest)):
        raise ValueError("must be an image such as 'python:3.12', 'HOST:5000/team/name:tag' or 'name@sha256:…'")
    check_name(name)
    return ImageRequest(name, digest if at else tag)


def check_name(name: str) -> None:
    if len(name) > LONGEST or not _NAME.fullmatch(name):
        raise ValueError(
            "must be an image such as 'python:3.12': lower-case letters, digits, and single . _ or - between them"
        )


def check_namespace(auth: str) -> None:
    if len(auth) > LONGEST or not PATH.fullmatch(auth):
        raise ValueError("must be the namespace of a repository, such as 'team': lower-case letters, digits, . _ or -")


def check_tag(tag: str) -> None:
    if not TAG.fullmatch(tag) and not DIGEST.fullmatch(tag):
        raise ValueError("must be a tag such as '3.12' (letters, digits, _ . or -, at most 128) or a digest 'sha256:…'")


def reference(image: ImageRequest, registry: str = "") -> str:
    """`[REGISTRY/][auth/]name:tag`, with `latest` where no tag is given; the registry only before an `auth`."""
    name = f"{image.auth}/{image.name}" if image.auth else image.name
    if image.auth and registry:
        name = f"{registry.rstrip('/')}/{name}"
    return name + ("@" if ":" in image.tag else ":") + (image.tag or "latest")
