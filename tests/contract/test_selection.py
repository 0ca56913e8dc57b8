"""Which messages every backend must choose, and how one goes on from where one was; `store` is each in turn."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from log_store.document import ContainerContext
from log_store.fields import OTHER_DAY
from log_store.protocols import LogReader
from log_store.query import LogQuery, Place
from log_store.text_query import parse_text_query
from tests.contract.stores import Store, write
from tests.documents import MIDNIGHT, NOON, SECOND, Documents, container, lines_of, messages_of
from tests.fakes import MemoryStore

A = container("a").container_id


def mixed() -> Documents:
    """Types, streams, equal times, a clock that steps back, two days and the other one."""
    documents = Documents()
    types = ("info", "error", "warning", "debug", "critical")
    for number in range(40):
        time = MIDNIGHT - 20 * SECOND + (number - number % 3) * SECOND - (15 * SECOND if number == 30 else 0)
        stream = "stderr" if number % 4 == 0 else "stdout"
        documents.add(time, f"line {number}", stream, log_type=types[number % 5])
    return documents.add(0, "line of 1970", day=OTHER_DAY)


def test_types_and_streams(store: Store) -> None:
    batch, model = mixed().batch, MemoryStore()
    write(store, batch)
    model.write(batch)
    reader = store.reader()
    for log_types in ((), ("error",), ("critical", "error"), ("none",), ("err",), ("error info",)):
        for streams in ((), ("stdout",), ("stderr",), ("stdout", "stderr"), ("std",)):
            for size, newest in ((None, False), (3, False), (3, True)):
                query = LogQuery(A, None, MIDNIGHT + SECOND, size, newest, log_types, streams)
                assert lines_of(reader, query) == lines_of(model, query)
    assert len(lines_of(reader, LogQuery(A, log_types=("error",), streams=("stdout", "stderr")))) == 8


def test_what_the_service_says_of_a_task_is_a_stream_of_its_own_and_counts_as_no_lines(store: Store) -> None:
    """Between the container's lines by time, chosen alone or left out, found by its id; a count is of what was written."""
    documents = Documents().add(NOON, "written").add(NOON + 1, "wholelog: input 1 of 1", "wholelog", lines=0)
    batch = (
        documents.add(NOON + 1, "of the same time", "stderr").add(NOON + 2, "wholelog: done", "wholelog", lines=0).batch
    )
    write(store, batch)
    reader = store.reader()
    assert messages_of(reader, LogQuery(A)) == [
        "written",
        "of the same time",
        "wholelog: input 1 of 1",
        "wholelog: done",
    ]
    assert messages_of(reader, LogQuery(A, streams=("wholelog",))) == ["wholelog: input 1 of 1", "wholelog: done"]
    assert messages_of(reader, LogQuery(A, streams=("stdout", "stderr"))) == ["written", "of the same time"]
    assert reader.count_lines(A) == 2
    found = reader.find(A, batch.id[1])
    assert found is not None and (found.line["stream"], found.line["lines"]) == ("wholelog", 0)


def test_the_last_first(store: Store) -> None:
    batch = mixed().batch
    write(store, batch)
    reader = store.reader()
    forwards = messages_of(reader, LogQuery(A))
    assert messages_of(reader, LogQuery(A, descending=True)) == forwards[::-1]
    for size in (1, 7, 41, 100):
        assert messages_of(reader, LogQuery(A, size=size, descending=True)) == forwards[::-1][:size]
    some = LogQuery(A, start=MIDNIGHT, size=5, descending=True, streams=("stdout",))
    assert messages_of(reader, some) == messages_of(reader, LogQuery(A, start=MIDNIGHT, streams=("stdout",)))[:-6:-1]


def test_more_than_a_page_the_last_first(store: Store) -> None:
    texts = [f"{number}" for number in range(11_000)]
    write(store, Documents().add_all(texts, start=MIDNIGHT - 5 * SECOND, step=1_000_000).batch)
    reader = store.reader()
    assert messages_of(reader, LogQuery(A, descending=True)) == texts[::-1]
    assert messages_of(reader, LogQuery(A, size=5_001, descending=True)) == texts[::-1][:5_001]


