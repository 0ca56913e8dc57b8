"""What a task asks for besides its container, kept with its row so that it is done after a restart too."""

import json
from dataclasses import asdict, dataclass, replace

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

    @property
    def fetches(self) -> bool:
        """Whether something is to be put into the container before its start."""
        return bool(self.inputs or self.repo_path)


def plan_of(task: TaskRequest) -> Plan:
    return Plan(
        task.timeout, task.retries, task.callback_url, task.repo_path, task.inputs, task.outputs, task.upload_path
    )


def dumped(plan: Plan) -> str:
    return json.dumps({name: value for name, value in asdict(plan).items() if value})


def loaded(text: str) -> Plan:
    """From `dumped`, of an earlier version too."""
    members = json.loads(text)
    inputs = tuple(InputRequest(**one) for one in members.pop("inputs", ()))
    outputs = tuple(OutputRequest(**one) for one in members.pop("outputs", ()))
    return replace(Plan(**members), inputs=inputs, outputs=outputs)
