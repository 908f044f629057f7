# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cannot be looked up in the table of platforms, and is written again, has every platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS
from ansible_collections.msp.kaspersky.plugins.plugin_utils.report_page import PLATFORM_TITLES

COLLECTION = Path(__file__).resolve().parents[2]

# A task cannot choose an option by a variable.
HAND_OVER_SETTINGS = [
    "playbooks/awx_keep.yml",
    "playbooks/awx_rotate.yml",
    "roles/integrations/tasks/keep.yml",
    "roles/psa_migration/tasks/prove.yml",
]


def test_the_report_calls_platforms_as_the_table_does() -> None:
    assert {name: platform.title for name, platform in PLATFORMS.items()} == PLATFORM_TITLES


@pytest.mark.parametrize("path", HAND_OVER_SETTINGS)
def test_settings_of_every_platform_are_handed_over(path: str) -> None:
    lines = [line.strip() for line in (COLLECTION / path).read_text(encoding="utf-8").splitlines()]
    assert [name for name in PLATFORMS if not any(line.startswith(f"{name}:") for line in lines)] == []
