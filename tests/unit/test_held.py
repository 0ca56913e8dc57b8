"""The files of Docker's copy, rotated as dockerd rotates them, without one."""

import gzip
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from log_shipper.audit import held as held_module
from log_shipper.audit.copies import Copies
from log_shipper.audit.docker_copy import Facts
from log_shipper.audit.frames import Frames
from log_shipper.audit.held import FULL, NAME, HeldFiles
from log_shipper.audit.keeper import Keeper
from log_shipper.audit.local_file import LocalParser
from log_shipper.audit.reading import Reading
from log_shipper.audit.reconcile import END
from log_shipper.errors import CopyDamaged, CopyGone
from log_shipper.ledger import Account
from log_shipper.stages.runs import Part
from log_store.document import ContainerContext
from log_store.rfc3339 import format_ns
from tests.api_server import eventually
from tests.docker_copy import entry, frame
from wholelog_base.streams import STDERR_MARK

ID = "ab" * 32
TIME = 1_795_478_400_123_456_789
SECOND = 10**9


Entry = tuple[int, bytes, bytes, bool, int, bool]
hostile = st.lists(
    st.sampled_from(
        [b"\n\x06stdout\x10", b"\n\x06stderr\x10", b"\0\0\0\x1a", entry(TIME, b"text"), b"\x1a\x04", b"x" * 8]
    )
).map(b"".join)  # what an entry is made of, within a line
texts = (
    st.binary(max_size=300) | hostile | st.builds(lambda size: STDERR_MARK[:size] + b"y" * size, st.integers(0, 200))
)
entries = st.lists(
    st.tuples(
        st.integers(2**60, 2**62 - 1), texts, st.sampled_from([b"stdout", b"stderr"]), st.booleans(),
        st.integers(0, 2**31 - 1), st.booleans(),
    )
)  # fmt: skip


@given(entries, st.integers(1, 3000))
def test_the_entries_come_back_however_they_are_cut(written: list[Entry], cut: int) -> None:
    data = b"".join(
        entry(time, text, stream, part=part, ordinal=ordinal if part else 0, last=last)
        for time, text, stream, part, ordinal, last in written
    )
    parser, found, parts = LocalParser(), Frames(), dict[int, Part]()
    for start in range(0, len(data), cut):
        frames = parser.receive(data[start : start + cut])
        parts |= {row + len(found.time): part for row, part in frames.part.items()}
        for column in ("time", "text", "stream", "whole"):
            getattr(found, column).extend(getattr(frames, column))
    expected = [
        (time, text.removeprefix(STDERR_MARK), "stderr" if text.startswith(STDERR_MARK) else stream.decode(), not part)
        for time, text, stream, part, *_ in written
    ]
    assert parts == {
        row: Part(b"%x" % time, ordinal, last)
        for row, (time, _, _, part, ordinal, last) in enumerate(written)
        if part and ordinal
    }
    assert list(zip(found.time, found.text, found.stream, found.whole, strict=True)) == expected
    assert parser.pending == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x02\n\x06\0\0\0\x02",
        b"\xff" * 40,
        entry(TIME, b"text")[:-4] + b"\0\0\0\x01",
        entry(TIME, b"text").replace(b"stdout", b"stdxxx"),
        entry(2**40, b"text" * 5),
        entry(TIME, b"text").replace(b"\x1a\x04", b"\x1a\x64"),
        entry(TIME, b"text", part=True).replace(b"\x20\x01", b"\x28\x01"),
    ],
)
def test_what_makes_no_sense_is_damage(data: bytes) -> None:
    with pytest.raises(CopyDamaged):
        LocalParser().receive(data)


class Copy:
    """Writes and rotates as dockerd's LogFile does, five files in all."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "containers" / ID
        self.folder.mkdir(parents=True)
        self.path = self.folder / NAME
        self.path.touch()
        self.next, self.written = 0, [0]

    def time(self, number: int) -> int:
        return TIME + number * SECOND

    def write(self, count: int = 10) -> None:
        with open(self.path, "ab") as file:
            for _ in range(count):
                file.write(entry(self.time(self.next), b"line %d" % self.next))
                self.next += 1

    def named(self, number: int, *, packed: bool) -> Path:
        return self.folder / f"{NAME}.{number}{'.gz' if packed else ''}"

    def rotate(self, *, pack: bool = True) -> None:
        for _ in self.rotating():
            pass
        if pack:
            self.pack()

    def rotating(self) -> Iterator[None]:
        """The same, step by step."""
        self.named(4, packed=True).unlink(missing_ok=True)
        yield
        for number in (3, 2, 1):
            if self.named(number, packed=True).exists():
                self.named(number, packed=True).rename(self.named(number + 1, packed=True))
                yield
        self.path.rename(self.named(1, packed=False))
        yield
        self.path.touch()

    def pack(self) -> None:
        plain = self.named(1, packed=False)
        extra = json.dumps({"lastTime": format_ns(self.time(self.next - 1))}).encode()
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + len(extra).to_bytes(2, "little") + extra
        self.named(1, packed=True).write_bytes(head + gzip.compress(plain.read_bytes())[10:])
        plain.unlink()

    def remove(self) -> None:
        shutil.rmtree(self.folder)

    def fill(self, files: int) -> None:
        for _ in range(files):
            self.write()
            self.rotate()


class TailEngine:
    """Says what dockerd says of the copy's last line."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy

    def tail(self, container_id: str) -> bytes:
        if not self._copy.folder.exists():
            raise CopyGone(container_id)
        number = self._copy.next - 1
        return frame(self._copy.time(number), b"line %d" % number)

    def copy(self, container_id: str, since: int = 0) -> list[bytes]:
        raise AssertionError("the files are held")

    def facts(self, container: str) -> None:
        return None


