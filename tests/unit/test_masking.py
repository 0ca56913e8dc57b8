"""Secrets in a log are masked before they are stored, the same on the live path and in a repair."""

import base64
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_128_intdigest

from log_shipper.audit.docker_copy import Facts
from log_shipper.config import ShipperSettings
from log_shipper.forward.records import entries
from log_shipper.pipeline import Pipeline
from log_shipper.rules import RuleBook, rules_of
from log_shipper.secret_masks import SecretMasks, learning
from log_shipper.stages.masking import Mask
from log_store.document import ContainerContext, DocumentBatch
from tests.unit.test_messages import CONTAINER, STEP, TIME, TRACE, Line, Log, timed
from tests.unit.test_shipper_core import part, record
from wholelog_base.secret_files import KEPT, SHORTEST, SecretFiles, maskable, values_of

SECRET = "hunter2-0815"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\nAASC\n-----END KEY-----\n"
RULES = replace(rules_of(ShipperSettings(retention=1e9)), mask=Mask([SECRET, KEY]))


def masked(text: str, *values: str) -> str:
    return Mask(values or (SECRET, KEY)).texts([text])[0]


def pipeline(mask: Mask | None) -> Pipeline:
    rules = replace(RULES, mask=mask)
    return Pipeline("test", lambda c, n: ContainerContext(c, n), lambda _: rules, max_message=8 << 20)


def rows(pipe: Pipeline, *messages: bytes) -> DocumentBatch:
    batch = pipe.new_batch()
    pipe.add(batch, [(0, entries(b"".join(messages), 1 << 20))], TIME, trusted=True)
    return batch


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (f"password={SECRET};", "password=***;"),
        (f"{SECRET}{SECRET} {SECRET}", "*** ***"),
        ("hunter2-081", "hunter2-081"),
        ("MIIEvQIBADANBg", "***"),
        ("  kqhkiG9w0BAQEF", "  ***"),
        ("AASC", "AASC"),  # shorter than the bound
        (json.dumps({"key": KEY}), '{"key": "***"}'),
        (KEY.strip(), "***"),
        (f"https://u:{quote(KEY, safe='')}@host", "https://u:***@host"),
        (f"Basic {base64.b64encode(SECRET.encode()).decode()}", "Basic ***"),
    ],
)
def test_a_value_is_found_in_all_that_it_is_written_as(text: str, right: str) -> None:
    assert masked(text) == right


def test_secrets_that_overlap_leave_nothing_of_either() -> None:
    assert masked("xabcdefghijy", "abcdefg", "defghij") == "x***y"
    assert masked("xabcdefghijy", "abcdefgh", "cdefgh") == "x***ijy"


WORDS = st.text('ab"\\/ü \u20ac%', min_size=SHORTEST, max_size=12).filter(lambda one: maskable(one))


@given(st.lists(WORDS, min_size=1, max_size=4), st.text('ab"\\/ü \u20ac%', max_size=30), st.data())
def test_nothing_that_is_looked_for_is_left(secrets: list[str], around: str, data: st.DataObject) -> None:
    """Whatever stands before and behind it, as text and as bytes alike."""
    secret, at = data.draw(st.sampled_from(secrets)), data.draw(st.integers(0, len(around)))
    mask, text = Mask(secrets), around[:at] + secret + around[at:]
    (found,) = mask.texts([text])
    assert secret.strip() not in found and "***" in found
    assert mask.raw({7: text.encode()}) == {7: found.encode()}
    (again,) = mask.texts([json.dumps([text])])
    assert json.dumps(secret.strip())[1:-1] not in again


@given(st.text("ab", min_size=SHORTEST, max_size=20), st.text("ab", max_size=20), st.text("ab", max_size=20))
def test_a_cut_within_a_secret_shows_less_than_four_characters_of_it(secret: str, before: str, behind: str) -> None:
    """Each piece of a text, masked alone, holds no end of the secret at the cut."""
    mask, text = Mask([secret]), before + secret + behind
    for cut in range(len(before) + 4, len(before) + len(secret) - 3):
        left, right = mask.texts([text[:cut], text[cut:]], {0: (False, True), 1: (True, False)})
        assert left.endswith("***") and right.startswith("***")


