"""Who is let in: tokens, rates, addresses, the gate."""

import logging
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon.testing import Result, TestClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from runtime_api.access.bearer import by_token, everybody
from runtime_api.access.caller import LONGEST_UID, OPERATOR, Caller, uid_problem
from runtime_api.access.exposure import exposure_problem
from runtime_api.access.gate import Lapse
from runtime_api.access.open import check_access
from runtime_api.access.rates import Rates
from runtime_api.access.token_file import TokenFile, file_problems
from runtime_api.access.tokens import digest_of, line_of, new_token, read_lines
from runtime_api.app import create_app
from runtime_api.config import ApiSettings
from runtime_api.counters import Counters
from runtime_api.errors import AccessUnavailable, Unauthorized
from runtime_api.key_files import check_logins, storage_options
from runtime_api.openapi.document import document
from tests.fake_containers import FULL_ID, FakeContainers
from tests.fake_problems import MemoryProblems
from tests.fakes import MemoryStore
from wholelog_base.loopback import is_loopback
from wholelog_base.settings import SettingsError

ALICE, ROOT, EYE = Caller("alice"), Caller("root", "admin"), Caller("eye", "monitor")
TASK = {"tags": {"type": "bash_cell"}, "task_desc": {"cmd": "echo 1"}}


def test_who_sees_whose() -> None:
    alice, admin = Caller("alice"), Caller("root", "admin")
    assert alice.sees("alice") and not alice.sees("bob") and not alice.sees("") and not alice.sees("Alice")
    assert all(admin.sees(uid) and OPERATOR.sees(uid) for uid in ("alice", "root", ""))
    assert not Caller("").sees("") and not any(Caller("eve", "monitor").sees(uid) for uid in ("eve", "alice", ""))


@pytest.mark.parametrize("uid", ["", "a b", "a\n", "x" * (LONGEST_UID + 1), None, 7, ["a"], "a\0", "\u2028", "#a"])
def test_what_no_uid_may_be(uid: object) -> None:
    assert uid_problem(uid)


@pytest.mark.parametrize("uid", ["alice", "a@b.example", "7", "x" * LONGEST_UID, "ünï", "auth0|12"])
def test_what_a_uid_may_be(uid: str) -> None:
    assert uid_problem(uid) == ""


