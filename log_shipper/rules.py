"""How a container's lines become documents: as the settings have it, the rules file, and its own label.

What a container's label asks for comes before the entries of the rules file that fit it, in their order, and those before
the settings. All of it is known from the container alone, so the live path, a replay and the audit decide alike.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from log_shipper.config import ShipperSettings
from log_shipper.rules_file import NO_RULES, RulesFile, read
from log_shipper.stages.classify import Classifier, of_message
from log_shipper.stages.document import DayRange, Rules
from log_shipper.stages.formats.levels import Find
from log_shipper.stages.masking import Mask
from log_shipper.stages.multiline import Grouper
from log_shipper.stages.operator import TypeRule, pinned, reducer, ruled, starter
from log_shipper.stages.structured import Structured
from log_store.document import ContainerContext
from log_store.fields import STDERR, STDOUT
from wholelog_base.log_settings import LogSettings, from_label
from wholelog_base.settings import duration

log = logging.getLogger(__name__)

_KEPT: Final = 256  # sets of rules of as many kinds of containers; one may hold half a MiB of expressions
NO_CONTAINER: Final = ContainerContext("")


class RuleBook:
    """The rules of each container. Safe to use from several threads. `mask_of`: by full id, what is masked in its log."""

    def __init__(self, settings: ShipperSettings, mask_of: Callable[[str], Mask | None] = lambda _: None) -> None:
        """Raises SettingsError for a rules file that does not fit."""
        self._mask_of = mask_of
        self._file: RulesFile = read(settings.rules) if settings.rules is not None else NO_RULES
        self._default = LogSettings(settings.default_type, settings.default_type_stderr)
        self._extract = Structured() if settings.fields else None  # one, so that what it remembers is bounded
        self._days = DayRange(int(settings.retention * 1e9))
        self._made: OrderedDict[tuple[str, ...], Rules] = OrderedDict()

    def of(self, context: ContainerContext) -> Rules:
        conditioned = self._file.conditioned
        key = (context.log, context.container_name, context.type) if conditioned else (context.log,)
        rules = self._made.get(key)
        if rules is None:
            rules = self._made[key] = self._rules(context)
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        mask = self._mask_of(context.container_id)
        return rules if mask is None else replace(rules, mask=mask)

    def keep_for(self, context: ContainerContext) -> float:
        """Seconds for which the container's lines are kept, by its label or the rules file; 0: no term of its own."""
        asked = self._asked(context).keep_for
        return duration(asked) if asked else 0.0

    def _asked(self, context: ContainerContext) -> LogSettings:
        try:
            asked = from_label(context.log)
        except ValueError as error:
            log.warning("container %s: its label for logs is passed over: %s", context.container_id[:12], error)
            asked = LogSettings()
        for entry in self._file.logs:
            if entry.fits(context.container_name, context.type):
                asked = asked.over(entry.settings)
        return asked.over(self._default)

    def _rules(self, context: ContainerContext) -> Rules:
        asked = self._asked(context)
        types = tuple(
            entry.rule for entry in self._file.types if entry.fits(context.container_name, context.type)
        )  # fmt: skip
        classify = Classifier(
            asked.stdout, asked.stderr, _find(types, STDOUT, asked.format), _find(types, STDERR, asked.format)
        )
        grouper = Grouper(_Declares(classify), begins=starter(asked.starts))
        return Rules(self._days, classify, grouper, self._extract, reducer(asked.ansi, asked.carriage_return))


class _Declares:
    """line -> the type that it declares of itself, None if it declares none. On stdout, for streams to be joined alike."""

    def __init__(self, classify: Classifier) -> None:
        self._classify = classify

    def __call__(self, line: str) -> str | None:
        (log_type,), (rule,) = self._classify([line], STDOUT)
        return None if rule == "default" else log_type


def _find(rules: tuple[TypeRule, ...], stream: str, form: str) -> Find:
    return ruled(tuple(rule for rule in rules if rule.stream in ("", stream)), pinned(form, of_message))


def rules_of(settings: ShipperSettings) -> Rules:
    """Of a container of which nothing is known. Raises SettingsError."""
    return RuleBook(settings).of(NO_CONTAINER)