def test_a_line_above_16_kib_with_the_secret_across_its_parts() -> None:
    """Shown early, its first part tells no beginning of the secret; whole, it is masked, under the same id."""
    pipe = pipeline(Mask([SECRET]))
    first = b"x" * (16384 - 7) + SECRET[:7].encode()
    assert len(rows(pipe, part(TIME, first, 1, False))) == 0
    batch = pipe.new_batch()
    pipe.show_open_lines(batch, TIME)
    assert batch.message == ["x" * (16384 - 7) + "***"]
    whole = rows(pipe, part(TIME, SECRET[7:].encode() + b" end", 2, True))
    assert whole.message == ["x" * (16384 - 7) + "*** end"] and whole.id == batch.id
    assert whole.version[0] > batch.version[0]


def test_a_line_in_numbered_pieces_with_the_secret_across_two() -> None:
    rules = replace(RULES, mask=Mask([SECRET]))
    pipe = Pipeline("test", lambda c, n: ContainerContext(c, n), lambda _: rules, max_message=16384)
    first = b"x" * (16384 - 7) + SECRET[:7].encode()
    batch = rows(pipe, part(TIME, first, 1, False), part(TIME, SECRET[7:].encode() + b" end", 2, True))
    assert batch.message == ["x" * (16384 - 7) + "***", "*** end"]


def test_an_id_is_no_hash_of_the_secret() -> None:
    """Whoever reads ids could try every short secret against it: lines that differ in it alone have the same one."""
    one, other = "geheim1", "geheim2"
    ids = []
    for secret in (one, other):
        batch = rows(pipeline(Mask([secret])), record(TIME, f"pin {secret}".encode()), record(TIME + 1, b"plain"))
        assert batch.message == ["pin ***", "plain"]
        ids.append(batch.id)
        told = f"{xxh3_128_intdigest(f'pin {secret}'.encode(), TIME) & (1 << 64) - 1:016x}"
        assert told not in batch.id[0]
    assert ids[0] == ids[1]
    plain = rows(pipeline(None), record(TIME + 1, b"plain"))
    assert plain.id[0] == ids[0][1]  # others keep theirs


def test_two_lines_of_one_nanosecond_that_differ_in_the_secret_alone_are_both_stored() -> None:
    mask = Mask(["geheim1", "geheim2"])
    batch = rows(pipeline(mask), record(TIME, b"pin geheim1"), record(TIME, b"pin geheim2"))
    assert batch.message == ["pin ***"] * 2 and len(set(batch.id)) == 2


def test_fields_and_bytes_are_masked_and_the_type_is_what_the_line_declared() -> None:
    mask = Mask([SECRET, "1234567"])
    batch = rows(
        pipeline(mask),
        record(TIME, json.dumps({"level": "error", "token": SECRET}).encode()),
        record(TIME + 1, b'{"level": "error", "pin": 1234567}'),
        record(TIME + 2, b'{"level":"info","token":"\\u0068unter2-0815"}'),
        record(TIME + 3, b"\xff " + SECRET.encode()),
    )
    assert batch.log_type == ["error", "error", "info", "info"]
    assert batch.message[:2] == ['{"level": "error", "token": "***"}', '{"level": "error", "pin": ***}']
    assert set(batch.fields) == {0, 2} and not any(SECRET.encode() in told for told in batch.fields.values())
    assert batch.raw == {3: b"\xff ***"} and batch.message[3] == "\ufffd ***"


def test_a_secret_with_colours_within_is_masked_once_they_are_dropped() -> None:
    book = RuleBook(ShipperSettings(retention=1e9), lambda _: Mask([SECRET]))
    context = ContainerContext(CONTAINER, log='{"ansi":"drop"}')
    pipe = Pipeline("test", lambda c, n: context, book.of, max_message=8 << 20)
    assert rows(pipe, record(TIME, b"a hunter2\x1b[31m-0815 b")).message == ["a *** b"]


LINES = timed(
    ["starting", *TRACE[:-1], f"ValueError: {SECRET}", f"pw {SECRET}", f"pw {SECRET}", "x", *KEY.split("\n"), "end"]
)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_message_that_grows_stays_masked_after_a_restart_too(size: int) -> None:
    log = Log(RULES)
    for start in range(0, len(LINES), size):
        log.receive(*LINES[start : start + size])
        log.restart()
    texts = [text for text, _, _ in log.messages()]
    assert texts[1] == "\n".join([*TRACE[:-1], "ValueError: ***"]) and texts[2:4] == ["pw ***"] * 2
    assert texts[5:] == ["***", "***", "***", "AASC", "***", "", "end"]