class Tokens:
    """A file of tokens, one of each role."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tokens"
        self.alice, self.root, self.eye = new_token(), new_token(), new_token()
        self.write(line_of(ALICE, self.alice), line_of(ROOT, self.root), line_of(EYE, self.eye))

    def write(self, *lines: str) -> None:
        self.path.write_text("# who may call\n\n" + "".join(f"{line}\n" for line in lines))
        self.path.chmod(0o600)


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path)


def test_a_token_is_known_by_its_hash_alone(tokens: Tokens) -> None:
    file = TokenFile(tokens.path)
    assert file.caller_of(tokens.alice) == ALICE and file.caller_of(tokens.root) == ROOT
    assert tokens.alice not in tokens.path.read_text() and len(tokens.alice) == 46
    digest = digest_of(tokens.alice).hex()
    for wrong in ("", "x", tokens.alice[:-1], tokens.alice + "A", digest, f"sha256:{digest}", tokens.alice.upper()):
        assert file.caller_of(wrong) is None, wrong


def test_the_file_is_read_again_when_it_changes(tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    file = TokenFile(tokens.path)
    assert file.caller_of(tokens.alice) == ALICE
    other = new_token()
    # Of the same size, within the same tick of the clock: a revocation must not wait for the next change.
    tokens.write(line_of(Caller("alicf"), other), line_of(ROOT, tokens.root), line_of(EYE, tokens.eye))
    assert file.caller_of(tokens.alice) is None and file.caller_of(other) == Caller("alicf")
    tokens.write(f"alice user {other}", line_of(ROOT, tokens.root))
    for _ in range(3):
        assert file.caller_of(other) is None and file.caller_of(tokens.root) == ROOT, "one line shuts out no other"
    (said,) = [one.getMessage() for one in caplog.records]
    assert "line 3: the third word must be sha256:" in said and other not in said
    tokens.path.unlink()
    for _ in range(2):
        with pytest.raises(AccessUnavailable, match="cannot be checked now"):
            file.caller_of(tokens.root)
    tokens.write(line_of(ALICE, tokens.alice))
    assert file.caller_of(tokens.alice) == ALICE and file.caller_of(tokens.root) is None


def test_a_settled_file_is_not_read_at_every_request(tokens: Tokens) -> None:
    os.utime(tokens.path, (1, 1))
    file = TokenFile(tokens.path, now=lambda: tokens.path.stat().st_ctime_ns + 10**10)
    assert file.caller_of(tokens.alice) == ALICE
    known = file._known
    assert file.caller_of(tokens.root) == ROOT and file._known is known


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("alice user", "must be three words"),
        ("alice boss sha256:" + "0" * 64, "role must be one of user, admin, monitor"),
        ("a\u2028 user sha256:" + "0" * 64, "must be three words"),
        ("alice user " + "0" * 64, "third word"),
        ("alice user sha256:" + "0" * 63, "third word"),
        ("alice user sha256:" + "G" * 64, "third word"),
        ("x" * 200 + " user sha256:" + "0" * 64, "the uid must be text of 1 to 128"),
    ],
)
def test_lines_that_do_not_fit(line: str, said: str) -> None:
    entries, problems = read_lines(f"# of ours\n{line}\n")
    assert not entries and problems and said in problems[0] and "line 2: " in problems[0]


def test_the_same_token_twice_is_a_mistake() -> None:
    token = new_token()
    entries, problems = read_lines(line_of(ALICE, token) + "\n" + line_of(ROOT, token))
    assert [one.caller for one in entries] == [ALICE] and problems == ["line 2: the same token as in a line above"]


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    entries, problems = read_lines(text)
    assert not entries and len(problems) <= len(text.splitlines())


def test_what_keeps_a_service_from_starting(tokens: Tokens) -> None:
    assert file_problems(tokens.path) == []
    tokens.path.chmod(0o620)
    assert "can be written by others" in file_problems(tokens.path)[0]
    tokens.path.chmod(0o600)
    tokens.path.write_bytes(b"\xff")
    assert "cannot be read: UnicodeDecodeError" in file_problems(tokens.path)[0]
    assert "wholelog token UID --add" in file_problems(tokens.path.with_name("none"))[0]


def test_the_header() -> None:
    def known(token: str) -> Caller | None:
        return ALICE if token == "t0k" else None

    ask = by_token(known)
    assert ask("Bearer t0k") == ask("bearer  t0k ") == ALICE and everybody("Bearer x") == everybody(None) == OPERATOR
    with pytest.raises(Unauthorized, match="send the header `Authorization: Bearer TOKEN`") as none:
        ask(None)
    assert none.value.challenge == 'Bearer realm="wholelog"'
    for header in (
        "t0k",
        "Basic t0k",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer t0k, Bearer t0k",
        "Bearer t0k\0",
        "Bearer ü",
    ):
        with pytest.raises(Unauthorized, match="must be `Bearer TOKEN`") as wrong:
            ask(header)
        assert 'error="invalid_token"' in wrong.value.challenge and "t0k" not in str(wrong.value)
    with pytest.raises(Unauthorized, match="not known here, or no longer"):
        ask("Bearer t0K")


def test_rates_are_each_callers_own() -> None:
    now = 0.0
    rates = Rates(2.0, 4.0, lambda: now)
    assert [rates.take("a") for _ in range(4)] == [0.0] * 4 and rates.take("a") == 0.5
    assert rates.take("b") == 0.0
    now = 1.0
    assert [rates.take("a") for _ in range(2)] == [0.0] * 2 and rates.take("a") == 0.5
    now = 100.0
    assert [rates.take("a") for _ in range(4)] == [0.0] * 4 and rates.take("a") > 0
    assert [Rates(0.0, 0.0).take("a") for _ in range(100)] == [0.0] * 100
    assert Rates(0.1, 0.5, lambda: 0.0).take("a") == 0.0, "whoever waits long enough gets one"


def test_rates_forget_who_is_silent() -> None:
    now = 0.0
    rates = Rates(1.0, 1.0, lambda: now)
    for number in range(10_000):
        rates.take(str(number))
    now = 10.0
    assert rates.take("one more") == 0.0 and len(rates._buckets) == 1


def resolved(*addresses: str) -> object:
    return lambda *_, **__: [(2, 1, 6, "", (address, 0)) for address in addresses]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_what_is_loopback(host: str) -> None:
    assert is_loopback(host) and exposure_problem("none", (host, 1), False) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "", "no such host.", "::ffff:10.0.0.1", "192.0.2.7"])
def test_what_is_not(host: str) -> None:
    assert not is_loopback(host)
    assert "listen_unprotected" in exposure_problem("none", (host, 1), False)
    assert exposure_problem("none", (host, 1), True) == exposure_problem("tokens", (host, 1), False) == ""


def test_a_name_must_lead_to_the_loopback_alone() -> None:
    assert is_loopback("h", resolved("127.0.0.1", "::1%lo")) and not is_loopback("h", resolved("127.0.0.1", "10.0.0.1"))  # type: ignore[arg-type]


def test_a_file_of_keys_is_read_before_the_start(tmp_path: Path) -> None:
    file = tmp_path / "keys"

    def said() -> str:
        with pytest.raises(SettingsError) as refused:
            check_access(ApiSettings(access="jwt", jwt_keys=str(file), jwt_issuer="i", jwt_audience="a"))
        (problem,) = refused.value.problems
        return problem

    assert (
        said() == f"jwt_keys: {file} cannot be read: No such file or directory; put the issuer's key set (JWKS) there"
    )
    for content in ("{", "[]", '{"keys": 1}'):
        file.write_text(content)
        assert said().startswith(f"jwt_keys: {file}: no set of keys (JWKS)")
    file.write_text('{"keys": [{"kty": "oct", "k": "aHVudGVyMg"}]}')
    assert said() == f"jwt_keys: {file}: holds no public key for signatures of the kinds RSA, EC or OKP"


def test_files_of_keys_for_storage_and_registries_are_read_before_the_start(tmp_path: Path) -> None:
    """What is wrong is named by place, and nothing of them is shown."""
    file = tmp_path / "keys.json"
    for name, read in (("storage_options", storage_options), ("image_logins", check_logins)):
        for content, right in (
            (None, f"{name}: {file} cannot be read by this user: No such file or directory"),
            ('{"s3":\n {"key" "hunter2"}}', f"{name}: {file}:2:9: no JSON (Expecting ':' delimiter)"),
            ('["hunter2"]', f"{name}: {file}: must be an object such as"),
            (b"\xff", f"{name}: {file} cannot be read by this user: it is no UTF-8"),
        ):
            file.unlink(missing_ok=True)
            if content is not None:
                file.write_bytes(content if isinstance(content, bytes) else content.encode())
            with pytest.raises(SettingsError) as refused:
                read(file)
            (problem,) = refused.value.problems
            assert problem.startswith(right) and "hunter2" not in problem
    file.write_text('{"s3": "hunter2"}')
    with pytest.raises(SettingsError, match="'s3': must be an object such as") as refused:
        storage_options(file)
    assert "hunter2" not in str(refused.value)


def test_what_is_checked_before_the_start(tokens: Tokens) -> None:
    check_access(ApiSettings())
    check_access(ApiSettings(listen=Path("/run/wholelog/api.sock"), listen_group="team"))
    check_access(ApiSettings(access="tokens", access_tokens=tokens.path, listen=("0.0.0.0", 1)))
    for settings, said in (
        (ApiSettings(listen=("0.0.0.0", 1)), "unix:///PATH.*listen_unprotected"),
        (ApiSettings(listen_group="team"), "listen_group: 'team'.*set listen to unix:///PATH"),
        (ApiSettings(access="tokens", data=tokens.path.parent / "none"), "access_tokens"),
        (ApiSettings(access="jwt", jwt_keys="/k"), "jwt_issuer.*jwt_audience"),
        (
            ApiSettings(access="jwt", jwt_keys="http://idp.example/keys", jwt_issuer="i", jwt_audience="a"),
            "must be https",
        ),
        (
            ApiSettings(access="jwt", jwt_keys="ftp://idp.example/keys", jwt_issuer="i", jwt_audience="a"),
            "must be a file's path or an https URL",
        ),
        (ApiSettings(access="jwt"), "jwt_issuer.*jwt_audience.*jwt_keys"),
    ):
        with pytest.raises(SettingsError, match=f"(?s){said}"):
            check_access(settings)
    with pytest.raises(SettingsError, match="jwt_issuer"):
        create_app(FakeContainers(), MemoryStore(), Counters(CollectorRegistry()), lambda: 1, ApiSettings(access="jwt", jwt_keys="/k"), MemoryProblems())  # fmt: skip


class Api:
    def __init__(self, **settings: object) -> None:
        self.containers = FakeContainers()
        self.registry = CollectorRegistry()
        made = ApiSettings(**settings)  # type: ignore[arg-type]
        app = create_app(
            self.containers, MemoryStore(), Counters(self.registry), lambda: 10**18, made, MemoryProblems()
        )
        self.client = TestClient(app)

    def ask(self, method: str, path: str, token: str = "", **more: object) -> Result:
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}  # type: ignore[dict-item]
        return self.client.simulate_request(method, path, headers=headers, **more)  # type: ignore[arg-type]


@pytest.fixture
def api(tokens: Tokens) -> Iterator[Api]:
    yield Api(access="tokens", access_tokens=tokens.path, caller_rate=0.0)


ROUTES = [
    ("GET", "/containers"), ("POST", "/containers"), ("GET", f"/containers/{FULL_ID}"), ("DELETE", f"/containers/{FULL_ID}"),
    ("GET", f"/logs?container_id={FULL_ID}"), ("GET", f"/logs?container_id={FULL_ID}&follow=true"),
    ("GET", f"/logs?container_id={FULL_ID}&wait=sealed"), ("GET", f"/logs/histogram?container_id={FULL_ID}"),
    ("GET", f"/logs/context?container_id={FULL_ID}&id=x"), ("GET", f"/logs/patterns?container_id={FULL_ID}"),
    ("GET", f"/logs/diff?container_id={FULL_ID}&against={FULL_ID}"), ("HEAD", f"/logs?container_id={FULL_ID}"),
    ("DELETE", f"/logs?container_id={FULL_ID}"), ("GET", "/logs?uid=alice"), ("GET", "/problems"), ("GET", "/problems/x"), ("PATCH", "/problems/x"), ("GET", "/logs?type=algorithm"),
    ("OPTIONS", "/containers"), ("GET", "/metrics"), ("GET", "/nowhere"), ("GET", "/healthz/"), ("GET", "/healthz/x"),
    ("GET", "//healthz"), ("GET", "/HEALTHZ"), ("GET", "/metrics/"), ("GET", "/docs/../containers"), ("BREW", "/containers"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_needs_a_token(api: Api, method: str, path: str) -> None:
    """Before a body is read or a route looked for: who is not known learns not even which there are."""
    if path == "/healthz/":
        assert api.ask(method, path).status_code == 200  # the same as without its slash
        return
    for token in ("", "wrong", "wl_" + "A" * 43):
        answer = api.ask(method, path, token, body=b"{" * 100)
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith('Bearer realm="wholelog"')
        assert answer.headers["content-type"] == "application/json"
        if method != "HEAD":
            assert answer.json["status"] == 401 and answer.json["data"] == {} and (token or "x") not in answer.text.replace("Authorization: Bearer TOKEN", "")  # fmt: skip
    assert not api.containers.callers and not api.containers.created
    assert (api.registry.get_sample_value("wholelog_api_errors_total", {"kind": "Unauthorized"}) or 0) == 3


def test_callers_are_who_their_tokens_say(api: Api, tokens: Tokens) -> None:
    assert api.ask("GET", "/containers", tokens.alice).status_code == 200
    assert api.ask("POST", "/containers", tokens.root, json=TASK).status_code == 200
    assert api.containers.callers == [ALICE, ROOT]


def test_what_a_role_may_not_ask(api: Api, tokens: Tokens) -> None:
    assert api.ask("GET", "/metrics", tokens.alice).status_code == 403
    assert (
        api.ask("GET", "/metrics", tokens.eye).status_code == api.ask("GET", "/metrics", tokens.root).status_code == 200
    )
    for method, path in ROUTES:
        if not path.startswith(("/metrics", "/healthz/")):
            answer = api.ask(method, path, tokens.eye)
            assert answer.status_code == 403, path
    assert not api.containers.callers


def test_what_is_open(api: Api, tokens: Tokens) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
        for token in ("", "wrong", tokens.alice, tokens.eye):
            assert api.ask("GET", path, token).status_code == 200, path
    details = [api.ask("GET", "/readyz", token).json["data"]["engine"]["detail"] for token in ("", "x", tokens.alice)]
    assert details == ["", "", ""]
    for token in (tokens.eye, tokens.root):
        assert api.ask("GET", "/readyz", token).json["data"]["engine"]["detail"] == "an engine of the tests"


def test_the_page_is_open_and_nothing_else_below_it(api: Api) -> None:
    page = api.ask("GET", "/")
    (name,) = set(re.findall(r'href="(page/\w+/main\.js)"', page.text))
    assert page.status_code == api.ask("GET", f"/{name}").status_code == 200
    for path in ("/page/x/y", "/page/../containers", "/page/", "/page/x/../../logs", "/page//containers"):
        assert api.ask("GET", path).status_code == (401 if path == "/page/" else 404), path
    assert not api.containers.callers


def test_an_engine_that_is_away_is_told_of_without_its_address(api: Api, tokens: Tokens) -> None:
    from runtime_api.errors import EngineUnavailable

    api.containers.error = EngineUnavailable("Docker at /secret/docker.sock cannot be reached")
    answer = api.ask("GET", "/readyz")
    assert (
        answer.status_code == 503
        and answer.json["message"].startswith("engine: not ready")
        and "secret" not in answer.text
    )
    assert "secret" in api.ask("GET", "/readyz", tokens.root).text


def test_a_caller_that_asks_too_often(tokens: Tokens) -> None:
    api = Api(access="tokens", access_tokens=tokens.path, caller_rate=0.2)
    assert api.ask("GET", "/containers", tokens.alice).status_code == 200
    answer = api.ask("GET", "/containers", tokens.alice)
    assert answer.status_code == 429 and 1 <= int(answer.headers["retry-after"]) <= 5 and "caller_rate" in answer.text
    assert api.ask("GET", "/containers", tokens.root).status_code == 200, "others are not kept waiting"
    assert api.ask("GET", "/healthz", tokens.alice).status_code == 200
    for _ in range(3):
        assert api.ask("GET", "/containers").status_code == 401
    assert all(Api(caller_rate=0.2).ask("GET", "/containers").status_code == 200 for _ in range(3))


def test_a_file_that_is_away_lets_nobody_in(api: Api, tokens: Tokens) -> None:
    tokens.path.unlink()
    answer = api.ask("GET", "/containers", tokens.root)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "5" and str(tokens.path) not in answer.text
    assert (
        api.ask("GET", "/healthz", tokens.root).status_code == api.ask("GET", "/readyz", tokens.root).status_code == 200
    )


def test_no_token_is_in_a_log_or_an_answer(api: Api, tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.containers.error = ValueError("a fault of ours")
    texts = [api.ask(method, path, tokens.root, body=b"{}").text for method, path in ROUTES]
    api.containers.error = None
    texts += [api.ask("GET", path, token).text for _, path in ROUTES for token in (tokens.alice + "x", tokens.eye)]
    assert any("an error of ours" in text for text in texts) and "a fault of ours" in caplog.text
    everything = caplog.text + "".join(texts)
    for token in (tokens.alice, tokens.root, tokens.eye):
        assert token not in everything and digest_of(token).hex() not in everything


def test_without_access_control_pages_of_other_sites_are_kept_out() -> None:
    """A browser on the machine would ask for any page: by POST without a content type, for which it asks nobody first."""
    api = Api()
    for headers in (
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"},
        {"Origin": "http://evil.example"}, {"Origin": "http://falconframework.org:81"},
    ):  # fmt: skip
        for method, path in (("POST", "/containers"), ("DELETE", f"/containers/{FULL_ID}")):
            assert api.ask(method, path, headers=headers, body=b'{"tags": {"type": "bash_cell"}}').status_code == 403
        assert api.ask("GET", "/containers", headers=headers).status_code == 200
    assert not api.containers.created and not api.containers.deleted
    for good in (
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://falconframework.org"},
        {"Sec-Fetch-Site": "none"},
    ):
        assert api.ask("POST", "/containers", headers=good, json=TASK).status_code == 200
    assert api.ask("GET", "/containers", "any.token").status_code == 200 and api.containers.callers[-1] == OPERATOR


def test_a_name_of_others_that_leads_here_is_refused() -> None:
    """DNS rebinding: a page's own name, turned to the loopback, is of the same origin as what it reads."""
    app = create_app(
        FakeContainers(),
        MemoryStore(),
        Counters(CollectorRegistry()),
        lambda: 1,
        ApiSettings(),
        MemoryProblems(),
        own_names=True,
    )

    def ask(host: str) -> int:
        return TestClient(app).simulate_get("/containers", headers={"Host": host}).status_code

    for host in (
        "127.0.0.1",
        "127.0.0.1:8080",
        "localhost:8080",
        "LOCALHOST",
        "[::1]:8080",
        "10.0.0.7",
        "wholelog:80",
        "a.localhost",
    ):
        assert ask(host) == 200, host
    for host in (
        "evil.example",
        "evil.example:8080",
        "evil.example.",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1.",
    ):
        assert ask(host) == 403, host


