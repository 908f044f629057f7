# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large tasks ask sets, not one thing after the other: the number of statements hardly depends on how much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.msp.kaspersky.plugins.module_utils._storage.reader import CHUNK

from .workplace import Workplace

Count = Callable[..., int]


@pytest.fixture
def count(workplace: Workplace) -> Iterator[Count]:
    """Count the statements of a task. Many rows given to one statement count once: the driver sends them together."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    def counted(module: str, **options: Any) -> int:
        statements.clear()
        workplace.run(module, **options)
        return len(statements)

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    yield counted
    sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


def servers(number: int) -> list[dict[str, str]]:
    return [{"uid": f"VSRV-{position}", "name": f"Client {position:05}"} for position in range(number)]


@pytest.mark.parametrize(
    "steps",
    [
        [{"state": "present"}],
        [{"state": "exact"}],
        [{"state": "present"}, {"state": "present"}],
        [{"state": "present"}, {"state": "exact"}],
        [{"state": "present"}, {"state": "absent"}],
        [{"state": "present"}, {"state": "present", "integration": "Other", "move_from": "Acme"}],
    ],
    ids=["present", "exact", "unchanged", "unchanged exact", "absent", "move_from"],
)
@pytest.mark.parametrize("kind", ["companies", "virtual_servers"])
def test_a_task_takes_one_statement_for_many_tenants(
    workplace: Workplace, count: Count, kind: str, steps: list[dict[str, Any]]
) -> None:
    solution = "security_center" if kind == "virtual_servers" else "business_hub"
    counts = {}
    for number in (10, CHUNK):
        instance = {"instance": f"With {number}"}
        for name in ("Acme", "Other"):
            workplace.create(name, solution=solution, **instance)
        # Virtual servers are unique in the whole registry.
        entries = [{**server, "uid": f"{server['uid']} of {number}"} for server in servers(number)]
        given = entries if kind == "virtual_servers" else [entry["name"] for entry in entries]
        for step in steps:
            counts[number] = count("binding", **{"integration": "Acme", kind: given, **instance, **step})
    assert counts[CHUNK] == counts[10]


def test_chunks_are_all_that_ten_times_the_tenants_add(workplace: Workplace, count: Count) -> None:
    workplace.create()
    names = [f"Company {number:05}" for number in range(10 * CHUNK)]
    once = count("binding", integration="Acme", companies=names[:CHUNK], state="exact")
    tenfold = count("binding", integration="Acme", companies=names, state="exact")
    # One chunk is read by name, twice, and one is bound.
    assert tenfold - once <= 9 * 3 + 2


def test_infos_take_the_same_statements_for_many_integrations(workplace: Workplace, count: Count) -> None:
    workplace.create()
    workplace.run("binding", integration="Acme", companies=["One"])
    few = count("integration_info", tenants=True, export=True)
    for number in range(20):
        workplace.create(f"Integration {number}")
        workplace.run("binding", integration=f"Integration {number}", companies=[f"Company {number}"])
    assert count("integration_info", tenants=True, export=True) == few


def test_infos_find_integrations_by_whatever_is_given(workplace: Workplace) -> None:
    ids = {name: workplace.create(name)["integration"]["id"] for name in ("Acme", "Other")}
    workplace.run("binding", integration="Acme", companies=["Alpha", {"id": "7", "name": "Beta"}])
    workplace.run("binding", integration="Other", companies=["Alpha Two"])

    def found(**options: Any) -> list[str]:
        return [item["name"] for item in workplace.run("integration_info", **options)["integrations"]]

    assert found() == ["Acme", "Other"]
    assert found(name="Other") == ["Other"]
    assert found(integration_id=ids["Acme"]) == ["Acme"]
    assert found(integration_id=ids["Acme"], name="Other") == []
    assert found(platform="tigerpaw") == ["Acme", "Other"]
    assert found(platform="autotask") == []
    assert found(tenant="Alpha") == ["Acme"]
    assert found(tenant="7") == ["Acme"]
    assert found(tenant="Alpha", name="Other") == []
    assert found(tenant="Gamma") == []
    [shown] = workplace.run("integration_info", tenant="Alpha", tenants=True)["integrations"]
    assert [tenant["name"] for tenant in shown["tenants"]] == ["Alpha", "Beta"]
    assert set(shown["tenants"][0]) == {"id", "kind", "uid", "name", "bound_at", "account"}


def test_the_outbox_is_filtered_and_counted_by_the_database(workplace: Workplace) -> None:
    administrators = [{"email": f"{name}@msp.example", "alias": name} for name in ("ann", "bob", "cid")]
    workplace.create(administrators=administrators)
    workplace.run("integration", name="Acme", state="absent")
    workplace.database.query("UPDATE notification SET last_error = 'api_unreachable' WHERE recipient LIKE 'bob%'")
    workplace.database.query("UPDATE notification SET delivered_at = created_at WHERE recipient LIKE 'cid%'")

    def shown(**options: Any) -> list[str]:
        return sorted(item["status"] for item in workplace.run("notification_info", **options)["notifications"])

    assert shown() == ["delivered", "failed", "pending"]
    assert shown(status=["failed"]) == ["failed"]
    assert shown(status=["pending", "delivered"]) == ["delivered", "pending"]
    assert len(shown(limit=2)) == 2
    counts = {"pending": 1, "failed": 1, "delivered": 1}
    assert workplace.run("notification_info", status=["failed"], limit=1)["counts"] == counts
    workplace.run("notification", state="discarded")
    assert workplace.run("notification_info")["counts"] == {"pending": 0, "failed": 0, "delivered": 1}
