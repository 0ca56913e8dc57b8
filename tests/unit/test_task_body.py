"""The body of POST /containers: what fits, and that each thing that does not is named with what would be right."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_api.errors import BadRequest
from runtime_api.schemas.image_name import reference, split
from runtime_api.schemas.task import ImageRequest, InputRequest, OutputRequest
from runtime_api.schemas.task_body import LONGEST_ARGUMENT, parse_task
from wholelog_base.log_settings import LogSettings

DIGEST = "sha256:" + "a1" * 32


def body(**desc: Any) -> dict[str, Any]:
    return {"request_id": "r1", "tags": {"type": "bash_cell"}, "task_desc": desc}


def problems(value: Any) -> list[str]:
    with pytest.raises(BadRequest) as caught:
        parse_task(value)
    assert str(caught.value) == "; ".join(caught.value.problems)
    return caught.value.problems


def test_whole_task() -> None:
    task = parse_task(
        {
            "request_id": "r-1",
            "tags": {"type": "code_cell"},
            "task_desc": {
                "image": {"name": "python", "tag": "3.12", "auth": "team", "file_path": "python.tar"},
                "task_id": "my-task_1.2",
                "cmd": "print('ä')\n",
                "cpu_limit": "500m",
                "mem_limit": "512Mi",
                "env": ["A=1", "B=x=y", "EMPTY="],
                "download_path": "/in",
                "upload_path": "/out",
            },
        }
    )
    assert task.type == "code_cell" and task.request_id == "r-1" and task.task_id == "my-task_1.2"
    assert task.image == ImageRequest("python", "3.12", "team", "python.tar")
    assert task.cmd == "print('ä')\n" and task.env == ("A=1", "B=x=y", "EMPTY=")
    assert (task.nano_cpus, task.mem_limit) == (500_000_000, 512 << 20)
    assert (task.download_path, task.upload_path) == ("/in", "/out")


def test_secrets_are_names_of_variables() -> None:
    task = parse_task(body(cmd="true", env=["A=1", "B=two"], secrets=["B", "", "B"]))
    assert task.secrets == ("B",) and parse_task(body(cmd="true", env="A=1", secrets="A")).secrets == ("A",)
    plain = parse_task(body(cmd="true", env=["A=1", "B=two"]))
    assert (
        task.fingerprint
        != plain.fingerprint
        == parse_task(body(cmd="true", env=["A=1", "B=two"], secrets=[])).fingerprint
    )


@pytest.mark.parametrize(
    ("secrets", "problem"),
    [
        (["B=hunter2"], "task_desc.secrets[0]: must be the name of a variable in env"),
        ("hunter2", "task_desc.secrets: must be the name of a variable in env"),
        ([1], "task_desc.secrets[0]: must be the name of a variable in env"),
        ({"A": 1}, "task_desc.secrets: an object must be a list of at most 64 names of variables in env"),
        (["A"] * 65, "task_desc.secrets: a list must be a list of at most 64 names of variables in env"),
        (["LONG"], "task_desc.secrets: their values have 513 lines; 512 at most"),
    ],
)
def test_what_is_no_name_is_named_and_no_value_is_shown(secrets: object, problem: str) -> None:
    env = ["A=1", "LONG=" + "\n" * 512]
    assert problems(body(cmd="true", env=env, secrets=secrets)) == [problem]


def labelled(labels: Any) -> dict[str, Any]:
    return {"tags": {"type": "bash_cell", "labels": labels}}


def test_labels() -> None:
    task = parse_task(labelled({"team": "vision", "example.com/run_id": "7=8 ü", "absent": "", "none": None}))
    assert task.labels == ("example.com/run_id=7=8 ü", "team=vision")
    plain = parse_task(labelled({"": ""}))
    assert plain.labels == () and plain.fingerprint == parse_task({"tags": {"type": "bash_cell"}}).fingerprint
    assert parse_task(labelled({"team": "x"})).fingerprint != parse_task(labelled({"team": "y"})).fingerprint


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["a=b"], "tags.labels: a list must be an object of names and texts"),
        ({"a": 1}, "tags.labels.a: 1 must be a string"),
        ({"a": "b\n"}, "tags.labels.a: 'b\\n' must be printable characters, 255 at most together with the name and ="),
        ({"a": "b" * 254}, "tags.labels.a: 'bbb"),
        ({"a=b": "c"}, "tags.labels: 'a=b' must be at most 100 letters"),
        ({"a" * 101: "c"}, "tags.labels: 'aaa"),
        ({".a": "c"}, "tags.labels: '.a' must be"),
        ({"Wholelog.uid": "root"}, "tags.labels: 'Wholelog.uid' must not begin with wholelog."),
        ({f"a{number}": "x" for number in range(33)}, "tags.labels: has 33 labels; 32 at most"),
    ],
)
def test_labels_that_do_not_fit(labels: object, problem: str) -> None:
    (found,) = problems(labelled(labels))
    assert found.startswith(problem)


def test_how_lines_are_to_be_read() -> None:
    task = parse_task(body(cmd="true", log={"format": "json", "default_type": {"stderr": "warning"}, "starts": ["^a"]}))
    assert task.log == LogSettings(stderr="warning", format="json", starts=("^a",))
    plain = parse_task(body(cmd="true"))
    assert plain.log is None and parse_task(body(cmd="true", log={"format": ""})) == plain
    assert task.fingerprint != plain.fingerprint == parse_task(body(cmd="true", log={})).fingerprint


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ("json", "task_desc.log: 'json' must be a JSON object"),
        ({"formt": "json"}, "'formt': there is no such member in task_desc.log; did you mean format?"),
        ({"format": "xml"}, "task_desc.log.format: 'xml' must be one of auto, json, logfmt,"),
        ({"default_type": {"stdin": "info"}}, "task_desc.log.default_type: 'stdin' must have no members but"),
        ({"default_type": {"stdout": 3}}, "task_desc.log.default_type.stdout: 3 must be one of critical,"),
        ({"starts": ["a", "("]}, "task_desc.log.starts[1]: '(' is no regular expression of RE2"),
        ({"ansi": True}, "task_desc.log.ansi: true must be one of keep, drop"),
    ],
)
def test_what_is_wrong_with_how_lines_are_to_be_read(log: Any, says: str) -> None:
    (problem,) = problems(body(cmd="true", log=log))
    assert problem.startswith(says)


def test_template_with_everything_left_empty() -> None:
    empty = {
        "request_id": "",
        "tags": {"type": "algorithm", "owner": ""},
        "task_desc": {
            "image": {"file_path": "", "name": None, "tag": "", "auth": ""}, "task_id": "", "cmd": None, "cpu_limit": "",
            "mem_limit": {}, "repo_path": "", "env": [""], "inputs": [{"from_path": "", "bucket": ""}], "outputs": [],
            "download_path": "", "upload_path": "", "unknown": [],
        },
    }  # fmt: skip
    assert parse_task(empty) == parse_task({"tags": {"type": "algorithm"}})
    assert parse_task(empty).image is None


def test_all_problems_at_once() -> None:
    found = problems(
        {
            "request_id": 7,
            "tags": {"type": "notebook"},
            "extra": 1,
            "task_desc": {
                "image": "Not An Image", "task_id": "a b", "cmd": ["x"], "cpu_limit": "abc", "mem_limit": "5m",
                "repo_path": 5, "env": ["=x", 3], "inputs": [{"from_path": "a"}], "outputs": "x",
                "download_path": "work", "upload_path": "../out", "cpu_limits": "1",
            },
        }
    )  # fmt: skip
    for field in (
        "request_id", "tags.type", "'extra'", "task_desc.image", "task_desc.task_id", "task_desc.cmd",
        "task_desc.cpu_limit", "task_desc.mem_limit", "task_desc.repo_path", "task_desc.env[0]", "task_desc.env[1]",
        "task_desc.inputs[0].bucket", "task_desc.outputs", "task_desc.download_path", "task_desc.upload_path", "'cpu_limits'",
    ):  # fmt: skip
        assert any(problem.startswith(field + ":") for problem in found), (field, found)
    assert len(found) == 16
    assert "did you mean cpu_limit?" in next(problem for problem in found if problem.startswith("'cpu_limits'"))
    assert "'notebook' is a wrong container type; it must be one of code_cell" in "; ".join(found)


def test_inputs_and_outputs() -> None:
    task = parse_task(
        body(
            repo_path="s3://b/code.zip", inputs=[{"bucket": "s3://b/x", "from_path": "a/b"}, {"bucket": "https://h/f"}, {}],
            outputs=[{"to_path": "s3://b/y/", "from_path": "r"}, {"to_path": "s3://b/z", "from_path": "/abs"}], upload_path="/out",
        )
    )  # fmt: skip
    assert task.repo_path == "s3://b/code.zip"
    assert task.inputs == (InputRequest("s3://b/x", "a/b"), InputRequest("https://h/f"))
    assert task.outputs == (OutputRequest("s3://b/y/", "r"), OutputRequest("s3://b/z", "/abs"))
    assert task.fingerprint != parse_task(body(repo_path="s3://b/code.zip")).fingerprint


@pytest.mark.parametrize(
    ("desc", "field"),
    [
        ({"inputs": [{"bucket": "s3://b", "from_path": "../x"}]}, "inputs[0].from_path"),
        ({"inputs": [{"bucket": "s3://b", "from_path": "/x"}]}, "inputs[0].from_path"),
        ({"inputs": [{"bucket": "s3://b", "from_path": "a/./b"}]}, "inputs[0].from_path"),
        ({"inputs": [{"bucket": 5}]}, "inputs[0].bucket"), ({"inputs": {"bucket": "s3://b"}}, "inputs"),
        ({"inputs": [{"bucket": "s3://b"}] * 1001}, "inputs"), ({"inputs": ["s3://b"]}, "inputs[0]"),
        ({"outputs": [{"from_path": "/x"}]}, "outputs[0].to_path"), ({"outputs": [{"to_path": "s3://b"}]}, "outputs[0].from_path"),
        ({"outputs": [{"to_path": "s3://b", "from_path": "x"}]}, "upload_path"),
        ({"outputs": [{"to_path": "s3://b", "from_path": "/x/../y"}]}, "outputs[0].from_path"),
    ],
)  # fmt: skip
def test_inputs_and_outputs_that_do_not_fit(desc: dict[str, Any], field: str) -> None:
    assert any(problem.startswith(f"task_desc.{field}: ") for problem in problems(body(**desc)))


@pytest.mark.parametrize(
    "value", [[], None, "x", 3, True, {"tags": []}, {"tags": "bash_cell"}, {"tags": {"type": ["x"]}}]
)
def test_bodies_of_another_shape(value: Any) -> None:
    assert any("tags.type" in problem for problem in problems(value))


@pytest.mark.parametrize(
    ("text", "nano"),
    [("0.5", 5 * 10**8), ("2", 2 * 10**9), ("500m", 5 * 10**8), (".5", 5 * 10**8), ("1.", 10**9), ("0.01", 10**7), ("10m", 10**7)],
)  # fmt: skip
def test_cpu_limits(text: str, nano: int) -> None:
    assert parse_task(body(cpu_limit=text)).nano_cpus == nano


@pytest.mark.parametrize(
    "text", ["-1", "abc", "1e9", "0", "0.0", "0m", "9m", "1.5m", "0x1", "1,5", " 1", "1 ", "٢", "inf", "nan", ".", "m"]
)
def test_cpu_limits_that_do_not_fit(text: str) -> None:
    (problem,) = problems(body(cpu_limit=text))
    assert problem.startswith("task_desc.cpu_limit: ") and "must be" in problem


@pytest.mark.parametrize(
    ("text", "size"),
    [("512m", 512 << 20), ("2g", 2 << 30), ("512Mi", 512 << 20), ("2Gi", 2 << 30), ("2G", 2 << 30), ("6144k", 6 << 20),
     ("6144Ki", 6 << 20), ("6291456", 6 << 20), ("6291456b", 6 << 20), ("1.5g", 3 << 29), ("64MB", 64 << 20)],
)  # fmt: skip
def test_memory_limits(text: str, size: int) -> None:
    assert parse_task(body(mem_limit=text)).mem_limit == size


@pytest.mark.parametrize(
    "text", ["5m", "6291455b", "0", "-512m", "512x", "m", "1e9", "512 mm", "5ib", "9999999999g", "1.5", "512i", "NaN"]
)
def test_memory_limits_that_do_not_fit(text: str) -> None:
    (problem,) = problems(body(mem_limit=text))
    assert problem.startswith("task_desc.mem_limit: ") and "must be" in problem


@pytest.mark.parametrize(
    ("text", "name", "tag"),
    [
        ("python", "python", ""),
        ("python:3.12-slim", "python", "3.12-slim"),
        ("host.example:5000/team/img", "host.example:5000/team/img", ""),
        ("localhost:5000/img:v1", "localhost:5000/img", "v1"),
        (f"python@{DIGEST}", "python", DIGEST),
        (f"host.example:5000/python:3@{DIGEST}", "host.example:5000/python", DIGEST),
    ],
)
def test_image_as_text(text: str, name: str, tag: str) -> None:
    image = parse_task(body(image=text)).image
    assert image == ImageRequest(name, tag)
    assert parse_task(body(image={"name": text})).image == image


@pytest.mark.parametrize(
    "image",
    ["Python:3", "python:", ":3", "a//b", "python:ta g", "python@sha256:12", "-x", "x" * 300, 3, ["python"],
     {"tag": "3"}, {"name": "python:3", "tag": "3"}, {"name": "python", "auth": "Te am"}, {"name": "python", "tag": ":"},
     {"name": 3}, {"name": "python", "nme": "x"}],
)  # fmt: skip
def test_images_that_do_not_fit(image: Any) -> None:
    assert all("image" in problem for problem in problems(body(image=image)))


def test_reference() -> None:
    assert reference(split("python")) == "python:latest"
    assert reference(ImageRequest("img", "1", "team")) == "team/img:1"
    assert reference(ImageRequest("img", "1", "team"), "reg.example:5000/") == "reg.example:5000/team/img:1"
    assert reference(ImageRequest("img", "1"), "reg.example") == "img:1"
    assert reference(split(f"img@{DIGEST}")) == f"img@{DIGEST}"


def test_env_as_one_string() -> None:
    assert parse_task(body(env="A=1 B=2")).env == ("A=1 B=2",)


def test_env_problem_does_not_show_the_value() -> None:
    (problem,) = problems(body(env=["TOKEN=secret\0"]))
    assert "secret" not in problem and problem.startswith("task_desc.env[0]: 'TOKEN' must not hold NUL")
    (problem,) = problems(body(env=["TOKEN=secret", "TOKEN=secret"]))
    assert "secret" not in problem and "given twice" in problem
    for entry in ("secret", "PASSWORD secret"):  # the name or the = was forgotten
        (problem,) = problems(body(env=[entry]))
        assert problem.startswith("task_desc.env[0]: must be NAME=value") and "secret" not in problem


@pytest.mark.parametrize("text", ["a\0b", "a\x01b", "a\x7fb", "a\ud800b"])
@pytest.mark.parametrize("field", ["cmd", "task_id", "image", "download_path", "cpu_limit", "mem_limit"])
def test_control_characters(field: str, text: str) -> None:
    (problem,) = problems(body(**{field: text}))
    assert problem.startswith(f"task_desc.{field}: ")
    problem.encode()


def test_lines_and_tabs_in_cmd_are_kept() -> None:
    assert parse_task(body(cmd="if true; then\n\techo x\r\nfi")).cmd == "if true; then\n\techo x\r\nfi"


@pytest.mark.parametrize("cmd", ["echo 'x", 'say "', "a\\"])
def test_algorithm_with_bad_quoting(cmd: str) -> None:
    (problem,) = problems({"tags": {"type": "algorithm"}, "task_desc": {"cmd": cmd}})
    assert "cannot be split into words" in problem


def test_a_cmd_of_any_length_but_no_word_longer_than_an_argument_may_be() -> None:
    assert len(parse_task(body(cmd="ä" * (1 << 20))).cmd) == 1 << 20
    command = {**body(cmd="x" * LONGEST_ARGUMENT + " y"), "tags": {"type": "algorithm"}}
    assert parse_task(command).cmd
    command["task_desc"]["cmd"] = "ä" * LONGEST_ARGUMENT
    (problem,) = problems(command)
    assert "262142 bytes" in problem and "131071 in one argument" in problem and len(problem) < 400
    command["task_desc"]["cmd"] = " ".join(["x" * 100_000] * 11)
    assert "1100000 in all" in problems(command)[0]


@pytest.mark.parametrize(("given", "seconds"), [("30", 30.0), ("1.5s", 1.5), ("2m", 120.0), (0.5, 0.5), ("1h", 3600.0)])
def test_timeouts(given: Any, seconds: float) -> None:
    assert parse_task(body(timeout=given)).timeout == seconds


def test_timeouts_and_retries_that_do_not_fit() -> None:
    for wrong in ("0", "-1s", "1w", "x", True, 0, -5, 1e12):
        assert problems(body(timeout=wrong))[0].startswith("task_desc.timeout: ")
    for wrong in (-1, 21, "x", 1.5, True):
        assert problems(body(retries=wrong))[0].startswith("task_desc.retries: ")
    assert parse_task(body(retries="3")).retries == 3 and parse_task(body(retries=0)).retries == 0


@given(st.text(max_size=20))
def test_any_text_as_timeout_is_a_time_or_a_problem(text: str) -> None:
    try:
        seconds = parse_task(body(timeout=text)).timeout
    except BadRequest as error:
        assert "task_desc.timeout" in str(error)
    else:
        assert seconds is None or seconds > 0


@pytest.mark.parametrize("task_id", ["-a", ".a", "a/b", "ä", "a" * 129, "a\n"])
def test_task_ids_that_do_not_fit(task_id: str) -> None:
    assert problems(body(task_id=task_id))[0].startswith("task_desc.task_id: ")


def test_request_id_length() -> None:
    assert parse_task({**body(), "request_id": "x" * 256}).request_id
    assert problems({**body(), "request_id": "x" * 257})[0].startswith("request_id: ")


def test_a_hostile_body_makes_a_short_answer() -> None:
    found = problems({**body(), **{f"m{number}" + "x" * 10_000: 1 for number in range(1000)}})
    assert len(found) == 51 and found[-1] == "and 950 more" and sum(map(len, found)) < 20_000


def test_fingerprint() -> None:
    one = parse_task(body(cmd="true", env="A=1", cpu_limit="0.5", image="python:3"))
    same = parse_task(
        {
            **body(cmd="true", env=["A=1", ""], cpu_limit="500m", image={"name": "python", "tag": "3"}),
            "request_id": "r2",
        }
    )
    other = parse_task(body(cmd="true", env="A=2", cpu_limit="0.5", image="python:3"))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    # It is kept on disk: a change of it makes a repeated request a conflict after an upgrade.
    assert (
        parse_task(body(cmd="true")).fingerprint == "3c61d465aca4ad5b57c0fa9ffb11d0e80a0cd8de55d6892ec63ae3e5b9ce6f71"
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ["image", "task_id", "cmd", "cpu_limit", "mem_limit", "repo_path", "env", "inputs", "download_path", "x"]


@given(json_values, st.dictionaries(st.sampled_from(FIELDS), json_values), st.one_of(json_values, st.just("algorithm")))
def test_any_json_is_a_task_or_a_bad_request(request_id: Any, desc: Any, task_type: Any) -> None:
    for value in (request_id, {"request_id": request_id, "tags": {"type": task_type}, "task_desc": desc}):
        try:
            parse_task(value)
        except BadRequest as error:
            assert error.problems
            str(error).encode()
