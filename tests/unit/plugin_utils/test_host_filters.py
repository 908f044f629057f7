# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters decide as they do in other inventory plugins: the first condition that holds."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleParserError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.msp.kaspersky.plugins.plugin_utils.host_filters import host_filters, is_included

try:
    from ansible.template import trust_as_template as trusted
except ImportError:  # before ansible-core 2.19

    def trusted(value: str) -> str:
        return value


DENTAL = trusted("'Dental' in name")
BOUND = trusted("bound")
VARIABLES = {"name": "Harbour Dental", "bound": False}


def shown(given: Any) -> bool:
    return is_included(Templar(loader=DataLoader()), "harbour-1", VARIABLES, host_filters(given))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, True),
        ([], True),
        ([{"include": DENTAL}], True),
        ([{"exclude": DENTAL}], False),
        ([{"include": BOUND}], True),
        ([{"exclude": BOUND}], True),
        ([{"include": DENTAL}, {"exclude": True}], True),
        ([{"include": BOUND}, {"exclude": True}], False),
        ([{"exclude": DENTAL}, {"include": True}], False),
        ([{"include": DENTAL, "exclude": None}, {"exclude": True}], True),
        ([{"exclude": trusted("inventory_hostname == 'harbour-1'")}], False),
    ],
)
def test_the_first_condition_that_holds_decides(given: Any, expected: bool) -> None:
    assert shown(given) is expected


@pytest.mark.parametrize(
    "given",
    [
        "bound",
        {"include": "bound"},
        ["bound"],
        [{}],
        [{"include": "bound", "exclude": "bound"}],
        [{"includes": "bound"}],
        [{1: "bound"}],
        [{"include": 1}],
        [{"include": None}],
    ],
)
def test_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(AnsibleParserError, match=r"^filters"):
        host_filters(given)


def test_a_condition_that_cannot_be_evaluated_is_told() -> None:
    with pytest.raises(AnsibleParserError, match="'nope > 1' cannot be evaluated for harbour-1"):
        shown([{"include": trusted("nope > 1")}])
