# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a registry is, and whether the server has to prove who it is. Connects to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._storage.database import default_address, open_database

VERIFIED = "sslmode=verify-full"


@pytest.mark.parametrize(
    ("address", "verified"),
    [
        ("postgresql://user@db.msp.example/registry", True),
        ("postgresql://user@/registry?host=db.msp.example", True),
        ("postgresql://user@/registry?host=localhost,db.msp.example", True),
        ("postgresql://user@/registry?host=localhost&host=db.msp.example", True),
        ("postgresql://user@localhost/registry?hostaddr=192.0.2.1", True),
        ("postgresql://user@db.msp.example/registry?hostaddr=127.0.0.1", True),
        ("postgresql://user@/registry?host=db.msp.example&hostaddr=127.0.0.1", True),
        ("postgresql://user@db.msp.example/registry?host=localhost", False),
        ("postgresql://user@/registry?service=registry", True),
        ("postgresql://user@/registry?host=/run/postgresql", False),
        ("postgresql://user@localhost/registry", False),
        ("postgresql:///registry", False),
    ],
)
def test_a_server_elsewhere_has_to_prove_who_it_is(address: str, verified: bool) -> None:
    assert (VERIFIED in open_database(address).location) is verified
    assert VERIFIED not in open_database(f"{address}{'&' if '?' in address else '?'}sslmode=prefer").location


@pytest.mark.parametrize("variable", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_a_server_named_by_the_environment_has_to_prove_it_as_well(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "192.0.2.1")
    assert VERIFIED in open_database("postgresql:///registry").location


@pytest.mark.parametrize(("variable", "verified"), [("PGHOST", False), ("PGHOSTADDR", True), ("PGSERVICE", True)])
def test_an_address_that_the_environment_changes_is_not_this_machine(
    variable: str, verified: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "192.0.2.1")
    assert (VERIFIED in open_database("postgresql://user@localhost/registry").location) is verified


def test_a_relative_data_directory_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert default_address() == f"sqlite:///{tmp_path}/.local/share/msp_kaspersky/registry.sqlite3"
