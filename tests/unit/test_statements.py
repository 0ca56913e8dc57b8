"""What is stated of runs, whatever the order in which it comes."""

from dataclasses import replace

import msgpack

from log_shipper.losses import Claim, Losses
from log_shipper.seal_map import seal_from_map, seal_to_map
from log_shipper.statements import Statements
from log_store.seal import Gap, Seal

OPEN = Seal("c", 7, "name", version=1)
GAP = Gap(10, 20, None, "the engine stopped")


def test_an_open_seal_does_not_open_what_is_sealed() -> None:
    statements = Statements()
    assert statements.add(OPEN, 0) == OPEN
    assert statements.add(OPEN, 0) is None
    assert statements.add(replace(OPEN, state="sealed", lines=5, version=9), 0) is not None
    assert statements.add(replace(OPEN, lines=3, version=10), 0) is None
    assert statements.is_sealed("c", 7) and statements.open_runs() == []
    assert statements.lines_sealed("c") == (5, 0)


def test_a_gap_that_was_stated_meanwhile_stays() -> None:
    """An audit's seal was made from what was known before the gap."""
    statements = Statements()
    statements.add(OPEN, 0)
    stated = statements.add_gap("c", 7, GAP)
    assert stated is not None and stated.gaps == (GAP,) and stated.version > OPEN.version
    assert statements.add_gap("c", 7, GAP) is None
    so_far = statements.add(replace(OPEN, lines=3, verified_until=30, version=9), 2)
    assert so_far is not None and (so_far.lines, so_far.gaps) == (3, (GAP,))
    (run,) = statements.open_runs_of("c")
    assert run.surplus == 2
    sealed = statements.add(replace(OPEN, state="sealed", lines=5, version=10), 2)
    assert sealed is not None and (sealed.state, sealed.gaps) == ("gaps", (GAP,))
    assert statements.add_gap("c", 7, GAP) is None


def test_a_snapshot_has_all_of_it() -> None:
    statements, other = Statements(), Statements()
    statements.add(OPEN, 4)
    statements.add(Seal("d", 1, state="sealed", lines=3, version=2), 1)
    statements.add_outage(1, 2)
    other.restore(statements.snapshot())
    assert other.open_runs_of("c") == statements.open_runs_of("c")
    assert other.lines_sealed("d") == (3, 1) and other.outages() == [(1, 2)]


def losses(stored: int, counted: list[str]) -> Losses:
    return Losses(lambda container: stored, lambda name, by: counted.append(name))


def test_lines_that_may_be_counted_twice_are_no_gap() -> None:
    """Received beyond what the copy has: what the store holds tells whether it was the same line again."""
    seal, counted = Seal("c", 7, state="sealed", lines=100, version=3), list[str]()
    assert losses(97, counted).checked(Claim(seal, 100, 3)) == replace(seal, lines=97)
    short = losses(97, counted).checked(Claim(seal, 100, 2))
    assert short is not None and short.state == "gaps" and short.gaps[0].lines == 3 and counted == ["lines_missing"]


def test_a_seal_that_the_store_does_not_bear_out_waits_for_the_copy_to_be_written_again() -> None:
    seal, counted = Seal("c", 7, state="sealed", lines=100, version=3), list[str]()
    first = Claim(seal, 100, 0, 0, last_word=False)
    short, whole, other = losses(60, counted), losses(100, counted), losses(100, counted)
    assert short.stated([first]) == [] and short.short() == [first] and counted == []
    other.restore(short.snapshot())
    assert other.short() == [first]
    assert whole.stated([first]) == [seal]
    again = replace(first, last_word=True)
    (stated,) = short.stated([again])
    assert stated.state == "gaps" and short.short() == [] and counted == ["lines_missing"]
    assert other.stated([again]) == [seal] and other.short() == []


def test_a_seal_as_a_map_and_as_an_earlier_version_wrote_it() -> None:
    seal = Seal("ab" * 32, 7, "name", gaps=(Gap(1, None, 3, "why"),), version=9, labels=("a=b", "team=vision"))
    told = msgpack.unpackb(msgpack.packb(seal_to_map(seal)))
    assert seal_from_map(told) == seal
    del told["labels"]
    assert seal_from_map(told) == replace(seal, labels=())