class Case:
    def __init__(self, root: Path) -> None:
        self.copy = Copy(root)
        self.files = HeldFiles(lambda: root, 1 << 30)

    def reading(self, until: int = END) -> Reading:
        held = self.files.get(ID)
        assert held is not None
        facts = Facts(ContainerContext(ID, "c"), TIME, 0, until != END, "")
        return Reading(facts, held, 0, until)

    def numbers(self, reading: Reading) -> list[int]:
        frames = list(reading.frames(TailEngine(self.copy)))  # type: ignore[arg-type]
        return [int(text.split()[1]) for part in frames for text in part.text]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


@pytest.mark.parametrize("pack", [True, False])
def test_what_is_held_outlives_its_rotation(case: Case, pack: bool) -> None:
    case.copy.write()
    assert case.files.hold(ID)
    for _ in range(8):
        case.copy.rotate(pack=pack)
        case.copy.write()
        assert case.files.hold(ID)
        if not pack:
            case.copy.pack()
    reading = case.reading()
    assert case.numbers(reading) == list(range(90)) == case.numbers(reading)
    assert not reading.may_have_rotated and not reading.holes


def test_a_container_that_is_being_removed_has_no_more_to_come(case: Case) -> None:
    """Its folder goes last; what is open is all that there was."""
    case.copy.fill(2)
    case.copy.write()
    case.files.hold(ID)
    case.copy.path.unlink()
    assert case.files.hold(ID)
    case.copy.remove()
    reading = case.reading()
    assert case.numbers(reading) == list(range(30)) and not reading.holes


