# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the system tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.kept import forget_what_is_kept
from sandbox import Sandbox
from system.fixtures import *  # noqa: F403 (by name) pylint: disable=wildcard-import,unused-wildcard-import


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """Run one sandbox for all tests of this process; take :func:`sandbox` instead."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """Give a sandbox in which nothing has happened yet. Reset before the test, so that a failure can be looked at."""
    running_sandbox.reset()
    forget_what_is_kept()
    return running_sandbox