def walk(reader: LogReader, query: LogQuery) -> list[str]:
    """All of a query's messages, in answers of `size`, each from where the one before ended."""
    found: list[str] = []
    after: Place | None = None
    while True:
        pages = list(
            reader.read(
                LogQuery(
                    query.container_id, query.start, query.end, query.size, log_types=query.log_types, text=query.text,
                    descending=query.descending, after=after,
                )
            )
        )  # fmt: skip
        if not pages:
            return found
        found += [line["log_message"] for page in pages for line in page]
        assert sum(map(len, pages)) <= (query.size or 0)
        after = pages[-1].place(len(pages[-1]) - 1)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_answers_that_go_on_from_one_another_are_the_whole(store: Store, size: int, descending: bool) -> None:
    write(store, mixed().batch)
    reader = store.reader()
    whole = messages_of(reader, LogQuery(A, descending=descending))
    assert len(whole) == 41
    assert walk(reader, LogQuery(A, size=size, descending=descending)) == whole
    some = LogQuery(A, start=MIDNIGHT - 9 * SECOND, size=size, log_types=("error", "info"), descending=descending)
    assert walk(reader, some) == messages_of(
        reader, LogQuery(A, some.start, log_types=some.log_types, descending=descending)
    )


@pytest.mark.parametrize("descending", [False, True])
def test_messages_of_one_place_are_sorted_by_id(store: Store, descending: bool) -> None:
    """No two should have one; for a moment they may, while a repair gives lines other places."""
    documents = Documents()
    for number in range(12):
        documents.add(NOON, f"{number}", place=(NOON, 5))
    documents.add(NOON + 1, "after").add(NOON - 1, "before", "stderr")
    batch = documents.batch
    write(store, batch.select([3, 1, 2]), batch)
    reader = store.reader()
    expected = [batch.message[row] for row in sorted(range(14), key=lambda row: (batch.order_time[row], batch.id[row]))]
    if descending:
        expected.reverse()
    assert messages_of(reader, LogQuery(A, descending=descending)) == expected
    for size in (4, 5, 20):
        first = next(reader.read(LogQuery(A, descending=descending)))
        for start in range(13):
            query = LogQuery(A, size=size, descending=descending, after=first.place(start))
            if size == 20:
                assert messages_of(reader, query) == expected[start + 1 :]


def test_lines_that_come_later_move_no_place(store: Store) -> None:
    write(store, Documents().add_all(["one", "two", "three", "four"], step=10).batch)
    reader = store.reader()
    (page,) = reader.read(LogQuery(A, size=2))
    write(store, Documents().add(NOON - 5, "zero").add(NOON + 5, "late").add(NOON + 15, "two and a half").batch)
    assert messages_of(reader, LogQuery(A, after=page.place(1))) == ["two and a half", "three", "four"]
    assert messages_of(reader, LogQuery(A, after=page.place(0), descending=True)) == ["zero"]
    assert messages_of(reader, LogQuery(A, after=page.place(0), size=1, newest=True)) == ["four"]


TEXTS = [
    "disk full", "Disk  FULL: /dev/sda1", "full disk", "diskfull", "java.lang.NullPointerException: null", "foo.bar.baz",
    "a_b c-d e'f 1.5 1,000 10ms 0x7f", "错误error发生 日志文件", "ひらがな カタカナ 漢字", "한국어 로그", "ภาษาไทย",
    "NAÏVE e\u0301te", "straße STRASSE", "\x1b[31merror\x1b[0m", "\u0130stanbul \u212a", "x" * 300 + ".needle." + "y" * 300,
    "x" * 255 + "needle", "a." * 300 + "deep." + "b." * 300, "\u202eabc\u202c", "one\ntwo\tthree", "", "\0nul\0",
    '{"level":"error","msg":"it broke"}', "user@example.com https://h/p?q=1#f", "emoji \U0001f468\u200d\U0001f469 end",
]  # fmt: skip
QUERIES = [
    "disk", "full", '"disk full"', "disk full", "FULL disk", "DISK", "NullPointerException", "java.lang", "lang.java",
    "pointer", "bar", "foo.baz", "a_b", "b", "c-d", "d", "f", "1.5", "5", "1", "000", "10ms", "0x7f", "error", "日志", "志文",
    "错误", "误error", "らが", "カナ", "漢字", "국어", "ไทย", "naïve", "été", "stra\u00dfe", "strasse", "31merror", "0m",
    "istanbul", "stanbul", "k", "needle", "deep", "x" * 300, "abc", '"one two"', '"one three"', "nul", "level msg",
    '"it broke" error', "example.com", "https://h", "p?q=1", "emoji", "end", "*isk", "d?sk", "disk*", '"disk*full"',
    '") OR 1=1 --"x', "disk AND full", "NOT disk", "log_message:disk", "/disk/", "(disk", "{disk", "disk~2", "\\disk", "%isk",
]  # fmt: skip


