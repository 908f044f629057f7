# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Saved settings come out as they went in, from each store and database, and only where they belong."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import Outcome, perform_unchecked
from ansible_collections.msp.kaspersky.plugins.module_utils.options import INTEGRATION_SETTINGS
from system.tasks import OTHER_KEY, REST_PRIVATE_KEY, SECRET_KEY, SOAP_PASSWORD, TIGERPAW
from system.workplace import Workplace

AUTOTASK = {"user_name": "api@msp.example", "password": "Auto<&>task '1'", "api_integration_code": "CODE{1234567} &"}
SECRETS = (SOAP_PASSWORD, REST_PRIVATE_KEY, SECRET_KEY, OTHER_KEY, *AUTOTASK.values())
with_one_store = pytest.mark.parametrize("store", ["registry"], indirect=True)
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def asked(workplace: Workplace, *names: str, **options: Any) -> Outcome:
    """Ask for settings as the lookup does."""
    terms = {"_terms": list(names)} if names else {}
    return perform_unchecked(
        INTEGRATION_SETTINGS, workplace.options(**terms, **options), False, IntegrationClient.saved_settings
    )


def saved(workplace: Workplace, *names: str, **options: Any) -> list[dict[str, Any]]:
    outcome = asked(workplace, *names, **options)
    assert not outcome.failed, outcome.result
    found: list[dict[str, Any]] = outcome.result["integrations"]
    return found


def refused(workplace: Workplace, *names: str, **options: Any) -> dict[str, Any]:
    """Ask for what cannot be had; return the error, in which there is no secret."""
    before = workplace.everything()
    outcome = asked(workplace, *names, **options)
    assert outcome.failed
    assert not [secret for secret in SECRETS if secret in str(outcome)]
    assert workplace.everything() == before
    error: dict[str, Any] = outcome.result["error"]
    return error | {"msg": outcome.result["msg"]}


def test_settings_come_out_as_they_went_in(workplace: Workplace) -> None:
    made = workplace.create()["integration"]
    before = workplace.everything()
    [found] = saved(workplace, "Acme")
    assert {name: found["settings"][name] for name in TIGERPAW} == TIGERPAW
    assert found["settings"]["soap_url"] == "https://tigerpaw.example/api/rmm/tsiWS.asmx"
    assert found["settings"]["validate_certs"] is True
    assert {name: found[name] for name in found if name != "settings"} == {
        name: made[name] for name in ("id", "name", "platform", "solution", "instance")
    }
    assert saved(workplace, integration_id=made["id"]) == [found]
    assert workplace.everything() == before


@with_one_store
@on_one_database
def test_several_come_in_the_order_of_their_names(workplace: Workplace) -> None:
    workplace.create("North")
    workplace.create("South", platform="autotask", tigerpaw=None, autotask=AUTOTASK)
    found = saved(workplace, "South", " North ", "South")
    assert [item["name"] for item in found] == ["South", "North", "South"]
    assert {name: found[0]["settings"][name] for name in AUTOTASK} == AUTOTASK
    assert found[0]["settings"]["url"] == "https://webservices.autotask.net"


@with_one_store
@on_one_database
def test_what_is_not_there_is_told_with_what_is(workplace: Workplace) -> None:
    assert refused(workplace, "Acme")["code"] == "registry_missing"
    made = workplace.create()["integration"]
    error = refused(workplace, "Acmee")
    assert (error["code"], error["near_matches"]) == ("not_found", ["Acme"])
    assert refused(workplace, "Acme", "Nobody")["code"] == "not_found"
    assert refused(workplace, integration_id="no-such-id")["code"] == "not_found"
    assert refused(workplace, "Acme", instance="elsewhere")["code"] == "instance_unknown"
    workplace.create("Other", instance="elsewhere")
    assert refused(workplace, integration_id=made["id"], instance="elsewhere")["code"] == "instance_mismatch"
    faults = refused(workplace, "Acme", " ", "********", "a" * 300)["faults"]
    assert [fault["option"] for fault in faults] == ["_terms[1]", "_terms[2]", "_terms[3]"]


@with_one_store
def test_a_wrong_key_opens_nothing(workplace: Workplace) -> None:
    workplace.create()
    assert refused(workplace, "Acme", secret_key_file=None, secret_key=OTHER_KEY)["code"] == "secret_key_wrong"
    assert refused(workplace, "Acme", secret_key_file=None)["code"] == "secret_key_wrong"
    assert refused(workplace, "Acme", secret_store="keyring", secret_key_file=None)["code"] == "secret_store_elsewhere"


@with_one_store
@on_one_database
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE integration = '{other}')",
        "UPDATE secret SET integration = '{acme}' WHERE integration = '{other}'",
        "UPDATE secret SET sealed = substr(sealed, 1, 60)",
        "UPDATE secret SET version = 'another'",
        "UPDATE integration SET settings = replace(settings, 'https://tigerpaw.example', 'https://evil.example')",
    ],
    ids=["swapped", "reassigned", "cut", "version", "address"],
)
def test_nothing_comes_out_of_a_registry_that_was_tampered_with(workplace: Workplace, statement: str) -> None:
    ids = {name: workplace.create(name)["integration"]["id"] for name in ("Acme", "Other")}
    if "SET integration" in statement:
        workplace.database.query(f"DELETE FROM secret WHERE integration = '{ids['Acme']}'")  # noqa: S608
    workplace.database.query(statement.format(acme=ids["Acme"], other=ids["Other"]))
    assert refused(workplace, "Acme")["code"] == "secret_damaged"


def test_lost_secrets_are_told(workplace: Workplace) -> None:
    workplace.create()
    workplace.database.query("DELETE FROM secret")
    assert refused(workplace, "Acme")["code"] == "secret_damaged"
