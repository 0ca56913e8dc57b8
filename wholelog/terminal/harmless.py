"""What a container wrote, made safe to be shown: nothing moves the cursor, hides, turns round or talks to the terminal."""

import re
from typing import Final

_SHOWN: Final = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)|(?P<control>[\x00-\x08\x0b-\x1f\x7f])|(?P<other>[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff])"
    r"|(?P<half>[\ud800-\udfff])"
)
_CONCEALED: Final = re.compile(r"(?:^|[\[;:])0*8(?=[;:m])")
_RESET: Final = "\x1b[0m"


def harmless(text: str, colours: bool) -> str:
    """Control characters as pictures (␛, ␍ …), those that turn the direction of writing as <U+202E>.

    The text's own colours are kept where `colours` says so, and end with it; a carriage return at its end is dropped.
    """
    if text.isprintable():
        return text
    if text.endswith("\r"):
        text = text[:-1]
    kept = False

    def show(found: re.Match[str]) -> str:
        nonlocal kept
        if found["colour"]:
            if not colours or _CONCEALED.search(found["colour"]):
                return "" if not colours else "␛" + found["colour"][1:]
            kept = True
            return found["colour"]
        if found["control"]:
            return "␡" if found["control"] == "\x7f" else chr(0x2400 + ord(found["control"]))
        return f"<U+{ord(found['other']):04X}>" if found["other"] else "\ufffd"

    shown = _SHOWN.sub(show, text)
    return shown + _RESET if kept else shown
