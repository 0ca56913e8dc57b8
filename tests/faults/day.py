"""What happens in an hour of a day of operation, and the list of what alerts must come of it."""

import json
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from log_store.rfc3339 import parse_ns
from tests.faults.scene import Scene, Written, eventually
from tests.services.alert_sinks import Alertmanager, HttpSink

RESOLVE, QUIET, AWAY = 3, 3, 5  # seconds
RULES = f"""
[[notify]]
name = "ops"
kind = "webhook"
url = "{{hook}}/ops"
[[notify]]
name = "manager"
kind = "alertmanager"
url = "{{manager}}"
[[rule]]
name = "errors"
on = "problem"
container = '^day-'
[[rule]]
name = "fresh"
on = "problem"
container = '^day-.*-late$'
max_age = "1s"
[[rule]]
name = "timeouts"
on = "lines"
container = '^day-'
match = 'timed out'
count = 3
within = "10m"
[[rule]]
name = "silence"
on = "silence"
container = '^day-.*-(quiet|steady)$'
for = "{QUIET}s"
[[rule]]
name = "failed"
on = "failed"
container = '^day-'
[[rule]]
name = "gap"
on = "gap"
container = '^day-'
[[mute]]
container = '^day-.*-canary$'
""".replace("[[rule]]", f'[[rule]]\nnotify = ["ops", "manager"]\nevery = "1s"\nresolve = "{RESOLVE}s"')
TRACE = 'Traceback (most recent call last):\n  File "/app/pay.py", line 12, in charge\n{}\n'
STEADY = "i=0; while :; do i=$((i+1)); echo $i; [ -e /go ] && break; sleep 0.3; done; echo end"
RECURRING, NOISE = "KeyError: recurring", "OSError: noise"
Told = tuple[str, str, str]  # status, rule, the container's name or the problem's title


