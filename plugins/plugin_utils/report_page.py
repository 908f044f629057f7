# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one page: a verdict in words, what is to be done, then figures. Nothing is loaded, nothing is run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence

from .report_charts import columns, gauge, stacked_bar
from .report_facts import Client, Facts, Health, KeptIntegration, Standing
from .report_markup import Markup, counted, element, folded, joined, name, table
from .report_style import style

MOST_LISTED = 500
"""Of more names, nobody would read the list."""

MOST_ROWS = 200

_KINDS = {
    Standing.SERVED: "good",
    Standing.UNMAPPED: "caution",
    Standing.INACTIVE: "caution",
    Standing.LOST: "bad",
    Standing.STALE: "bad",
    Standing.UNBOUND: "neutral",
}
_LABELS = {
    Standing.SERVED: "with tickets",
    Standing.UNMAPPED: "without an account",
    Standing.INACTIVE: "with an inactive account",
    Standing.LOST: "whose account is gone",
    Standing.STALE: "no longer in Security Center",
    Standing.UNBOUND: "without an integration",
}
PLATFORM_TITLES = {"tigerpaw": "Tigerpaw", "connectwise_manage": "ConnectWise Manage", "autotask": "Autotask"}
_HEALTH = {
    Health.PROVEN: ("good", "works"),
    Health.UNPROVEN: ("caution", "not proven"),
    Health.FAILED: ("bad", "does not work"),
}


