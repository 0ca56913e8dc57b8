"""What `data.seal` says of a range, and waiting for it, without a server."""

import threading
import time
from typing import Any

import pytest

from log_store.errors import StoreDamaged, StoreUnavailable
from log_store.seal import Gap, Seal, State
from runtime_api.seal_view import EVER, Span, seal_view
from runtime_api.seal_waits import SealWaits
from tests.fake_containers import FULL_ID
from tests.unit.test_app import NOW, Api

GAP = Gap(40, 60, 3, "why")


def seal(state: State, started: int = 10, finished: int | None = 100, **more: Any) -> Seal:
    members = {"verified_until": None if state == "open" else finished, "reason": f"of {state}", **more}
    return Seal("c", started, state=state, finished_at=finished, **members)


def state(seals: list[Seal], start: int | None = None, end: int | None = None, newest_run: int = 0) -> str:
    return str(seal_view(seals, Span(start, end), newest_run)["state"])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, "gaps"), (50, 50, "gaps"), (60, None, "gaps"), (None, 40, "gaps"),
        (None, 39, "sealed"), (61, None, "sealed"), (61, 90, "sealed"), (200, None, "sealed"), (None, 5, "sealed"),
    ],
)  # fmt: skip
def test_a_gap_counts_where_it_lies_in_the_range(start: int | None, end: int | None, expected: str) -> None:
    view = seal_view([seal("gaps", gaps=(GAP,))], Span(start, end))
    assert (view["state"], len(view["gaps"])) == (expected, expected == "gaps")
    assert view["reason"] == ("of gaps" if expected == "gaps" else "")


@pytest.mark.parametrize("gap", [Gap(None, None, None, "w"), Gap(None, 60, None, "w"), Gap(40, None, None, "w")])
def test_a_gap_whose_end_is_not_known_may_lie_anywhere_on_that_side(gap: Gap) -> None:
    seals = [seal("gaps", gaps=(gap,))]
    assert state(seals, 20, 30) == ("sealed" if gap.start else "gaps")
    assert state(seals, 70, 80) == ("sealed" if gap.end else "gaps")


def test_gaps_that_are_not_named_are_in_every_range() -> None:
    assert state([seal("gaps")], 20, 30) == "gaps"


@pytest.mark.parametrize("unsure", ["open", "unverified"])
def test_a_run_is_as_good_as_sealed_up_to_its_verified_time(unsure: State) -> None:
    seals = [seal(unsure, finished=None, verified_until=70, gaps=(GAP,))]
    assert [state(seals, end=end) for end in (30, 50, 70, 71, None)] == ["sealed", "gaps", "gaps", unsure, unsure]
    assert state(seals, 61, 70) == "sealed"
    assert state([seal(unsure, finished=None, verified_until=None)], end=11) == unsure
    assert state(seals, end=9) == "sealed", "it had not begun"


def test_the_worst_run_of_the_range_decides_and_an_open_one_before_all() -> None:
    first, second = seal("gaps", 10, 100, gaps=(GAP,)), seal("unverified", 200, 300, verified_until=None)
    third = seal("open", 400, None)
    assert state([first, second, third]) == "open"
    assert state([first, second, third], end=350) == "unverified"
    assert state([first, second, third], end=150) == "gaps"
    assert state([first, second, third], 110, 190) == "sealed", "nothing was written between two runs"
    assert state([seal("sealed"), third], 310) == "open"


def test_a_run_that_has_not_been_stated_is_open() -> None:
    assert state([]) == state([], 1, 2) == "open"
    assert state([seal("sealed")], newest_run=10) == "sealed"
    view = seal_view([seal("sealed")], newest_run=500)
    assert view["state"] == "open" and "newest run" in view["reason"]
    assert state([seal("sealed")], end=499, newest_run=500) == "sealed"


def test_spans() -> None:
    assert EVER.touches(None, None) and EVER.touches(1, 1)
    assert Span(5, 9).touches(9, 20) and Span(5, 9).touches(1, 5) and Span(5, 9).touches(6, 7)
    assert not Span(5, 9).touches(10, None) and not Span(5, 9).touches(None, 4)


class Reads:
    """`seals` by container; counts the looks."""

    def __init__(self) -> None:
        self.seals: dict[str, list[Seal]] = {}
        self.looks: list[str] = []
        self.error: Exception | None = None

    def __call__(self, container_id: str) -> list[Seal]:
        self.looks.append(container_id)
        if self.error is not None:
            raise self.error
        return self.seals.get(container_id, [])


def sealed(seals: list[Seal]) -> bool:
    return bool(seals) and seals[-1].state != "open"


def never() -> bool:
    return False


def test_all_who_wait_for_a_container_are_told_and_it_is_looked_at_once_for_all() -> None:
    reads = Reads()
    waits = SealWaits(reads)
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(waits.wait("a", sealed, 20, never))) for _ in range(30)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    while len(reads.looks) < 31:  # each once itself, and the one that looks for all
        time.sleep(0.01)
    began = len(reads.looks)
    time.sleep(0.3)
    assert len(reads.looks) - began < 30
    reads.seals["a"] = [seal("sealed")]
    for thread in threads:
        thread.join(20)
    assert found == [True] * 30
    assert not waits._watched


