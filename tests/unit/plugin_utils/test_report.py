# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report counts right, says the worst first, can be read by everybody, and repeats nothing from outside as markup."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.plugin_utils.report_facts import Facts, Health, Standing, read_facts
from ansible_collections.msp.kaspersky.plugins.plugin_utils.report_page import MOST_LISTED, page, verdict
from ansible_collections.msp.kaspersky.plugins.plugin_utils.report_style import DARK, LIGHT, TEXT_COLOURS

TODAY = date(2026, 11, 23)
Item = dict[str, Any]


def integration(name: str = "North", changed: str = "2026-11-03T10:00:00Z", **more: Any) -> Item:
    about = {"name": name, "instance": "default", "platform": "tigerpaw", "credentials_changed_at": changed}
    return {**about, "verified_at": "2026-11-20T10:00:00Z", **more}


def client(
    name: str, integration: str | None = "North", account: str | None = "one", stale: bool | None = None
) -> Item:
    mapped = {"id": "1", "name": account} if account else None
    held = {"bound": integration is not None, "integration": integration, "account": mapped, "stale": stale}
    return {"name": name, "uid": None, "instance": "default", **held}


def change(at: str, action: str = "created") -> Item:
    return {"at": at, "actor": "ann", "action": action, "integration": "North"}


def message(**more: Any) -> Item:
    made = {"created_at": "2026-11-19T10:00:00Z", "status": "pending", "last_error": None}
    return {"integration": "Gone", "recipient": "bob@msp.example", "channel": "smtp", **made, **more}


def facts(
    integrations: list[Item] | None = None,
    clients: list[Item] | None = None,
    history: list[Item] | None = None,
    messages: list[Item] | None = None,
    **more: Any,
) -> Facts:
    told = {
        "integrations": [integration()] if integrations is None else integrations,
        "tenants": clients or [],
        "history": history or [],
        "notifications": messages or [],
    }
    return read_facts([told], **{"title": "Report", "today": TODAY, "days": 7, "oldest": 180, **more})


EVERYTHING = facts(
    [
        integration(),
        integration("South", "2026-01-01T10:00:00Z", verified_at=None, platform="autotask"),
        integration("West", verification={"state": "failed", "error": {"code": "credentials_refused", "msg": "no"}}),
    ],
    [
        *(client(f"Client {number:02}") for number in range(20)),
        *(client(f"Lost {number:02}", account=None) for number in range(20)),
        client("Free", None, None),
        client("Stale", stale=True),
    ],
    [change("2026-11-22T10:00:00Z"), change("2026-11-23T09:00:00Z", "deleted"), change("2026-11-16T23:00:00Z")],
    [message(), message(status="delivered"), message(channel="webhook", recipient=None, status="failed")],
)


