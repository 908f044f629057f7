# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors as a playbook sees them."""

from __future__ import annotations

import json

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import (
    ErrorCode,
    Fault,
    IntegrationError,
    InvalidSettings,
)


def test_an_error_tells_its_code_and_details() -> None:
    error = IntegrationError(ErrorCode.TENANT_HELD, "Acme is held by another integration.", tenant="Acme")
    assert str(error) == error.message == "Acme is held by another integration."
    assert error.as_result() == {"code": "tenant_held", "tenant": "Acme"}


@pytest.mark.parametrize("code", ErrorCode)
def test_codes_are_plain_words(code: ErrorCode) -> None:
    result = IntegrationError(code, "message").as_result()
    assert not isinstance(result["code"], ErrorCode)
    assert json.loads(json.dumps(result)) == {"code": code.name.lower()}


def test_one_fault_reads_as_a_sentence() -> None:
    error = InvalidSettings([Fault("name", "must not be blank")])
    assert error.message == "name: must not be blank"
    assert error.code == ErrorCode.INVALID_SETTINGS


def test_all_faults_are_told_at_once() -> None:
    faults = [Fault("name", "must not be blank"), Fault("tigerpaw.url", "must begin with https://")]
    error = InvalidSettings(fault for fault in faults)
    assert error.message == "2 faults: name: must not be blank; tigerpaw.url: must begin with https://"
    assert error.faults == tuple(faults)
    listed = error.as_result()["faults"]
    assert [(item["option"], item["message"]) for item in listed] == [(item.option, item.message) for item in faults]
    assert json.loads(json.dumps(error.as_result())) == error.as_result()


def test_an_exact_code_is_told_when_all_faults_share_it() -> None:
    held = Fault("companies[0]", "is held", ErrorCode.TENANT_HELD)
    assert InvalidSettings([held, held]).code == ErrorCode.TENANT_HELD
    assert InvalidSettings([held, Fault("name", "must not be blank")]).code == ErrorCode.INVALID_SETTINGS


def test_a_flood_of_faults_stays_readable_and_complete() -> None:
    error = InvalidSettings(Fault(f"companies[{number}]", "must not be blank") for number in range(1000))
    assert error.message.startswith("1000 faults: ")
    assert len(error.message) < 5000
    assert len(error.as_result()["faults"]) == 1000


def test_an_entry_of_a_list_is_told_by_what_the_user_calls_it() -> None:
    error = InvalidSettings([Fault("companies[137]", "is held", ErrorCode.TENANT_HELD, "Acme Ltd")])
    assert error.message == "companies[137] ('Acme Ltd'): is held"
    fault = {"option": "companies[137]", "message": "is held", "code": "tenant_held", "entry": "Acme Ltd"}
    assert error.as_result()["faults"] == [fault]
