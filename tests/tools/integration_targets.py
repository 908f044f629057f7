# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Runs integration targets through both doors and on both databases, two at a time, each in a place of its own.

A place is a copy of the collection with a sandbox and a home folder: targets empty the sandbox and write files. What a
target prints is printed whole when it has ended.

Each door goes with one database, and with the other one if they are crossed. So two runs, one of each kind, try all
that there is in half the time of trying everything twice.

usage: integration_targets.py [--crossed] FOLDER RESULTS [TARGET...]
"""

from __future__ import annotations

import argparse
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
from postgresql_child import running_postgresql
from results import Checks
from sandbox_child import running_sandbox

ROOT = Path(__file__).resolve().parents[2]
AT_A_TIME = 2
COMMAND = ["ansible-test", "integration", "--local", "--python", f"{sys.version_info.major}.{sys.version_info.minor}"]
VARIABLES = Path("tests/integration/integration_config.yml")

# By the modules, and inside of Ansible's own process. The modules take longer, so they begin.
DOORS = {"module": False, "in process": True}
DATABASES = ["SQLite", "PostgreSQL"]


class TargetFailed(Exception):
    """A target failed; its output tells why."""


@dataclass(frozen=True)
class Trial:
    """
    A target to be run once.

    :param server: address of the PostgreSQL server that takes the registries; they are files without one.
    """

    target: str
    door: str
    server: str | None

    @property
    def title(self) -> str:
        """What is tried, for people."""
        return f"{self.target} ({self.door}, {DATABASES[bool(self.server)]})"

    @property
    def variables(self) -> dict[str, Any]:
        """What tells the target so."""
        registry = {"msp_kaspersky_test_registry": self.server} if self.server else {}
        return {"msp_kaspersky_in_process": DOORS[self.door], **registry}


@dataclass(frozen=True)
class Ended:
    """A trial that has ended."""

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

    def run(self, trial: Trial) -> Ended:
        """Run a target."""
        variables = {"sandbox": self.sandbox, **trial.variables}
        (self.copy / VARIABLES).write_text(json.dumps(variables), encoding="utf-8")
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, trial.target],
            cwd=self.copy,
            env={**os.environ, "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Ended(trial.title, time.monotonic() - began, done.stdout, done.returncode != 0)


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


def trials(targets: list[str], server: str, crossed: bool) -> list[Trial]:
    """Pair each door with a database."""
    servers = [server, None] if crossed else [None, server]
    return [Trial(target, door, on) for door, on in zip(DOORS, servers, strict=True) for target in targets]


def run_all(planned: list[Trial], places: list[Place], checks: Checks) -> None:
    """Run trials, whatever fails, and write down how they went."""
    free: SimpleQueue[Place] = SimpleQueue()
    for place in places:
        free.put(place)

    def run(trial: Trial) -> Ended:
        place = free.get()
        try:
            return place.run(trial)
        finally:
            free.put(place)

    pool = ThreadPoolExecutor(len(places))
    try:
        for running in as_completed([pool.submit(run, trial) for trial in planned]):
            ended = running.result()
            checks.run(ended.title, ended.tell, TargetFailed)
    finally:
        pool.shutdown(cancel_futures=True)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Runs integration targets.")
    parser.add_argument("--crossed", action="store_true", help="the module on PostgreSQL, in process on SQLite")
    parser.add_argument("folder", type=Path, help="takes the places")
    parser.add_argument("results", type=Path, help="takes what became of the targets")
    parser.add_argument("targets", nargs="*", help="all by default")
    return parser.parse_args()


def main() -> None:
    """Run targets; exit with a list of those that failed, if any did."""
    asked = parse_arguments()
    checks = Checks(asked.results)
    with ExitStack() as stack:
        server = stack.enter_context(running_postgresql(Path(sys.executable)))
        places = [stack.enter_context(made_place(asked.folder / str(number))) for number in range(AT_A_TIME)]
        run_all(trials(asked.targets or known_targets(places[0]), server, asked.crossed), places, checks)
    if checks.failed:
        sys.exit(f"failed: {', '.join(checks.failed)}")


if __name__ == "__main__":
    main()
