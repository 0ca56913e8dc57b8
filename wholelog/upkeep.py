"""The commands of whoever keeps the service: `status`, `retention`, `backup`, `restore`."""

import argparse
import os
import time
from contextlib import closing

from wholelog.processes import Given, all_parts, load_parts, load_shared

# Imported in each: who types a command should not wait for the others' parts.


def status(asked: argparse.Namespace, given: Given) -> int:
    from wholelog.client_settings import client_settings, token_of
    from wholelog.status import disk, health

    settings = {one.part.name: one.settings for one in load_parts(all_parts(), given)}
    token = token_of(client_settings({}, given.environ, given.config))
    lines = [*health("api", settings["api"].listen, token), *health("shipper", settings["shipper"].shipper_listen)]
    lines += disk(settings["shipper"], given.environ)
    print("\n".join(map(str, lines)))
    return 0 if all(line.well for line in lines) else 1


def retention(asked: argparse.Namespace, given: Given) -> int:
    from log_shipper.retention_root import planner
    from log_shipper.rules import RuleBook
    from log_store.open import open_reader, open_remover
    from log_store.options import store_options
    from wholelog.retention import report

    (loaded,) = load_parts([part for part in all_parts() if part.name == "shipper"], given)
    settings, options = loaded.settings, store_options(loaded.settings)
    with closing(open_reader(settings.store_url, options)) as reader:
        with closing(open_remover(settings.store_url, options)) as remover:
            plan = planner(settings, RuleBook(settings), remover, reader)
            for line in report(plan.steps(time.time_ns())):
                print(line)
    return 0


def backup(asked: argparse.Namespace, given: Given) -> int:
    from log_store.open import sqlite_folder
    from wholelog.backup import backup as copy

    settings = load_shared(given)
    store = sqlite_folder(settings.store_url)
    copy(settings.data, store, asked.folder.absolute(), print)
    if store is None:
        print("the store is an Elasticsearch, which is not in it: take a snapshot of it, see docs/operations.md")
    return 0


def restore(asked: argparse.Namespace, given: Given) -> int:
    from log_store.open import sqlite_folder
    from wholelog.backup import restore as put_back
    from wholelog.places import lock_data_folder, make_data_folder

    settings = load_shared(given)
    make_data_folder(settings.data)
    lock = lock_data_folder(settings.data)
    try:
        names = put_back(asked.folder.absolute(), settings.data, sqlite_folder(settings.store_url))
    finally:
        os.close(lock)
    print(f"{len(names)} files are in place in {settings.data}: start `wholelog up`")
    return 0
