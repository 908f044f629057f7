# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sealed is opened where it belongs, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.sealing import SecretValue, seal, unseal

ORIGINS = {"soap_password": "https://soap.example:443", "rest_private_key": "https://rest.example:443"}
VALUES = {
    "soap_password": SecretValue("soap \u00e9\u4e2d\U0001f600\"'\\<&>", ORIGINS["soap_password"]),
    "rest_private_key": SecretValue("rest", ORIGINS["rest_private_key"]),
}
SEALED = seal("integration-1", "version-1", VALUES)

secrets = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.builds(SecretValue, st.text(st.characters(codec="utf-8"), max_size=30), st.sampled_from(list(ORIGINS.values()))),
    max_size=4,
)


def refusal(text: str, integration: str = "integration-1", version: str = "version-1", **origins: str) -> str:
    """Return why something is not opened; no value is ever part of it."""
    with pytest.raises(IntegrationError) as caught:
        unseal(text, integration, version, ORIGINS | origins)
    assert caught.value.code is ErrorCode.SECRET_DAMAGED
    assert not [item.value for item in VALUES.values() if item.value in caught.value.message]
    return caught.value.message


def test_what_was_sealed_is_opened() -> None:
    assert unseal(SEALED, "integration-1", "version-1", ORIGINS) == VALUES


@given(secrets)
def test_everything_that_was_sealed_is_opened(values: dict[str, SecretValue]) -> None:
    origins = {name: item.origin for name, item in values.items()}
    assert unseal(seal("i", "v", values), "i", "v", origins) == values


def test_not_for_another_integration_or_version() -> None:
    assert "another integration or version" in refusal(SEALED, integration="integration-2")
    assert "another integration or version" in refusal(SEALED, version="version-2")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example:443", "http://soap.example:443", "https://soap.example:8443", "https://soap.example", ""],
)
def test_not_for_another_address(origin: str) -> None:
    message = refusal(SEALED, soap_password=origin)
    assert "soap_password" in message
    assert "rest_private_key" not in message


def test_not_where_a_secret_is_missing() -> None:
    assert "lack another" in refusal(SEALED, another="https://soap.example:443")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "null",
        "[]",
        "7",
        "{}",
        '{"integration": "integration-1", "version": "version-1"}',
        '{"integration": "integration-1", "version": "version-1", "fields": []}',
        '{"integration": "integration-1", "version": "version-1", "fields": null}',
        '{"integration": "integration-1", "version": "version-1", "fields": {"soap_password": "plain"}}',
        '{"integration": "integration-1", "version": "version-1", "fields": {"soap_password": {"value": "x"}}}',
        '{"integration": "integration-1", "version": "version-1", "fields": {"soap_password": null}}',
        SEALED[:-1],
    ],
)
def test_what_was_never_sealed_is_damaged(text: str) -> None:
    assert "cannot be read" in refusal(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_is_read_is_refused_in_one_way(content: Any) -> None:
    refusal(json.dumps(content))


def test_a_value_is_not_shown_by_debuggers_and_failing_tests() -> None:
    assert "hidden-Passw0rd" not in repr(SecretValue("hidden-Passw0rd", "https://soap.example:443"))
