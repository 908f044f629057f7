# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``report`` writes a page about a real registry, and a real browser shows it as it should."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import html5lib
import pytest

from ansible_collections.msp.kaspersky.plugins.filter.report_page import reported
from sandbox import Sandbox

from .leaks import found_in
from .tasks import SECRET_KEY
from .workplace import Workplace

SECONDS = 120
TODAY = "2026-11-23"
PHONE = 320
# Shows the page in a frame as wide as a phone, and writes what it measures into itself.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><title>Measuring</title>
<iframe id="phone" src="{page}" width="{width}" height="2000"></iframe>
<pre id="measured"></pre>
<script>
window.onload = () => {{
  const page = document.getElementById("phone").contentDocument;
  const style = page.defaultView.getComputedStyle(page.body);
  document.getElementById("measured").textContent = JSON.stringify({{
    width: page.documentElement.scrollWidth,
    background: style.backgroundColor,
    text: style.color,
    reachable: [...page.querySelectorAll("a, summary")].filter((item) => item.tabIndex >= 0).length,
    charts: [...page.querySelectorAll("svg[role=img]")].map((item) => item.getBoundingClientRect().width),
  }});
}};
</script>
"""


def test_the_page_of_a_registry(sandbox: Sandbox, sqlite_workplace: Workplace, tmp_path: Path) -> None:
    workplace = sqlite_workplace
    settings = {"tigerpaw": sandbox.tigerpaw_settings(), "secret_store": "registry"}
    key = tmp_path / "key"
    key.write_text(SECRET_KEY, encoding="utf-8")
    workplace.common |= {"secret_store": "registry", "secret_key_file": str(key)}
    workplace.create("North <b>", **settings)
    workplace.create("Gone", **settings)
    workplace.run("integration", name="Gone", state="absent")
    workplace.run("binding", integration="North <b>", companies=["Müller & Söhne GmbH", "Nobody {{ 7 * 7 }}"])
    workplace.run("mapping", integration="North <b>", match="automatic")
    made = tmp_path / "report.html"

    checked = play(workplace, made, "--check")
    assert (checked, made.exists()) == (1, False)
    assert play(workplace, made) == 1
    text = made.read_text(encoding="utf-8")
    assert "1 of 2 clients have nobody who gets their tickets." in text
    assert "North &lt;b&gt;" in text
    assert "Nobody {{ 7 * 7 }}" in text
    assert "2 messages wait" in text
    assert made.stat().st_mode & 0o777 == 0o600
    secrets = {str(number): secret for number, secret in enumerate(sandbox.secrets())}
    assert found_in(made.read_bytes(), {**secrets, "key": SECRET_KEY}) == set()
    assert play(workplace, made) == 0, "nothing has changed, so the page has not"


def play(workplace: Workplace, made: Path, *arguments: str) -> int:
    """Play the role, and say how many of its tasks changed something."""
    task = {"ansible.builtin.import_role": {"name": "msp.kaspersky.report"}}
    told = {"report_path": str(made), "report_verify": True, "report_today": "2099-01-01"}
    options = {name: value for name, value in workplace.common.items() if name != "actor"}
    defaults = {"group/msp.kaspersky.all": options}
    hosts = {"hosts": "localhost", "gather_facts": False, "vars": told, "module_defaults": defaults, "tasks": [task]}
    file = made.with_name("play.yml")
    file.write_text(json.dumps([hosts]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "--diff", *arguments, str(file)],
        cwd=made.parent,
        env={**os.environ, "HOME": str(made.parent), "ANSIBLE_NOCOLOR": "true"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "<html" not in done.stdout, "no page comes on the screen"
    [changed] = re.findall(r"changed=(\d+)", done.stdout)
    return int(changed)


@pytest.mark.parametrize("count", [0, 10, 1_000, 10_000])
def test_the_page_is_html_and_stays_small(count: int) -> None:
    text = str(reported(told(count), "Report", TODAY))
    html5lib.HTMLParser(strict=True).parse(text)
    assert len(text.encode()) < 350_000


@pytest.fixture(scope="module")
def chromium() -> str:
    """Name the browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("needs the Debian package chromium: apt-get install chromium")
    return found