def page(facts: Facts) -> str:
    """
    Write the page.

    :returns: a whole document of HTML, which needs nothing beside it.
    """
    sheet = Markup(style())
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'),
        element("title", facts.title),
        element("style", sheet),
    )
    sections = list(_sections(facts))
    body = element(
        "body",
        element("a", "Skip to what is to be done", href="#todo", class_="skip"),
        _header(facts, sections),
        element("main", *(section for _anchor, _title, section in sections)),
        element(
            "footer", element("p", "Made by msp.kaspersky. It holds names of clients: keep it like a list of clients.")
        ),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def verdict(facts: Facts) -> str:
    """Say in one sentence how things are."""
    if not facts.clients and not facts.integrations:
        return "There is nothing here yet."
    failed = len(facts.of_health(Health.FAILED))
    broken = f"{counted(failed, 'integration does', 'integrations do')} not work"
    total = counted(facts.existing, "client has", "clients have")
    unserved = f"{facts.without_tickets:,} of {total} nobody who gets their tickets"
    unlisted = len(facts.unlisted)
    unknown = f"the accounts of {counted(unlisted, 'integration', 'integrations')} could not be listed"
    told = ((failed, broken), (facts.without_tickets, unserved), (unlisted, unknown))
    faults = [sentence for number, sentence in told if number]
    if faults:
        sentence = ", and ".join(faults)
        return f"{sentence[0].upper()}{sentence[1:]}."
    return (
        f"All {counted(facts.existing, 'client is', 'clients are')} looked after." if facts.existing else "All is well."
    )


def _header(facts: Facts, sections: Sequence[tuple[str, str, Markup]]) -> Markup:
    links = (element("li", element("a", title, href=f"#{anchor}")) for anchor, title, _section in sections)
    return element(
        "header",
        element("h1", facts.title),
        element("p", verdict(facts), class_="verdict"),
        element("p", f"{facts.today:%d %B %Y}"),
        element("nav", element("ul", *links), aria_label="On this page"),
    )


def _sections(facts: Facts) -> Iterator[tuple[str, str, Markup]]:
    parts = (
        ("todo", "What is to be done", _todo(facts)),
        ("clients", "Clients", _clients(facts)),
        ("integrations", "Integrations", _integrations(facts)),
        ("messages", "Messages that wait", _messages(facts)),
        ("changes", f"Changes of the last {counted(facts.days, 'day', 'days')}", _changes(facts)),
    )
    for anchor, title, content in parts:
        heading = element("h2", title, id=f"{anchor}-title")
        yield anchor, title, element("section", heading, content, id=anchor, aria_labelledby=f"{anchor}-title")


def _todo(facts: Facts) -> Markup:
    tasks = [task for task in _tasks(facts) if task]
    return element("ul", *tasks, class_="todo") if tasks else element("p", "Nothing. Everything is as it should be.")


def _tasks(facts: Facts) -> Iterator[Markup | None]:
    failed = facts.of_health(Health.FAILED)
    why = "The table of integrations says why. Rotate the credentials only if they are refused."
    yield _task("bad", failed, "integration does not work", "integrations do not work", why)
    for standing, kind, advice in (
        (Standing.LOST, "bad", "The PSA has their accounts no longer: nobody gets the tickets. Map to other accounts."),
        (Standing.INACTIVE, "caution", "Activate their accounts in the PSA, or map to other ones."),
        (Standing.UNMAPPED, "caution", "Map to an account of the PSA: until then nobody gets the tickets."),
        (Standing.UNBOUND, "caution", "Bind to an integration whoever is still a client."),
        (Standing.STALE, "bad", "Unbind whoever is no client any more."),
    ):
        clients = facts.of_standing(standing)
        label = _LABELS[standing]
        yield _task(kind, clients, f"client {label}", f"clients {label}", advice)
    unlisted = facts.unlisted
    why = "Whether accounts of their clients are still there is not known. The table of integrations says why."
    yield _task(
        "caution",
        unlisted,
        "integration whose accounts were not listed",
        "integrations whose accounts were not listed",
        why,
    )
    old = facts.old_credentials
    told = f"Older than {counted(facts.oldest, 'day', 'days')}. Rotate the credentials."
    yield _task("caution", old, "integration with old credentials", "integrations with old credentials", told)
    unproven = facts.of_health(Health.UNPROVEN)
    told = "Nobody has accepted the credentials yet. Let the report verify them; on Tigerpaw, set soap_check_operation."
    yield _task("caution", unproven, "integration not proven", "integrations not proven", told)
    if facts.messages:
        title = counted(len(facts.messages), "message waits", "messages wait")
        link = element("a", "See who is still to be told", href="#messages")
        yield element("li", element("h3", title), element("p", link, "."), class_="caution")


def _task(
    kind: str, about: Sequence[Client] | Sequence[KeptIntegration], one: str, many: str, advice: str
) -> Markup | None:
    if not about:
        return None
    return element(
        "li", element("h3", counted(len(about), one, many)), element("p", advice), _names(about), class_=kind
    )


def _names(about: Sequence[Client] | Sequence[KeptIntegration]) -> Markup:
    """List names: a few in the open, many folded, and of very many the first."""
    if len(about) <= 8:
        return element("p", *_separated([_name_of(item) for item in about]))
    more = max(0, len(about) - MOST_LISTED)
    rest = element("p", f"and {more:,} more") if more else ""
    return folded(f"Show {'the first ' if more else ''}{len(about) - more:,} names", *_grouped(about), rest)


def _grouped(about: Sequence[Client] | Sequence[KeptIntegration]) -> Iterator[Markup]:
    """List names below the integration that holds them, and tell how many of them there are."""
    groups: dict[tuple[str, str], list[Markup]] = {}
    for item in about:
        holder = (item.instance, item.integration or "") if isinstance(item, Client) else ("", "")
        groups.setdefault(holder, []).append(element("li", name(item.name)))
    left = MOST_LISTED
    for (_instance, integration), names in sorted(groups.items()):
        if left > 0 and integration:
            yield element("h4", name(integration), f" ({len(names):,})")
        if left > 0:
            yield element("ul", *names[:left])
        left -= len(names)


def _name_of(item: Client | KeptIntegration) -> Markup:
    if isinstance(item, KeptIntegration) or not item.integration:
        return name(item.name)
    return joined([name(item.name), " ", element("span", "(", name(item.integration), ")", class_="quiet")])


def _separated(parts: Sequence[Markup]) -> Iterator[object]:
    for position, part in enumerate(parts):
        if position:
            yield ", "
        yield part


def _clients(facts: Facts) -> Markup:
    if not facts.clients:
        return element("p", "No client is known yet.")
    shown = [(standing, number) for standing, number in facts.standings.items() if number]
    figures = (
        element("li", element("b", f"{number:,}"), element("span", _LABELS[standing]), class_=str(standing))
        for standing, number in shown
    )
    chart = stacked_bar("Clients", [(_LABELS[standing], number, _KINDS[standing]) for standing, number in shown])
    asked = facts.accounts_asked or not facts.standings[Standing.SERVED]
    unasked = "" if asked else element("p", "Whether accounts are still there was not asked.", class_="quiet")
    return joined([element("ul", *figures, class_="figures"), chart, unasked])


def _integrations(facts: Facts) -> Markup:
    if not facts.integrations:
        return element("p", "There is no integration yet.")
    most = max(item.age for item in facts.integrations)
    several = len({item.instance for item in facts.integrations}) > 1
    # What needs attention comes first, and of very many only that is sure to be shown.
    ordered = sorted(facts.integrations, key=lambda item: (_trouble(item, facts), item.instance, item.name))
    rows = [_integration_row(item, facts.oldest, most, several) for item in ordered[:MOST_ROWS]]
    headings = ["Integration", "PSA", "State", "Age of credentials", "Clients", "Without tickets"]
    shown = table(_caption(facts), headings, rows, numbers=(4, 5))
    rest = ordered[MOST_ROWS:]
    in_trouble = sum(_trouble(item, facts) < 0 for item in rest)
    how = f", {in_trouble:,} of them in need of attention" if in_trouble else " without trouble"
    return joined([shown, _more(len(rest), how)])


def _more(count: int, how: str = "") -> Markup:
    """Say how many a table has left out."""
    return element("p", f"and {count:,} more{how}", class_="quiet") if count else Markup("")


def _caption(facts: Facts) -> str:
    return f"{counted(len(facts.integrations), 'integration', 'integrations')}; the line marks {facts.oldest} days"


def _trouble(item: KeptIntegration, facts: Facts) -> int:
    return -(
        100 * (item.health is Health.FAILED)
        + 10 * bool(item.without_tickets or item.unlisted)
        + (item.age > facts.oldest)
    )


def _integration_row(item: KeptIntegration, oldest: int, most: int, several: bool) -> list[object]:
    kind, told = _HEALTH[item.health]
    since = f", proven on {item.proven_on:%d %b %Y}" if item.proven_on and item.health is Health.PROVEN else ""
    why = f" ({item.trouble})" if item.trouble else ""
    unlisted = f"; accounts not listed ({item.unlisted})" if item.unlisted else ""
    instance = element("span", " ", name(item.instance), class_="quiet") if several else ""
    age = counted(item.age, "day", "days")
    return [
        joined([name(item.name), instance]),
        PLATFORM_TITLES.get(item.platform, item.platform),
        joined([element("span", told, class_=f"state {kind}"), f"{since}{why}{unlisted}"]),
        element("span", gauge(age, item.age, most, oldest), age, class_="together"),
        f"{item.client_count:,}",
        f"{item.without_tickets:,}",
    ]


def _messages(facts: Facts) -> Markup:
    if not facts.messages:
        return element("p", "None. Everybody was told.")
    rows = [
        [
            name(item.recipient),
            item.channel,
            name(item.integration),
            f"{item.made_on:%d %b %Y}",
            item.error or "not tried yet",
        ]
        for item in facts.messages[:MOST_ROWS]
    ]
    shown = table("Who is still to be told", ["For", "Channel", "About", "Since", "Last attempt"], rows)
    return joined([shown, _more(len(facts.messages) - len(rows))])


def _changes(facts: Facts) -> Markup:
    if not facts.changes:
        return element("p", "Nothing was changed.")
    rows = [
        [f"{item.at:%d %b %H:%M}", item.action.replace("_", " "), name(item.integration), name(item.actor)]
        for item in facts.changes[:MOST_ROWS]
    ]
    told = "The latest changes" if len(facts.changes) > MOST_ROWS else "All changes"
    listed = table(f"{told}, times in UTC", ["When", "What", "Integration", "By"], rows)
    chart = columns("Changes by day", facts.changes_by_day)
    return joined([chart, folded(f"Show {counted(len(rows), 'change', 'changes')}", listed)])
