"""Errors of the command line; each is one line that says what is wrong and the way out.

CommandError               exit code 1
├── EngineProblem          Docker cannot be used: not there, not allowed, or not on this machine
│   └── EngineTimeout    it took too long to answer
├── DataFolderUnusable     the data folder cannot be made, written, or is in use
├── AddressInUse           the address to listen on is taken, or is not this machine's
├── SocketProblem          nothing listens on the shipper's socket, or its path does not fit
├── ShipperProblem         the shipper does not answer, or refuses what it is asked
├── NoSuchContainer        a name that no container, or more than one, is known by
├── BackupProblem          a backup cannot be made or put back
├── InputProblem           a line of the input is not what it should be: exit code 2
├── OutputProblem          a file cannot be written
└── UsageProblem           exit code 2: what was given does not fit together
"""


class CommandError(Exception):
    """Base of every error that ends a command with one line; its text is that line."""


class EngineProblem(CommandError):
    pass


class EngineTimeout(EngineProblem):
    pass


class DataFolderUnusable(CommandError):
    pass


class AddressInUse(CommandError):
    pass


class SocketProblem(CommandError):
    pass


class ShipperProblem(CommandError):
    pass


class NoSuchContainer(CommandError):
    pass


class BackupProblem(CommandError):
    pass


class InputProblem(CommandError):
    pass


class OutputProblem(CommandError):
    pass


class UsageProblem(CommandError):
    pass
