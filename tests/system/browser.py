# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real browser, asked and told by its DevTools protocol, which it speaks over pipes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MISSING = "needs the Debian package chromium: apt-get install chromium"
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-sandbox",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--proxy-server=127.0.0.1:9",
    "--remote-debugging-pipe",
)
# The browser reads from descriptor 3 and writes to 4.
_START = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1'


def chromium() -> str:
    """Name the program. Without one, the test is skipped, and the summary of all tests says how to get it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip(MISSING)
    return found


class Browser:
    """
    One page in one browser.

    :ivar events: all that the browser told without being asked.
    """

    def __init__(self, folder: Path, file: Path) -> None:
        self.events: list[dict[str, Any]] = []
        self._number = 0
        self._session: str | None = None
        program = [chromium(), *_OPTIONS, f"--user-data-dir={folder}"]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _START, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Accessibility"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=file.as_uri())
        while not self.told("Page.loadEventFired"):
            self._read()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        session = {"sessionId": self._session} if self._session else {}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message | session).encode() + b"\0")
        self._process.stdin.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result

    def told(self, *methods: str) -> list[dict[str, Any]]:
        """Find the events of those kinds."""
        return [event["params"] for event in self.events if event["method"] in methods]

    def value(self, expression: str) -> Any:
        """Compute something in the page."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def show(self, width: int = 1280, height: int = 1600, scheme: str = "light", media: str = "screen") -> None:
        """Set how the page is looked at."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key."""
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **pressed)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        read = bytearray()
        while not read.endswith(b"\0"):
            part = self._process.stdout.read1(1)  # type: ignore[attr-defined]
            assert part, "the browser has ended"
            read += part
        message: dict[str, Any] = json.loads(read[:-1])
        if "method" in message:
            self.events.append(message)
        return message