def test_the_thread_that_looks_ends_and_begins_again() -> None:
    reads = Reads()
    waits = SealWaits(reads)
    for name in ("a", "b"):
        assert not waits.wait(name, sealed, 0.1, never)
        end = time.monotonic() + 10
        while waits._looking and time.monotonic() < end:
            time.sleep(0.01)
        assert not waits._looking
    assert {"a", "b"} == set(reads.looks)


def test_who_has_gone_waits_no_longer() -> None:
    assert not SealWaits(Reads()).wait("a", sealed, 600, lambda: True)


@pytest.mark.parametrize("error", [StoreUnavailable("away"), StoreDamaged("torn"), RuntimeError("ours")])
def test_a_store_that_goes_away_is_asked_again(error: Exception) -> None:
    reads = Reads()
    waits = SealWaits(reads)
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(waits.wait("a", sealed, 20, never)))
    thread.start()
    while not reads.looks:
        time.sleep(0.01)
    reads.error = error
    began = len(reads.looks)
    while len(reads.looks) < began + 2:
        time.sleep(0.01)
    reads.seals["a"], reads.error = [seal("gaps")], None
    thread.join(20)
    assert found == [True]
    reads.error = error
    with pytest.raises(type(error)):
        waits.wait("b", sealed, 20, never)


@pytest.fixture
def api() -> Api:
    return Api()


def logs(api: Api, **asked: str) -> Any:
    return api.ask("GET", "/logs", params={"container_id": "first", **asked}).json


def test_a_sealed_log_is_answered_at_once(api: Api) -> None:
    api.store.write_seals([Seal(FULL_ID, 1, state="unverified", reason="why")])
    answer = logs(api, wait="sealed")
    assert answer["data"]["waited"]["sealed"] and answer["data"]["seal"]["state"] == "unverified"
    assert "waited" not in logs(api)["data"]


def test_lines_and_seal_that_come_meanwhile_are_in_the_answer(api: Api) -> None:
    def later() -> None:
        api.write(5)
        api.store.write_seals([Seal(FULL_ID, 1, state="sealed", lines=5, finished_at=NOW + 10**12)])

    timer = threading.Timer(0.2, later)
    timer.start()
    answer = logs(api, wait="sealed", wait_seconds="30")
    timer.join()
    assert answer["data"]["waited"]["sealed"] and answer["data"]["waited"]["seconds"] > 0
    assert (answer["data"]["count"], answer["data"]["seal"]["state"]) == (5, "sealed")


def test_the_bound_passes_and_is_said(api: Api) -> None:
    api.write(3)
    for seals in ([], [Seal(FULL_ID, 1, state="open")]):
        api.store.write_seals(seals)
        answer = logs(api, wait="sealed", wait_seconds="1")
        assert answer["status"] == 200 and "not sealed after 1 s" in answer["message"]
        assert answer["data"]["waited"]["sealed"] is False and answer["data"]["waited"]["seconds"] >= 1
        assert (answer["data"]["count"], answer["data"]["seal"]["state"]) == (3, "open")


def test_a_run_that_the_engine_knows_and_the_store_does_not_is_waited_for(api: Api) -> None:
    api.store.write_seals([Seal(FULL_ID, 1, state="sealed", finished_at=2)])
    api.containers.run = NOW
    answer = logs(api, wait="sealed", wait_seconds="1")
    assert not answer["data"]["waited"]["sealed"] and answer["data"]["seal"]["state"] == "open"
    assert logs(api, wait="sealed", end_time="5")["data"]["waited"]["sealed"], "a range before that run"


def test_a_range_that_is_verified_is_not_waited_for(api: Api) -> None:
    api.write(5)
    api.store.write_seals([Seal(FULL_ID, 1, state="open", verified_until=NOW - 998)])
    answer = logs(api, wait="sealed", end_time=str(NOW - 998))
    assert answer["data"]["waited"]["sealed"] and answer["data"]["seal"]["state"] == "sealed"
    assert answer["data"]["count"] == 3
    assert logs(api, end_time=str(NOW - 997))["data"]["seal"]["state"] == "open"


def test_lines_of_a_clock_that_was_ahead_are_in_a_sealed_log(api: Api) -> None:
    api.write(5)
    for row in api.store.rows.values():
        row.members["log_time"] += 10**12
    assert logs(api)["data"]["count"] == 0
    api.store.write_seals([Seal(FULL_ID, 1, state="sealed", finished_at=NOW + 10**12)])
    assert logs(api)["data"]["count"] == 5
    assert logs(api, end_time=str(NOW))["data"]["count"] == 0


def test_waiting_is_refused_for_nobody_and_for_a_store_that_is_away(api: Api) -> None:
    assert api.ask("GET", "/logs", params={"container_id": "nobody", "wait": "sealed"}).status_code == 404
    assert api.ask("GET", "/logs", params={"container_id": "first", "wait": "x"}).status_code == 400
    api.store.error = StoreUnavailable("es: refused")
    assert api.ask("GET", "/logs", params={"container_id": "first", "wait": "sealed"}).status_code == 503
    api.store.error = None
    for _ in range(8):  # none of them keeps its slot
        assert api.ask("GET", "/logs", params={"container_id": "nobody", "wait": "sealed"}).status_code == 404
    assert api.count("wholelog_api_seal_waits") == 0


def test_head_does_not_wait(api: Api) -> None:
    assert api.ask("HEAD", "/logs", params={"container_id": "first", "wait": "sealed"}).status_code == 200
