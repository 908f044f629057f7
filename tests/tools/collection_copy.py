# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Lays out what ansible-test needs: a real copy of the collection, and its pip bootstrap script.

ansible-test takes no link and no checkout with a name of its own choosing. The copy holds the files that git knows or
would take, so that nothing is tested that would not be committed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

STAND_IN = Path(__file__).parent / "get_pip.py"


def copy_collection(checkout: Path, folder: Path) -> Path:
    """
    Copy the collection anew to where ansible-test wants it.

    :param checkout: the git work tree.
    :param folder: the folder that is to hold ``ansible_collections``; what it held before is removed.
    :returns: the root of the copy.
    """
    root = folder / "ansible_collections" / "msp" / "kaspersky"
    shutil.rmtree(folder, ignore_errors=True)
    for name in known_files(checkout):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, target, follow_symlinks=False)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    return root


def known_files(checkout: Path) -> list[str]:
    """Return the files that git tracks or would take, less those that were deleted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [name for name in listed.split("\0") if name and (checkout / name).exists()]


def provide_pip_bootstrap(site_packages: Path, home: Path) -> None:
    """
    Put our stand-in where ansible-test caches the bootstrap script that it would otherwise download.

    :param site_packages: where ansible-test is installed; its source names the version of pip it wants.
    :param home: the home folder that ansible-test is going to be run with.
    """
    source = (site_packages / "ansible_test" / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in set(re.findall(r"pip='([\d.]+)'", source)):
        shutil.copy(STAND_IN, cache / f"get_pip_{version.replace('.', '_')}.py")