@settings(max_examples=60)
@given(st.sets(st.integers(0, len(LINES) - 1)), st.integers(1, 4), st.booleans())
def test_whatever_the_live_path_lost_the_audit_makes_the_same_ids_and_texts(
    lost: set[int], block: int, late: bool
) -> None:
    """The sums are over what Docker gave, so nothing that was received is written again for being masked."""
    truth, log = Log(RULES), Log(RULES)
    truth.receive(*LINES)
    log.receive(*(line for row, line in enumerate(LINES) if row not in lost))
    log.show()
    before = dict(log.store.rows)
    log.audit(LINES, block)
    assert log.messages() == truth.messages()
    assert {row.members["id"] for row in log.store.rows.values()} == {
        row.members["id"] for row in truth.store.rows.values()
    }
    if not lost:
        assert log.store.rows == before


def test_what_a_container_without_secrets_stores_is_the_same_object() -> None:
    """No copy is made of a column in which there is nothing."""
    column = ["one", "two"]
    assert Mask([SECRET]).texts(column) is column
    assert not Mask([]).any and not Mask(["short"]).any


# Where the values come from


def test_files_are_their_owners_alone_and_outlive_the_container_by_a_day(tmp_path: Path) -> None:
    files = SecretFiles(tmp_path)
    assert files.read(CONTAINER) == () and files.containers() == set()
    files.keep(CONTAINER, ["b", "a", "a"])
    (file,) = (tmp_path / "secrets").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert files.read(CONTAINER) == ("a", "b") and files.containers() == {CONTAINER}
    files.forget(CONTAINER)
    assert files.read(CONTAINER) == ("a", "b") and files.containers() == set()
    (file,) = (tmp_path / "secrets").iterdir()
    past = time.time() - KEPT - 60
    os.utime(file, (past, past))
    files.forget("cd" * 32)
    assert files.read(CONTAINER) == ()
    files.keep(CONTAINER, ["a"])
    files.remove(CONTAINER)
    assert files.read(CONTAINER) == ()


@pytest.mark.parametrize("name", ["", "../checkpoint", "tcp:x", CONTAINER[:12], CONTAINER + "/.."])
def test_only_full_ids_name_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "checkpoint").write_text('["x"]')
    files = SecretFiles(tmp_path)
    assert files.read(name) == ()
    files.forget(name)
    assert (tmp_path / "checkpoint").exists()
    with pytest.raises(ValueError, match="full id"):
        files.keep(name, ["x"])


def test_variables_are_chosen_by_name_and_by_pattern() -> None:
    env = ["API_TOKEN=t=1", "api_token2=x", "HOME=/", "PW=p"]
    assert values_of(env, ["PW"], ["*TOKEN"]) == {"API_TOKEN": "t=1", "PW": "p"}
    assert values_of(env, [], ["*token*"]) == {"API_TOKEN": "t=1", "api_token2": "x"}
    assert values_of(env, [], []) == {}


def test_containers_of_others_and_variables_of_images_by_the_operators_patterns(tmp_path: Path) -> None:
    """Learned before the first line is stored, kept for a replay after the removal; what the API left stays."""
    files = SecretFiles(tmp_path)
    masks = SecretMasks(files, ["*TOKEN*"])
    facts = Facts(ContainerContext(CONTAINER, "c"), TIME, 0, True, "", (f"A_TOKEN={SECRET}", "TOKEN_B=x", "PATH=/bin"))
    assert masks.of(CONTAINER) is None
    files.keep(CONTAINER, ["from the API"])
    look_up = learning(lambda name: facts if name == CONTAINER else None, masks)
    assert look_up(CONTAINER) == facts.context and look_up("cd" * 32) is None
    assert files.read(CONTAINER) == ("from the API", SECRET)
    for one in (masks, SecretMasks(files)):
        mask = one.of(CONTAINER)
        assert mask is not None and mask.texts([f"{SECRET}, from the API"]) == ["***, ***"]
    other = SecretMasks(files)
    assert other.of("ef" * 32) is None and other.containers() == {CONTAINER}


def test_a_disk_that_takes_nothing_masks_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "secrets" / f".{CONTAINER}.{os.getpid()}.new").mkdir(parents=True)
    masks = SecretMasks(SecretFiles(tmp_path), ["*"])
    masks.learn(CONTAINER, [f"A={SECRET}"])
    mask = masks.of(CONTAINER)
    assert mask is not None and mask.texts([SECRET]) == ["***"]


def test_sums_are_over_what_docker_gave() -> None:
    one, other = Log(RULES), Log()
    lines: list[Line] = [(TIME + row * STEP, f"pw {SECRET}") for row in range(5)]
    one.receive(*lines)
    other.receive(*lines)
    assert one.pipe.ledger.snapshot() == other.pipe.ledger.snapshot()
