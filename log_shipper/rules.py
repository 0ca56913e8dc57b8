"""How lines become documents, as the settings have it."""

from log_shipper.config import ShipperSettings
from log_shipper.stages.classify import Classifier
from log_shipper.stages.document import DayRange, Rules
from log_shipper.stages.multiline import Grouper
from log_store.fields import STDOUT


def rules_of(settings: ShipperSettings) -> Rules:
    classify = Classifier(settings.default_type, settings.default_type_stderr)

    def declares(line: str) -> str | None:
        (log_type,), (rule,) = classify([line], STDOUT)
        return None if rule == "default" else log_type

    return Rules(DayRange(int(settings.retention * 1e9)), classify, Grouper(declares))
