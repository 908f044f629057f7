# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Plays playbooks/demo.yml, playbooks/demo_tenants.yml and playbooks/demo_migration.yml against the sandbox, looks at it
from outside, and sums up what happened.

Everything happens in a private temporary folder, the home folder of Ansible included: nothing of the user's is touched.
Only the page that is written at last stays, below ``build``.
``make demo`` runs this; by hand: ``python tests/demo/run.py``, with the requirements of meta/ and tests/sandbox.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEMO = Path(__file__).resolve().parent
CHECKOUT = DEMO.parents[1]
sys.path.insert(0, str(CHECKOUT / "tests" / "tools"))  # for the sandbox

from report import Report, read_story  # noqa: E402
from sandbox_child import running_sandbox  # noqa: E402

LONGEST_ANSWER = 30
LONGEST_PLAY = 600

INTRODUCTION = """\
The sandbox runs as process {pid}. It stands in for Tigerpaw, ConnectWise Manage, Security
Center, a mail server and a webhook.
Secrets are kept in the registry, encrypted under a key made for this run, because an empty machine has no keyring.
"""

# Security Center and Tigerpaw know the same clients; one of them is going to be forgotten.
CLIENTS = ("Harbour Dental", "Northwind Logistics", "Lakeside Legal")
# In ConnectWise Manage they were typed in by somebody else.
COMPANIES = ("Harbour Dental Ltd.", "NORTHWIND LOGISTICS", "Lakeside Law Partners")

PAGE = CHECKOUT / "build" / "demo" / "report.html"

# The user's own settings must not change what the demonstration shows.
FOREIGN_SETTINGS = ("ANSIBLE_", "MSP_KASPERSKY_", "PYTHON", "XDG_")


@dataclass
class Stage:
    """
    The private folder in which everything happens.

    :param secrets: what must not show, by the name of its file.
    """

    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("home", "secrets", "temporary", "collections/ansible_collections/msp"):
            (self.folder / name).mkdir(mode=0o700, parents=True)
        (self.folder / "collections/ansible_collections/msp/kaspersky").symlink_to(CHECKOUT)

    @property
    def story(self) -> Path:
        """The file in which the callback plugin writes down what each task did."""
        return self.folder / "story.jsonl"

    @property
    def settings(self) -> Path:
        """The file with the variables of the playbook, without secrets."""
        return self.folder / "settings.json"

    def environment(self) -> dict[str, str]:
        """Return the environment in which Ansible runs, without what is particular to one playbook."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_SETTINGS)}
        return own | {
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_CONFIG": str(DEMO / "ansible.cfg"),
            "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()).lower(),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "temporary"),
            "DEMO_STORY": str(self.story),
            "HOME": str(self.folder / "home"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.folder / "temporary"),
        }

    def keep_secret(self, name: str, value: str) -> None:
        """Put a secret into a file of its own, as a secret manager would."""
        path = self.folder / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(value, encoding="utf-8")
        self.secrets[name] = value


def main() -> int:
    """Play, sum up, and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="msp-kaspersky-demo-") as name:
        stage = Stage(Path(name))
        with running_sandbox(Path(sys.executable), stage.folder / "sandbox.json") as details:
            prepare(stage, details)
            print(INTRODUCTION.format(**details), flush=True)
            exit_code, output = play_all(stage, details)
            report = Report(
                tasks=read_story(lines_of(stage.story)),
                requests=ask(details, "/requests")["requests"],
                mails=ask(details, "/mails")["mails"],
                webhook_secret=stage.secrets["webhook_secret"],
                leaked=[name for name, value in stage.secrets.items() if shows(output, value)],
                secrets=len(stage.secrets),
                exit_code=exit_code,
            )
    report.left_behind = any(Path(path).exists() for path in (name, details["ca_path"]))
    print(report.text())
    print(f"Look at the report: {PAGE}")
    return int(bool(report.faults()))


