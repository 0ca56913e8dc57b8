"""Names of files on their way between storage, archives and containers: relative, and staying below where they belong."""

from runtime_api.errors import TransferFailed

LONGEST = 4096  # bytes of a path; Linux, PATH_MAX
LONGEST_WORD = 255  # bytes between two slashes; NAME_MAX


def safe(name: str, what: str) -> str:
    """The name without needless slashes. Raises TransferFailed for one that leads elsewhere; `what` holds it."""
    words = [word for word in name.split("/") if word not in ("", ".")]
    shown = ascii(name[:200])
    if name.startswith("/") or ".." in words:
        raise TransferFailed(f"{what} holds the name {shown}, which leads out of its folder")
    if not words or any(sign < " " or sign in "\x7f\\" or "\ud800" <= sign <= "\udfff" for sign in name):
        raise TransferFailed(f"{what} holds the name {shown}, which cannot be used")
    if len(name.encode()) > LONGEST or any(len(word.encode()) > LONGEST_WORD for word in words):
        raise TransferFailed(f"{what} holds the name {shown}…, which is too long")
    return "/".join(words)


def below(name: str, folder: str) -> str:
    """The rest of a safe name below a safe folder; '' for the folder itself. Raises TransferFailed."""
    if name == folder:
        return ""
    if not name.startswith(folder + "/"):
        raise TransferFailed(f"the name {ascii(name[:200])} is not below {ascii(folder[:200])}")
    return name[len(folder) + 1 :]
