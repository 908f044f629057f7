# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Sixteen processes do anything at random on one registry: each task succeeds or is refused by name, and what they did all
together is what they would have done one after the other, in some order.

Seconds here, minutes in the long form, which is run after changes of what locks or writes::

    MANY_AT_ONCE_SECONDS=300 python -m pytest -s tests/system/test_many_at_once.py

Every run says its seed. With ``MANY_AT_ONCE_SEED=<seed>``, the processes are given the same tasks once more.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sandbox import Sandbox
from system.crowd import Crowd, Orders, Record, carried_out
from system.databases import Database
from system.model import ModelIntegration
from system.random_tasks import INSTANCES, NAMES
from system.serial_order import SerialOrder
from system.tasks import ADMINISTRATORS, TIGERPAW, Options
from system.workplace import Workplace

SECONDS = float(os.environ.get("MANY_AT_ONCE_SECONDS", "4"))
SEED = os.environ.get("MANY_AT_ONCE_SEED") or secrets.token_hex(4)
REFUSALS = {
    "integration": {"not_found", "name_taken", "tenants_bound", "secret_required", "registry_busy"},
    "binding": {"not_found", "tenant_held", "instance_mismatch", "invalid_settings", "registry_busy"},
    "notification": set[str](),
    "integration_info": set[str](),
    "tenant_info": set[str](),
    "notification_info": set[str](),
    "registry": set[str](),
}
"""Every code with which a task may end. ``registry_busy`` has to be explained, see :mod:`system.serial_order`."""


