# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
A program that carries tasks out in processes of their own, and kills them between two steps.

It loads everything once and forks for each task, so that hundreds of tasks take seconds. It is a program of its own
because a process that runs threads, as the tests' does, must not be forked.

A line of its input is a list of jobs, which begin at the same moment; the line that it answers with is the list of
their outcomes. :mod:`system.crew` is the other end.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import keyring
import sqlalchemy as sa

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.context import open_context
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import mail, security_center, webhook

from .keyrings import FolderKeyring
from .tasks import perform, perform_in_process

Job = dict[str, Any]
Outcome = dict[str, Any]

# A statement that only reads is no step: before it and after it, everything is the same.
_READING = re.compile(r"SELECT(?!.*lock)|PRAGMA|BEGIN$", re.DOTALL)


class Interruption(BaseException):
    """What Ctrl-C and Ansible's ``timeout:`` raise is no ``Exception`` either."""


class Steps:
    """
    Counts the steps of this process, and kills or interrupts it before one of them.

    :param fatal: number of the step that is not reached, from 0, or its name; nothing lets the process live.
    :param interrupted: whether it is interrupted there, so that it can still clean up, in place of being killed.
    """

    def __init__(self, fatal: int | str | None, interrupted: bool) -> None:
        self.names: list[str] = []
        self._fatal = fatal
        self._interrupted = interrupted
        self._writes = False

    def reach(self, name: str) -> None:
        """Come to a step, which is done next."""
        is_fatal = self._fatal in (len(self.names), name)
        self.names.append(name)
        if is_fatal and self._interrupted:
            raise Interruption
        if is_fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Count every step from now on: in the database, with files, and what is sent."""
        sa.event.listen(sa.engine.Engine, "before_cursor_execute", self._execute)
        sa.event.listen(sa.engine.Engine, "commit", self._commit)
        sa.event.listen(sa.pool.Pool, "checkin", self._end_transaction)
        sys.dont_write_bytecode = True  # or the first run in a checkout would have steps of its own
        sys.addaudithook(self._audit)
        self._watch_sending(mail.MailChannel, "send")
        self._watch_sending(webhook.WebhookChannel, "send")
        self._watch_sending(security_center.SecurityCenter, "send_mail")

    def _execute(self, _connection: Any, _cursor: Any, statement: str, *_about: Any) -> None:
        if not _READING.match(statement.strip()):
            self._writes = True
            self.reach(" ".join(statement.split())[:80])

    def _commit(self, _connection: Any) -> None:
        if self._writes:
            self.reach("COMMIT")

    def _end_transaction(self, *_about: Any) -> None:
        if self._writes:
            self._writes = False
            self.reach("after the transaction")

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        makes_file = event == "open" and not isinstance(arguments[0], int) and arguments[2] & os.O_CREAT
        if makes_file or event in ("os.mkdir", "fcntl.flock"):
            self.reach(f"{event} {arguments[0]}")
        elif event == "sqlite3.connect" and event not in self.names:  # the one that makes the file a database
            self.reach(event)

    def _watch_sending(self, channel: Any, method: str) -> None:
        send, name = getattr(channel, method), f"{channel.__name__}.{method}"

        def sent(*arguments: Any, **named: Any) -> None:
            self.reach(name)
            send(*arguments, **named)
            self.reach(f"after {name}")

        setattr(channel, method, sent)


def main() -> None:
    """Carry out jobs until there are no more."""
    for library in ("cryptography.fernet", "psycopg", "requests", "tenacity"):
        importlib.import_module(library)  # once, in place of once a task
    gc.freeze()
    for line in sys.stdin:
        outcomes = carry_out(json.loads(line))
        sys.stdout.write(json.dumps(outcomes, default=str) + "\n")
        sys.stdout.flush()


def carry_out(jobs: list[Job]) -> list[Outcome]:
    """Carry out jobs at the same time, each in a process of its own, and wait for all of them."""
    waiting, starting_gun = os.pipe()
    running = [_forked(job, waiting, starting_gun) for job in jobs]
    os.close(waiting)
    os.close(starting_gun)  # they all read the end of it now
    return [_outcome(process, reading) for process, reading in running]


def _forked(job: Job, waiting: int, starting_gun: int) -> tuple[int, int]:
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    os.close(starting_gun)
    os.close(reading)
    os.read(waiting, 1)
    try:
        answer = _attempt(job)
    except BaseException as error:  # noqa: BLE001 (told to the test, which fails)
        answer = {"exception": f"{type(error).__name__}: {error}"}
    with os.fdopen(writing, "w") as pipe:
        pipe.write(json.dumps(answer, default=str))
    os._exit(0)


def _outcome(process: int, reading: int) -> Outcome:
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _process, status = os.waitpid(process, 0)  # without it, the process would seem to be there still
    return json.loads(answer) if answer else {"killed": os.waitstatus_to_exitcode(status) == -signal.SIGKILL}


def _attempt(job: Job) -> Outcome:
    steps = Steps(job["fatal_step"], job["interrupted"])
    keyring.set_keyring(FolderKeyring(Path(job["keyring"]), steps.reach))
    steps.watch()
    try:
        return {"result": _work(job), "steps": steps.names}
    except IntegrationError as error:
        return {"error": error.as_result(), "msg": error.message, "steps": steps.names}
    except Interruption:
        again = {"result": _work(job)} if job["goes_on"] else {}
        return {"killed": True, "steps": steps.names, **again}


def _work(job: Job) -> Any:
    work = open_secrets if job["module"] == "secrets" else perform_in_process if job["goes_on"] else perform
    return work(job["module"], job["options"])


def open_secrets(_module: str, options: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Open the secrets of every integration, by its name."""
    context = open_context({"instance": "default", **options}, SecretsInPlay(), check_mode=True)
    with context.registry.reading() as reader:
        record = reader.registry()
        kept = [(item, reader.current_secret(item.id)) for item in reader.integrations(context.instance)]
    return {item.name: context.vault.open(record, item, secret) for item, secret in kept}


if __name__ == "__main__":
    main()
