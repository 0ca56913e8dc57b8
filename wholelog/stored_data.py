"""Commands about what is stored: typed anew, tried against alerts, removed, backed up."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import closing

from wholelog.errors import InputProblem
from wholelog.processes import Given, all_parts, load_parts, load_shared


def reclassify_stored(asked: argparse.Namespace, given: Given) -> int:
    from log_shipper.places import containers_file
    from log_shipper.rules import RuleBook
    from log_store.open import open_reader, open_retyper, store_options
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
    from log_store.open import open_reader, store_options
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


def retention(asked: argparse.Namespace, given: Given) -> int:
    import time

    from log_shipper.retention_root import planner
    from log_shipper.rules import RuleBook
    from log_store.open import open_reader, open_remover, store_options
    from wholelog.retention import report

    (loaded,) = load_parts([part for part in all_parts() if part.name == "shipper"], given)
    settings, options = loaded.settings, store_options(loaded.settings)
    with closing(open_reader(settings.store_url, options)) as reader:
        with closing(open_remover(settings.store_url, options)) as remover:
            plan = planner(settings, RuleBook(settings), remover, reader)
            for line in report(plan.steps(time.time_ns())):
                print(line)
    return 0


def back_up(asked: argparse.Namespace, given: Given) -> int:
    from log_store.open import sqlite_folder
    from wholelog.backup import backup

    settings = load_shared(given)
    store = sqlite_folder(settings.store_url)
    backup(settings.data, store, asked.folder.absolute(), print)
    if store is None:
        print("the store is an Elasticsearch, which is not in it: take a snapshot of it, see docs/operations.md")
    return 0


def restore_data(asked: argparse.Namespace, given: Given) -> int:
    from log_store.open import sqlite_folder
    from wholelog.backup import restore
    from wholelog.places import lock_data_folder, make_data_folder

    settings = load_shared(given)
    make_data_folder(settings.data)
    lock = lock_data_folder(settings.data)
    try:
        names = restore(asked.folder.absolute(), settings.data, sqlite_folder(settings.store_url))
    finally:
        os.close(lock)
    print(f"{len(names)} files are in place in {settings.data}: start `wholelog up`")
    return 0
