"""What a task asks for besides its container, kept with its row so that it is done after a restart too."""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from runtime_api.schemas.task import InputRequest, OutputRequest, TaskRequest


@dataclass(frozen=True, slots=True)
class Plan:
    timeout: float | None = None  # seconds that a run may take
    retries: int = 0  # runs after the first, where that one fails
    callback: str = ""  # URL that is told of the end
    repo_path: str = ""
    inputs: tuple[InputRequest, ...] = ()
    outputs: tuple[OutputRequest, ...] = ()
    upload_path: str = ""
    labels: tuple[str, ...] = ()  # NAME=VALUE
    kind: str = ""  # the same for tasks that do the same: of one type, image and cmd

    @property
    def fetches(self) -> bool:
        """Whether something is to be put into the container before its start."""
        return bool(self.inputs or self.repo_path)


def plan_of(task: TaskRequest, image: str) -> Plan:
    """`image`: the name of the one that is used."""
    kind = sha256(json.dumps([task.type, image, task.cmd, task.repo_path]).encode()).hexdigest()[:32]
    return Plan(
        task.timeout, task.retries, task.callback_url, task.repo_path, task.inputs, task.outputs, task.upload_path,
        task.labels, kind,
    )  # fmt: skip


def dumped(plan: Plan) -> str:
    return json.dumps({name: value for name, value in asdict(plan).items() if value})


def loaded(text: str) -> Plan:
    """From `dumped`, of an earlier version too."""
    members = json.loads(text)
    inputs = tuple(InputRequest(**one) for one in members.pop("inputs", ()))
    outputs = tuple(OutputRequest(**one) for one in members.pop("outputs", ()))
    labels = tuple(members.pop("labels", ()))
    return replace(Plan(**members), inputs=inputs, outputs=outputs, labels=labels)
