"""What is measured, and what is said of the things that we depend on."""

import socket
from pathlib import Path

from prometheus_client import CollectorRegistry

from log_shipper.checks import engine_check, socket_check, store_check
from log_shipper.errors import EngineUnavailable
from log_shipper.measures import MeasuredWriter, Measures
from log_shipper.statements import NO_COPY
from log_shipper.states import States
from log_store.errors import StoreUnavailable
from log_store.seal import Seal
from runtime_api.counters import Counters
from runtime_api.probes import Probes
from runtime_api.readiness import Dependency, shipper_socket
from tests.documents import NOON, Documents
from tests.fakes import MemoryStore
from tests.unit.test_command_line import wholelog


def test_messages_by_type_and_seals_by_state() -> None:
    registry = CollectorRegistry()
    writer = MeasuredWriter(MemoryStore(), Measures(registry))
    documents = Documents().add(NOON, "a").add(NOON + 1, "b", log_type="error").add(NOON + 2, "c", log_type="x" * 99)
    assert writer.write(documents.batch).stored == 3
    states = [Seal("c", 1), Seal("c", 2, state="sealed"), Seal("t", 0, state="unverified", reason=NO_COPY)]
    writer.write_seals(states)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"wholelog_shipper_{name}", labels)

    found = [value("messages_total", log_type=name) for name in ("info", "error", "debug", "other")]
    assert found == [1, 1, 0, 1]
    assert [value("seals_total", state=name) for name in ("sealed", "no_copy", "unverified", "gaps")] == [1, 1, 0, 0]
    assert value("store_write_seconds_count") == 1


def test_states_have_a_since_that_stays_until_the_state_changes() -> None:
    wrong, took = [""], list[str]()
    states = States({"store": lambda: wrong[0]}, lambda name, seconds: took.append(name))
    assert states.known() == {}
    first = states.look()["store"]
    assert states.look()["store"] == first and first.shown()["ready"] is True
    wrong[0] = "away"
    second = states.look()["store"]
    wrong[0] = "still away"
    third = states.look()["store"]
    assert (second.since, second.wrong) == (third.since, "away") and third.shown()["message"] == "still away"
    assert second.since >= first.since and took == ["store"] * 4 and states.known() == {"store": third}


def test_checks_say_what_is_wrong(tmp_path: Path) -> None:
    def away() -> None:
        raise EngineUnavailable("Docker does not answer")

    assert (
        engine_check(lambda: "", lambda: None) == "" and engine_check(lambda: "no events", lambda: None) == "no events"
    )
    assert engine_check(lambda: "", away) == "Docker does not answer"
    store = MemoryStore()
    assert store_check("", store) == "" and store_check("busy", store) == "busy"
    store.error = StoreUnavailable("gone")
    assert store_check("", store) == "gone"
    assert "s.sock" in socket_check(tmp_path / "s.sock") and "too long" in socket_check(tmp_path / ("x" * 200))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.sock"))
        server.listen()
        assert socket_check(tmp_path / "s.sock") == "" and "s.sock" in shipper_socket(tmp_path / "s.sock")


def test_probes_tell_the_counters_what_they_found() -> None:
    registry = CollectorRegistry()
    dependency = Dependency("store", lambda: "well", "", lambda: 1)
    probes = Probes([dependency], Counters(registry))
    probes.nudge()
    assert probes._looking.acquire(timeout=30)
    assert registry.get_sample_value("wholelog_api_ready", {"dependency": "store"}) == 1
    probes.nudge()  # one is under way


def test_status_of_a_service_that_does_not_run(tmp_path: Path) -> None:
    given = ("--data", str(tmp_path / "data"), "--docker-host", f"unix://{tmp_path}/d.sock")
    done = wholelog("status", *given, "--listen", "127.0.0.1:1", "--shipper-listen", "127.0.0.1:1")
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert [line[4:].split()[0] for line in lines if line.startswith("bad ")] == ["api", "shipper", "store", "copies"]
    assert "`wholelog shipper`" in lines[1] and len(lines) == 6
