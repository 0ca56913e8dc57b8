"""Alerts on a clock of the test's own: what fires, goes on, ends, and what does not."""

import threading
from pathlib import Path
from typing import Any

import pytest

from log_shipper.alerting.alerting import Alerting
from log_shipper.alerting.context import StoredContext
from log_shipper.alerting.notice import Notice
from log_shipper.alerting.rounds import AlertRounds
from log_shipper.alerting.rules import NO_ALERTS, AlertRules
from log_shipper.alerting.rules_file import read_alerts
from log_shipper.alerting.sending import Sender, Senders
from log_shipper.audit.docker_copy import Facts
from log_shipper.errors import NotTold
from log_shipper.problems.book import Book
from log_shipper.problems.tables import open_book
from log_shipper.problems.watch import Watch
from log_store.document import ContainerContext, DocumentBatch
from log_store.errors import StoreUnavailable
from log_store.problem import Triage
from log_store.seal import Gap, Seal
from tests.api_server import eventually
from tests.documents import NOON, SECOND, Documents, container
from tests.fakes import MemoryStore
from wholelog_base.settings import SettingsError

MINUTE = 60 * SECOND
RECEIVER = '[[notify]]\nname = "ops"\nkind = "webhook"\nurl = "http://127.0.0.1:1/x"\n'
PROBLEMS = '[[rule]]\nname = "errors"\non = "problem"\nnotify = "ops"\nevery = "5m"\nresolve = "30m"\n'


