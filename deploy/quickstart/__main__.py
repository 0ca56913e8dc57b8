import sys

from deploy.quickstart.main import main

sys.exit(main(sys.argv[1:]))
