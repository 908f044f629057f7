# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that run at the same time on one registry, by both doors: every item succeeds or is refused by name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sandbox import Sandbox
from system.databases import Database
from system.doors import MODULE, Play, Task, start, task
from system.tasks import ADMINISTRATORS, SECRET_KEY, TIGERPAW, perform

DOORS = (True, True, False, False)
COMPANIES = ["Harbour", "Old Mill"]
REFUSALS = {"not_found", "tenant_held", "registry_busy"}


def test_playbooks_at_once(database: Database, sandbox: Sandbox, tmp_path: Path) -> None:
    common = {"registry": database.address, "secret_store": "registry"}
    perform("integration", {**common, **created("First"), "secret_key": SECRET_KEY})
    folders = [tmp_path / f"playbook-{number}" for number in range(len(DOORS))]
    plays = [play(number, folder, common, sandbox) for number, folder in enumerate(folders)]
    with ThreadPoolExecutor(len(DOORS)) as running:
        for done in running.map(
            lambda given: start(given[0], given[1], in_process=given[2]), zip(plays, folders, DOORS, strict=True)
        ):
            assert "Traceback" not in done.stdout + done.stderr
    items = [item for folder in folders for item in items_of(folder)]
    refused = [item["error"]["code"] for item in items if item.get("failed")]
    assert set(refused) <= REFUSALS
    assert_nobody_is_held_twice(database, items)
    assert_told_once(database, sandbox, items)
    perform("registry", {**common, "secret_key": SECRET_KEY, "check_integrity": True})


def play(number: int, folder: Path, common: Task, sandbox: Sandbox) -> Play:
    """Make a play that works on what the others work on as well."""
    mine, next_one = f"Acme {number % 2}", f"Acme {(number + 1) % 2}"
    secrets = {"soap_password": f"password of {number}"}
    deletion = {"state": "absent", **sandbox.smtp_settings("none")}
    tasks = [
        task("integration", **created("{{ item }}"), keywords={"loop": [mine, next_one]}),
        task("binding", integration=mine, companies=["{{ item }}"], keywords={"loop": COMPANIES}),
        task("integration", name="{{ item }}", tigerpaw=secrets, verify="never", keywords={"loop": [next_one]}),
        task("binding", integration=mine, companies=COMPANIES, move_from=next_one),
        task("integration", name="{{ item }}", **deletion, keywords={"loop": [mine]}),
        task("notification", **sandbox.smtp_settings("none")),
    ]
    defaults = {**common, "secret_key_file": str(folder / "relative" / "key"), "actor": f"playbook {number}"}
    return Play(tasks, {"module_defaults": {f"group/{MODULE}all": defaults}})


def created(name: str) -> Task:
    wanted = {"platform": "tigerpaw", "solution": "business_hub", "tigerpaw": TIGERPAW}
    return {"name": name, "administrators": ADMINISTRATORS, "verify": "never", **wanted}


def items_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the results of a playbook, each item of a loop by itself."""
    results = json.loads((folder / "here.json").read_text(encoding="utf-8"))
    assert len(results) == 6
    for result in results.values():
        yield from result.get("results", [result])


def assert_nobody_is_held_twice(database: Database, items: list[dict[str, Any]]) -> None:
    tenants = database.rows("tenant")
    assert {row["name"] for row in tenants} <= set(COMPANIES)
    assert len({row["name"] for row in tenants}) == len(tenants)
    gained = sum(len(item["bound"]) for item in items if "bound" in item)
    lost = sum(len(item["unbound"]) for item in items if "unbound" in item)
    assert gained - lost == len([row for row in tenants if row["integration"]])


def assert_told_once(database: Database, sandbox: Sandbox, items: list[dict[str, Any]]) -> None:
    deleted = [item for item in items if "notified" in item and item["changed"]]
    rows = database.rows("notification")
    assert len(rows) == len(deleted) * len(ADMINISTRATORS) > 0
    sent = Counter(str(mail.message["Message-ID"]) for mail in sandbox.mails())
    assert sent == {row["message_id"]: 1 for row in rows}