@pytest.mark.parametrize("count", [10, 1_000, 10_000])
def test_a_browser_shows_it(chromium: str, tmp_path: Path, count: int) -> None:
    page = tmp_path / "report.html"
    page.write_text(str(reported(told(count), "Report", TODAY)), encoding="utf-8")
    light, dark = (measured(chromium, page, scheme) for scheme in ("light", "dark"))
    for seen in (light, dark):
        assert seen["width"] <= PHONE, "nobody has to scroll sideways on a phone"
        assert seen["reachable"] >= 6
        assert seen["charts"]
        assert all(200 < width <= PHONE for width in seen["charts"])
    assert (light["background"], dark["background"]) == ("rgb(245, 246, 248)", "rgb(18, 21, 26)")
    assert light["text"] != dark["text"]
    pictures = [picture(chromium, page, scheme) for scheme in ("light", "dark")]
    assert all(len(content) > 30_000 for content in pictures), "an empty page is a few thousand bytes"
    assert pictures[0] != pictures[1]


def measured(chromium: str, page: Path, scheme: str) -> dict[str, Any]:
    """Show the page on a phone, and measure it."""
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(page=page.as_uri(), width=PHONE), encoding="utf-8")
    done = browse(chromium, scheme, "--allow-file-access-from-files", "--dump-dom", frame.as_uri())
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[:2000]
    seen: dict[str, Any] = json.loads(found[1])
    return seen


def picture(chromium: str, page: Path, scheme: str) -> bytes:
    """Take a picture of the page."""
    file = page.with_name(f"{scheme}.png")
    browse(chromium, scheme, f"--screenshot={file}", "--window-size=1280,1600", page.as_uri())
    return file.read_bytes()


def browse(chromium: str, scheme: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the browser, which ends by itself. It gets no network: the page needs none."""
    dark = 0 if scheme == "dark" else 1
    options = ["--headless", "--disable-gpu", "--no-sandbox", "--hide-scrollbars", "--enable-logging=stderr", "--v=0"]
    options += [f"--blink-settings=preferredColorScheme={dark}", "--proxy-server=127.0.0.1:9", "--no-first-run"]
    return subprocess.run(
        [chromium, *options, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
    )


def told(count: int) -> list[dict[str, Any]]:
    """Make up what the info modules tell of so many clients."""
    names = [f"Integration {number:02}" for number in range(min(count, 3 + count // 100))]
    integrations = [
        {
            "name": name,
            "instance": "default",
            "platform": "tigerpaw",
            "verified_at": None if number % 5 == 1 else "2026-11-20T10:00:00Z",
            "credentials_changed_at": f"2026-{1 + number % 11:02}-01T10:00:00Z",
            "verification": {"state": "failed", "error": {"code": "throttled"}} if number % 7 == 2 else {},
        }
        for number, name in enumerate(names)
    ]
    tenants = [
        {
            "name": f"Client {number:05} Very-Long-Name-Without-Any-Space-{'x' * (number % 60)}",
            "uid": str(number),
            "instance": "default",
            "bound": number % 11 > 0,
            "integration": names[number % len(names)] if number % 11 else None,
            "account": {"id": "1", "name": "one"} if number % 7 else None,
            "stale": number % 13 == 0,
        }
        for number in range(count)
    ]
    history = [
        {"at": f"2026-11-{17 + number % 7}T10:00:00Z", "actor": "ann", "action": "created", "integration": "North"}
        for number in range(count)
    ]
    waiting = {"integration": "Gone", "recipient": "bob@msp.example", "channel": "smtp", "status": "failed"}
    notifications = [{**waiting, "created_at": "2026-11-19T10:00:00Z", "last_error": "api_unreachable"}] * (count > 0)
    one = {"integrations": integrations, "tenants": tenants, "history": history, "notifications": notifications}
    return [one]
