"""Who a container is, as it is remembered on the disk."""

from pathlib import Path

from log_shipper.containers import Containers, known_contexts
from log_shipper.errors import EngineUnavailable
from log_store.document import ContainerContext

WHOLE = ContainerContext("a" * 64, "web-1", "t", "algorithm", "u", '{"format":"json"}', ("team=web", "tier=1"))


def nobody(container_id: str) -> ContainerContext | None:
    raise EngineUnavailable("there is no engine")


def test_what_was_looked_up_once_is_known_after_the_engine_forgot_it(tmp_path: Path) -> None:
    file = tmp_path / "containers"
    asked: list[str] = []

    def lookup(container_id: str) -> ContainerContext | None:
        asked.append(container_id)
        return WHOLE

    first = Containers(file, lookup)
    assert first.context(WHOLE.container_id, "") == first.context(WHOLE.container_id, "") == WHOLE
    assert len(asked) == 1
    assert Containers(file, nobody).context(WHOLE.container_id, "") == WHOLE


def test_entries_of_before_labels_and_one_that_a_crash_cut_short(tmp_path: Path) -> None:
    file = tmp_path / "containers"
    file.write_text(f'["{"b" * 64}","old","t","","",""]\n["{"c" * 64}","cut')
    assert known_contexts(file) == {"b" * 64: ContainerContext("b" * 64, "old", "t")}
    one = Containers(file, lambda container_id: WHOLE)
    assert one.context("b" * 64, "shown") == ContainerContext("b" * 64, "old", "t")
    assert one.context(WHOLE.container_id, "shown") == WHOLE
    assert list(known_contexts(file)) == ["b" * 64, WHOLE.container_id]


def test_an_engine_that_does_not_answer_gives_the_shown_name_for_now(tmp_path: Path) -> None:
    now = [0.0]
    answers = [nobody, lambda container_id: WHOLE]
    one = Containers(tmp_path / "containers", lambda name: answers[0](name), clock=lambda: now[0])
    assert one.context(WHOLE.container_id, "shown") == ContainerContext(WHOLE.container_id, "shown")
    answers.pop(0)
    assert one.context(WHOLE.container_id, "shown").container_name == "shown"  # it is not asked for each record
    now[0] = 60
    assert one.context(WHOLE.container_id, "shown") == WHOLE
