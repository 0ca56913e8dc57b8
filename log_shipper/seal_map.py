"""A seal as a map, for the spool and the checkpoint."""

from typing import Any

from log_store.seal import Gap, Seal


def seal_to_map(seal: Seal) -> dict[str, Any]:
    told = {name: getattr(seal, name) for name in Seal.__slots__}
    return {**told, "gaps": [[g.start, g.end, g.lines, g.why] for g in seal.gaps]}


def seal_from_map(told: dict[str, Any]) -> Seal:
    """Of an earlier version's map, too."""
    gaps = tuple(Gap(*gap) for gap in told["gaps"])
    return Seal(**{**told, "gaps": gaps, "labels": tuple(told.get("labels", ()))})
