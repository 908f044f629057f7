# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tenants are mapped to accounts of a PSA that is really asked; what is mapped stays right whatever else happens."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.map import MapAccounts
from sandbox import Sandbox
from sandbox.accounts import Account

from .crew import Crew
from .tasks import Result
from .workplace import Workplace

ACME, BORG, CYAN = "Acme Ltd", "Borg GmbH", "Cyan"
IDS = {ACME: "1", BORG: "2", CYAN: "3"}


@pytest.fixture
def mapped(sandbox: Sandbox, workplace: Workplace) -> Workplace:
    return prepared(sandbox, workplace)


@pytest.fixture
def mapped_sqlite(sandbox: Sandbox, sqlite_workplace: Workplace) -> Workplace:
    return prepared(sandbox, sqlite_workplace)


def prepared(sandbox: Sandbox, workplace: Workplace) -> Workplace:
    """Let Tigerpaw have three accounts, and an integration hold three companies."""
    let_exist(sandbox, **IDS)
    workplace.create("North", tigerpaw=sandbox.tigerpaw_settings())
    workplace.create("South", tigerpaw=sandbox.tigerpaw_settings())
    workplace.run("binding", integration="North", companies=["acme", "borg", {"name": "cyan", "id": "c-3"}])
    sandbox.forget()
    return workplace


def let_exist(sandbox: Sandbox, **accounts: str) -> None:
    sandbox.state.accounts = [Account(int(number), name) for name, number in accounts.items()]


def entry(tenant: Any, account: Any = None, **more: Any) -> dict[str, Any]:
    return {"tenant": tenant, **({} if account is None else {"account": account}), **more}


def map_to(workplace: Workplace, *mappings: dict[str, Any], check_mode: bool = False, **options: Any) -> Result:
    return workplace.run("mapping", check_mode, integration="North", mappings=list(mappings), **options)


def standing(workplace: Workplace, integration: str = "North") -> dict[str, str]:
    """Tell which tenant counts as mapped to which account."""
    [shown] = workplace.run("integration_info", name=integration, tenants=True)["integrations"]
    return {item["name"]: item["account"]["id"] for item in shown["tenants"] if item["account"]}


def searches(sandbox: Sandbox) -> int:
    return sum(request.path.endswith("/accounts/search") for request in sandbox.requests("rest"))


def test_a_list_is_mapped_once(sandbox: Sandbox, mapped: Workplace) -> None:
    entries = entry("acme", ACME), entry({"id": "c-3"}, {"id": 3})
    before = mapped.everything()
    foretold = map_to(mapped, *entries, check_mode=True)
    assert mapped.everything() == before
    done = map_to(mapped, *entries)
    assert {**foretold, "integration": None} == {**done, "integration": None}
    assert done["changed"]
    assert standing(mapped) == {"acme": "1", "cyan": "3"}
    assert done["diff"]["after"]["mapped_to"] == {"acme": f"{ACME} (1)", "cyan (c-3)": "Cyan (3)"}
    sandbox.forget()
    again = map_to(mapped, *entries)
    assert (again["changed"], sandbox.requests("rest")) == (False, [])
    assert not sandbox.requests("rest", writing=True)
    assert map_to(mapped, *done["mapped"])["unchanged"] == again["unchanged"], "a result is valid input"
    [told] = [
        item for item in mapped.run("integration_info", history=True)["history"] if item["action"] == "mappings_changed"
    ]
    assert told["summary"]["mapped"] == 2


def test_all_pages_are_read_however_rows_are_counted(sandbox: Sandbox, mapped_sqlite: Workplace) -> None:
    let_exist(sandbox, **IDS, **{f"Client {number}": str(number) for number in range(10, 250)})
    for first_row in (0, 1):
        for last_next_row in ("grows", "stays", "zero", "null"):
            sandbox.change_settings(first_row=first_row, last_next_row=last_next_row, largest_page=50)
            counts = mapped_sqlite.run("account_info", integration="North")["counts"]
            assert (counts["accounts"], counts["tenants_without_account"]) == (243, 3)


def test_rows_that_nobody_counts_and_rows_that_never_end(sandbox: Sandbox, mapped_sqlite: Workplace) -> None:
    rows = [{"AccountNumber": number, "Account": {"Name": f"Client {number}"}} for number in range(3)]
    for following in (None, 2, 4):
        body = {"Accounts": rows, "NextRow": following, "Success": True}
        sandbox.misbehave("rest", "wrong_shape", "always", body=body)
        if following is None:
            assert mapped_sqlite.run("account_info", integration="North")["counts"]["accounts"] == 3
        else:
            error = mapped_sqlite.refusal("account_info", integration="North")
            assert (error.code, "read already" in error.message) == (ErrorCode.UNEXPECTED_ANSWER, True)
        sandbox.behave()
    assert searches(sandbox) < 10


