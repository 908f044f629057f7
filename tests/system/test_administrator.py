# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One person is added to, edited in and removed from many integrations at once, or from none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from ansible_collections.msp.kaspersky.plugins.module_utils._operations import administrate

from .workplace import Workplace

ANN, BOB = {"email": "ann@msp.example", "alias": "Ann"}, {"email": "bob@msp.example", "alias": "Bob"}


@pytest.fixture
def filled(sqlite_workplace: Workplace) -> Workplace:
    """Give three integrations: Ann and Bob look after the first, Ann the second, Bob the third."""
    for name, administrators in {"One": [ANN, BOB], "Two": [ANN], "Three": [BOB]}.items():
        sqlite_workplace.create(name, administrators=administrators)
    return sqlite_workplace


def administrators(workplace: Workplace) -> dict[str, list[tuple[str, str]]]:
    listed = workplace.run("integration_info")["integrations"]
    return {item["name"]: [(person["email"], person["alias"]) for person in item["administrators"]] for item in listed}


def test_a_person_is_added_where_the_task_says(filled: Workplace) -> None:
    task: dict[str, Any] = {**BOB, "integrations": ["Two", "Three"]}
    preview = filled.run("administrator", check_mode=True, **task)
    assert administrators(filled)["Two"] == [("ann@msp.example", "Ann")]
    done = filled.run("administrator", **task)
    assert done == preview
    assert {item["name"]: item["changed"] for item in done["integrations"]} == {"Two": True, "Three": False}
    assert done["diff"] == {"before": {"Two": [ANN]}, "after": {"Two": [ANN, BOB]}}
    assert not filled.run("administrator", **task)["changed"]
    everywhere = filled.run("administrator", **ANN, all_integrations=True)
    assert [item["name"] for item in everywhere["integrations"] if item["changed"]] == ["Three"]
    [entry] = [row for row in filled.database.rows("history") if row["integration_name"] == "Three"][1:]
    assert entry["action"] == "changed"
    assert "ann@msp.example" in str(entry["summary"])


def test_a_person_gets_a_new_address_and_alias_wherever_it_is_known(filled: Workplace) -> None:
    task = {"email": "ANN@msp.example", "new_email": "ann@new.example", "alias": "Annie"}
    assert filled.run("administrator", **task)["changed"]
    annie, bob = ("ann@new.example", "Annie"), ("bob@msp.example", "Bob")
    assert administrators(filled) == {"One": [annie, bob], "Three": [bob], "Two": [annie]}
    assert not filled.run("administrator", **task)["changed"]
    filled.run("administrator", **ANN, integrations=["One"])
    merged = filled.run("administrator", **task, integrations=["One"])
    assert merged["changed"]
    assert administrators(filled)["One"] == [annie, bob]


def test_upper_and_lower_case_of_an_address_are_the_same(filled: Workplace) -> None:
    filled.create("Four", administrators=[{"email": "Ann@msp.example", "alias": "Ann"}])
    done = filled.run("administrator", email="ann@MSP.example", alias="Annie")
    assert len(done["integrations"]) == 3
    assert administrators(filled)["Four"] == [("Ann@msp.example", "Annie")]


def test_the_last_administrator_stays_and_so_do_all_others(filled: Workplace) -> None:
    before = filled.everything()
    error = filled.refusal("administrator", email="ann@msp.example", state="absent")
    assert error.code is ErrorCode.LAST_ADMINISTRATOR
    assert [fault["entry"] for fault in error.details["faults"]] == ["Two"]
    filled.create("Four", administrators=[ANN])
    error = filled.refusal("administrator", email="ann@msp.example", state="absent")
    assert [fault["entry"] for fault in error.details["faults"]] == ["Four", "Two"]
    filled.run("integration", name="Four", state="absent")
    assert before != filled.everything()  # the deletion, and nothing else
    done = filled.run("administrator", email="ann@msp.example", state="absent", integrations=["One", "Three"])
    assert [item["name"] for item in done["integrations"] if item["changed"]] == ["One"]
    assert administrators(filled)["Two"] == [("ann@msp.example", "Ann")]
    assert not filled.run("administrator", email="gone@msp.example", state="absent")["changed"]


def test_two_who_remove_one_another_leave_one(filled: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was planned is looked at again under the lock."""
    prepare = administrate.KeepAdministrator.prepare

    def prepare_while_the_other_goes(*arguments: Any) -> None:
        monkeypatch.undo()
        filled.run("administrator", email="bob@msp.example", state="absent", integrations=["One"])
        prepare(*arguments)

    monkeypatch.setattr(administrate.KeepAdministrator, "prepare", prepare_while_the_other_goes)
    task: dict[str, Any] = {"email": "ann@msp.example", "state": "absent", "integrations": ["One"]}
    assert filled.refusal("administrator", **task).code is ErrorCode.LAST_ADMINISTRATOR
    assert administrators(filled)["One"] == [("ann@msp.example", "Ann")]


def test_with_security_center_nobody_has_to_be_left(filled: Workplace) -> None:
    filled.create("Branch", instance="Branch", solution="security_center", administrators=[ANN])
    assert filled.run("administrator", instance="Branch", email="ann@msp.example", state="absent")["changed"]
    assert filled.run("integration_info", instance="Branch")["integrations"][0]["administrators"] == []
    assert administrators(filled)["Two"] == [("ann@msp.example", "Ann")]


def test_all_faults_are_told_at_once_and_nothing_is_done(filled: Workplace) -> None:
    before = filled.everything()
    error = filled.refusal("administrator", email="new@msp.example", integrations=["One", "Tow", "Treee"])
    told = {(fault["option"], fault.get("entry"), fault["code"]) for fault in error.details["faults"]}
    assert told == {
        ("integrations", "Tow", "not_found"),
        ("integrations", "Treee", "not_found"),
        ("alias", "One", "invalid_settings"),
    }
    assert "did you mean" in error.message.lower()
    for options, option in (
        ({"email": "two@addresses.example, here@msp.example"}, "email"),
        ({**ANN, "integrations": ["One"], "all_integrations": True}, "integrations"),
        ({**ANN, "state": "absent"}, "alias"),
        ({"email": "new@msp.example", "alias": "New"}, "email"),
    ):
        faults = filled.refusal("administrator", **options).details["faults"]
        assert [fault["option"] for fault in faults] == [option]
    assert filled.everything() == before
