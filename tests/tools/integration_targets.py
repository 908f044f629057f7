# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Runs integration targets through both doors, two at a time, each in a place of its own.

A place is a copy of the collection with a sandbox and a home folder: targets empty the sandbox and write files. What a
target prints is printed whole when it has ended.

usage: integration_targets.py FOLDER RESULTS [TARGET...]    all targets by default; FOLDER takes the places
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from collection_copy import copy_collection
from results import Checks
from sandbox_child import running_sandbox

ROOT = Path(__file__).resolve().parents[2]
AT_A_TIME = 2
COMMAND = ["ansible-test", "integration", "--local", "--python", f"{sys.version_info.major}.{sys.version_info.minor}"]
VARIABLES = Path("tests/integration/integration_config.yml")

# By the modules, and inside of Ansible's own process. The modules take longer, so they begin.
DOORS = {"module": False, "in process": True}


class TargetFailed(Exception):
    """A target failed; its output tells why."""


@dataclass(frozen=True)
class Ended:
    """A target that has ended, by one of the doors."""

    title: str
    seconds: float
    output: str
    failed: bool

    def tell(self) -> None:
        """
        Print what the target printed.

        :raises TargetFailed: if it failed.
        """
        how = f"{self.title} {'failed' if self.failed else 'passed'} in {self.seconds:.0f} s"
        print(f"\n{f' {how} ':=^120}\n{self.output}", flush=True)
        if self.failed:
            raise TargetFailed(how)


@dataclass(frozen=True)
class Place:
    """
    Where one target runs at a time.

    :param copy: of the collection.
    :param sandbox: tells how to reach the sandbox.
    """

    copy: Path
    home: Path
    sandbox: Mapping[str, Any]

    def run(self, target: str, door: str) -> Ended:
        """Run a target through a door."""
        variables = {"sandbox": self.sandbox, "msp_kaspersky_in_process": DOORS[door]}
        (self.copy / VARIABLES).write_text(json.dumps(variables), encoding="utf-8")
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, target],
            cwd=self.copy,
            env={**os.environ, "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Ended(f"{target} ({door})", time.monotonic() - began, done.stdout, done.returncode != 0)


@contextmanager
def made_place(folder: Path) -> Iterator[Place]:
    """Make a place, whose sandbox ends with this block."""
    copy, home = copy_collection(ROOT, folder), folder / "home"
    home.mkdir()
    with running_sandbox(Path(sys.executable), folder / "sandbox.json") as sandbox:
        yield Place(copy, home, sandbox)


def known_targets(place: Place) -> list[str]:
    """Ask ansible-test which targets there are."""
    command = [*COMMAND, "--list-targets"]
    listed = subprocess.run(command, cwd=place.copy, stdout=subprocess.PIPE, text=True, check=True).stdout
    return listed.split()


def run_all(targets: list[str], places: list[Place], checks: Checks) -> None:
    """Run targets through each door, whatever fails, and write down how they went."""
    free: SimpleQueue[Place] = SimpleQueue()
    for place in places:
        free.put(place)

    def run(target: str, door: str) -> Ended:
        place = free.get()
        try:
            return place.run(target, door)
        finally:
            free.put(place)

    pool = ThreadPoolExecutor(len(places))
    try:
        for running in as_completed([pool.submit(run, target, door) for door in DOORS for target in targets]):
            ended = running.result()
            checks.run(ended.title, ended.tell, TargetFailed)
    finally:
        pool.shutdown(cancel_futures=True)


def main(folder: Path, results: Path, *targets: str) -> None:
    """Run targets; exit with a list of those that failed, if any did."""
    checks = Checks(results)
    with ExitStack() as stack:
        places = [stack.enter_context(made_place(folder / str(number))) for number in range(AT_A_TIME)]
        run_all(list(targets) or known_targets(places[0]), places, checks)
    if checks.failed:
        sys.exit(f"failed: {', '.join(checks.failed)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
