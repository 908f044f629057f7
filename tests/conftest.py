# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Makes ``ansible_collections.msp.kaspersky`` importable from this checkout, whatever its folder is called, and the tests
the same in every run.

Ansible, mypy and Python all look for ``ansible_collections/msp/kaspersky`` below a search path. A link of that name in
the git-ignored ``build/collections`` is enough for them and for every process that a test starts. (ansible-test
accepts no link; it works in a copy of its own and has made the collection importable before it reads this file.)

The property-based tests try the same examples in every run, so that a change is judged by what it changes. Other
examples are found by ``pytest --hypothesis-profile=default``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parent.parent
COLLECTIONS = CHECKOUT / "build" / "collections"


def link_checkout() -> None:
    """Put a link to the checkout where a collection is looked for. Safe when several test workers do it at once."""
    link = COLLECTIONS / "ansible_collections" / "msp" / "kaspersky"
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(CHECKOUT, target_is_directory=True)
    except FileExistsError:
        if link.resolve() != CHECKOUT:
            raise


def prepend(variable: str, folder: Path) -> None:
    """Put a folder first in an environment variable that holds a search path."""
    rest = os.environ.get(variable)
    os.environ[variable] = os.pathsep.join([str(folder), rest] if rest else [str(folder)])


if "ansible_collections" not in sys.modules:
    link_checkout()
    sys.path.insert(0, str(COLLECTIONS))
    prepend("PYTHONPATH", COLLECTIONS)
    prepend("ANSIBLE_COLLECTIONS_PATH", COLLECTIONS)

# No deadline for a single example: a busy machine is no fault of the code.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
