"""The commands that talk to the API, and what they end with."""

from typing import Final

COMMANDS: Final = {
    "run": "start a task, show its lines as they come, end with its exit code",
    "ps": "list containers",
    "logs": "show the lines of containers",
    "export": "write a whole log to a file; goes on where it was broken off",
    "top": "show what containers use, again and again",
    "problems": "list errors that are alike, show one, say what became of it",
    "rm": "stop tasks and delete their containers; their logs stay",
    "completion": "print what makes a shell complete these commands",
}
DONE: Final = 0
FAILED: Final = 1  # refused, or nobody answers
USAGE: Final = 2
NOT_WHOLE: Final = 3  # with --strict: lines are missing, or it cannot be known
RUN_FAILED: Final = 125  # of `run`: the fault is not the task's, as with docker run
SIGNALLED: Final = 128  # and the signal's number
INTERRUPTED: Final = SIGNALLED + 2
EPILOG: Final = (
    "exit codes: 0 done; 1 refused, or nobody answers; 2 wrong usage; 3 with --strict: the log is not whole; "
    "130 interrupted. `run` ends with the task's own code, or 125 where the fault is not the task's."
)
