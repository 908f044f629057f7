# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the demonstration looks like from outside: which step asked whom for what, and whether that was to be."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NAME = "Integration with Tigerpaw"
RECIPIENTS = ["ann@msp.example", "bob@msp.example"]
NOBODY: frozenset[str] = frozenset()
REST = frozenset({"rest"})
TIGERPAW = frozenset({"rest", "soap"})
SECURITY_CENTER = frozenset({"security_center"})
NEW_PSA = frozenset({"connectwise_manage"})
PEOPLE = frozenset({"smtp", "webhook"})
ASKS = {
    "Create": TIGERPAW,
    "Bind": NOBODY,
    "Show": NOBODY,
    "Run again": NOBODY,
    "Preview": NOBODY,
    "Rotate": TIGERPAW,
    "Wrong password": TIGERPAW,
    "Second integration": TIGERPAW,
    "Held company": NOBODY,
    "Delete": PEOPLE,
    "Delete again": NOBODY,
    "Bind elsewhere": NOBODY,
    "Security Center": TIGERPAW,
    "By name": SECURITY_CENTER,
    "Mistyped name": SECURITY_CENTER,
    "Forgotten": SECURITY_CENTER,
    "Forgotten clients": SECURITY_CENTER,
    "Every client": REST,
    "Map": REST,
    "People": NOBODY,
    "Plan": NEW_PSA,
    "Change": NEW_PSA,
    "Left over": NEW_PSA | PEOPLE,
    "Report": NOBODY,
}
"""The steps, and which systems each of them has to ask: these and no others."""

LISTINGS = {"By name": 2, "Mistyped name": 1, "Forgotten": 1}
"""How often a step may list all virtual servers: once a task."""

REFUSED = {"Wrong password", "Held company", "Mistyped name"}
TELLS = ("Delete", "Left over")


@dataclass(frozen=True)
class Task:
    """
    A task as the callback plugin noted it.

    :param name: without that of a role.
    :param step: the part of its name before ``|``; a task of a role has none, and belongs to the step that plays it.
    """

    name: str
    step: str
    failed: bool
    message: str
    code: str | None
    started: datetime
    ended: datetime


def read_story(lines: list[str]) -> list[Task]:
    """Read what the callback plugin noted, a task in each line."""
    tasks: list[Task] = []
    for line in lines:
        noted = json.loads(line)
        started, ended = (datetime.fromisoformat(noted[name]) for name in ("started", "ended"))
        name = noted["task"].rpartition(" : ")[2]
        step, marker, _rest = name.partition(" | ")
        if not marker and tasks:
            step = tasks[-1].step
        tasks.append(Task(name, step, noted["failed"], noted["message"], noted["code"], started, ended))
    return tasks