@pytest.mark.parametrize("newest", [False, True])
def test_words_mean_the_same_everywhere(store: Store, newest: bool) -> None:
    batch, model = Documents().add_all(TEXTS).batch, MemoryStore()
    write(store, batch)
    model.write(batch)
    reader = store.reader()
    for text in QUERIES:
        query = LogQuery(A, size=3 if newest else None, newest=newest, text=parse_text_query(text))
        assert messages_of(reader, query) == messages_of(model, query), text
    assert messages_of(reader, LogQuery(A, text=parse_text_query("bar"))) == ["foo.bar.baz"]
    assert messages_of(reader, LogQuery(A, text=parse_text_query('"disk full"'))) == TEXTS[:2]


@pytest.mark.parametrize("word", ["0" * 500, "ab" * 250, "0123456789" * 50, "x" * 200])
def test_words_as_long_as_they_may_be(store: Store, word: str) -> None:
    texts = [f"before {word} after", word, word[:-1], f"{word}0", word[:64], "none"]
    write(store, Documents().add_all(texts).batch)
    assert messages_of(store.reader(), LogQuery(A, text=parse_text_query(word))) == texts[:2]


def test_words_among_many_pages(store: Store) -> None:
    texts = [f"number {number} {'needle' if number % 999 == 5 else 'hay'}" for number in range(12_000)]
    write(store, Documents().add_all(texts).batch)
    reader = store.reader()
    expected = [text for text in texts if "needle" in text]
    query = parse_text_query("needle")
    assert messages_of(reader, LogQuery(A, text=query)) == expected
    assert messages_of(reader, LogQuery(A, text=query, size=4)) == expected[:4]
    assert messages_of(reader, LogQuery(A, text=query, size=4, newest=True)) == expected[-4:]
    assert messages_of(reader, LogQuery(A, text=query, size=4, descending=True)) == expected[:-5:-1]
    assert walk(reader, LogQuery(A, text=query, size=5)) == expected


def test_a_coloured_word_is_found_without_its_colour(store: Store) -> None:
    texts = [
        "\x1b[36mepoch 1\x1b[0m loss=\x1b[1;33m0.5\x1b[m", "\x1b[2Kepoch 2", "\x1b(B\x1b[mEPOCH", "\x1bMepoch", "ep\x1b[1moch",
        "36mepoch", "\x1b[38;2;1;2;3mloss\x1b[0m epoch",
    ]  # fmt: skip
    write(store, Documents(container("a")).add_all(texts).batch)
    reader = store.reader()
    for text, found in {
        "epoch": [0, 1, 2, 3, 6], '"epoch 1"': [0], "loss=0.5": [0], "36mepoch": [5], "36m": [], '"loss epoch"': [6], "och": [4],
    }.items():  # fmt: skip
        query = LogQuery(A, text=parse_text_query(text))
        assert messages_of(reader, query) == [texts[number] for number in found], text


ALPHABET = st.sampled_from(list("abAB1_.-:'\" \n\té\u0301ßİΣ日本かカ한ไ\u200d🙂🇩K\u00ad\u2019\u0640\u05d0\u0905\u0940"))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=20, unique=True), asked=st.data())
def test_words_of_any_characters(store: Store, texts: list[str], asked: st.DataObject) -> None:
    context = ContainerContext(f"{hash(tuple(texts)) & (1 << 64) - 1:016x}" * 4)  # ids begin with it
    batch, model = Documents(context).add_all(texts).batch, MemoryStore()
    write(store, batch)
    model.write(batch)
    reader = store.reader()
    for text in asked.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=4)):
        start = asked.draw(st.integers(0, len(text)))
        try:
            words = parse_text_query(text[start : start + 5])
        except ValueError:
            continue
        query = LogQuery(context.container_id, text=words)
        assert messages_of(reader, query) == messages_of(model, query)
