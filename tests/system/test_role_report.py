# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``report`` writes a page about a real registry, and a real browser shows it as it should."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import html5lib
import pytest

from ansible_collections.msp.kaspersky.plugins.filter.report_page import reported
from sandbox import Sandbox
from sandbox.accounts import Account
from sandbox.companies import Company

from .browser import Browser
from .leaks import found_in
from .played_roles import play_role
from .tasks import SECRET_KEY
from .workplace import Workplace

TODAY = "2026-11-23"
PHONES = (320, 390)
GROUND = "getComputedStyle(document.body).backgroundColor"
CHARTS = (
    "Math.min(...[...document.querySelectorAll('svg[role=img]')].map((item) => item.getBoundingClientRect().width))"
)


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


def test_accounts_that_are_gone_and_a_psa_that_does_not_answer(
    sandbox: Sandbox, sqlite_workplace: Workplace, tmp_path: Path
) -> None:
    workplace = sqlite_workplace
    key = tmp_path / "key"
    key.write_text(SECRET_KEY, encoding="utf-8")
    workplace.common |= {"secret_store": "registry", "secret_key_file": str(key)}
    sandbox.state.accounts = [Account(1, "One"), Account(2, "Two")]
    sandbox.state.companies["connectwise_manage"] = [Company(3, "Three")]
    workplace.create("North", tigerpaw=sandbox.tigerpaw_settings())
    silent = {"platform": "connectwise_manage", "connectwise_manage": sandbox.connectwise_manage_settings()}
    people = [{"email": "ann@msp.example", "alias": "Ann"}]
    workplace.run("integration", name="South", solution="business_hub", administrators=people, **silent)
    workplace.run("binding", integration="North", companies=["One", "Two"])
    workplace.run("binding", integration="South", companies=["Three"])
    for name in ("North", "South"):
        workplace.run("mapping", integration=name, match="automatic")
    made = tmp_path / "report.html"
    play(workplace, made)
    assert "Whether accounts are still there was not asked." in made.read_text(encoding="utf-8")

    sandbox.state.accounts = [Account(2, "Two")]
    sandbox.misbehave("connectwise_manage", "unauthorized")
    play(workplace, made, "--extra-vars", '{"report_accounts": true}')
    text = made.read_text(encoding="utf-8")
    assert "1 of 3 clients have nobody who gets their tickets" in text
    assert "1 client whose account is gone" in text
    assert "accounts not listed (credentials_refused)" in text
    secrets = {str(number): secret for number, secret in enumerate(sandbox.secrets())}
    assert found_in(made.read_bytes(), secrets) == set()


def play(workplace: Workplace, made: Path, *arguments: str) -> int:
    """Play the role, and say how many of its tasks changed something."""
    given = {"report_path": str(made), "report_verify": True, "report_today": "2099-01-01"}
    options = {name: value for name, value in workplace.common.items() if name != "actor"}
    hidden = {"key": SECRET_KEY}
    played = play_role("report", made.parent, given, options, hidden, "--diff", *arguments)
    assert played.code == 0, played.output
    assert "<html" not in played.output, "no page comes on the screen"
    return played.changed


@pytest.mark.parametrize("count", [0, 10, 1_000, 10_000])
def test_the_page_is_html_and_stays_small(count: int) -> None:
    text = str(reported(told(count), "Report", TODAY))
    html5lib.HTMLParser(strict=True).parse(text)
    assert len(text.encode()) < 350_000


@pytest.mark.parametrize("count", [10, 1_000, 10_000])
def test_a_browser_shows_it(tmp_path: Path, count: int) -> None:
    with looked_at(tmp_path, count) as browser:
        for width in PHONES:
            browser.show(width)
            assert browser.value("document.documentElement.scrollWidth") <= width, "nobody scrolls sideways"
            assert browser.value(CHARTS) > 200
        grounds, pictures = [], []
        for scheme in ("light", "dark"):
            browser.show(scheme=scheme)
            grounds.append(browser.value(GROUND))
            pictures.append(b64decode(browser.ask("Page.captureScreenshot")["data"]))
        assert grounds == ["rgb(245, 246, 248)", "rgb(18, 21, 26)"]
        assert all(len(picture) > 30_000 for picture in pictures), "an empty page is a few thousand bytes"
        assert browser.told("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
        asked = [event["request"]["url"] for event in browser.told("Network.requestWillBeSent")]
        assert asked == [(tmp_path / "report.html").as_uri()], "the page needs nothing but itself"


def test_on_paper_it_is_light_and_short(tmp_path: Path) -> None:
    with looked_at(tmp_path, 1_000) as browser:
        browser.show(scheme="dark", media="print")
        assert browser.value(GROUND) == "rgb(255, 255, 255)"
        assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert browser.value("getComputedStyle(document.querySelector('tr')).breakInside") == "avoid"
        pages = re.findall(rb"/Type\s*/Page\b", b64decode(browser.ask("Page.printToPDF")["data"]))
        assert 2 <= len(pages) <= 10


def test_a_keyboard_is_enough(tmp_path: Path) -> None:
    with looked_at(tmp_path, 1_000) as browser:
        browser.show()
        wanted = browser.value("[...document.querySelectorAll('a, summary')].map((item) => item.textContent)")
        reached = []
        for _wanted in wanted:
            browser.press("Tab", 9)
            reached.append(browser.value("document.activeElement.textContent"))
            assert browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid", "it is seen where"
        assert reached == wanted
        browser.press("Enter", 13, "\r")
        assert browser.value("document.activeElement.parentElement.open") is True


def test_a_screen_reader_has_a_name_for_everything(tmp_path: Path) -> None:
    with looked_at(tmp_path, 1_000) as browser:
        nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
    named: dict[str, list[str]] = {}
    for node in nodes:
        if not node["ignored"]:
            named.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for role in ("heading", "link", "image", "table", "region", "navigation", "columnheader", "rowheader"):
        assert all(named[role]), role
    assert {"banner", "main", "contentinfo", "DisclosureTriangle"} <= set(named)


def looked_at(folder: Path, count: int) -> Browser:
    """Open the page about so many clients."""
    file = folder / "report.html"
    file.write_text(str(reported(told(count), "Report", TODAY)), encoding="utf-8")
    return Browser(folder / "browser", file)


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
