# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is exported is read again as it was, and holds everything but secrets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    Administrator,
    Instance,
    Integration,
    Solution,
    Tenant,
    TenantKind,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, Platform
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.export import exported

HUB = Instance("Head office", Solution.BUSINESS_HUB)
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1) | st.sampled_from(
    [
        "yes",
        "1e3",
        "0o17",
        "2026-11-23",
        "12:30:45",
        "~",
        "=",
        "<<",
        "- x",
        "a: b",
        "a #b",
        "!unsafe x",
        "{{ x }}",
        "{% x",
    ]
)


class Loader(yaml.SafeLoader):
    """Reads the tag ``!unsafe``, as Ansible does."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def integration(name: str = "Acme", platform: str = "tigerpaw", **more: Any) -> Integration:
    now = datetime.now(UTC)
    values: dict[str, Any] = {"settings": {}, "administrators": (), "solution": Solution.BUSINESS_HUB, **more}
    return Integration(
        id=name,
        instance=HUB.name,
        name=name,
        platform=platform,
        fingerprints={},
        revision=1,
        created_at=now,
        updated_at=now,
        credentials_changed_at=now,
        **values,
    )


def company(name: str, uid: str | None = None) -> Tenant:
    return Tenant(name, HUB.name, TenantKind.COMPANY, uid, name)


def loaded(text: str) -> Any:
    return yaml.load(text, Loader)["integrations_instance"]  # noqa: S506 (a safe loader)


@given(NAMES, NAMES, NAMES)
def test_whatever_it_is_called_is_read_again(name: str, value: str, alias: str) -> None:
    kept = integration(name, settings={"soap_user_name": value}, administrators=(Administrator("a@b.example", alias),))
    instance = loaded(exported(Instance(alias, Solution.BUSINESS_HUB), [kept], {name: [company(value, uid=alias)]}))
    assert instance == {
        "name": alias,
        "solution": "business_hub",
        "integrations": [
            {
                "name": name,
                "platform": "tigerpaw",
                "tigerpaw": {"soap_user_name": value},
                "administrators": [{"email": "a@b.example", "alias": alias}],
                "companies": [{"uid": alias, "name": value}],
            }
        ],
    }


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=list(PLATFORMS))
def test_each_setting_is_exported_and_each_secret_has_a_place(platform: Platform) -> None:
    settings = {field.name: f"value of {field.name}" for field in platform.plain_fields}
    text = exported(HUB, [integration(platform=platform.name, settings=settings)], {})
    [item] = loaded(text)["integrations"]
    assert item[platform.name] == settings
    for field in platform.secret_fields:
        assert f'        # {field.name}: "{{{{ your_{field.name} }}}}"\n' in text
    assert (item["administrators"], item["companies"]) == ([], [])


def test_no_text_from_outside_becomes_the_place_of_a_secret() -> None:
    hostile = ["!secret ''", "x\n    soap_password: !secret ''", "soap_password: !secret ''"]
    for text in hostile:
        kept = integration(settings={"soap_user_name": text})
        assert loaded(exported(HUB, [kept], {}))["integrations"][0]["tigerpaw"] == {"soap_user_name": text}


def test_companies_that_look_alike_are_declared_as_two() -> None:
    kept = [integration("A"), integration("B")]
    held = {"A": [company("Shop Ltd"), company("Other")], "B": [company("Shop Ltds"), company("Shop Ltdt", uid="1")]}
    first, second = loaded(exported(HUB, kept, held))["integrations"]
    assert first["companies"] == [{"name": "Other"}, {"name": "Shop Ltd", "new": True}]
    assert second["companies"] == [{"name": "Shop Ltds", "new": True}, {"uid": "1", "name": "Shop Ltdt"}]


def test_mappings_are_exported_as_the_module_takes_them() -> None:
    mapped = replace(company("Acme", uid="7"), account_id="1", account_name="Acme {{ 1 }}")
    [item] = loaded(exported(HUB, [integration("A")], {"A": [company("Borg"), mapped]}))["integrations"]
    assert item["mappings"] == [
        {"tenant": {"uid": "7", "name": "Acme"}, "account": {"id": "1", "name": "Acme {{ 1 }}"}}
    ]


def test_an_instance_of_nothing() -> None:
    assert loaded(exported(HUB, [], {})) == {"name": HUB.name, "solution": "business_hub", "integrations": []}


def test_the_order_does_not_come_from_the_database() -> None:
    held = {"A": [company("x", "2"), company("x", "1"), company("b"), company("a")]}
    one, other = integration("A"), integration("B")
    backwards = {"A": held["A"][::-1]}
    assert exported(HUB, [one, other], held) == exported(HUB, [other, one], backwards)