class Day:
    """`expected` is the list: whatever is not on it must not come, and nothing on it more often than it stands there."""

    def __init__(self, scene: Scene, sink: HttpSink, manager: Alertmanager, patience: float) -> None:
        self.scene, self.expected, self.counts = scene, Counter[Told](), Counter[str]()
        self.busy = 0  # errors in what the writers wrote, of which no rule tells
        self.broken: list[Written] = []  # removed by hand while nobody looked
        self._sink, self._manager, self._patience = sink, manager, patience

    def expect(self, rule: str, subject: str) -> None:
        """One alert, which ends."""
        self.expected.update([("firing", rule, subject), ("resolved", rule, subject)])

    def fails(self, name: str, said: str, *, code: int = 0, alert: bool = True) -> Written:
        """A container with one trace, which lives on for a moment: what the driver may lose at an end comes later."""
        out, err = b"step 1\nstep 2\n", TRACE.format(said).encode()
        script = f"echo step 1; echo step 2; printf %s {shlex.quote(err.decode())} >&2; sleep 0.5; exit {code}"
        self.counts[said] += 1
        if alert:
            self.expect("errors", said)
        if code:
            self.expect("failed", name)
        return self.scene.run(script, out, err, name=name)

    def times_out(self, name: str, times: int) -> Written:
        """Three are told of, fewer are not."""
        if times >= 3:
            self.expect("timeouts", name)
        lines = "".join(f"request {number} timed out\n" for number in range(times))
        return self.scene.run(f"printf %s {shlex.quote(lines)}; sleep 0.5", lines.encode(), name=name)

    def events(self, hour: int, *, ignored: bool) -> None:
        """What is told of, and what is not, in any hour. `ignored`: somebody has said so of the noise."""
        word = _word(hour)
        self.fails(f"day-{hour}-fails", f"ValueError: refused by kiosk {word}", code=3)
        self.fails(f"day-{hour}-again", RECURRING)
        if hour % 2:
            self.fails(f"day-{hour}-canary", f"ValueError: canary {word}", alert=False)
            self.times_out(f"day-{hour}-few", 2)
        else:
            self.fails(f"day-{hour}-noise", NOISE, alert=not ignored)
            self.times_out(f"day-{hour}-slow", 3)

    @contextmanager
    def silent(self, hour: int, *, steady: bool) -> Iterator[None]:
        """A container that says nothing until the end of the hour, and one that goes on, of which nothing is to be told."""
        name = f"day-{hour}-quiet"
        self.expect("silence", name)
        quiet = self.scene.run("echo up; while [ ! -e /go ]; do sleep 0.1; done; echo back", b"up\nback\n", name=name)
        others = [self.scene.run(STEADY, name=f"day-{hour}-steady")] if steady else []
        yield
        self.until_told({("firing", "silence", name)})
        for written in (quiet, *others):
            self.scene.container(written).exec_run(["sh", "-c", ": > /go"])
        self.scene.await_end(quiet, *others)
        for written in others:
            written.streams["stdout"] = self.scene.container(written).logs(stdout=True, stderr=False)

    def removed_while_away(self, hour: int) -> Callable[[], None]:
        """A container that is known now and gone when the shipper comes back: to be called while it is away."""
        name = f"day-{hour}-gone"
        written = self.scene.run("seq 1 10; sleep 600", b"".join(b"%d\n" % i for i in range(1, 11)), name=name)
        eventually(lambda: len(list(self.scene.lines(written.id))) == 10, "its lines", self._patience)
        eventually(lambda: bool(self.scene.reader.seals(written.id)), "its open seal", self._patience)
        self.expect("gap", name)
        self.broken.append(written)
        return lambda: self.scene.client.api.remove_container(written.id, force=True)

    def late(self, hour: int) -> None:
        """Lines that are older than `fresh` takes when they come, while the shipper is away."""
        name = f"day-{hour}-late"
        written = self.fails(name, f"ValueError: late {_word(hour)}")
        self.scene.await_end(written)
        ended = parse_ns(self.scene.client.api.inspect_container(written.id)["State"]["FinishedAt"]) / 1e9
        eventually(lambda: time.time() > ended + 1.5, "an old line")

    def told(self) -> Counter[Told]:
        """What the webhook was told, a repeated delivery (the same id) once; updates are judged and left out."""
        found, counts = self._webhook(), dict[tuple[str, str], int]()
        for alert in found:
            key = (alert["rule"], _subject(alert))
            if alert["status"] == "update":
                assert counts.get(key, 0) < alert["count"], alert
            if alert["status"] == "firing" and alert["rule"] == "errors":
                assert alert["about"]["message"] == TRACE.format(alert["about"]["title"]).rstrip("\n"), alert
            counts[key] = 0 if alert["status"] == "resolved" else alert["count"]
        told = [(alert["status"], alert["rule"], _subject(alert)) for alert in found]
        return Counter(one for one in told if one[0] != "update")

    def _webhook(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for path, _, body in list(self._sink.came):
            if path == "/ops":
                found |= {alert["id"]: alert for alert in json.loads(body)["alerts"]}
        return list(found.values())

    def recurred(self) -> list[str]:
        """As what the problem of every hour was told."""
        return [one["repeated"] for one in self._webhook() if _subject(one) == RECURRING and one["status"] == "firing"]

    def until_told(self, wanted: "set[Told] | None" = None) -> None:
        """Until all of the list so far has come, or this of it."""
        expected = self.expected if wanted is None else {one: self.expected[one] for one in wanted}

        def holds() -> bool:
            told = self.told()
            return all(told[one] >= count for one, count in expected.items())

        try:
            eventually(holds, "the alerts of the list", self._patience)
        except AssertionError as error:
            raise AssertionError(
                f"{error}\n{self.difference()}\n{self.scene.shipper.log.read_text()[-3000:]}"
            ) from error

    def difference(self) -> str:
        told = self.told()
        return f"not told: {sorted((self.expected - told).elements())}\nnot on the list: {sorted((told - self.expected).elements())}"

    def judge(self) -> None:
        """The webhook was told exactly what the list says, Alertmanager of nothing else, and of the end of all.

        What ends before Alertmanager has looked at it, it tells nobody of.
        """
        self.until_told()
        assert self.told() == self.expected, self.difference()
        eventually(lambda: not self._manager.alerts(), "the end of all alerts of Alertmanager")
        found = self._from_manager()
        assert found and found <= {(rule, subject) for _, rule, subject in self.expected}, found

    def _from_manager(self) -> set[tuple[str, str]]:
        bodies = [json.loads(body) for path, _, body in list(self._sink.came) if path == "/from-alertmanager"]
        alerts = [alert for body in bodies for alert in body["alerts"]]
        return {
            (one["labels"]["alertname"], one["labels"].get("container") or one["annotations"]["summary"])
            for one in alerts
        }

    def problems(self) -> dict[str, dict[str, Any]]:
        """By title, where titles are different."""
        return {one["title"]: one for one in self._insist("/problems?size=1000")["problems"]}

    def say(self, title: str, state: str) -> None:
        """What a person says of a problem."""
        eventually(lambda: title in self.problems(), title)
        self._insist(f"/problems/{self.problems()[title]['id']}", {"state": state}, "PATCH")

    def _insist(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> dict[str, Any]:
        """As a careful client: again where the store is not ready, as an index that is being made."""
        found: tuple[int, Any] = (0, None)

        def answered() -> bool:
            nonlocal found
            found = self.scene.shipper.ask(path, body, method)
            return found[0] not in (0, 503)

        eventually(answered, f"an answer to {path}", self._patience)
        assert found[0] == 200, found
        data: dict[str, Any] = found[1]["data"]
        return data


def _subject(alert: dict[str, Any]) -> str:
    return str(alert["about"]["title"] if alert["rule"] in ("errors", "fresh") else alert["about"]["container_name"])


def _word(hour: int) -> str:
    """Letters, which make another problem of a message; a number would not."""
    return "hour" + "".join(chr(97 + int(digit)) for digit in f"{hour:02}")
