"""`python -m log_shipper acceptor|processor`: one of the shipper's processes, with its settings from the environment."""

import gc
import logging
import os
import sys
from collections.abc import Mapping, Sequence

from log_shipper.config import ShipperSettings
from log_shipper.errors import AddressUnusable, ShipperError
from log_store.errors import LogStoreError, StoreMisconfigured
from wholelog_base.heartbeat import heartbeat
from wholelog_base.own_log import log_to
from wholelog_base.settings import SettingsError, load
from wholelog_base.supervisor import UNUSABLE


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit code: 0; 1 for what may be better at the next start; 2 for what only a person can put right."""
    if list(arguments) not in (["acceptor"], ["processor"]):
        print("usage: python -m log_shipper acceptor|processor", file=sys.stderr)
        return UNUSABLE
    (part,) = arguments
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s %(levelname)s {part}: %(message)s")
    try:
        settings, _ = load(ShipperSettings, {}, environ)
        log_to(settings.own_logs, part)
        _run(part, settings, environ)
    except SettingsError as error:
        for problem in error.problems:
            print(f"{part}: {problem}", file=sys.stderr)
        return UNUSABLE
    except (AddressUnusable, StoreMisconfigured) as error:
        print(f"{part}: {error}", file=sys.stderr)
        return UNUSABLE
    except (ShipperError, LogStoreError, OSError) as error:
        print(f"{part}: {error}", file=sys.stderr)
        return 1
    return 0


def _run(part: str, settings: ShipperSettings, environ: Mapping[str, str]) -> None:
    beat = heartbeat(environ)
    # Imported here: the acceptor needs neither Docker's client nor the store's.
    if part == "acceptor":
        from log_shipper.acceptor import run_acceptor

        _look_for_little_garbage()
        run_acceptor(settings, beat)
    else:
        from log_shipper.processor_root import run_processor

        _look_for_little_garbage()
        run_processor(settings, environ, beat)


def _look_for_little_garbage() -> None:
    """Batches are thousands of lists without a cycle: Python's collector would look through them again and again."""
    gc.freeze()
    gc.set_threshold(20_000)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
