"""`python -m deploy.kibana [PREFIX]` writes the saved objects to standard output."""

import sys

from deploy.kibana.objects import ndjson

if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print("usage: python -m deploy.kibana [PREFIX] > wholelog.ndjson", file=sys.stderr)
        sys.exit(2)
    sys.stdout.write(ndjson(*sys.argv[1:]))