class Post:
    """The shipper's part of alerts, with a clock that the test moves, and a receiver that may be away."""

    def __init__(self, folder: Path, text: str) -> None:
        self.file, self.book_file = folder / "alerts.toml", folder / "problems.sqlite"
        self.now, self.said, self.store = NOON + MINUTE, dict[str, Triage](), MemoryStore()
        self.told: list[Notice] = []
        self.away, self.held = "", False
        self.counts: dict[str, int] = {}
        self.write(text)
        self.open()

    def write(self, text: str) -> AlertRules:
        self.file.write_text(RECEIVER + text)
        self.rules = read_alerts(self.file)
        return self.rules

    def open(self) -> None:
        self.book = Book(open_book(self.book_file))
        context = StoredContext(self.store, self.store.refresh)
        self.alerting = Alerting(self.book, self.rules, lambda: self.said, context, lambda: self.now)
        self.watch = Watch(self.book, self.alerting, self.count)
        receiver = self.rules.receivers[0]
        names = tuple(rule.name for rule in self.rules.rules)
        self.sender = Sender(receiver, names, self.alerting.outbox, self.count, lambda: self.now, self.tell)

    def restart(self) -> None:
        self.book.connection.close()
        self.open()

    def count(self, name: str, by: int) -> None:
        assert name != "problem_errors"
        self.counts[name] = self.counts.get(name, 0) + by

    def tell(self, notices: Any) -> None:
        if self.away:
            raise NotTold(self.away)
        self.told += notices

    def batch(self, batch: DocumentBatch) -> None:
        self.watch.batch(batch)
        self.store.write(batch)

    def pass_time(self, seconds: float) -> list[tuple[str, str, int]]:
        """What is told meanwhile: status, title, count."""
        self.told = []
        end = self.now + int(seconds * SECOND)
        while self.now < end:
            self.now = min(end, self.now + max(SECOND // 2, int(seconds * SECOND) // 500))
            if not self.held:
                self.watch.reached(self.now)
            self.alerting.tick()
            self.sender.send()
        return [(one.status, one.about.title, one.count) for one in self.told]


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path, PROBLEMS)


def line(
    post: Post, text: str, log_type: str = "error", who: ContainerContext | None = None, **more: Any
) -> DocumentBatch:
    return Documents(who or container()).add(more.pop("time", post.now), text, log_type=log_type, **more).batch


def test_one_alert_a_problem_with_message_context_and_link(post: Post) -> None:
    documents = Documents()
    for number in range(12):
        documents.add(post.now - 20 * SECOND + number, f"step {number}")
    documents.add(post.now, "ERROR order 7 refused\n  at once", log_type="error", lines=2)
    post.batch(documents.batch)
    assert post.pass_time(0.4) == []  # it may still grow
    assert post.pass_time(2) == [("firing", "ERROR order <*> refused", 1)]
    (notice,) = post.told
    assert notice.about.message == "ERROR order 7 refused\n  at once" and notice.repeated == "new"
    assert notice.before == tuple(f"step {number}" for number in range(2, 12))
    assert (notice.about.container_name, notice.about.task_id, notice.rule) == ("name-a", "task-a", "errors")


def test_updates_at_most_once_a_window_then_resolved_then_returned(post: Post) -> None:
    post.batch(line(post, "ERROR a 1"))
    assert post.pass_time(3) == [("firing", "ERROR a <*>", 1)]
    told = []
    for number in range(20):  # every half minute for ten minutes
        post.batch(line(post, f"ERROR a {number}"))
        told += post.pass_time(30)
    assert [(status, count) for status, _, count in told] == [("update", 11), ("update", 21)]
    assert post.pass_time(29 * 60) == []
    assert post.pass_time(2 * 60) == [("resolved", "ERROR a <*>", 21)]
    assert post.pass_time(3600) == []
    post.batch(line(post, "ERROR a 99"))
    assert post.pass_time(3) == [("firing", "ERROR a <*>", 1)] and post.told[0].repeated == "returned"


def test_two_problems_are_two_alerts_and_warnings_none(post: Post) -> None:
    post.batch(line(post, "ERROR a"))
    post.batch(line(post, "WARNING b", "warning"))
    post.batch(line(post, "FATAL c", "critical"))
    assert sorted(post.pass_time(3)) == [("firing", "ERROR a", 1), ("firing", "FATAL c", 1)]


def test_a_trace_that_comes_in_pieces_is_one_alert(post: Post) -> None:
    first = "Traceback (most recent call last):"
    whole = first + '\n  File "/app/a.py", line 1, in f\nValueError: no 7'
    time = post.now
    post.batch(line(post, first, time=time))
    assert post.pass_time(0.5) == []
    post.batch(line(post, whole, time=time, first=first, version=2, lines=3))
    assert post.pass_time(3) == [("firing", "ValueError: no <*>", 1)]
    assert post.told[0].about.message == whole


def test_no_alert_for_old_lines_and_none_twice_for_a_line(post: Post) -> None:
    old = line(post, "ERROR old", time=post.now - 61 * MINUTE)
    new = line(post, "ERROR new")
    for _ in range(2):
        post.batch(old)
        post.batch(new)
    assert post.pass_time(3) == [("firing", "ERROR new", 1)]
    post.restart()
    post.batch(old)  # a replay of the spool
    post.batch(new)
    again = line(post, "ERROR new", time=new.log_time[0], version=33)  # a repair
    again.repaired.add(0)
    post.batch(again)
    assert post.pass_time(600) == []


def test_a_crash_at_any_point_loses_no_alert_and_repeats_none(post: Post) -> None:
    batch = line(post, "ERROR a")
    post.batch(batch)
    post.restart()
    post.batch(batch)
    post.now += 2 * SECOND
    post.alerting.tick()
    post.restart()  # it is in the outbox
    post.batch(batch)
    assert post.pass_time(2) == [("firing", "ERROR a", 1)]
    post.restart()
    assert post.pass_time(31 * 60) == [("resolved", "ERROR a", 1)]


def test_a_receiver_that_is_away_hears_all_later(post: Post) -> None:
    post.away = "nobody listens"
    post.batch(line(post, "ERROR a"))
    assert post.pass_time(30) == []
    post.batch(line(post, "ERROR a"))
    post.batch(line(post, "ERROR b"))
    post.restart()
    assert post.pass_time(360) == []
    post.away = ""
    told = post.pass_time(120)
    assert told == [("firing", "ERROR a", 2), ("firing", "ERROR b", 1)]  # the count as it is by now
    assert post.counts["alerts_retried"] > 3


def test_a_store_that_is_away_delays_no_alert(post: Post) -> None:
    documents = Documents().add_all(["one", "two"], post.now - 10)
    post.batch(documents.add(post.now, "ERROR a", log_type="error").batch)
    post.store.error = StoreUnavailable("gone")
    assert post.pass_time(2) == [("firing", "ERROR a", 1)]
    assert post.told[0].about.message == "ERROR a" and post.told[0].before == ("one", "two")


def test_what_people_say_of_a_problem(post: Post) -> None:
    post.batch(line(post, "ERROR a"))
    post.pass_time(3)
    (problem,) = {one.subject for one in post.told}
    post.said[problem] = Triage(problem, "resolved", post.now)
    post.alerting.heed()
    assert post.pass_time(2) == [("resolved", "ERROR a", 1)]
    post.batch(line(post, "ERROR a"))
    assert post.pass_time(3) == [("firing", "ERROR a", 1)] and post.told[0].repeated == "regressed"
    post.said[problem] = Triage(problem, "ignored", post.now)
    post.alerting.heed()
    assert post.pass_time(2) == [("resolved", "ERROR a", 1)]
    post.batch(line(post, "ERROR a"))
    assert post.pass_time(7200) == []
    post.said[problem] = Triage(problem, "open", post.now)
    post.batch(line(post, "ERROR a"))
    assert post.pass_time(3) == [("firing", "ERROR a", 1)]


def test_filters_and_the_expression(tmp_path: Path) -> None:
    rule = (
        PROBLEMS
        + 'container = "^web-"\ntask = "train"\ntask_type = "algorithm"\nmatch = "(?i)memory"\ntype = "critical"\n'
    )
    post = Post(tmp_path, rule)
    fitting = ContainerContext("c" * 64, "web-1", "train-7", "algorithm")
    for who in (fitting, ContainerContext("d" * 64, "db-1", "train-7", "algorithm"), ContainerContext("e" * 64, "web-1", "x", "algorithm")):  # fmt: skip
        for text, log_type in (("FATAL: out of Memory", "critical"), ("FATAL: no", "critical"), ("memory", "error")):
            post.batch(line(post, text, log_type, who))
    assert post.pass_time(3) == [("firing", "FATAL: out of Memory", 1)]
    assert post.told[0].about.container_id == "c" * 64


@pytest.mark.parametrize(
    ("wanted", "fits"), [('"team=web"', True), ('["tier", "team=web"]', True), ('"team=we"', False), ('["team", "zone"]', False)]
)  # fmt: skip
def test_a_filter_of_labels(tmp_path: Path, wanted: str, fits: bool) -> None:
    post = Post(tmp_path, PROBLEMS + f"label = {wanted}\n")
    post.batch(line(post, "ERROR a", who=ContainerContext("c" * 64, "c", labels=("team=web", "tier=1"))))
    post.batch(line(post, "ERROR b", who=ContainerContext("d" * 64, "d")))
    assert post.pass_time(3) == ([("firing", "ERROR a", 1)] if fits else [])


def test_a_threshold_in_a_window(tmp_path: Path) -> None:
    post = Post(tmp_path, PROBLEMS + 'count = 3\nwithin = "1m"\n')
    for number in range(4):
        post.batch(line(post, f"ERROR a {number}"))
        assert post.pass_time(45) == []
    for number in range(3):
        post.batch(line(post, f"ERROR a {number}"))
    assert [told[0] for told in post.pass_time(10)] == ["firing"]


def test_lines_of_any_type_count_once_for_each_container(tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "slow"\non = "lines"\nnotify = "ops"\nmatch = "took [0-9]{4,} ms"\n'
    post = Post(tmp_path, rule)
    one, other = line(post, "GET / took 9000 ms", "info"), line(post, "took 12000 ms", "debug", container("b"))
    for batch in (one, other, one, line(post, "took 12 ms", "info")):
        post.batch(batch)
    told = post.pass_time(3)
    assert told == [("firing", "slow: GET / took 9000 ms", 1), ("firing", "slow: took 12000 ms", 1)]
    post.restart()
    post.batch(one)
    assert post.pass_time(600) == []


def test_silence(tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "quiet"\non = "silence"\nnotify = "ops"\nfor = "10m"\ncontainer = "name-a"\n'
    post = Post(tmp_path, rule)
    post.batch(line(post, "one", "info"))
    post.batch(line(post, "one", "info", container("b")))
    assert post.pass_time(9 * 60) == []
    assert post.pass_time(2 * 60) == [("firing", "name-a has written nothing for 600 s", 1)]
    assert post.pass_time(3 * 3600) == []
    post.batch(line(post, "two", "info"))
    assert [told[0] for told in post.pass_time(5)] == ["resolved"]
    post.restart()
    assert [told[0] for told in post.pass_time(11 * 60)] == ["firing"]  # known over a restart
    post.watch.seals([Seal("a" * 64, NOON, "name-a", state="sealed", finished_at=post.now)])
    assert [told[0] for told in post.pass_time(5)] == ["resolved"]
    assert post.pass_time(3600) == []


def test_a_silence_of_containers_with_a_label_over_a_restart(tmp_path: Path) -> None:
    post = Post(tmp_path, '[[rule]]\nname = "quiet"\non = "silence"\nnotify = "ops"\nfor = "10m"\nlabel = "team=web"\n'
                + '[[rule]]\nname = "all"\non = "silence"\nnotify = "ops"\nfor = "1h"\n')  # fmt: skip
    post.batch(line(post, "one", "info", ContainerContext("c" * 64, "c", labels=("team=web",))))
    post.batch(line(post, "one", "info", ContainerContext("d" * 64, "d")))
    post.pass_time(60)
    post.restart()
    assert post.pass_time(11 * 60) == [("firing", "c has written nothing for 600 s", 1)]


def test_a_silence_goes_on_over_a_restart_and_a_stream_that_is_held_up_is_none(tmp_path: Path) -> None:
    post = Post(tmp_path, '[[rule]]\nname = "quiet"\non = "silence"\nnotify = "ops"\nfor = "10m"\n')
    post.batch(line(post, "one", "info"))
    post.held = True  # the store is away: what the container writes meanwhile has not passed by
    assert post.pass_time(3600) == []
    post.held = False
    post.batch(line(post, "two", "info"))
    assert post.pass_time(9 * 60) == []
    assert [told[0] for told in post.pass_time(2 * 60)] == ["firing"]
    post.restart()
    assert post.pass_time(3600) == []
    post.batch(line(post, "three", "info"))
    assert [told[0] for told in post.pass_time(5)] == ["resolved"]


def test_what_fires_of_a_log_that_was_removed_ends_without_its_text(tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "{}"\non = "{}"\nnotify = "ops"\nmatch = "secret"\n'
    post = Post(tmp_path, rule.format("problems", "problem") + rule.format("words", "lines"))
    post.batch(line(post, "ERROR the secret word"))
    assert {(status, title) for status, title, _ in post.pass_time(3)} == {
        ("firing", "ERROR the secret word"), ("firing", "words: ERROR the secret word"),
    }  # fmt: skip
    post.away = "nobody there"
    post.batch(line(post, "ERROR the secret word", time=post.now))
    post.pass_time(400)  # an update waits
    post.watch.forget("a" * 64)
    post.away = ""
    told = post.pass_time(2 * 3600)
    assert {status for status, _, _ in told} == {"update", "resolved"}
    assert {title for _, title, _ in told} == {"the log of name-a was removed"}
    assert not [one for one in post.told if "secret" in one.dumped()]


def test_a_container_that_failed_and_a_gap(tmp_path: Path) -> None:
    post = Post(
        tmp_path,
        '[[rule]]\nname = "failed"\non = "failed"\nnotify = "ops"\n[[rule]]\nname = "gap"\non = "gap"\nnotify = "ops"\n',
    )
    for number, (code, memory) in enumerate(((0, False), (143, False), (137, False), (3, False), (137, True))):
        facts = Facts(ContainerContext(f"{number}" * 64, f"c{number}"), NOON, NOON + 1, False, "", (), code, memory)
        post.watch.ended(facts)
        post.watch.ended(facts)
    told = post.pass_time(3)
    assert told == [("firing", "c3 failed: exit code 3", 1), ("firing", "c4 failed: it ran out of memory", 1)]
    gap = Gap(NOON, NOON + 1, 5, "the copy has rotated")
    for seal in (
        Seal("8" * 64, NOON, "c8", state="sealed"),
        Seal("9" * 64, NOON, "c9", state="gaps", gaps=(gap,)),
        Seal("tcp:x", 0, "sender", state="unverified", reason="no copy"),
    ):
        post.watch.seals([seal])
    assert post.pass_time(3) == [("firing", "the log of c9 is not whole: the copy has rotated", 1)]


def test_mutes(tmp_path: Path) -> None:
    post = Post(tmp_path, PROBLEMS + '[[mute]]\ncontainer = "^name-a$"\nuntil = 2026-11-24T13:00:00Z\n')
    post.batch(line(post, "ERROR a"))
    post.batch(line(post, "ERROR b", who=container("b")))
    assert post.pass_time(3) == [("firing", "ERROR b", 1)]
    post.now = NOON + 70 * MINUTE
    post.batch(line(post, "ERROR a"))
    told = sorted(told[:2] for told in post.pass_time(3))
    assert told == [("firing", "ERROR a"), ("resolved", "ERROR b")]


def test_rules_are_read_again_while_alerts_fire(post: Post) -> None:
    post.batch(line(post, "ERROR a"))
    post.pass_time(3)
    post.alerting.use(
        post.write(
            PROBLEMS.replace('"30m"', '"10m"') + '[[rule]]\nname = "more"\non = "lines"\nnotify = "ops"\nmatch = "x"\n'
        )
    )
    post.batch(line(post, "x", "info"))
    assert [told[:2] for told in post.pass_time(660)] == [("firing", "more: x"), ("resolved", "ERROR a")]
    post.alerting.use(post.write(""))
    assert post.pass_time(7200) == []


def test_a_file_that_does_not_fit_at_the_start_stops_nothing_and_is_looked_at_again(post: Post) -> None:
    good, wrong = post.rules, threading.Event()
    wrong.set()

    def read() -> AlertRules:
        if wrong.is_set():
            raise SettingsError(["alerts.toml:1:1: no"])
        return good

    post.alerting.use(NO_ALERTS)
    senders = Senders(post.alerting.outbox, post.count, lambda: post.now)
    rounds = AlertRounds(post.alerting, senders, read, post.count, lambda: post.now)
    thread = threading.Thread(target=rounds.run)
    thread.start()
    try:
        post.batch(line(post, "ERROR before"))  # is shipped and counted
        wrong.clear()
        rounds.reload()
        assert eventually(lambda: post.alerting.rules is good, 30)
        wrong.set()
        rounds.reload()  # a mistake later: the rules stay
        post.batch(line(post, "ERROR after"))
        post.now += 2 * SECOND
        assert eventually(lambda: len(post.alerting.outbox.firing(("errors",))) == 1, 30)
        assert post.alerting.rules is good and not post.counts.get("alerts_failed")
    finally:
        rounds.close()
        thread.join(30)
    assert not thread.is_alive()


def test_alerts_of_a_storm_go_in_few_messages(post: Post) -> None:
    sent: list[int] = []
    post.sender._tell = lambda notices: sent.append(len(notices))
    documents = Documents()
    for number in range(300):
        name = "".join(chr(97 + int(digit)) for digit in str(number))
        documents.add(post.now, f"ERROR {name}", log_type="error")
    post.batch(documents.batch)
    post.pass_time(20)
    assert sum(sent) == 300 and len(sent) < 20


GOOD = """
link = "https://wholelog.example.org"
[[rule]]
name = "errors of web"
on = "problem"
type = "error"
container = '^web-'
notify = ["ops", "chat", "mail"]
labels = { team = "web" }
[[rule]]
name = "many"
on = "lines"
match = 'timeout'
count = 100
within = "5m"
notify = "ops"
[[notify]]
name = "chat"
kind = "feishu"
url = "https://chat.example.org/hook/1"
secret = "s"
[[notify]]
name = "mail"
kind = "email"
server = "mail.example.org:587"
tls = "starttls"
from = "a@example.org"
to = ["b@example.org"]
user = "u"
password = "p"
[[mute]]
rule = "many"
until = 2026-12-01T00:00:00+08:00
"""


def test_a_file_that_fits(tmp_path: Path) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text(GOOD + RECEIVER)
    rules = read_alerts(file)
    assert [rule.name for rule in rules.rules] == ["errors of web", "many"] and len(rules.receivers) == 3
    assert rules.rules[0].types == {"error", "critical"} and rules.rules[1].within == 5 * MINUTE
    assert "https" not in repr(rules.receivers[0]) and "'s'" not in repr(rules)


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ('on = "problem"', 'on = "errors"', "5:1", "on: 'errors' must be one of problem, lines"),
        ("'^web-'", "'(web'", "7:1", "container: '(web' is no regular expression"),
        ('type = "error"', 'typ = "error"', "6:1", "typ: there is no such key"),
        ('"chat", "mail"', '"cat", "mail"', "8:1", "there is no [[notify]] of name 'cat'"),
        ('container = ', 'label = "=web"\ncontainer = ', "7:1", "label: '=web' must be NAME=VALUE"),
        ('team = "web"', 'severity = "web"', "9:1", "none of alertname, severity"),
        ('within = "5m"', 'within = "5 min"', "15:1", "within: '5 min' must be a duration"),
        ('within = "5m"\n', "", "14:1", "within: is missing"),
        ('name = "many"', 'name = "errors of web"', "11:1", "is given to another"),
        ('kind = "feishu"', 'kind = "fax"', "19:1", "kind: 'fax' must be one of alertmanager"),
        ('"https://chat.example.org/hook/1"', '"chat"', "20:1", "url: the URL must be http(s)"),
        (":587", "", "25:1", "must be HOST:PORT"),
        ('["b@example.org"]', '["b"]', "28:1", "to: 'b' must be an address"),
        ('user = "u"\n', "", "22:3", "one is given without the other"),
        ("2026-12-01T00:00:00+08:00", '"tomorrow"', "33:1", "until: 'tomorrow' must be a date and time"),
        ('link = "https', 'link = "ftp', "2:1", "link: 'ftp://"),
        ("[[mute]]", "[[mutes]]", "31:3", "mutes: there is no such key"),
        ("[[mute]]\n", "[[mute\n", "31:7", "not TOML"),
        ('on = "lines"\n', 'on = "failed"\n', "13:1", "match: goes only with on = 'problem' or 'lines'"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_line(tmp_path: Path, old: str, new: str, where: str, said: str) -> None:
    assert old in GOOD
    file = tmp_path / "alerts.toml"
    file.write_text(GOOD.replace(old, new, 1) + RECEIVER)
    with pytest.raises(SettingsError) as caught:
        read_alerts(file)
    problems = caught.value.problems
    assert any(problem.startswith(f"{file}:{where}:") and said in problem for problem in problems), problems


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    file = tmp_path / "alerts.toml"
    file.write_text(RECEIVER + f'secret_file = "{tmp_path}/secret"\n')
    assert read_alerts(file).receivers[0].secret == "hush"
    file.write_text(RECEIVER + f'secret_file = "{tmp_path}/nothing"\n')
    with pytest.raises(SettingsError, match="secret_file: cannot be read"):
        read_alerts(file)
