"""Level words, letters and numbers, and the log type each stands for.

Sources: RFC 5424 section 6.2.1 (syslog numbers), OpenTelemetry's log data model (SeverityNumber), pino and bunyan
(10..60), Python's `logging` (`levelno`), Monolog (100..600), java.util.logging (300..1000), logback (5000..40000),
Google Cloud's LogSeverity (100..800), Azure's SeverityLevel (0..4), and the short forms of logrus, log15, zerolog,
Serilog, .NET's console logger, supervisord, slog-rs and Zephyr.
"""

from collections.abc import Callable
from typing import Final

Found = tuple[str, str]
"""(log type, name of the rule that decided)."""
Find = Callable[[str], Found | None]
"""message -> what it declares."""

CRITICAL: Final = "critical"
ERROR: Final = "error"
WARNING: Final = "warning"
INFO: Final = "info"
DEBUG: Final = "debug"

# Words that are a level in whatever case they are written.
_PLAIN = {
    CRITICAL: "critical crit fatal panic emerg emergency alert severe dpanic",
    ERROR: "error err",
    WARNING: "warning warn",
    INFO: "info information informational notice note",
    DEBUG: "debug trace verbose",
}
# Short forms: no words of any language, so as good as the long ones.
_SHORT = {
    CRITICAL: "ftl ftal fata pani pnc crt emrg criti",
    ERROR: "erro eror",
    WARNING: "wrn warni",
    INFO: "inf ntc noti",
    DEBUG: "dbg dbug debu debg trc trac trce vrb finer finest silly",
}
# Words of everyday language: a level only in capitals, in a place where nothing but a level stands.
_CAPITALS = {
    CRITICAL: "DISASTER SHOUT SEVER EMER EMG ALR SCHWERWIEGEND GRAVE ВАЖНО ПАНИКА",
    ERROR: "FAILURE EXCEPTION BROKEN EDIAG ERR!",
    WARNING: "UNUSUAL DEPRECATION WDIAG",
    INFO: "LOG SYSTEM SUCCESS AUDIT CONFIG STATUS MESSAGE DISPLAY",
    DEBUG: "FINE DIAG NOISE BLAT SPAM DEB VERB VER VBS",
}
# What localised programs print: javac, gcc, git, PostgreSQL and java.util.logging in Chinese, the last two in others.
_TRANSLATED = {
    CRITICAL: "致命 严重 致命错误 严重错误 紧急 嚴重 致命錯誤 嚴重錯誤 緊急 致命的エラー 重大 심각 치명적",
    ERROR: "错误 錯誤 エラー fehler erreur errore ошибка 异常 오류 에러",
    WARNING: "警告 告警 warnung avertissement advertencia avvertenza предупреждение 경고",
    INFO: "信息 资讯 資訊 情報 通知 提示 注意 日志 附注 消息 配置 정보 알림",
    DEBUG: "调试 偵錯 調試 跟踪 追踪 详细 较详细 非常详细 デバッグ 디버그",
}


def _table(*groups: dict[str, str]) -> dict[str, str]:
    return {word: log_type for group in groups for log_type, words in group.items() for word in words.split()}


WORDS: Final = _table(_PLAIN, _SHORT, _TRANSLATED)
"""Lower-case word -> log type."""

ABBREVIATED: Final = frozenset(f"err crit emerg information {' '.join(_SHORT.values())}".split()) - {
    "finer",
    "finest",
    "silly",
    "noti",
    "pani",
    "fata",
    "deb",
}
"""Level words that begin no sentence."""

CHINESE: Final = {
    word: log_type for word, log_type in _table(_TRANSLATED).items() if not word.isalpha() or "一" < word < "가"
}

UPPER: Final = _table(_CAPITALS) | {word.upper(): log_type for word, log_type in WORDS.items()}
"""Word in capitals -> log type, with those words that are a level in capitals only."""

XORG: Final = {"EE": ERROR, "WW": WARNING, "II": INFO}
"""X.Org's marks in parentheses."""

LETTERS: Final = {
    "F": CRITICAL, "C": CRITICAL, "E": ERROR, "W": WARNING, "I": INFO, "N": INFO, "D": DEBUG, "V": DEBUG, "T": DEBUG,
}  # fmt: skip

SYSLOG: Final = (CRITICAL, CRITICAL, CRITICAL, ERROR, WARNING, INFO, INFO, DEBUG)
"""Log type by syslog severity 0..7."""

_AZURE = (DEBUG, INFO, WARNING, ERROR, CRITICAL)
_BANDS: dict[str, tuple[tuple[int, str], ...]] = {
    "pino": ((30, DEBUG), (40, INFO), (50, WARNING), (60, ERROR)),
    "python": ((20, DEBUG), (30, INFO), (40, WARNING), (50, ERROR)),
    "monolog": ((200, DEBUG), (300, INFO), (400, WARNING), (500, ERROR)),
    "java": ((700, DEBUG), (900, INFO), (1000, WARNING)),
    "logback": ((20000, DEBUG), (30000, INFO), (40000, WARNING), (50000, ERROR)),
    "opentelemetry": ((9, DEBUG), (13, INFO), (17, WARNING), (21, ERROR)),
    "google": ((200, DEBUG), (400, INFO), (500, WARNING), (600, ERROR)),
}


# Names that a level field holds (npm, winston, Google Cloud, Kubernetes), and that are plain words elsewhere.
_FIELD_ONLY = {"http": INFO, "input": DEBUG, "default": INFO, "normal": INFO}


def of_word(word: str) -> str | None:
    """The type of a value that is a level and nothing else: any case, `DEBUG-4`, `trace2`, `E`, `D1`; else None."""
    low = word.lower()
    found = WORDS.get(low) or UPPER.get(word.upper()) or _FIELD_ONLY.get(low)
    if found is not None or len(word) > 16:
        return found
    if word in LETTERS:
        return LETTERS[word]
    stem = word.rstrip("0123456789")
    if stem != word:
        if stem in LETTERS:
            return LETTERS[stem]
        return WORDS.get(stem.rstrip("+-").lower())
    return None


LEVEL_VALUES: Final = {
    form: (log_type, "field") for word, log_type in WORDS.items() for form in (word, word.upper(), word.capitalize())
}
"""What a level field usually holds, as it is written -> what it declares; nothing but what `of_word` says too."""


def of_number(number: int, scale: str) -> str | None:
    """The type of a number on a named scale (`level`: whichever scale the number itself belongs to); else None."""
    if scale == "level":
        scale = _scale_of(number)
    elif scale == "severity":
        scale = "google" if number >= 100 else "syslog"
    if scale == "syslog":
        return SYSLOG[number] if 0 <= number <= 7 else None
    if scale == "azure":
        return _AZURE[number] if 0 <= number <= 4 else None
    for limit, log_type in _BANDS.get(scale, ()):
        if number < limit:
            return log_type if number > 0 else None
    return CRITICAL if scale in _BANDS else None


def _scale_of(number: int) -> str:
    if number < 10:
        return "syslog"
    if number < 100:
        return "pino"
    if number < 700:
        return "monolog"
    return "java" if number < 5000 else "logback"