def prepare(stage: Stage, details: dict[str, Any]) -> None:
    """Write down for the playbook what the sandbox accepts: secrets in a file each, the rest as variables."""
    tigerpaw, mail, webhook = details["tigerpaw"], details["smtp"], details["webhook"]
    security_center, connectwise_manage = details["security_center"], details["connectwise_manage"]
    new_key = ask(details, "/users", {"system": "rest"})
    ask(details, "/virtual-servers", {"virtual_servers": [{"name": name} for name in CLIENTS]}, "PUT")
    accounts = [{"number": number, "name": name} for number, name in enumerate(CLIENTS, start=1042)]
    ask(details, "/accounts", {"accounts": accounts}, "PUT")
    companies = [{"id": number, "name": name} for number, name in enumerate(COMPANIES, start=250)]
    ask(details, "/companies", {"connectwise_manage": companies}, "PUT")
    for name in ("soap_password", "rest_private_key"):
        stage.keep_secret(name, tigerpaw.pop(name))
    stage.keep_secret("new_rest_private_key", new_key["secret"])
    stage.keep_secret("connectwise_private_key", connectwise_manage.pop("private_key"))
    stage.keep_secret("security_center_password", security_center["password"])
    stage.keep_secret("smtp_password", mail["smtp_password"])
    stage.keep_secret("webhook_url", webhook["webhook_url"])
    stage.keep_secret("webhook_secret", webhook["webhook_secret"])
    stage.keep_secret("secret_key", base64.b64encode(os.urandom(32)).decode("ascii"))
    variables = {
        "demo_secrets": str(stage.folder / "secrets"),
        "demo_tigerpaw": tigerpaw,
        "demo_new_rest_public_key": new_key["name"],
        "demo_security_center": {name: security_center[name] for name in ("url", "username")},
        "demo_mail": {"host": mail["smtp_host"], "port": mail["smtp_port"], "username": mail["smtp_username"]},
        "demo_connectwise_manage": connectwise_manage,
        "demo_ca_path": details["ca_path"],
        "demo_report": str(PAGE),
    }
    PAGE.unlink(missing_ok=True)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    stage.settings.write_text(json.dumps(variables), encoding="utf-8")


def play_all(stage: Stage, details: dict[str, Any]) -> tuple[int, str]:
    """
    Run all playbooks, the second one over the tenants as hosts.

    :returns: the exit code of the one that failed, or 0, and all that they printed.
    """
    security_center = {
        "MSP_KASPERSKY_SECURITY_CENTER_URL": details["security_center"]["url"],
        "MSP_KASPERSKY_SECURITY_CENTER_USERNAME": details["security_center"]["username"],
        "MSP_KASPERSKY_SECURITY_CENTER_PASSWORD_FILE": str(stage.folder / "secrets" / "security_center_password"),
        "MSP_KASPERSKY_SECURITY_CENTER_CA_PATH": details["ca_path"],
    }
    inventory = CHECKOUT / "playbooks" / "inventory" / "demo.tenants.yml"
    playbooks: list[tuple[list[str], dict[str, str]]] = [
        (["msp.kaspersky.demo"], {}),
        (["msp.kaspersky.demo_tenants", "--inventory", str(inventory)], security_center),
        (["msp.kaspersky.demo_migration"], {}),
    ]
    output = ""
    for arguments, environment in playbooks:
        exit_code, more = play(stage, arguments, environment)
        output += more
        if exit_code:
            return exit_code, output
    return 0, output


def play(stage: Stage, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """
    Run a playbook and show its output as it comes.

    :returns: the exit code of ansible-playbook, and all that it printed.
    """
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, *arguments, "--extra-vars", f"@{stage.settings}"]
    process = subprocess.Popen(
        command,
        env=stage.environment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    limit = threading.Timer(LONGEST_PLAY, process.terminate)
    limit.start()
    printed = []
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            printed.append(line)
        return process.wait(), "".join(printed)
    finally:
        limit.cancel()
        process.terminate()
        process.wait()


def ask(details: dict[str, Any], path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    """Ask the sandbox's control API; with a body, tell it something."""
    content = None if body is None else json.dumps(body).encode()
    address = f"{details['control_url']}{path}"
    request = urllib.request.Request(address, data=content, method=method)  # noqa: S310 - our own sandbox
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=LONGEST_ANSWER) as answer:
        return json.load(answer)


def lines_of(path: Path) -> list[str]:
    """Read the lines of a file, none if it is not there."""
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def shows(output: str, secret: str) -> bool:
    """Tell whether a secret can be read in an output, plain or as JSON writes it."""
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return any(form in output for form in forms)


if __name__ == "__main__":
    sys.exit(main())
