"""`wholelog retention --dry-run`: what the shipper's next look would remove, and what must stay; nothing is changed."""

from collections.abc import Iterable, Iterator

from log_shipper.retention.plan import Step


def report(steps: Iterable[Step]) -> Iterator[str]:
    """A line for each partition that something goes of."""
    nothing = True
    for step in steps:
        nothing = False
        lines, containers = sum(one.lines for one in step.gone), len(step.gone)
        what = f"whole, {step.partition.size / (1 << 20):,.1f} MiB," if step.whole else "in part,"
        yield f"{step.partition.name}: {what} {lines:,} lines of {containers} containers: {step.why}"
        if step.pinned:
            names = ", ".join(one.container_id[:12] for one in step.pinned[:5])
            more = f" and {len(step.pinned) - 5} more" if len(step.pinned) > 5 else ""
            yield f"    stays, since it is not verified yet: {names}{more}"
    if nothing:
        yield "nothing is to go"
