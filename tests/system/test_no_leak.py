# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Plays a playbook at ``-vvvv`` and looks for every secret in all that it leaves: output, log, registry, temporary files.

The forms that are looked for are made here, by the standard library and not by the code that masks them.
"""

from __future__ import annotations

import base64
import html
import json
import os
import secrets
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax import saxutils

import pytest
import yaml

from sandbox import Sandbox

PLAY_SECONDS = 300
MODULE = "msp.kaspersky."


def forms_of(secret: str) -> Iterator[bytes]:
    """Yield a secret as serialisers write it, and the middle of its Base64 whatever surrounds it."""
    yield from (text.encode() for text in (secret, repr(secret)[1:-1], html.escape(secret), saxutils.escape(secret)))
    yield saxutils.quoteattr(secret)[1:-1].encode()
    for ascii_only in (True, False):
        inner = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield inner.encode()
        yield json.dumps(inner, ensure_ascii=ascii_only)[1:-1].encode()
    yield from (quote(secret, safe="").encode() for quote in (urllib.parse.quote, urllib.parse.quote_plus))
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + secret.encode())
            # Without the characters that carry bits of what stands before and behind.
            yield whole[4 if shift else 0 : (shift + len(secret.encode())) // 3 * 4]


def found_in(content: bytes, hidden: dict[str, str]) -> set[str]:
    """Return the names of the secrets that stand in a content in any form."""
    return {name for name, secret in hidden.items() if any(form in content for form in forms_of(secret))}


@pytest.fixture
def hidden(sandbox: Sandbox) -> dict[str, str]:
    """Return every secret that the play uses: right ones, wrong ones, and one in an option that does not exist."""
    tigerpaw, smtp, webhook = sandbox.tigerpaw_settings(), sandbox.smtp_settings(), sandbox.webhook_settings()
    spiky = "&<\"'é%{ \\"
    return {
        "soap_password": tigerpaw["soap_password"],
        "rest_private_key": tigerpaw["rest_private_key"],
        "smtp_password": smtp["smtp_password"],
        "webhook_url": webhook["webhook_url"],
        "webhook_secret": webhook["webhook_secret"],
        "wrong_password": f"wrong-{secrets.token_hex(8)}{spiky}x",
        "mistyped": f"typo-{secrets.token_hex(8)}{spiky}x",
        "new_password": f"new-{secrets.token_hex(8)}{spiky}x",
        "secret_key": base64.b64encode(os.urandom(32)).decode(),
    }


@pytest.fixture
def stage(tmp_path: Path, hidden: dict[str, str]) -> Path:
    """Return a folder with a home, a folder for temporary files, and the secrets as files beside the two."""
    for name in ("home", "temporary", "secrets", "state"):
        (tmp_path / name).mkdir(mode=0o700)
    for name, secret in hidden.items():
        (tmp_path / "secrets" / name).write_text(secret, encoding="utf-8")
    return tmp_path


def from_file(stage: Path, name: str) -> str:
    return "{{ lookup('ansible.builtin.file', '" + str(stage / "secrets" / name) + "', rstrip=false) }}"


def task(module: str, *, fails: bool = False, **options: Any) -> dict[str, Any]:
    """Make a task; one that has to fail says so, so that neither outcome goes unnoticed."""
    made: dict[str, Any] = {"name": f"Run {module}", MODULE + module: options}
    if fails:
        made |= {"register": "refused", "failed_when": "refused is not failed"}
    return made


def play(stage: Path, sandbox: Sandbox) -> list[dict[str, Any]]:
    """Write the life of an integration in which about everything goes wrong that can."""
    right = sandbox.tigerpaw_settings(
        soap_password=from_file(stage, "soap_password"), rest_private_key=from_file(stage, "rest_private_key")
    )
    wrong = right | {"soap_password": from_file(stage, "wrong_password")}
    new = {"platform": "tigerpaw", "solution": "business_hub"}
    people = [{"email": "ann@msp.example", "alias": "Ann"}]
    control = sandbox.control_url
    misbehave = {
        "name": "Let a web page stand in the way of the next check",
        "ansible.builtin.uri": {
            "url": f"{control}/misbehave",
            "method": "POST",
            "body_format": "json",
            "body": {"system": "soap", "kind": "html", "times": 1, "only": "GetAccountList"},
        },
    }
    name = "Integration with Tigerpaw"
    tasks = [
        task("integration", fails=True, **new, tigerpaw=wrong, administrators=people),
        task("integration", fails=True, **new, tigerpaw=right | {"soap_pasword": from_file(stage, "mistyped")}),
        task("integration", fails=True, **new, tigerpaw=right, soap_passwrd=from_file(stage, "mistyped")),
        task("integration", fails=True, **new, tigerpaw=right, timeout=from_file(stage, "mistyped")),
        task(
            "integration",
            fails=True,
            **new,
            tigerpaw=right | {"url": "https://u:" + from_file(stage, "mistyped") + "@x"},
        ),
        task("integration", **new, tigerpaw=right, administrators=people),
        task("integration", **new, tigerpaw=right, administrators=people),
        misbehave,
        task("integration", fails=True, name=name, tigerpaw={"soap_password": from_file(stage, "wrong_password")}),
        task("integration", fails=True, name=name, tigerpaw={"soap_password": from_file(stage, "wrong_password")}),
        task("integration", name=name, verify="never", tigerpaw={"soap_password": from_file(stage, "new_password")}),
        task("integration_info", verify=True, tenants=True, history=True, export=True),
        task("binding", integration=name, companies=["Acme"]),
        task("registry", check_integrity=True),
        task("registry_info"),
        task("tenant_info"),
        task(
            "integration",
            fails=True,
            name=name,
            state="absent",
            registry="postgresql://u:" + from_file(stage, "mistyped") + "@x/y",
        ),
        task("integration", name=name, state="absent", smtp_port=sandbox.smtp_ports["none"]),
        task("notification_info"),
        task("notification"),
        task("notification", fails=True, notification_ids=["none"]),
    ]
    defaults = {
        f"group/{MODULE}all": {
            "registry": f"sqlite:///{stage / 'state' / 'registry.sqlite3'}",
            "secret_store": "registry",
            "secret_key_file": str(stage / "secrets" / "secret_key"),
        },
        f"group/{MODULE}notifications": {
            **{key: value for key, value in sandbox.smtp_settings().items() if key != "smtp_password"},
            **sandbox.webhook_settings(),
            "smtp_password_file": str(stage / "secrets" / "smtp_password"),
            "webhook_url": from_file(stage, "webhook_url"),
            "webhook_secret": from_file(stage, "webhook_secret"),
        },
    }
    return [{"hosts": "localhost", "gather_facts": True, "module_defaults": defaults, "tasks": tasks}]


def run_play(stage: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the play as a user would, with everything switched on that shows more."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MSP_KASPERSKY_")},
        "HOME": str(stage / "home"),
        "TMPDIR": str(stage / "temporary"),
        "ANSIBLE_LOG_PATH": str(stage / "state" / "ansible.log"),
        "ANSIBLE_LOCAL_TEMP": str(stage / "temporary" / "local"),
        "ANSIBLE_REMOTE_TEMP": str(stage / "temporary" / "remote"),
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-vvvv", "--diff", "-i", "localhost,", "-c", "local"]
    interpreter = ["-e", f"ansible_python_interpreter={sys.executable}"]
    return subprocess.run(
        [*command, *interpreter, str(stage / "play.yml")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PLAY_SECONDS,
        check=False,
    )


def test_no_secret_is_found_anywhere(stage: Path, sandbox: Sandbox, hidden: dict[str, str]) -> None:
    (stage / "play.yml").write_text(yaml.safe_dump(play(stage, sandbox), sort_keys=False), encoding="utf-8")
    run = run_play(stage)
    assert run.returncode == 0, run.stdout.decode()[-3000:]
    leaks = {"output": found_in(run.stdout, hidden)}
    for folder in ("state", "temporary", "home"):
        for file in (path for path in (stage / folder).rglob("*") if path.is_file()):
            leaks[str(file.relative_to(stage))] = found_in(file.read_bytes(), hidden)
    assert {place: names for place, names in leaks.items() if names} == {}
    assert {"output", "state/registry.sqlite3", "state/ansible.log"} <= set(leaks)
    assert [mail.recipients for mail in sandbox.mails()]


def test_the_search_finds_what_is_there(hidden: dict[str, str]) -> None:
    for name, secret in hidden.items():
        for text in (
            secret,
            json.dumps({"a": secret}),
            saxutils.escape(secret),
            repr(secret),
            base64.b64encode(f"user:{secret}".encode()).decode(),
        ):
            assert name in found_in(text.encode(), hidden), name
