"""The labels that the runtime puts on a container and the shipper reads from it. Never a secret in a label."""

from typing import Final

TASK_ID: Final = "wholelog.task_id"
TYPE: Final = "wholelog.type"
UID: Final = "wholelog.uid"
REQUEST_ID: Final = "wholelog.request_id"
LOG: Final = "wholelog.log"  # how its lines are to be read, as JSON: see log_settings
INSTANCE: Final = "wholelog.instance"  # whose it is, where several Wholelogs share an engine