class Outline(HTMLParser):
    """Takes apart what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def having(self, attribute: str) -> list[str]:
        return [found for _tag, attributes in self.tags if (found := attributes.get(attribute))]


# Counting


@pytest.mark.parametrize(
    ("known", "standing"),
    [
        (client("x"), Standing.SERVED),
        (client("x", account=None), Standing.UNMAPPED),
        (client("x", stale=True), Standing.STALE),
        (client("x", None, None), Standing.UNBOUND),
        (client("x", None, None, stale=False), Standing.UNBOUND),
    ],
)
def test_how_a_client_stands(known: Item, standing: Standing) -> None:
    assert facts(clients=[known]).clients[0].standing is standing


def asked(name: str = "North", accounts: list[Item] | None = None, lost: tuple[str, ...] = ()) -> Item:
    gone = [{"tenant": {}, "account": {"id": number}} for number in lost]
    about = {"report_integration": {"name": name, "instance": "default"}}
    return {**about, "accounts": accounts or [], "lost_mappings": gone}


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        (asked(accounts=[{"id": "1", "active": True}]), Standing.SERVED),
        (asked(accounts=[{"id": "1", "active": None}]), Standing.SERVED),
        (asked(accounts=[{"id": "1", "active": False}]), Standing.INACTIVE),
        (asked(lost=("1",)), Standing.LOST),
        (asked("South", lost=("1",)), Standing.SERVED),
    ],
)
def test_an_account_that_is_gone_or_inactive_serves_nobody(told: Item, standing: Standing) -> None:
    made = facts(clients=[client("x")], asked=[told])
    assert made.clients[0].standing is standing
    assert made.without_tickets == (standing is not Standing.SERVED)
    assert "was not asked" not in page(made)


def test_the_page_says_whose_accounts_are_gone_and_whose_were_not_listed() -> None:
    about = {"name": "South", "instance": "default"}
    refused = {"report_integration": about, "error": {"code": "credentials_refused"}, "msg": "withheld"}
    made = facts(
        [integration(), integration("South")],
        [client("x"), client("y", "South")],
        asked=[asked(lost=("1",)), refused],
    )
    text = page(made)
    assert verdict(made) == (
        "1 of 2 clients have nobody who gets their tickets, and the accounts of 1 integration could not be listed."
    )
    assert "1 client whose account is gone" in text
    assert "1 integration whose accounts were not listed" in text
    assert "accounts not listed (credentials_refused)" in text
    assert "withheld" not in text


def test_the_page_says_that_accounts_were_not_asked_for() -> None:
    assert "Whether accounts are still there was not asked." in page(facts(clients=[client("x")]))


def test_what_nobody_holds_and_no_longer_exists_is_no_client() -> None:
    made = facts(clients=[client("a"), client("b", None, None, stale=True), client("c", account=None, stale=True)])
    assert [item.name for item in made.clients] == ["a", "c"]
    assert (made.existing, made.without_tickets, made.integrations[0].without_tickets) == (1, 0, 0)


@pytest.mark.parametrize(
    ("known", "health"),
    [
        (integration(), Health.PROVEN),
        (integration(verified_at=None), Health.UNPROVEN),
        (integration(verified_at=None, verification={"state": "verified", "error": None}), Health.PROVEN),
        (integration(verification={"state": "reachable", "error": None}), Health.PROVEN),
        (integration(verified_at=None, verification={"state": "reachable", "error": None}), Health.UNPROVEN),
        (integration(verification={"state": "failed", "error": {"code": "throttled"}}), Health.FAILED),
    ],
)
def test_what_is_known_of_an_integration(known: Item, health: Health) -> None:
    assert facts([known]).integrations[0].health is health


def test_ages_and_days_are_counted_from_today() -> None:
    assert [item.age for item in EVERYTHING.integrations] == [20, 326, 20]
    assert [item.name for item in EVERYTHING.old_credentials] == ["South"]
    assert [number for _day, number in EVERYTHING.changes_by_day] == [0, 0, 0, 0, 0, 1, 1]
    assert len(EVERYTHING.messages) == 2


def test_every_integration_counts_its_own_clients() -> None:
    other = {**client("x"), "instance": "other"}
    made = facts([integration(), integration("South")], [client("a"), client("b", account=None), other])
    assert [(item.client_count, item.clients.get(Standing.SERVED, 0)) for item in made.integrations] == [(2, 1), (0, 0)]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (facts([]), "There is nothing here yet."),
        (facts(), "All is well."),
        (facts(clients=[client("a")]), "All 1 client is looked after."),
        (facts(clients=[client("a"), client("b", stale=True)]), "All 1 client is looked after."),
        (facts(clients=[client("a"), client("b", account=None)]), "1 of 2 clients have nobody who gets their tickets."),
        (EVERYTHING, "1 integration does not work, and 21 of 41 clients have nobody who gets their tickets."),
    ],
)
def test_the_verdict_is_a_sentence(made: Facts, said: str) -> None:
    assert verdict(made) == said
    assert said in page(made)


# The page


def test_the_same_facts_make_the_same_page() -> None:
    assert page(EVERYTHING) == page(EVERYTHING)


def test_nothing_is_loaded_and_nothing_is_run() -> None:
    text = page(EVERYTHING)
    outline = Outline(text)
    assert not {"script", "img", "iframe", "link", "object", "form"} & {tag for tag, _attributes in outline.tags}
    assert all(address.startswith("#") for address in outline.having("href"))
    assert not re.search(r"https?://|url\(|@import|\bon\w+=|javascript:", text)
    assert "default-src 'none'" in text


def test_names_from_outside_are_text() -> None:
    nasty = ["<script>alert(1)</script>", '"><b>', "{{ 7 * 7 }}", "&amp;", "x" * 255, "</style>", "'"]
    made = facts(
        [integration(name) for name in nasty],
        [client(name, account=None) for name in nasty],
        [{**change("2026-11-22T10:00:00Z"), "actor": name, "integration": name} for name in nasty],
        [message(recipient=name, integration=name) for name in nasty],
        title=nasty[0],
    )
    text = page(made)
    outline = Outline(text)
    assert "<script" not in text
    assert text.count("</style>") == 1
    assert [tag for tag, _attributes in outline.tags].count("b") == 1, "the figure of the clients, and nothing else"


def test_everybody_can_find_the_way() -> None:
    outline = Outline(page(EVERYTHING))
    tags = [tag for tag, _attributes in outline.tags]
    identifiers = outline.having("id")
    assert len(set(identifiers)) == len(identifiers)
    assert {address[1:] for address in outline.having("href")} <= set(identifiers)
    assert set(outline.having("aria-labelledby")) <= set(identifiers)
    assert tags.count("h1") == tags.count("main") == tags.count("header") == tags.count("footer") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert tags.count("table") == tags.count("caption")
    assert tags.count("details") == tags.count("summary") > 0
    first_link = next(attributes for tag, attributes in outline.tags if tag == "a")
    assert first_link["href"] == "#todo"
    for tag, attributes in outline.tags:
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")
        if tag == "th":
            assert attributes["scope"] in ("col", "row")
    assert ("html", {"lang": "en"}) in outline.tags


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["background", "surface"])
@pytest.mark.parametrize("colour", TEXT_COLOURS)
def test_everything_stands_out_from_its_ground(colours: dict[str, str], ground: str, colour: str) -> None:
    """Contrast of at least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3, level AA)."""
    light, dark = sorted((luminance(colours[ground]), luminance(colours[colour])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Compute the relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[position : position + 2], 16) / 255 for position in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_many_names_stand_below_their_integrations() -> None:
    lost = [client(f"Lost {number:03}", f"Holder {number % 3}", None) for number in range(900)]
    text = page(facts(clients=lost))
    assert re.findall(r"<h4><bdi>(.*?)</bdi> \((\d+)\)</h4>", text) == [("Holder 0", "300"), ("Holder 1", "300")]
    assert text.count("<bdi>Lost ") == MOST_LISTED
    assert "Show the first 500 names" in text
    assert "and 400 more" in text


def test_what_a_table_leaves_out_is_counted() -> None:
    broken = {"verification": {"state": "failed", "error": {"code": "throttled"}}}
    text = page(facts([integration(f"I {number}", **broken) for number in range(300)], messages=[message()] * 300))
    assert "and 100 more, 100 of them in need of attention" in text
    assert text.count("and 100 more</p>") == 1
    assert "without trouble" in page(facts([integration(f"I {number}") for number in range(300)]))


def test_of_very_many_the_first_are_named() -> None:
    many = facts(clients=[client(f"Client {number:05}", account=None) for number in range(10_000)])
    text = page(many)
    assert "10,000 of 10,000 clients have nobody" in text
    assert text.count("Client 0") == MOST_LISTED
    assert f"and {10_000 - MOST_LISTED:,} more" in text
    assert len(text) < 200_000
