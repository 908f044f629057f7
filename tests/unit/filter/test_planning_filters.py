# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What these filters hand out is never a template, and what they cannot read is never repeated."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.msp.kaspersky.plugins.filter import migration_plan, report_page

OLD = {"name": "Old", "platform": "tigerpaw", "solution": "business_hub", "tenants": []}
NEW = {**OLD, "name": "New", "platform": "autotask"}
TOLD = [{"integrations": [], "history": [], "tenants": [], "notifications": []}]


def test_filters_are_called_after_their_files() -> None:
    assert list(migration_plan.FilterModule().filters()) == ["migration_plan"]
    assert list(report_page.FilterModule().filters()) == ["report_page"]


def test_names_from_outside_are_never_rendered() -> None:
    tenant = {"id": "1", "kind": "company", "uid": None, "name": "{{ 7 * 7 }}", "account": None}
    plan = migration_plan.planned({**OLD, "tenants": [tenant]}, NEW, [])
    assert is_unsafe(plan["left_over"][0]["tenant"]["name"])
    assert is_unsafe(plan["open_questions"])
    assert is_unsafe(report_page.reported(TOLD, "{{ 7 * 7 }}", "2026-11-23"))


def is_unsafe(text: Any) -> bool:
    """Tell whether Ansible leaves a text alone: by its type, or on newer versions by the lack of trust."""
    return hasattr(text, "__UNSAFE__") or not is_trusted(text)


def is_trusted(text: Any) -> bool:
    try:
        from ansible.template import is_trusted_as_template
    except ImportError:  # before ansible-core 2.19, every text that is not marked unsafe is a template
        return True
    return bool(is_trusted_as_template(text))


@pytest.mark.parametrize("broken", [{}, {"name": "secret name"}, None, "secret name"])
def test_what_cannot_be_read_is_not_repeated(broken: Any) -> None:
    for render in (
        lambda: migration_plan.planned(broken, NEW, []),
        lambda: migration_plan.planned(OLD, NEW, [broken]),
        lambda: report_page.reported([broken], "Report", "2026-11-23"),
        lambda: report_page.reported(TOLD, "Report", "secret name"),
    ):
        with pytest.raises(AnsibleFilterError) as caught:
            render()
        assert "its text is withheld" in str(caught.value)
        assert "secret name" not in str(caught.value)
