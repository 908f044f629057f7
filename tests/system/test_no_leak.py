# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Plays a playbook at ``-vvvv`` and looks for every secret in all that it leaves: output, what callbacks write, Ansible's
log and its cache of facts, the system's log, the registry with what SQLite keeps beside it, temporary files, and the
home folder. The playbook is played by the modules, and inside of Ansible's own process.

The secrets come from files, so that Ansible itself has no reason to show them.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from xml.sax import saxutils

import pytest
import yaml

from sandbox import Sandbox

from .leaks import found_in

PLAY_SECONDS = 300
MODULE = "msp.kaspersky."
NAME = "Integration with Tigerpaw"
NEW_USER = "a new user"
_BY_MODULE = re.compile(rb"Using module file \S+/kaspersky/plugins/modules/")
STEPPING_ASIDE = 3  # tasks that have an environment of their own
STAND_INS = Path(__file__).with_name("stand_ins")
Leaks = dict[str, set[str]]
SPIKY = "&<\"'é%{ \\"
FAULT = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>
<faultcode>soap:Server</faultcode>
<faultstring>System.Web.Services.Protocols.SoapException: The login of {} failed
   at Tigerpaw.Login(String password)</faultstring>
</soap:Fault></soap:Body></soap:Envelope>"""


@pytest.fixture
def hidden(sandbox: Sandbox) -> dict[str, str]:
    """Return every secret that the play uses: right ones, wrong ones, and one in an option that does not exist."""
    tigerpaw, smtp, webhook = sandbox.tigerpaw_settings(), sandbox.smtp_settings(), sandbox.webhook_settings()
    return {
        "soap_password": tigerpaw["soap_password"],
        "rest_private_key": tigerpaw["rest_private_key"],
        "smtp_password": smtp["smtp_password"],
        "webhook_url": webhook["webhook_url"],
        "webhook_token": webhook["webhook_url"].rpartition("/")[2],
        "webhook_secret": webhook["webhook_secret"],
        "proxy_password": sandbox.proxy_settings()["proxy_password"],
        "wrong_password": f"wrong-{secrets.token_hex(8)}{SPIKY}x",
        "mistyped": f"typo-{secrets.token_hex(8)}{SPIKY}x",
        "new_password": f"new-{secrets.token_hex(8)}{SPIKY}x",
        "secret_key": base64.b64encode(os.urandom(32)).decode(),
        "wrong_key": base64.b64encode(os.urandom(32)).decode(),
    }


@pytest.fixture
def stage(hidden: dict[str, str]) -> Iterator[Path]:
    """Return a folder with a home, a folder for temporary files, and the secrets as files beside the two."""
    # Ansible puts sockets into it, whose paths may not be long; pytest's own folders are.
    with tempfile.TemporaryDirectory(prefix="leak") as folder:
        tmp_path = Path(folder)
        for name in ("home", "temporary", "secrets", "state"):
            (tmp_path / name).mkdir(mode=0o700)
        for name, secret in hidden.items():
            (tmp_path / "secrets" / name).write_text(secret, encoding="utf-8")
        yield tmp_path


def registry_of(stage: Path) -> Path:
    return stage / "state" / "registry.sqlite3"


def from_file(stage: Path, name: str) -> str:
    return "{{ lookup('ansible.builtin.file', '" + str(stage / "secrets" / name) + "', rstrip=false) }}"


def task(module: str, *, code: str | None = None, **options: Any) -> dict[str, Any]:
    """
    Make a task.

    :param code: the error that it has to end in, so that no task fails for another reason than the one it is for.
    """
    made: dict[str, Any] = {"name": f"Run {module}", MODULE + module: options}
    if code:
        made |= {"register": "refused", "failed_when": f"refused.error.code | default('') != '{code}'"}
    return made


def without(library: str, made: dict[str, Any]) -> dict[str, Any]:
    """Let a task find a stand-in in the place of a library, which sends it to the module."""
    return made | {"environment": {"PYTHONPATH": f"{STAND_INS / library}:{STAND_INS / 'lasting'}"}}


def looped(made: dict[str, Any], *names: str) -> dict[str, Any]:
    """Let a task run once for each name."""
    return made | {"loop": list(names)}


def play(stage: Path, sandbox: Sandbox) -> list[dict[str, Any]]:
    """Write the life of an integration in which about everything goes wrong that can."""
    right = sandbox.tigerpaw_settings(
        soap_password=from_file(stage, "soap_password"), rest_private_key=from_file(stage, "rest_private_key")
    )
    wrong = right | {"soap_password": from_file(stage, "wrong_password")}
    mistyped = from_file(stage, "mistyped")
    new = {"platform": "tigerpaw", "solution": "business_hub"}
    created = {**new, "tigerpaw": right, "administrators": [{"email": "ann@msp.example", "alias": "Ann"}]}
    faulty, refused = {"code": "invalid_settings"}, {"code": "credentials_refused"}
    tasks = [
        # The server repeats what it was told: in a fault, and in an answer that is not successful.
        task("integration", **refused, **(created | {"tigerpaw": wrong})),
        task("integration", **refused, **created),
        task("integration", **refused, **(created | {"tigerpaw": wrong})),
        task("integration", **faulty, **new, tigerpaw=right | {"soap_pasword": mistyped}),
        task("integration", **faulty, **new, tigerpaw=right, soap_passwrd=mistyped),
        task("integration", **faulty, **new, tigerpaw=right, timeout=mistyped),
        task("integration", **faulty, **new, tigerpaw=mistyped),
        task("integration", **faulty, **new, tigerpaw=right | {"url": f"https://u:{mistyped}@x"}),
        task("integration", **faulty, **new, tigerpaw=right | {"soap_password": mistyped + "\n"}),
        without("crash", task("integration", code="internal_error", **created)),
        without("interruption", task("integration", code="internal_error", **created)),
        without("missing", task("integration", code="dependency_missing", **created)),
        task("integration", **created),
        task("integration", **created),
        task("integration", **refused, name=NAME, tigerpaw={"soap_password": from_file(stage, "wrong_password")}),
        task(
            "integration",
            name=NAME,
            tigerpaw={"soap_user_name": NEW_USER, "soap_password": from_file(stage, "new_password")},
            proxy=sandbox.proxy_url,
            proxy_username=sandbox.proxy_settings()["proxy_username"],
            proxy_password=from_file(stage, "proxy_password"),
        ),
        task("api_user", **refused, user_name=NEW_USER, tigerpaw={"soap_password": from_file(stage, "wrong_password")}),
        task(
            "api_user",
            **faulty,
            user_name=NEW_USER,
            tigerpaw={"soap_pasword": mistyped},
            address=f"https://u:{mistyped}@x",
        ),
        task("api_user", user_name=NEW_USER, tigerpaw={"soap_password": from_file(stage, "new_password")}),
        task("api_user", user_name=NEW_USER, tigerpaw={"soap_password": mistyped}, verify="never"),
        task("api_user", user_name=NEW_USER, tigerpaw={"soap_password": from_file(stage, "new_password")}),
        task("administrator", email="ann@msp.example", alias="Annie"),
        task("administrator", code="last_administrator", email="ann@msp.example", state="absent"),
        task("integration_info", verify=True, tenants=True, history=True, export=True),
        task("binding", integration=NAME, companies=["Acme"]),
        looped(task("integration", name="{{ item }}", verify="never", **created), NAME, "Another"),
        task("registry", check_integrity=True),
        task("registry_info"),
        task("tenant_info"),
        task("integration", **faulty, name=NAME, state="absent", registry=f"postgresql://u:{mistyped}@x/y"),
        task("integration", name=NAME, state="absent", smtp_port=sandbox.smtp_ports["none"]),
        task("notification_info"),
        task("notification"),
        task("notification", code="not_found", notification_ids=["none"]),
    ]
    defaults = {
        f"group/{MODULE}all": {
            "registry": f"sqlite:///{registry_of(stage)}",
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


def run_play(
    stage: Path, *, keep_files: bool = False, in_process: bool = True, stand_ins: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run the play as a user would, with everything switched on that shows more."""
    found_first = [str(STAND_INS / name) for name in (*stand_ins, "lasting")]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MSP_KASPERSKY_")},
        "HOME": str(stage / "home"),
        "TMPDIR": str(stage / "temporary"),
        "ANSIBLE_LOG_PATH": str(stage / "state" / "ansible.log"),
        "ANSIBLE_LOCAL_TEMP": str(stage / "temporary" / "local"),
        "ANSIBLE_REMOTE_TEMP": str(stage / "temporary" / "remote"),
        "ANSIBLE_KEEP_REMOTE_FILES": str(keep_files),
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
        "ANSIBLE_INJECT_INVOCATION": "true",
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit,ansible.builtin.tree",
        "ANSIBLE_CALLBACK_TREE_DIR": str(stage / "state" / "tree"),
        "JUNIT_OUTPUT_DIR": str(stage / "state" / "junit"),
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(stage / "state" / "facts"),
        "PYTHONPATH": os.pathsep.join(filter(None, [*found_first, os.environ.get("PYTHONPATH")])),
        "SYSLOG": str(stage / "state" / "syslog"),
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-vvvv", "--diff", "-i", "localhost,", "-c", "local"]
    variables = {"ansible_python_interpreter": sys.executable, "msp_kaspersky_in_process": in_process}
    return subprocess.run(
        [*command, "-e", json.dumps(variables), str(stage / "play.yml")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PLAY_SECONDS,
        check=False,
    )


@contextmanager
def write_ahead_log_kept(registry: Path) -> Iterator[None]:
    """Keep SQLite from tidying up: what it writes ahead stays in a file as long as somebody has the registry open."""
    with closing(sqlite3.connect(registry)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("SELECT * FROM sqlite_master").fetchall()
        yield


def provoke(sandbox: Sandbox, hidden: dict[str, str]) -> None:
    """Let Tigerpaw repeat secrets in its answers, and know the user that the credentials are rotated to."""
    fault = FAULT.format(saxutils.escape(hidden["wrong_password"]))
    sandbox.misbehave("soap", "wrong_shape", times=1, only="GetAccountList", body=fault)
    # The first task meets the fault, the second one this.
    sandbox.misbehave("rest", "slow", times=1, seconds=0)
    sandbox.misbehave("rest", "not_successful", times=1, message=f"No access with {hidden['rest_private_key']}")
    sandbox.add_user("soap", name=NEW_USER, secret=hidden["new_password"])


def signatures(sandbox: Sandbox) -> dict[str, str]:
    """Return what was made from the secrets and sent in their place."""
    sent = [request.headers.get("authorization", "") for request in sandbox.requests("rest")]
    return {f"signature {number}": header.partition(" ")[2] for number, header in enumerate(sent)}


def tampering(stage: Path, statement: str) -> dict[str, Any]:
    """Make a task that changes the registry behind the collection's back."""
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    argv = [sys.executable, "-c", code, str(registry_of(stage)), statement]
    return {"name": "Tamper with the registry", "ansible.builtin.command": {"argv": argv}}


def refused(expression: str, says: str) -> dict[str, Any]:
    """Make a task that has to fail where Ansible renders its options, and the task that looks at the failure."""
    return {
        "name": f"Refuse: {says}",
        "block": [
            {"name": "Use it", "ansible.builtin.debug": {"msg": "{{ " + expression + " }}"}},
            {"name": "Do not come here", "ansible.builtin.fail": {"msg": "it was not refused"}},
        ],
        "rescue": [
            {
                "name": "Look at the failure",
                "ansible.builtin.assert": {"that": f"'{says}' in ansible_failed_result.msg", "fail_msg": "Not that."},
            }
        ],
    }


def lookup_play(stage: Path, sandbox: Sandbox) -> list[dict[str, Any]]:
    """Write a play that uses saved settings, and in which about everything goes wrong with that."""
    names = ("wrong_key", "mistyped", "rest_private_key")
    secret = {name: from_file(stage, name).strip("{} ") for name in names}
    saved = "lookup('msp.kaspersky.integration_settings', 'Acme'{})"
    url = f"{sandbox.tigerpaw_url}/api/accounts/1"
    signed = "{} | msp.kaspersky.tigerpaw_headers('GET', '{}')"
    right = sandbox.tigerpaw_settings(
        soap_password=from_file(stage, "soap_password"), rest_private_key=from_file(stage, "rest_private_key")
    )
    created = {"platform": "tigerpaw", "solution": "business_hub", "tigerpaw": right, "verify": "never"}
    created["administrators"] = [{"email": "ann@msp.example", "alias": "Ann"}]
    swapped = "UPDATE secret SET sealed = (SELECT sealed FROM secret ORDER BY version LIMIT 1)"
    damaged = "UPDATE secret SET sealed = substr(sealed, 1, 80)"
    tasks = [
        task("integration", name="Acme", **created),
        task("integration", name="Other", **created),
        {
            "name": "Send a signed request",
            "ansible.builtin.uri": {
                "url": url,
                "headers": "{{ " + signed.format(saved.format(""), url) + " }}",
                "ca_path": str(sandbox.ca_path),
                "follow_redirects": "none",
            },
            "no_log": True,
        },
        refused(saved.format(f", secret_key={secret['wrong_key']}"), "secret_key_wrong"),
        refused(saved.format(f", secret_key=[{secret['mistyped']}]"), "invalid_settings"),
        refused(saved.format(f", secret_kye={secret['mistyped']}"), "invalid_settings"),
        refused(saved.format(f", registry='postgresql://u:' ~ {secret['mistyped']} ~ '@x/y'"), "invalid_settings"),
        refused(signed.format(saved.format(""), sandbox.foreign_url), "origin"),
        refused(signed.format(saved.format(""), url + "/' ~ " + secret["mistyped"] + " ~ '"), "URL"),
        refused(signed.format(f"{{'rest_private_key': {secret['rest_private_key']}}}", url), "settings lack"),
        tampering(stage, swapped),
        refused("query('msp.kaspersky.integration_settings', 'Acme', 'Other')", "secret_damaged"),
        tampering(stage, damaged),
        refused(saved.format(""), "secret_damaged"),
        {"name": "Warn", "ansible.builtin.debug": {"msg": "{{ " + saved.format(", errors='warn'") + " }}"}},
    ]
    variables = {"registry": f"sqlite:///{registry_of(stage)}", "secret_key": from_file(stage, "secret_key")}
    named = {f"msp_kaspersky_{name}": value for name, value in variables.items()}
    defaults = {f"group/{MODULE}all": {**variables, "secret_store": "registry"}}
    return [{"hosts": "localhost", "gather_facts": False, "vars": named, "module_defaults": defaults, "tasks": tasks}]


def leaks_of(stage: Path, run: subprocess.CompletedProcess[bytes], looked_for: dict[str, str], *folders: str) -> Leaks:
    """Tell which secrets stand in the output of a play and in the files of some folders, by place."""
    leaks = {"output": found_in(run.stdout, looked_for)}
    for folder in folders:
        for file in (path for path in (stage / folder).rglob("*") if path.is_file()):
            leaks[str(file.relative_to(stage))] = found_in(file.read_bytes(), looked_for)
    return leaks


def write_play(stage: Path, play: list[dict[str, Any]]) -> None:
    (stage / "play.yml").write_text(yaml.safe_dump(play, sort_keys=False), encoding="utf-8")


WAYS = {
    "by the modules": {"in_process": False},
    "with the files of the modules kept": {"in_process": False, "keep_files": True},
    "in process": {"in_process": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_is_found_anywhere(stage: Path, sandbox: Sandbox, hidden: dict[str, str], way: str) -> None:
    write_play(stage, play(stage, sandbox))
    provoke(sandbox, hidden)
    with write_ahead_log_kept(registry_of(stage)):
        run = run_play(stage, **WAYS[way])
        assert run.returncode == 0, run.stdout.decode()[-3000:]
        looked_for = hidden | signatures(sandbox)
        # What Ansible hands to a module it keeps there if it is told to.
        leaks = leaks_of(stage, run, looked_for, "state", "home", *([] if "keep_files" in WAYS[way] else ["temporary"]))
    assert {place: names for place, names in leaks.items() if names} == {}
    assert {"state/registry.sqlite3", "state/registry.sqlite3-wal", "state/ansible.log", "state/syslog"} <= set(leaks)
    assert all(list((stage / "state" / folder).iterdir()) for folder in ("tree", "junit", "facts"))
    assert (len(_BY_MODULE.findall(run.stdout)) == STEPPING_ASIDE) is WAYS[way]["in_process"]
    assert len(looked_for) > len(hidden) + 5
    assert [mail.recipients for mail in sandbox.mails()]


@pytest.mark.parametrize("library", ["crash", "interruption"])
def test_no_secret_is_found_after_a_crash_in_process(
    stage: Path, sandbox: Sandbox, hidden: dict[str, str], library: str
) -> None:
    everything = play(stage, sandbox)
    everything[0]["tasks"] = [made for made in everything[0]["tasks"] if "environment" in made][:1]
    del everything[0]["tasks"][0]["environment"]
    write_play(stage, everything)
    run = run_play(stage, stand_ins=(library,))
    assert (run.returncode == 0) is (library == "crash"), run.stdout.decode()[-3000:]
    assert not _BY_MODULE.search(run.stdout)
    leaks = leaks_of(stage, run, hidden, "state", "home", "temporary")
    assert {place: names for place, names in leaks.items() if names} == {}


def test_no_error_about_saved_settings_tells_a_secret(stage: Path, sandbox: Sandbox, hidden: dict[str, str]) -> None:
    write_play(stage, lookup_play(stage, sandbox))
    run = run_play(stage)
    assert run.returncode == 0, run.stdout.decode()[-3000:]
    leaks = leaks_of(stage, run, hidden | signatures(sandbox), "state", "home", "temporary")
    assert {place: names for place, names in leaks.items() if names} == {}
    assert {"state/registry.sqlite3", "state/ansible.log"} <= set(leaks)
    assert [request.status for request in sandbox.requests("rest")] == [200]


def test_the_search_finds_what_is_there(hidden: dict[str, str]) -> None:
    for name, secret in hidden.items():
        for text in (
            secret,
            json.dumps({"a": secret}),
            saxutils.escape(secret),
            repr(secret),
            urllib.parse.quote(secret),
            base64.b64encode(f"user:{secret}".encode()).decode(),
        ):
            assert name in found_in(text.encode(), hidden), name
