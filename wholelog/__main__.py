import sys

from wholelog.command_line import main

sys.exit(main())
