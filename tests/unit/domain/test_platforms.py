# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of platforms: complete, consistent, and what the product documents."""

from __future__ import annotations

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import (
    AUTOTASK,
    CONNECTWISE_MANAGE,
    PLATFORMS,
    TIGERPAW,
    FieldType,
    Platform,
    effective_settings,
)

EVERY = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=str)
ADDRESSES = {FieldType.URL, FieldType.HOST}


def test_the_drop_down_list_of_the_product() -> None:
    assert list(PLATFORMS) == ["tigerpaw", "connectwise_manage", "autotask"]
    assert [platform.default_integration_name for platform in PLATFORMS.values()] == [
        "Integration with Tigerpaw",
        "Integration with ConnectWise Manage",
        "Integration with Autotask",
    ]


@pytest.mark.parametrize(
    ("platform", "required", "secret"),
    [
        (
            TIGERPAW,
            {"soap_user_name", "soap_password", "rest_public_key", "rest_private_key"},
            {"soap_password", "rest_private_key"},
        ),
        (
            CONNECTWISE_MANAGE,
            {"host", "company_id", "client_id", "public_key", "private_key"},
            {"private_key"},
        ),
        (AUTOTASK, {"user_name", "password", "api_integration_code"}, {"password", "api_integration_code"}),
    ],
    ids=["tigerpaw", "connectwise_manage", "autotask"],
)
def test_what_is_required_and_what_is_secret(platform: Platform, required: set[str], secret: set[str]) -> None:
    assert {field.name for field in platform.fields if field.required} == required
    assert {field.name for field in platform.secret_fields} == secret


@EVERY
def test_fields_are_told_apart(platform: Platform) -> None:
    names = [field.name for field in platform.fields]
    assert len(names) == len(set(names))
    assert all(field.title for field in platform.fields)
    assert set(platform.secret_fields) | set(platform.plain_fields) == set(platform.fields)
    assert not set(platform.secret_fields) & set(platform.plain_fields)


@EVERY
def test_every_secret_has_an_address_that_it_may_be_sent_to(platform: Platform) -> None:
    for field in platform.secret_fields:
        assert field.sent_to is not None
        address = platform.field(field.sent_to)
        assert address.type in ADDRESSES
        assert not address.secret
        assert field.default is None


@EVERY
def test_every_address_is_known_in_the_end(platform: Platform) -> None:
    defaults = {field.name: field.default for field in platform.fields}
    filled = effective_settings(platform, defaults)
    unknown = [field.name for field in platform.fields if field.type in ADDRESSES and not filled[field.name]]
    assert unknown == [field.name for field in platform.fields if field.type in ADDRESSES and field.required]


@EVERY
def test_users_are_plain_required_fields(platform: Platform) -> None:
    assert platform.user_fields
    assert all(platform.field(name).required and not platform.field(name).secret for name in platform.user_fields)


@EVERY
def test_certificates_are_verified_unless_told_otherwise(platform: Platform) -> None:
    assert platform.field("validate_certs").default is True
    assert platform.field("ca_path").default is None


def test_tigerpaw_serves_soap_where_it_serves_rest() -> None:
    settings = {"url": "https://tigerpaw.example.com/", "soap_url": None}
    assert effective_settings(TIGERPAW, settings) == {
        "url": "https://tigerpaw.example.com/",
        "soap_url": "https://tigerpaw.example.com/api/rmm/tsiWS.asmx",
    }
    assert settings["soap_url"] is None


def test_a_soap_address_of_its_own_is_kept() -> None:
    settings = {"url": "https://a.example.com", "soap_url": "https://b.example.com/soap"}
    assert effective_settings(TIGERPAW, settings) == settings


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises((KeyError, StopIteration)):
        TIGERPAW.field("no_such_field")