@dataclass
class Report:
    """
    All that is known at the end.

    :param requests: everything that the sandbox received.
    :param leaked: names of the secrets that Ansible's output shows.
    :param secrets: how many were looked for.
    :param exit_code: of ansible-playbook.
    """

    tasks: list[Task]
    requests: list[dict[str, Any]]
    mails: list[dict[str, Any]]
    webhook_secret: str
    leaked: list[str]
    secrets: int
    exit_code: int
    left_behind: bool = False

    @property
    def steps(self) -> list[str]:
        """The steps in their order."""
        return list(dict.fromkeys(task.step for task in self.tasks))

    def received(self, step: str) -> list[dict[str, Any]]:
        """Return what the sandbox received during a step."""
        times = [(task.started, task.ended) for task in self.tasks if task.step == step]
        return [
            request
            for request in self.requests
            if any(start <= datetime.fromisoformat(request["arrived"]) <= end for start, end in times)
        ]

    @property
    def webhooks(self) -> list[dict[str, Any]]:
        """What the webhook received."""
        return [request for request in self.requests if request["system"] == "webhook"]

    def faults(self) -> list[str]:
        """List everything that is not as it has to be."""
        return list(self._faults())

    def _faults(self) -> Iterator[str]:
        if self.exit_code:
            # All else would only follow from it.
            yield f"ansible-playbook failed with the exit code {self.exit_code}; its output above tells why"
            return
        for step in sorted(ASKS.keys() - set(self.steps)):
            yield f"the step '{step}' was not reached"
        for step in self.steps:
            yield from self._faults_of_step(step)
        yield from self._faults_of_messages()
        if self.leaked:
            yield f"the output shows secrets: {', '.join(self.leaked)}"
        if self.left_behind:
            yield "files are left behind"

    def _faults_of_step(self, step: str) -> Iterator[str]:
        failures = [task for task in self.tasks if task.step == step and task.failed]
        if bool(failures) != (step in REFUSED):
            yield f"the step '{step}' {'failed' if failures else 'did not fail, though it has to'}"
        received = self.received(step)
        asked = {request["system"] for request in received}
        if asked != ASKS.get(step):
            yield f"the step '{step}' asked {' and '.join(sorted(asked)) or 'nobody'}, which is not what it has to ask"
        listings = sum(request["operation"] == "VServers.GetVServers" for request in received)
        if listings > LISTINGS.get(step, listings):
            yield f"the step '{step}' listed all virtual servers {listings} times"
        if step not in TELLS and any(request["writing"] for request in received):
            yield f"the step '{step}' sent a request that writes"

    def _faults_of_messages(self) -> Iterator[str]:
        told = sorted(recipient for mail in self.mails for recipient in mail["recipients"])
        if told != sorted(RECIPIENTS * len(TELLS)):
            yield "not every administrator got exactly one mail for each deletion"
        if not all(mail["encrypted"] and mail["login"] and NAME in mail["subject"] for mail in self.mails):
            yield "a mail came without encryption, login or the name of the integration"
        if len(self.webhooks) != len(TELLS) or not all(map(self._is_signed, self.webhooks)):
            yield "the webhook did not get exactly one message with a valid signature for each deletion"

    def _is_signed(self, request: dict[str, Any]) -> bool:
        """Check a signature as a receiver does (Standard Webhooks)."""
        headers, body = request["headers"], base64.b64decode(request["body_base64"])
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(self.webhook_secret.encode(), signed, hashlib.sha256)).decode("ascii")
        return hmac.compare_digest(f"v1,{expected}", headers.get("webhook-signature", ""))

    def text(self) -> str:
        """Write the summary."""
        faults = self.faults()
        lines = ["", _row("STEP", "ASKED", "OUTCOME")]
        lines += [_row(step, self._asked(step), self._outcome(step)) for step in self.steps]
        lines += ["", _row("ARRIVED", "AT", "")]
        lines += [_row("mail", ", ".join(mail["recipients"]), mail["subject"]) for mail in self.mails]
        lines += [_row("webhook", "", json.loads(request["body"])["text"].splitlines()[0]) for request in self.webhooks]
        lines += ["", f"Secrets in the output above: {len(self.leaked) or 'none'} of {self.secrets}."]
        lines += [f"Files left: {'some' if self.left_behind else 'none; home, registry and keys were temporary'}."]
        lines += ["", *(f"WRONG: {fault}." for fault in faults)]
        lines += ["The demonstration FAILED." if faults else "Everything went as it has to."]
        return "\n".join(lines)

    def _outcome(self, step: str) -> str:
        telling = [task for task in self.tasks if task.step == step and task.message]
        # Over several hosts, the last task has told something about each.
        return " ".join(sorted(task.message for task in telling if task.name == telling[-1].name))

    def _asked(self, step: str) -> str:
        counts = Counter(request["system"] for request in self.received(step))
        return ", ".join(f"{system} {count}" for system, count in counts.items()) or "nobody"


def _row(first: str, second: str, third: str) -> str:
    return f"{first:20}{second:41}{third}".rstrip()
