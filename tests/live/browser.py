"""Headless Chromium by its DevTools protocol over a pipe: JSON messages, each ended by a zero byte."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time

#: Names that the program goes by.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium():
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One tab."""

    def __init__(self, program, profile):
        read_end, self._write = os.pipe()
        self._read, write_end = os.pipe()
        # Chromium expects the pipes at 3 and 4; a shell puts them there.
        words = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
            "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--window-size=1280,860", "about:blank",
        ]  # fmt: skip
        script = f'exec 3<&{read_end} 4>&{write_end}; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *words],
            pass_fds=(read_end, write_end),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_end)
        os.close(write_end)
        self._last, self._rest = 0, b""
        pages = self.call("Target.getTargets", tab=False)["targetInfos"]
        target = next(entry["targetId"] for entry in pages if entry["type"] == "page")
        self._tab = self.call("Target.attachToTarget", tab=False, targetId=target, flatten=True)["sessionId"]

    def call(self, method, *, tab=True, **params):
        """What a method of the protocol returns."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if tab:
            message["sessionId"] = self._tab
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                return answer["result"]

    def open(self, address):
        self.call("Page.enable")
        self.call("Page.navigate", url=address)

    def value(self, script):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def press(self, key, code):
        """A key, as the keyboard would send it."""
        text = {"text": "\r"} if key == "Enter" else {"text": " "} if key == " " else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=code,
                windowsVirtualKeyCode={"Tab": 9, "Enter": 13, " ": 32, "ArrowRight": 39, "ArrowDown": 40}[
                    key
                ],
                **(text if kind == "keyDown" else {}),
            )

    def until(self, script, seconds=20.0):
        """The first true value of an expression."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.value(script):
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}")

    def screenshot(self):
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def accessible(self):
        """Role and name of everything that a screen reader is told."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored") and "role" in node
        ]

    def close(self):
        os.close(self._write)
        os.close(self._read)
        self._process.terminate()
        self._process.wait(timeout=20)

    def _next(self):
        while b"\0" not in self._rest:
            block = os.read(self._read, 1 << 20)
            if not block:
                raise RuntimeError("Chromium is gone")
            self._rest += block
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)