def test_a_lapsed_caller_is_noticed_once_in_a_while() -> None:
    now, answers = 0.0, [True, AccessUnavailable("away"), Unauthorized("gone")]

    def still() -> bool:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return bool(found)

    lapsed = Lapse(still, lambda: now)
    assert not lapsed() and len(answers) == 3
    now = 5.0
    assert not lapsed() and not lapsed() and len(answers) == 2
    now = 10.0
    assert not lapsed() and len(answers) == 1
    now = 15.0
    assert lapsed() and lapsed()


def test_the_file_is_safe_to_use_from_several_threads(tokens: Tokens) -> None:
    file, wrong = TokenFile(tokens.path), list[object]()

    def ask() -> None:
        for _ in range(50):
            if (found := file.caller_of(tokens.alice)) != ALICE:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for number in range(20):
        fresh = tokens.path.with_name("new")
        fresh.write_text(f"# {number}\n{line_of(ALICE, tokens.alice)}\n")
        fresh.replace(tokens.path)
    for one in threads:
        one.join(30)
    assert not wrong


def test_the_document_says_who_is_asked_for_a_token() -> None:
    open_document, secured = document("1", 60), document("1", 60, secured=True)
    assert "security" not in str(open_document) and secured["security"] == [{"bearer": []}]
    assert secured["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, item in secured["paths"].items():
        for method in item.keys() - {"parameters"}:
            operation = item[method]
            if path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/"):
                assert operation["security"] == [] and "401" not in operation["responses"]
            else:
                assert "security" not in operation and {"401", "403", "429"} <= operation["responses"].keys()
                assert "WWW-Authenticate" in operation["responses"]["401"]["headers"]