def test_many_at_once(workplace: Workplace, sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    channels = sandbox.smtp_settings("none") | sandbox.webhook_settings()
    orders = Orders(SEED, SECONDS, workplace.common, channels, str(workplace.keyring.folder), str(folder))
    records = [carried_out(f"first.{instance}", first(instance), workplace.common) for instance in INSTANCES]
    with Crowd(orders) as crowd:
        looks = watch_holders(workplace.database, crowd)
    records += crowd.records()
    report(records, looks)
    assert_named(records)
    orders_found = serial_orders(workplace.database, records)
    assert_stored(workplace, orders_found)
    assert_told_once(workplace.database, sandbox, records, orders_found)
    workplace.assert_nothing_stranded()
    assert workplace.run("registry", instance="north", check_integrity=True)["integrity"]["faults"] == []


def first(instance: str) -> tuple[str, Options]:
    """Make the task by which an instance becomes known."""
    wanted = {"name": NAMES[instance][0], "platform": "tigerpaw", "solution": INSTANCES[instance], "tigerpaw": TIGERPAW}
    return "integration", {"instance": instance, "administrators": ADMINISTRATORS, "verify": "never", **wanted}


def report(records: list[Record], looks: int) -> None:
    """Say what was done; pytest shows it with a failure, or with ``-s``."""
    seconds = max(record.end for record in records) - min(record.begin for record in records)
    print(
        f"\nseed {SEED}: {len(records)} tasks, {len(records) / seconds:.0f} a second; looked at {looks} times meanwhile"
    )
    for module in REFUSALS:
        done = [record for record in records if record.module == module]
        ended = Counter(record.code or ("changed" if record.changed else "unchanged") for record in done)
        longest = max((record.end - record.begin for record in done), default=0)
        print(f"  {module}: {dict(ended.most_common())}, the longest took {longest:.1f} s")


def watch_holders(database: Database, crowd: Crowd) -> int:
    """Look at the tenants while others work: none may be there twice, and none be held from another instance."""
    looks = 0
    while crowd.is_at_work:
        rows = database.query(
            "SELECT tenant.uid, tenant.name, tenant.instance, tenant.kind, integration.instance AS held_in FROM tenant "
            "LEFT JOIN integration ON integration.id = tenant.integration"
        )
        met = Counter((row["kind"], row["uid"] or (row["instance"], row["name"])) for row in rows)
        assert not [tenant for tenant, times in met.items() if times > 1]
        assert not [row for row in rows if row["held_in"] not in (None, row["instance"])]
        looks += 1
        time.sleep(0.05)
    return looks


def assert_named(records: list[Record]) -> None:
    """Each task succeeds or is refused with a code that it may end with."""
    unnamed = [record for record in records if record.code and record.code not in REFUSALS[record.module]]
    assert not unnamed, f"seed {SEED}: {unnamed[:5]}"


def serial_orders(database: Database, records: list[Record]) -> list[SerialOrder]:
    """Explain every result by one order of the tasks in each instance."""
    places = places_in_history(database)
    kept = [record for record in records if record.module in ("integration", "binding")]
    changes = sorted((record for record in kept if record.changed), key=lambda record: places.get(record.actor, 0))
    assert {record.actor for record in changes} == set(places), "what changed something is in the history"
    homes = homes_of(database, changes)
    orders = []
    for instance in INSTANCES:
        order = SerialOrder(instance, [change for change in changes if change.instance == instance], homes)
        order.replay()
        for record in records:
            if record.instance == instance and not record.changed and record.module != "notification":
                order.explain(record)
        orders.append(order)
    faults = [fault for order in orders for fault in order.faults]
    assert not faults, f"seed {SEED}: {len(faults)} faults\n" + "\n".join(faults[:10])
    return orders


def places_in_history(database: Database) -> dict[str, int]:
    """Tell where each task that changed integrations or bindings stands in the history."""
    rows = database.query(
        "SELECT actor, MIN(id) AS place FROM history WHERE action <> 'notification_discarded' GROUP BY actor"
    )
    return {row["actor"]: row["place"] for row in rows}


def homes_of(database: Database, changes: Iterable[Record]) -> dict[str, Record]:
    """Find the tasks that made the virtual servers known."""
    homes: dict[str, Record] = {}
    instances = {row["uid"]: row["instance"] for row in database.rows("tenant") if row["uid"]}
    for change in changes:
        for tenant in (change.result or {}).get("bound", ()):
            if instances.get(tenant["uid"]) == change.instance:
                homes.setdefault(tenant["uid"], change)
    return homes


def assert_stored(workplace: Workplace, orders: list[SerialOrder]) -> None:
    """The registry and the secret store hold what the serial order comes to."""
    states = [order.states[-1] for order in orders]
    emails: dict[str, list[str]] = {}
    for row in workplace.database.rows("administrator"):
        emails.setdefault(row["integration"], []).append(row["email"])
    opened = workplace.stored_secrets()
    stored = {
        row["id"]: ModelIntegration(
            row["name"],
            given(plain(row["settings"])) | opened[row["name"]],
            sorted(emails.get(row["id"], [])),
            row["revision"],
        )
        for row in workplace.database.rows("integration")
    }
    assert stored == {found: item for state in states for found, item in state.integrations.items()}
    held = {row["uid"] or row["name"]: row["integration"] for row in workplace.database.rows("tenant")}
    assert held == {tenant: holder for state in states for tenant, holder in state.holders.items()}


def assert_told_once(database: Database, sandbox: Sandbox, records: list[Record], orders: list[SerialOrder]) -> None:
    """Each deletion has one message for each administrator and for the webhook, delivered once if at all."""
    rows = database.rows("notification")
    outbox = Counter((plain(row["snapshot"])["deleted_by"], row["channel"], row["recipient"]) for row in rows)
    deleted = {actor: item for order in orders for actor, item in order.deleted.items()}
    expected = Counter(
        message for record in records if record.actor in deleted for message in messages(record, deleted)
    )
    discarded = [item for record in records for item in (record.result or {}).get("discarded", ())]
    lost = expected - outbox
    assert not outbox - expected, "no row is doubled"
    assert sorted((deleted[actor].name, channel, recipient or "") for actor, channel, recipient in lost) == sorted(
        (item["integration"], item["channel"], item["recipient"] or "") for item in discarded
    )
    noted = database.query("SELECT id FROM history WHERE action = 'notification_discarded'")
    assert len(noted) == len(discarded)
    told = sum(len((record.result or {}).get(by, ())) for record in records for by in ("notified", "delivered"))
    delivered = len([row for row in rows if row["delivered_at"]])
    assert delivered <= told <= delivered + len(discarded), "each is told of by the one task that sent it"
    assert_sent_once(sandbox, rows, {item["message_id"] for item in discarded})


def messages(record: Record, deleted: dict[str, ModelIntegration]) -> Iterator[tuple[str, str, str | None]]:
    """List whom a deletion has to tell, and how."""
    for email in deleted[record.actor].administrators:
        yield record.actor, "smtp", email
    if "webhook_url" in record.options:
        yield record.actor, "webhook", None


def assert_sent_once(sandbox: Sandbox, rows: Iterable[dict[str, Any]], discarded: set[str]) -> None:
    """The servers accepted what is noted as delivered, once; of the rest only what was discarded while it was sent."""
    sent = Counter(str(mail.message["Message-ID"]) for mail in sandbox.mails())
    sent += Counter(request.headers["webhook-id"] for request in sandbox.webhooks())
    assert set(sent.values()) <= {1}
    assert set(sent) - discarded == {row["message_id"] for row in rows if row["delivered_at"]}


def given(settings: dict[str, Any]) -> dict[str, Any]:
    """Leave out what no task gives."""
    return {name: value for name, value in settings.items() if name in TIGERPAW}


def plain(value: Any) -> Any:
    """Read what one of the databases keeps as a text."""
    return json.loads(value) if isinstance(value, str) else value
