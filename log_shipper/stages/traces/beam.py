"""Erlang and Elixir: reports of the logger, errors with their stack, what processes leave when they end.

otp: lib/kernel/src/logger_formatter.erl (legacy header), lib/kernel/src/error_logger.erl, lib/stdlib/src/erl_error.erl,
lib/stdlib/src/gen_server.erl, gen_statem.erl, gen_event.erl (format_log);
elixir: lib/elixir/lib/exception.ex (format, blame), lib/logger/lib/logger/translator.ex.
"""

import re

from log_shipper.stages.traces.phase import (
    ALWAYS,
    COMPLETE,
    DECLARED,
    NEVER,
    PRINTABLE,
    RECORD,
    At,
    Entry,
    Family,
    from_any,
)

_REPORT = re.compile(r"=[A-Z ]+ (?:REPORT|MESSAGE)==== ")
_ERROR = re.compile(r"\*\* \((?:EXIT(?: from [^\s)]{1,60})?|exit|throw|stop|[A-Z][\w.]*)\)")
_SHELL = re.compile(r"(?:\*\* |escript: )exception (?:error|exit|throw)")
_COMPILE = re.compile(r"== Compilation error in file ")
_FRAME = re.compile(
    r"\s++(?:\([\w ]+ \d[\w.+-]*\) \S+:\d+: |\S+\.exs?:\d+: (?:[A-Z:(]|anonymous |expanding )|(?:in function|in call from) )"
)
_NOTE = re.compile(
    r"(?:Last message|State|Client|Function|Initial Call|Ancestors|Message Queue|Messages|Links|Dictionary|Trapping Exits"
    r"|Status|Heap Size|Stack Size|Reductions|Neighbours|Start Call|Restart|Shutdown|Type|Pid|Child|Request|Queue|Postponed"
    r"|Process Label|Process Info|Parent|Server|Exit reason|Caller|Reason|Callback mode|Args)\b"
)
_TERMINATING = re.compile(
    r"\*\* (?:Generic server|State machine|gen_event handler|Last (?:message|event)|When .{1,40}state +=|Reason (?:for termination )?="
    r"|Server state|Stacktrace|\{)"
)
_BOOT = re.compile(r"init terminating in do_boot|Runtime terminating during boot|Crash dump is being written")


def _indented(text: str, prev: str) -> Entry | None:
    return (
        Entry(ALWAYS, At("ex.stack"), from_any) if (".ex" in text or text[-1] == ")") and _FRAME.match(text) else None
    )


def _enter(text: str, prev: str) -> Entry | None:
    if _REPORT.match(text):
        return Entry(NEVER, At("erl.report"))
    if _ERROR.match(text):
        return Entry(DECLARED, At("ex.head"))
    if text.startswith("Server: ") and prev.endswith(" terminated"):  # Phoenix
        return Entry(ALWAYS, At("ex.request"))
    if _SHELL.match(text) or _COMPILE.match(text):
        return Entry(DECLARED, At("ex.stack"))
    if _TERMINATING.match(text):
        return Entry(ALWAYS if RECORD.match(prev) else DECLARED, At("erl.server"))
    if _BOOT.match(text):
        return Entry(
            ALWAYS if prev.startswith(('{"init terminating', '{"could not start')) else DECLARED, At("erl.boot")
        )
    return None


def _report(text: str, at: At) -> At | None:
    """To the blank line that closes it."""
    if not text.strip():
        return COMPLETE
    return None if _REPORT.match(text) or RECORD.match(text) else at


def _head(text: str, at: At) -> At | None:
    """Further lines of the message that are set in; others are taken back by the frames under them."""
    if text[:1] in (" ", "\t") and not _FRAME.match(text):
        return at._replace(seen=at.seen + 1) if at.seen < 50 else None
    return _stack(text, at) if text[:1] in (" ", "\t") or _NOTE.match(text) else None


def _request(text: str, at: At) -> At | None:
    """What was asked of the process, before its error."""
    return At("ex.head") if _ERROR.match(text) else at if text.startswith("Request: ") else None


def _stack(text: str, at: At) -> At | None:
    if not text:
        return At("ex.client") if at.mark == "client" else None
    if text[0] in " \t":
        return At("ex.stack")
    return At("ex.stack", "client" if text.startswith("Client ") else "") if _NOTE.match(text) else None


def _client(text: str, at: At) -> At | None:
    return At("ex.stack") if text[:1] in (" ", "\t") else None


def _server(text: str, at: At) -> At | None:
    return at if text[:1] in (" ", "\t") or (_TERMINATING.match(text) and "erver" not in text[:10]) else None


def _boot(text: str, at: At) -> At | None:
    return at if not text or _BOOT.match(text) else None


BEAM = Family(
    suspects=(
        r"=[A-Z ]+ (?:REPORT|MESSAGE)=",
        r"== Comp",
        r"\*\* [(eGSLWR{]",
        r"Server: ",
        r"escript: e",
        r"init term",
        r"Runtime term",
        r"Crash dump",
    ),
    enter=_enter,
    indented=((PRINTABLE, _indented),),
    steps={
        "erl.report": _report,
        "erl.boot": _boot,
        "erl.server": _server,
        "ex.request": _request,
        "ex.head": _head,
        "ex.stack": _stack,
        "ex.client": _client,
    },
    waiting=("ex.head",),
)
