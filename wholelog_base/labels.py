"""The labels that the runtime puts on a container and the shipper reads from it. Never a secret in a label."""

from typing import Final

TASK_ID: Final = "wholelog.task_id"
TYPE: Final = "wholelog.type"
UID: Final = "wholelog.uid"
REQUEST_ID: Final = "wholelog.request_id"
INSTANCE: Final = "wholelog.instance"  # whose it is, where several Wholelogs share an engine