def test_few_identifiers_are_asked_for_one_by_one(sandbox: Sandbox, mapped_sqlite: Workplace) -> None:
    map_to(mapped_sqlite, entry("acme", {"id": 1}), entry("borg", {"id": "2"}))
    asked = [request.json()["Criteria"] for request in sandbox.requests("rest")]
    assert [(found["SearchType"], found["Criteria"]) for [found] in asked] == [
        ("AccountNumber", "1"),
        ("AccountNumber", "2"),
    ]


def test_everything_is_checked_before_anything_is_written(mapped_sqlite: Workplace) -> None:
    map_to(mapped_sqlite, entry("acme", ACME))
    before = mapped_sqlite.everything()
    cases = [
        (ErrorCode.ACCOUNT_TAKEN, entry("borg", ACME)),
        (ErrorCode.TENANT_HELD, entry("acme", BORG)),
        (ErrorCode.TENANT_UNKNOWN, entry("acne", BORG)),
        (ErrorCode.ACCOUNT_UNKNOWN, entry("borg", "Borg")),
        (ErrorCode.ACCOUNT_UNKNOWN, entry("borg", {"id": "Borg"})),
    ]
    for code, faulty in cases:
        error = mapped_sqlite.refusal("mapping", integration="North", mappings=[entry("cyan", CYAN), faulty])
        assert (error.code, mapped_sqlite.everything()) == (code, before)


def test_unmapping_asks_nobody(sandbox: Sandbox, mapped: Workplace) -> None:
    map_to(mapped, entry("acme", ACME), entry("borg", BORG))
    sandbox.misbehave("rest", "dropped", "always")
    assert not map_to(mapped, entry("acme", BORG), state="absent")["changed"]
    done = map_to(mapped, entry("acme"), state="absent")
    assert standing(mapped) == {"borg": "2"}
    assert not map_to(mapped, entry("acme"), state="absent")["changed"]
    sandbox.behave()
    assert map_to(mapped, *done["unmapped"])["changed"], "what ended can be brought back"


def test_a_mapping_ends_with_the_binding(mapped: Workplace) -> None:
    map_to(mapped, entry("acme", ACME), entry("borg", BORG))
    done = mapped.run("binding", integration="North", companies=["acme"], state="absent")
    assert done["diff"]["before"]["mapped_to"] == {"acme": ACME}
    mapped.run("binding", integration="North", companies=["acme"])
    assert standing(mapped) == {"borg": "2"}


def test_a_mapping_is_kept_for_the_return_until_its_integration_is_deleted(mapped: Workplace) -> None:
    map_to(mapped, entry("acme", ACME))
    mapped.run("binding", integration="South", companies=["acme"], move_from="North")
    assert (standing(mapped), standing(mapped, "South")) == ({}, {})
    error = mapped.refusal("mapping", integration="North", mappings=[entry("borg", ACME)])
    assert error.code is ErrorCode.ACCOUNT_TAKEN
    assert "moved to 'South'" in error.message
    shown = mapped.run("account_info", integration="North", name=ACME)
    [kept] = shown["accounts"]
    assert (kept["mapped"], kept["kept_for"]["name"]) == (False, "acme")
    assert [item["account"]["id"] for item in shown["kept_mappings"]] == ["1"]
    mapped.run("mapping", integration="South", mappings=[entry("acme", BORG)])
    mapped.run("binding", integration="North", companies=["acme"], move_from="South")
    assert standing(mapped) == {"acme": "1"}
    mapped.run("binding", integration="South", companies=["acme"], move_from="North")
    assert standing(mapped, "South") == {"acme": "2"}
    assert mapped.run("integration", name="North", state="absent")["unmapped"] == []
    deleted = mapped.run("integration", name="South", state="absent")
    assert [item["account"]["id"] for item in deleted["unmapped"]] == ["2"]
    assert mapped.database.rows("mapping") == []


def test_matching_maps_what_is_certain_and_leaves_the_rest(sandbox: Sandbox, mapped: Workplace) -> None:
    let_exist(sandbox, ACME="1", Cyan="3", Dune="4")
    preview = mapped.run("mapping", True, integration="North", match="automatic")
    assert standing(mapped) == {}
    done = mapped.run("mapping", integration="North", match="automatic")
    assert preview["mapped"] == done["mapped"]
    assert standing(mapped) == {"acme": "1", "cyan": "3"}
    assert [item["name"] for item in done["unmatched_tenants"]] == ["borg"]
    assert [item["name"] for item in done["unmatched_accounts"]] == ["Dune"]
    let_exist(sandbox, Acme="5", ACME="1", Cyan="3")
    again = mapped.run("mapping", integration="North", match="automatic")
    assert (again["changed"], standing(mapped)) == (False, {"acme": "1", "cyan": "3"})


