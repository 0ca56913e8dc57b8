"""Commands about what is stored: typed anew, and tried against rules of alerts."""

import argparse
import sys
from collections.abc import Callable
from contextlib import closing

from wholelog.errors import InputProblem
from wholelog.processes import Given, all_parts, load_parts


def reclassify_stored(asked: argparse.Namespace, given: Given) -> int:
    from log_shipper.places import containers_file
    from log_shipper.rules import RuleBook
    from log_store.open import open_reader, open_retyper
    from log_store.options import store_options
    from wholelog.reclassify import Judges, container_id_of, reclassify, summary, time_range

    (loaded,) = load_parts([part for part in all_parts() if part.name == "shipper"], given)
    settings, times = loaded.settings, time_range(asked.start, asked.end)
    judges = Judges(RuleBook(settings), containers_file(settings.data))
    url, options = settings.store_url, store_options(settings)
    with closing(open_reader(url, options)) as reader, closing(open_retyper(url, options)) as retyper:
        container_id = container_id_of(reader, asked.container)
        total = reclassify(retyper, judges, times, container_id, dry=asked.dry_run, say=_note_of("reclassify"))
    print("\n".join(summary(total, dry=asked.dry_run)))
    return 0


def alerts(asked: argparse.Namespace, given: Given) -> int:
    from log_shipper.alerting.rules_file import read_alerts
    from log_store.open import open_reader
    from log_store.options import store_options
    from wholelog.alerts import chosen, told, would_tell
    from wholelog.reclassify import container_id_of, time_range

    (loaded,) = load_parts([part for part in all_parts() if part.name == "shipper"], given)
    settings, times = loaded.settings, time_range(asked.start, asked.end)
    if settings.alerts is None:
        raise InputProblem("no rules: name their file with --alerts FILE (docs/alerts.md)")
    rules = chosen(read_alerts(settings.alerts), asked.rule)
    fired = 0
    with closing(open_reader(settings.store_url, store_options(settings))) as reader:
        for notice in would_tell(reader, rules, times, container_id_of(reader, asked.container), _note_of("alerts")):
            fired += notice.status == "firing"
            print(told(notice))
    print(f"{fired} alerts would have fired")
    return 0


def _note_of(command: str) -> Callable[[str], None]:
    return lambda text: print(f"wholelog {command}: {text}", file=sys.stderr)
