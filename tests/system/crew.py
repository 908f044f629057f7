# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks in processes of their own, which can be killed and can run at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Outcome:
    """
    How a task ended: with a result, with an error, or killed. Killed and with a result, it was carried out once more.

    :param error: ``code`` and details.
    :param steps: what the process did, one after another.
    """

    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    msg: str | None = None
    killed: bool = False
    steps: tuple[str, ...] = field(default=(), repr=False)

    @property
    def code(self) -> str | None:
        """The code of the error."""
        return self.error["code"] if self.error else None


class Crew:
    """Carries tasks out in processes of their own. A context manager."""

    def __enter__(self) -> Self:
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "system.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        return self

    def __exit__(self, *_about: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(30)

    def run(
        self,
        module: str,
        options: dict[str, Any],
        keyring: Path,
        fatal_step: int | None = None,
        interrupted: bool = False,
        goes_on: bool = False,
    ) -> Outcome:
        """
        Carry out one task.

        :param module: name of the module, or ``secrets``, which opens those of all integrations.
        :param keyring: folder of the keyring.
        :param fatal_step: the process is killed before its step of this number.
        :param interrupted: it is interrupted there, in place of being killed.
        :param goes_on: it works as an action does, and carries the task out once more when it was interrupted.
        """
        fate = {"fatal_step": fatal_step, "interrupted": interrupted, "goes_on": goes_on}
        return self._run([(module, options)], keyring, **fate)[0]

    def run_all(self, tasks: Sequence[tuple[str, dict[str, Any]]], keyring: Path) -> list[Outcome]:
        """Carry out tasks that begin at the same moment."""
        return self._run(tasks, keyring, fatal_step=None, interrupted=False, goes_on=False)

    def run_all_and_kill_the_first(
        self, tasks: Sequence[tuple[str, dict[str, Any]]], keyring: Path, fatal_step: str
    ) -> list[Outcome]:
        """Carry out tasks that begin at the same moment; the first is killed before its first step of a name."""
        jobs = self._jobs(tasks, keyring, fatal_step=None, interrupted=False, goes_on=False)
        jobs[0]["fatal_step"] = fatal_step
        return self._carry_out(jobs)

    def _run(self, tasks: Sequence[tuple[str, dict[str, Any]]], keyring: Path, **fate: Any) -> list[Outcome]:
        return self._carry_out(self._jobs(tasks, keyring, **fate))

    def _jobs(self, tasks: Sequence[tuple[str, dict[str, Any]]], keyring: Path, **fate: Any) -> list[dict[str, Any]]:
        return [{"module": module, "options": options, "keyring": str(keyring), **fate} for module, options in tasks]

    def _carry_out(self, jobs: list[dict[str, Any]]) -> list[Outcome]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(jobs) + "\n")
        self._process.stdin.flush()
        outcomes = json.loads(self._process.stdout.readline())
        unexpected = [outcome["exception"] for outcome in outcomes if "exception" in outcome]
        assert not unexpected, unexpected
        return [Outcome(**{**outcome, "steps": tuple(outcome.get("steps", ()))}) for outcome in outcomes]
