# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin documents what it makes, and knows its own files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.msp.kaspersky.plugins.inventory.tenants import DOCUMENTATION, InventoryModule
from ansible_collections.msp.kaspersky.plugins.modules import tenant_info
from ansible_collections.msp.kaspersky.plugins.plugin_utils.tenant_hosts import (
    ALL_TENANTS,
    FIELDS,
    STATES,
    VARIABLE_PREFIX,
)


def test_hosts_have_everything_that_tenant_info_returns() -> None:
    returned = yaml.safe_load(tenant_info.RETURN)["tenants"]["contains"]
    assert set(FIELDS) == returned.keys()


@pytest.mark.parametrize("name", [*(f"{VARIABLE_PREFIX}{field}" for field in (*FIELDS, "instance", "solution"))])
def test_variables_are_documented(name: str) -> None:
    assert f"C({name})" in DOCUMENTATION


@pytest.mark.parametrize("name", [ALL_TENANTS, *STATES])
def test_groups_are_documented(name: str) -> None:
    assert f"C({name})" in DOCUMENTATION


@pytest.mark.parametrize(
    ("name", "is_source"),
    [
        ("tenants.yml", True),
        ("tenants.yaml", True),
        ("ksc.tenants.yml", True),
        ("ksc.tenants.yaml", True),
        ("msp_tenants.yml", True),
        ("tenants.json", False),
        ("tenants.yml.bak", False),
        ("hosts.yml", False),
    ],
)
def test_sources_are_known_by_their_names(tmp_path: Path, name: str, is_source: bool) -> None:
    (tmp_path / name).touch()
    assert InventoryModule().verify_file(str(tmp_path / name)) is is_source


def test_a_source_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert InventoryModule().verify_file(str(tmp_path / "tenants.yml")) is False