def test_files_that_go_while_they_are_opened_are_held_as_far_as_they_were(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that may have rotated before is not known to be complete."""
    case.copy.write()

    def removed(base: Path) -> list[Path]:
        shutil.rmtree(base.parent)
        return []

    monkeypatch.setattr(held_module, "_rotated", removed)
    assert case.files.hold(ID)
    reading = case.reading()
    assert case.numbers(reading) == list(range(10)) and reading.may_have_rotated


def test_a_copy_whose_last_line_did_not_come_is_not_read_to_see_whether_all_did(case: Case) -> None:
    """It is read for what is missing at once. What was verified before says nothing of the size to be expected."""
    case.copy.write(10)
    case.files.hold(ID)
    received = Account(verified=case.copy.time(2), latest=case.copy.time(9), unverified_bytes=1 << 30)
    assert case.reading().is_likely_same(received)
    received.latest = case.copy.time(8)
    assert not case.reading().is_likely_same(received)


def test_files_that_came_between_two_looks_are_found(case: Case) -> None:
    case.copy.write()
    case.files.hold(ID)
    case.copy.rotate()
    case.copy.fill(3)
    case.copy.write()
    case.files.hold(ID)
    reading = case.reading()
    assert case.numbers(reading) == list(range(50))
    assert not reading.holes


def test_files_that_went_unseen_are_a_hole(case: Case) -> None:
    case.copy.write()
    case.files.hold(ID)
    case.copy.rotate()
    case.copy.fill(6)
    case.copy.write()
    case.files.hold(ID)
    reading = case.reading()
    assert case.numbers(reading) == [*range(10), *range(30, 80)]
    assert reading.holes == [(case.copy.time(9), case.copy.time(30))]


@pytest.mark.parametrize("files", [1, 2, 3])
@pytest.mark.parametrize("steps", range(6))
def test_a_rotation_under_way_is_no_hole(case: Case, monkeypatch: pytest.MonkeyPatch, files: int, steps: int) -> None:
    """Its steps are seen one by one where dockerd gets no processor in between; what is held is on its way."""
    case.copy.write()
    case.files.hold(ID)
    case.copy.rotate()
    case.copy.fill(files - 1)
    case.copy.write()
    rotation = case.copy.rotating()
    for _ in zip(range(steps), rotation, strict=False):
        pass
    monkeypatch.setattr(time, "sleep", lambda seconds: next(rotation, None))
    case.files.hold(ID)
    for _ in rotation:
        pass
    case.copy.pack()
    case.copy.write()
    case.files.hold(ID)
    reading = case.reading()
    assert case.numbers(reading) == list(range(case.copy.next)) and not reading.holes and not reading.may_have_rotated


@pytest.mark.parametrize("steps", range(6))
def test_a_rotation_under_way_does_not_hide_that_the_oldest_went(
    case: Case, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    case.copy.fill(4)
    with open(case.copy.path, "ab") as file:
        file.write(entry(case.copy.time(40), b"x" * 16_000) * (FULL // 16_000 + 1))
    rotation = case.copy.rotating()
    for _ in zip(range(steps), rotation, strict=False):
        pass
    monkeypatch.setattr(time, "sleep", lambda seconds: next(rotation, None))
    case.files.hold(ID)
    held = case.files.get(ID)
    assert held is not None and not held.complete


def test_a_full_file_is_looked_at_without_asking_the_processor(case: Case) -> None:
    """Which has no time, for seconds, just when the files come fast."""
    case.copy.write()
    case.files.hold(ID)
    asked, goes_on, copies = Event(), Event(), Copies(case.files, lambda name, amount: None)

    class Busy:
        def backlog(self) -> int:
            return 0

        def heavy(self, size: int) -> list[str]:
            asked.set()
            goes_on.wait()
            return []

        def awaited(self) -> set[str]:
            return {ID}

    keeper = Keeper(copies, Busy(), lambda name, amount: None)
    threads = [Thread(target=keeper.ask), Thread(target=keeper.run)]
    for thread in threads:
        thread.start()
    try:
        assert asked.wait(10) and copies.outdated() == []
        with open(case.copy.path, "ab") as file:
            file.write(b"x" * FULL)
        assert copies.outdated() == [ID]
        case.copy.rotate(pack=False)
        assert eventually(lambda: copies.outdated() == [])
        held = case.files.get(ID)
        assert held is not None and len(held.files) == 2
    finally:
        keeper.close()
        goes_on.set()
        for thread in threads:
            thread.join()


def test_what_had_rotated_before_may_lack(case: Case) -> None:
    case.copy.fill(3)
    case.copy.write()
    case.files.hold(ID)
    assert case.numbers(case.reading()) == list(range(40)) and not case.reading().may_have_rotated
    case.files.drop(ID)
    case.copy.fill(3)
    case.files.hold(ID)
    reading = case.reading()
    assert case.numbers(reading) == list(range(20, 70))
    assert reading.may_have_rotated


def test_what_was_verified_is_let_go(case: Case) -> None:
    case.copy.write()
    case.files.hold(ID)
    case.copy.rotate()
    case.copy.write()
    case.files.hold(ID)
    case.files.drop_before(ID, case.copy.time(5))
    assert case.numbers(case.reading())[0] == 0
    case.files.drop_before(ID, case.copy.time(15))
    reading = case.reading()
    assert case.numbers(reading) == list(range(10, 20))
    assert not reading.may_have_rotated


def test_a_running_container_s_file_may_end_within_an_entry(case: Case) -> None:
    case.copy.write()
    with open(case.copy.path, "ab") as file:
        file.write(entry(TIME, b"half")[:9])
    case.files.hold(ID)
    assert case.numbers(case.reading(until=case.copy.time(100))) == list(range(10))


def test_files_that_do_not_end_as_the_engine_says_are_not_trusted(case: Case) -> None:
    case.copy.write()
    case.files.hold(ID)
    case.copy.path.write_bytes(case.copy.path.read_bytes()[:-30])
    with pytest.raises(CopyDamaged, match="do not end as its copy does"):
        case.numbers(case.reading())


def test_the_limit_is_of_what_is_on_the_disk_for_our_sake(case: Case, tmp_path: Path) -> None:
    case.copy.write()
    files = HeldFiles(lambda: tmp_path, 1)
    assert files.hold(ID)
    case.copy.rotate(pack=False)
    case.copy.write()
    assert files.hold(ID) and files.kept_size == 0
    case.copy.pack()  # only we have the plain one now
    assert files.kept_size > 0
    case.copy.rotate()
    assert files.hold(ID) is False


def test_a_removed_container_s_files_are_read_to_their_end(case: Case) -> None:
    case.copy.write()
    assert case.files.hold(ID)
    case.copy.write()
    case.copy.remove()
    assert case.files.hold(ID)
    reading = case.reading()
    assert case.numbers(reading) == list(range(20))
    assert not reading.holes and not reading.may_have_rotated


def test_a_removed_container_s_last_file_that_was_full_may_have_had_a_follower(case: Case) -> None:
    with open(case.copy.path, "ab") as file:
        file.write(entry(TIME, b"x" * 16_000) * (FULL // 16_000 + 1))
    assert case.files.hold(ID)
    case.copy.remove()
    reading = case.reading()
    list(reading.frames(TailEngine(case.copy)))  # type: ignore[arg-type]
    assert reading.holes == [(TIME, TIME)]


def test_without_the_engine_s_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="there is no"):
        HeldFiles(lambda: tmp_path, 1 << 30).hold(ID)
