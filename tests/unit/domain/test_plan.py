# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan says what changes, all of it and nothing else, and shows no secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    Administrator,
    Integration,
    Solution,
    Tenant,
    TenantKind,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.plan import (
    NEW_VALUE,
    STORED,
    IntegrationPlan,
    plan_integration,
    shown_integration,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import TIGERPAW
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.rules import DesiredIntegration

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
ANN, BOB = Administrator("ann@msp.example", "Ann"), Administrator("bob@msp.example", "Bob")
SETTINGS = {
    "soap_user_name": "kaspersky",
    "rest_public_key": "public-1",
    "url": "https://tigerpaw.example",
    "soap_url": None,
    "soap_check_operation": None,
    "validate_certs": True,
    "ca_path": None,
}
SECRETS = {"soap_password": "soap-Passw0rd", "rest_private_key": "private-Key-1"}
UNCHANGED: frozenset[str] = frozenset()


def desired(**changes: Any) -> DesiredIntegration:
    values: dict[str, Any] = {
        "name": "Acme",
        "platform": TIGERPAW,
        "solution": Solution.SECURITY_CENTER,
        "settings": SETTINGS,
        "secrets": {},
        "administrators": (ANN,),
        **changes,
    }
    return DesiredIntegration(**values)


def kept(wanted: DesiredIntegration) -> Integration:
    """Return what is stored once a wish has come true."""
    return Integration(
        id="1",
        instance="default",
        name=wanted.name,
        platform=wanted.platform.name,
        solution=wanted.solution,
        settings=dict(wanted.settings),
        fingerprints=dict.fromkeys(SECRETS, "fingerprint"),
        administrators=wanted.administrators,
        revision=1,
        created_at=MOMENT,
        updated_at=MOMENT,
        credentials_changed_at=MOMENT,
    )


def edit(differing: frozenset[str] = UNCHANGED, **changes: Any) -> IntegrationPlan:
    return plan_integration(desired(**changes), kept(desired()), differing)


def test_a_creation_stores_everything() -> None:
    plan = plan_integration(desired(secrets=SECRETS), None, UNCHANGED)
    assert plan.steps == ("create",)
    assert plan.changed
    assert plan.changes_connection
    assert plan.seals_anew
    assert plan.secrets_changed == ("rest_private_key", "soap_password")
    assert plan.before == {}
    assert plan.after["secrets"] == dict.fromkeys(SECRETS, NEW_VALUE)


def test_nothing_to_do_is_no_step() -> None:
    plan = edit()
    assert plan.steps == ()
    assert not plan.changed
    assert not plan.changes_connection
    assert not plan.seals_anew
    assert plan.before == plan.after


@pytest.mark.parametrize(
    ("changes", "step", "connection"),
    [
        ({"name": "Acme north"}, "rename", False),
        ({"administrators": ()}, "administrators", False),
        ({"administrators": (ANN, BOB)}, "administrators", False),
        ({"administrators": (replace(ANN, alias="Anna"),)}, "administrators", False),
        ({"settings": {**SETTINGS, "validate_certs": False}}, "settings", True),
        ({"settings": {**SETTINGS, "soap_check_operation": "GetAccountList"}}, "settings", True),
    ],
)
def test_each_change_is_a_step_of_its_own(changes: dict[str, Any], step: str, connection: bool) -> None:
    plan = edit(**changes)
    assert plan.steps == (step,)
    assert plan.changed
    assert plan.changes_connection is connection
    assert not plan.seals_anew
    assert plan.before != plan.after


def test_a_rotation_seals_anew_and_shows_which_secret_but_not_its_value() -> None:
    plan = edit(frozenset({"soap_password"}), secrets={"soap_password": "new-Passw0rd"})
    assert plan.steps == ("credentials",)
    assert plan.changes_connection
    assert plan.seals_anew
    assert plan.secrets_changed == ("soap_password",)
    assert plan.before["secrets"] == {"rest_private_key": STORED, "soap_password": STORED}
    assert plan.after["secrets"] == {"rest_private_key": STORED, "soap_password": NEW_VALUE}


@pytest.mark.parametrize(
    ("settings", "moves"),
    [
        ({"url": "https://other.example"}, True),
        ({"soap_url": "https://other.example"}, True),
        ({"url": "https://tigerpaw.example/sub"}, False),
        ({"soap_url": "https://tigerpaw.example/api/rmm/tsiWS.asmx"}, False),
        ({"soap_user_name": "another"}, False),
    ],
)
def test_secrets_are_sealed_anew_for_another_address(settings: dict[str, Any], moves: bool) -> None:
    """Their values may be the same; what is sealed with them is not."""
    assert edit(settings={**SETTINGS, **settings}).seals_anew is moves


def test_the_steps_of_a_large_edit_are_all_there() -> None:
    plan = edit(frozenset(SECRETS), name="New", administrators=(), settings={**SETTINGS, "url": "https://o.example"})
    assert plan.steps == ("rename", "settings", "administrators", "credentials")


def test_the_tenants_of_a_deletion_are_shown() -> None:
    tenants = [Tenant("1", "default", TenantKind.VIRTUAL_SERVER, "u-1", "Harbour Dental")]
    assert shown_integration(kept(desired()), tenants)["tenants"] == ["Harbour Dental"]
    assert "tenants" not in shown_integration(kept(desired()))


settings = st.fixed_dictionaries(
    {
        **{name: st.just(value) for name, value in SETTINGS.items()},
        "url": st.sampled_from(["https://tigerpaw.example", "https://other.example", "https://tigerpaw.example/x"]),
        "soap_url": st.sampled_from([None, "https://tigerpaw.example", "https://soap.example"]),
        "validate_certs": st.booleans(),
        "soap_user_name": st.text(min_size=1, max_size=5),
    }
)
wishes = st.builds(
    desired,
    name=st.text(min_size=1, max_size=5),
    settings=settings,
    administrators=st.sampled_from([(), (ANN,), (BOB,), (ANN, BOB)]),
    secrets=st.sampled_from([{}, SECRETS, {"soap_password": "soap-Passw0rd"}]),
)


@given(wishes)
def test_planning_what_is_there_changes_nothing(wish: DesiredIntegration) -> None:
    plan = plan_integration(wish, kept(wish), UNCHANGED)
    assert plan.steps == ()
    assert plan.before == plan.after


@given(wishes, wishes, st.booleans())
def test_a_plan_is_empty_only_where_nothing_shown_changes(
    wish: DesiredIntegration, was: DesiredIntegration, rotates: bool
) -> None:
    plan = plan_integration(wish, kept(was), frozenset(wish.secrets) if rotates else UNCHANGED)
    assert plan.changed is (plan.before != plan.after)
    assert plan.changes_connection is (wish.settings != was.settings or (rotates and bool(wish.secrets)))
    assert plan.changes_connection or not plan.seals_anew


@given(wishes)
def test_no_plan_shows_a_secret(wish: DesiredIntegration) -> None:
    for plan in (
        plan_integration(replace(wish, secrets=SECRETS), None, UNCHANGED),
        plan_integration(replace(wish, secrets=SECRETS), kept(desired()), frozenset(SECRETS)),
    ):
        shown = json.dumps([plan.before, plan.after, plan.steps, plan.secrets_changed])
        assert not [value for value in SECRETS.values() if value in shown]
