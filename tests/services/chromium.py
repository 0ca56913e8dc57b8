"""A real Chromium (Debian's package) for the tests, driven by the DevTools protocol over two pipes: no port, no driver.

https://chromedevtools.github.io/devtools-protocol/: each message is JSON, ended by a NUL byte.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60.0  # for which anything may take on a busy machine
KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
    " ": ("Space", 32, " "),
}
COMMAND = (
    "chromium", "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--no-first-run", "--disable-gpu",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb", "about:blank",
)  # fmt: skip


class Chromium:
    """One browser with one tab. Raises RuntimeError where it does not start or does not answer."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("chromium") is None:
            raise RuntimeError("the tests need Debian's chromium: ./tests/run installs it")
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        environ = {**os.environ, "WL_IN": str(theirs_in), "WL_OUT": str(theirs_out), "HOME": str(folder)}
        with open(folder / "chromium.log", "wb") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", 'exec "$@" 3<&"$WL_IN" 4>&"$WL_OUT"', "bash", *COMMAND[:-1], f"--user-data-dir={folder}/profile", COMMAND[-1]],
                env=environ, pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._log, self._bytes, self._number, self._session = folder / "chromium.log", bytearray(), 0, ""
        self.said: list[str] = []  # errors and warnings of the page, its policy's included
        self.dialogs = 0
        page = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            self._notice(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _read(self) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while b"\0" not in self._bytes:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            part = os.read(self._in, 1 << 20) if ready else b""
            if not part:
                raise RuntimeError("Chromium does not answer:\n" + self._log.read_text(errors="replace")[-3000:])
            self._bytes += part
        text, _, rest = bytes(self._bytes).partition(b"\0")
        self._bytes = bytearray(rest)
        read: dict[str, Any] = json.loads(text)
        return read

    def _notice(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.said.append(details.get("exception", {}).get("description", details["text"]))
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.said.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif event.get("method") == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.said.append(str([one.get("value", one.get("description")) for one in params["args"]]))
        elif event.get("method") == "Page.javascriptDialogOpening":
            self.dialogs += 1
            self._number += 1
            message = {
                "id": self._number,
                "method": "Page.handleJavaScriptDialog",
                "params": {"accept": True},
                "sessionId": self._session,
            }
            os.write(self._out, json.dumps(message).encode() + b"\0")

    def open(self, url: str) -> None:
        """Goes there as one who enters the address, and waits until the page's script has begun."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.until("location.href !== 'about:blank' && document.body?.dataset.ready === 'true'")

    def leave(self) -> None:
        """Whatever it shows, so that nothing of it is said any more."""
        self.call("Page.navigate", url="about:blank")
        self.run("1")
        self.said.clear()

    def run(self, expression: str) -> Any:
        """The value of JavaScript, awaited where it is a promise. Raises RuntimeError with what it throws."""
        done = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in done:
            raise RuntimeError(
                f"{expression[:300]}: {done['exceptionDetails'].get('exception', {}).get('description', done['exceptionDetails'])}"
            )
        return done["result"].get("value")

    def until(self, expression: str, seconds: float = SECONDS) -> Any:
        """Its first value that is true. Raises AssertionError with what the page shows."""
        end = time.monotonic() + seconds
        while True:
            try:
                if value := self.run(f"(found => found instanceof Node ? true : found)({expression})"):
                    return value
            except RuntimeError as error:
                # A page that is being left; an element that is not there yet.
                if not any(passing in str(error) for passing in ("context", "of null", "of undefined")):
                    raise
            if time.monotonic() > end:
                shown = self.run(
                    "(document.querySelector('#rows')?.innerText.slice(-300) || '') + document.body.innerText.slice(0, 400)"
                )
                raise AssertionError(f"never true: {expression}\nsaid: {self.said}\nshown:\n{shown}")
            time.sleep(0.03)

    def press(self, *keys: str) -> None:
        for key in keys:
            code, number, text = KEYS.get(key, ("", ord(key[0].upper()), key if len(key) == 1 else ""))
            given = {"key": key, "code": code, "windowsVirtualKeyCode": number}
            self.call("Input.dispatchKeyEvent", type="keyDown", **given, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def mouse(self, *events: tuple[str, float, float], **more: Any) -> None:
        """`(type, x, y)` each: mouseMoved, mousePressed, mouseReleased, mouseWheel."""
        for kind, x, y in events:
            button = {"mouseMoved": {}, "mouseWheel": {}}.get(kind, {"button": "left", "clickCount": 1})
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **{**button, **more})

    def click(self, selector: str) -> None:
        x, y = self.middle(selector)
        self.mouse(("mouseMoved", x, y), ("mousePressed", x, y), ("mouseReleased", x, y))

    def middle(self, selector: str) -> tuple[float, float]:
        box = self.run(
            f"(b => [b.left + b.width / 2, b.top + b.height / 2])(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        return float(box[0]), float(box[1])

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    def prefers(self, scheme: str) -> None:
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def stop(self) -> None:
        for descriptor in (self._out, self._in):
            os.close(descriptor)  # by which it ends
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The session's browser; its tab is where the test before has left it."""
    folder = Path(tempfile.mkdtemp(prefix="wl-chromium-", dir="/var/tmp"))
    browser = Chromium(folder)
    try:
        yield browser
    finally:
        browser.stop()
        shutil.rmtree(folder, ignore_errors=True)