def test_matching_ends_nothing(mapped_sqlite: Workplace) -> None:
    for state in ("absent", "exact"):
        error = mapped_sqlite.refusal("mapping", integration="North", match="automatic", state=state)
        assert error.code is ErrorCode.INVALID_SETTINGS


def test_who_would_get_no_tickets_is_told(sandbox: Sandbox, mapped_sqlite: Workplace) -> None:
    map_to(mapped_sqlite, entry("acme", ACME), entry("cyan", CYAN))
    let_exist(sandbox, **{ACME: "1", "Dune": "4"})
    shown = mapped_sqlite.run("account_info", integration="North")
    assert [item["name"] for item in shown["tenants_without_account"]] == ["borg"]
    assert [item["tenant"]["name"] for item in shown["lost_mappings"]] == ["cyan"]
    assert shown["counts"] == {
        "accounts": 2,
        "accounts_without_tenant": 1,
        "tenants": 3,
        "tenants_without_account": 1,
    }
    [warning] = shown["warnings"]
    assert "'cyan'" in warning


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"mapped": True}, [ACME]),
        ({"mapped": False}, [BORG, CYAN]),
        ({"name": CYAN}, [CYAN]),
        ({"name": "cyan"}, []),
        ({"name_contains": "GMBH"}, [BORG]),
        ({"account_id": "2"}, [BORG]),
        ({"account_id": "none"}, []),
        ({"active": True}, [ACME, BORG, CYAN]),
        ({"active": False}, []),
    ],
)
def test_filters(mapped_sqlite: Workplace, filters: dict[str, Any], names: list[str]) -> None:
    map_to(mapped_sqlite, entry("acme", ACME))
    shown = mapped_sqlite.run("account_info", integration="North", **filters)["accounts"]
    assert [item["name"] for item in shown] == names


def test_whoever_is_asked_without_a_proven_certificate_is_warned_of(
    sandbox: Sandbox, sqlite_workplace: Workplace
) -> None:
    workplace = prepared(sandbox, sqlite_workplace)
    settings = sandbox.tigerpaw_settings(validate_certs=False, ca_path=None)
    workplace.run("integration", name="North", tigerpaw=settings, reset=["ca_path"], verify="never")
    asked = [workplace.run("account_info", integration="North"), map_to(workplace, entry("acme", ACME))]
    assert all("TLS certificate of Tigerpaw was not verified" in result["warnings"][0] for result in asked)
    assert map_to(workplace, entry("acme", ACME))["warnings"] == [], "nobody was asked"


def test_one_accounts_question_is_one_request(sandbox: Sandbox, mapped_sqlite: Workplace) -> None:
    let_exist(sandbox, **{f"Client {number}": str(number) for number in range(1, 300)})
    sandbox.forget()
    mapped_sqlite.run("account_info", integration="North", account_id="7")
    assert searches(sandbox) == 1


def test_a_new_api_user_is_given_the_time_that_the_task_allows(sandbox: Sandbox, mapped_sqlite: Workplace) -> None:
    own = sandbox.state.credentials
    details = {"name": own.rest_public_key, "secret": own.rest_private_key, "new_for_calls": 2}
    sandbox.add_user("rest", **details)
    error = mapped_sqlite.refusal("account_info", integration="North")
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    sandbox.add_user("rest", **details)
    shown = mapped_sqlite.run("account_info", integration="North", verify_retries=2, verify_delay=0)
    assert shown["counts"]["accounts"] == 3


def test_it_goes_on_whatever_others_do_to_other_tenants(
    mapped_sqlite: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = MapAccounts.prepare
    others = iter([("borg", BORG), ("cyan", CYAN)])

    def interfered(self: MapAccounts, *arguments: Any) -> None:
        other = next(others, None)
        if other:
            monkeypatch.setattr(MapAccounts, "prepare", prepare)
            map_to(mapped_sqlite, entry(*other))
            monkeypatch.setattr(MapAccounts, "prepare", interfered)
        prepare(self, *arguments)

    monkeypatch.setattr(MapAccounts, "prepare", interfered)
    assert map_to(mapped_sqlite, entry("acme", ACME))["changed"]
    assert len(list(others)) == 1, "nothing had to be planned again"
    assert standing(mapped_sqlite) == {"acme": "1", "borg": "2"}


def test_of_many_that_want_one_account_one_gets_it(mapped: Workplace, crew: Crew) -> None:
    tenants = [f"client {number}" for number in range(8)]
    mapped.run("binding", integration="North", companies=[{"name": name, "new": True} for name in tenants])
    jobs = [("mapping", mapped.options(integration="North", mappings=[entry(name, ACME)])) for name in tenants]
    outcomes = crew.run_all(jobs, mapped.keyring.folder)
    assert sum(outcome.result is not None for outcome in outcomes) == 1
    assert {outcome.code for outcome in outcomes if outcome.code} <= {"account_taken", "registry_busy"}
    assert list(standing(mapped).values()) == ["1"]
