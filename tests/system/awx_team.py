# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A team that gives AWX its credentials, launches the job templates of the collection, and looks at what they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader

from .awx import CHECKOUT, Finished, Injected, Job, inject
from .awx_rules import faults_of_answer
from .leaks import found_in

VARIABLES = CHECKOUT / "roles" / "awx_setup" / "vars" / "main"
SOURCE = CHECKOUT / "playbooks" / "inventory" / "tenants.yml"


def read(name: str) -> Any:
    """Read one of the role's files with variables."""
    return next(iter(DataLoader().load_from_file(str(VARIABLES / f"{name}.yml")).values()))


TYPES = {kind["name"]: kind for name in ("credential_types", "platform_credential_types") for kind in read(name)}
TEMPLATES = {template["name"].partition(": ")[2]: template for template in read("job_templates")}


@dataclass
class Team:
    """
    A team that has launched jobs.

    :param credentials: what it has given to AWX, by type.
    """

    folder: Path
    credentials: dict[str, dict[str, Any]]
    jobs: list[Job] = field(default_factory=list)

    def job(self, *types: str) -> Job:
        """Prepare a job with credentials of these types."""
        folder = self.folder / str(len(self.jobs) + 1)
        folder.mkdir(mode=0o700)
        injected = Injected()
        for name in types:
            inject(TYPES[name], self.credentials[name], folder, injected)
        assert injected.arguments == []
        self.jobs.append(Job(folder, injected, len(self.jobs) + 1))
        return self.jobs[-1]

    def launch(self, name: str, *chosen: str, inventory: Path | None = None, **answers: Any) -> Finished:
        """
        Launch a job template.

        :param chosen: types of the credentials that are chosen at launch.
        :param answers: those of its survey, none of which AWX may refuse.
        """
        template = TEMPLATES[name]
        questions = {question["variable"]: question for question in template["survey"]}
        assert {variable for variable, question in questions.items() if question["required"]} <= answers.keys()
        assert [faults_of_answer(questions[variable], answer) for variable, answer in answers.items()] == [[]] * len(
            answers
        )
        job = self.job(*template["credential_types"], *chosen)
        job.template = f"Kaspersky: {name}"
        return job.run(template["playbook"], answers, inventory)

    def read_inventory(self) -> Path:
        """Let AWX read its inventory source: it exports what ansible-inventory tells."""
        job = self.job("Kaspersky tenants")
        exported = job.folder / "exported.json"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "ansible",
                "inventory",
                "-i",
                str(SOURCE),
                "--list",
                "--export",
                "--output",
                str(exported),
            ],
            env={**os.environ, **job.injected.variables, "HOME": str(job.folder), "MSP_KASPERSKY_INSTANCE": "office"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return exported

    def leaks(self, hidden: dict[str, str]) -> dict[str, set[str]]:
        """Tell which secrets stand in what jobs have left, by file."""
        found = {
            f"{job.number}/{name}": found_in(content, hidden)
            for job in self.jobs
            for name, content in {**job.left_behind(), "shown": json.dumps(job.injected.shown).encode()}.items()
        }
        return {name: secrets for name, secrets in found.items() if secrets}


def told(job: Finished) -> dict[str, Any]:
    """Return the artifacts of a job that went well."""
    assert job.status == "successful", job.output[-3000:]
    shown: dict[str, Any] = job.events[-1]["event_data"]["artifact_data"]
    return shown


def refusal(job: Finished) -> str:
    """Return the message of a job that has failed as it should."""
    assert job.status == "failed"
    [failed] = [event for event in job.events if event["event"] == "runner_on_failed"]
    return str(failed["event_data"]["res"]["msg"])
