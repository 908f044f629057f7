# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Writes down how the checks of a session went, and sums up what all sessions wrote down.

Everything is in the JUnit form that pytest and ansible-test write as well, in one folder for each session.

usage: results.py FOLDER     prints the sum; fails if a test failed, a session broke off, or nothing was tested at all
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

SUPPORTED_CORES = ["2.16", "2.17", "2.18", "2.19", "2.20", "2.21"]


class Checks:
    """The checks of one session: each is run whatever became of the others, and counts as one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suite = ElementTree.Element("testsuite", name=folder.name)
        self.failed: list[str] = []

    def run(self, name: str, check: Callable[[], object], failure: type[Exception]) -> None:
        """
        Run a check and write down how it went.

        :param name: what is checked, for the summary.
        :param check: called without arguments.
        :param failure: the exception that says the check has failed.
        """
        case = ElementTree.SubElement(self.suite, "testcase", name=name)
        try:
            check()
        except failure as error:
            self.failed.append(name)
            ElementTree.SubElement(case, "failure", message=str(error))
        self._save()

    def _save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(self.suite).write(self.folder / "checks.xml", encoding="utf-8", xml_declaration=True)


@dataclass
class Tally:
    """How the tests of one session went: a number, and a line for each that is not simply passed."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, case: ElementTree.Element) -> None:
        """Count one test case of a JUnit file."""
        name = f"{case.get('classname')}.{case.get('name')}" if case.get("classname") else str(case.get("name"))
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed.append(name)
        elif (skipped := case.find("skipped")) is not None:
            self.skipped.append(f"{name} ({skipped.get('message') or skipped.text or 'no reason given'})")
        else:
            self.passed += 1


def read_sessions(folder: Path) -> Iterator[tuple[str, Tally]]:
    """Yield each session that nox reports, with its tally; one that broke off counts as a failure of its own."""
    for session in json.loads((folder / "nox.json").read_text(encoding="utf-8"))["sessions"]:
        name = (session["signatures"] or [session["name"]])[0]
        tally = Tally()
        for file in sorted((folder / name).glob("**/*.xml")):
            for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 - a file that our own tests have written
                tally.add(case)
        if session["result"] != "success" and not tally.failed:
            tally.failed.append("the session broke off")
        elif not tally.passed and not tally.failed:
            tally.failed.append("the session tested nothing")
        yield name, tally


def describe_cores(folder: Path, sessions: Iterable[str]) -> str:
    """Return a line that says which versions of ansible-core were run and which of the supported ones were not."""
    files = [folder / name / "core" for name in sessions]
    versions = sorted({file.read_text(encoding="utf-8") for file in files if file.exists()})
    missing = [minor for minor in SUPPORTED_CORES if not any(version.startswith(f"{minor}.") for version in versions)]
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return f"{python}, ansible-core {' and '.join(versions) or 'none'}; not run: {', '.join(missing) or 'none'}"


def summarise(sessions: dict[str, Tally]) -> str:
    """Return a table of the sessions, what failed and what was skipped, and the sum as the last line."""
    lines = [f"{'session':24}{'passed':>8}{'failed':>8}{'skipped':>9}"]
    for name, tally in sessions.items():
        lines.append(f"{name:24}{tally.passed:8}{len(tally.failed):8}{len(tally.skipped):9}")
    for title in ("skipped", "failed"):
        lines += [f"{title}: {name}: {line}" for name, tally in sessions.items() for line in getattr(tally, title)]
    passed = sum(tally.passed for tally in sessions.values())
    failed = sum(len(tally.failed) for tally in sessions.values())
    skipped = sum(len(tally.skipped) for tally in sessions.values())
    return "\n".join([*lines, "", f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")])


def main(folder: Path) -> int:
    """Print the sum of what a run of nox has written below a folder; return the exit code."""
    if not (folder / "nox.json").exists():
        print("0 passed, 1 failed")
        return 1
    sessions = dict(read_sessions(folder))
    print(f"\n{describe_cores(folder, sessions)}\n\n{summarise(sessions)}")
    return int(not sessions or any(tally.failed for tally in sessions.values()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
