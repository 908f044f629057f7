# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Attacks that fail: by somebody who can write the database, and by names that are more than names.

(Hostile servers, proxies and redirects: ``test_hostile_servers``.)
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from sandbox import Sandbox
from system.tasks import ADMINISTRATORS, OTHER_KEY, SECRET_KEY, TIGERPAW, Options
from system.workplace import Workplace

DELETION: Options = {"name": "Acme", "state": "absent"}
PROOF: Options = {"name": "Acme", "verify": "always"}
with_one_store = pytest.mark.parametrize("store", ["registry"], indirect=True)
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def sealed(workplace: Workplace, name: str) -> dict[str, Any]:
    """Return the row with the valid secrets of an integration."""
    [integration] = [row for row in workplace.database.rows("integration") if row["name"] == name]
    [found] = [row for row in workplace.database.rows("secret") if row["integration"] == integration["id"]]
    return found


def change_settings(workplace: Workplace, name: str, **changes: Any) -> None:
    """Edit the settings of an integration as somebody does who can write the database."""
    [row] = [row for row in workplace.database.rows("integration") if row["name"] == name]
    settings = json.loads(row["settings"]) if isinstance(row["settings"], str) else row["settings"]
    text = json.dumps(settings | changes).replace("'", "''")
    workplace.database.query(f"UPDATE integration SET settings = '{text}' WHERE name = '{name}'")  # noqa: S608


def prove_all(workplace: Workplace) -> dict[str, Any]:
    """Have every stored credential proven; return the verdicts by name."""
    listed = workplace.run("integration_info", verify=True)["integrations"]
    return {item["name"]: item["verification"] for item in listed}


# Whoever can write the database


@pytest.mark.parametrize("setting", ["url", "soap_url"])
def test_a_stored_secret_is_not_sent_to_an_address_that_was_edited_behind_our_back(
    workplace: Workplace, sandbox: Sandbox, setting: str
) -> None:
    workplace.create(tigerpaw=sandbox.tigerpaw_settings(), verify="on_change")
    sandbox.forget()
    for address in (
        sandbox.foreign_url,
        sandbox.foreign_plain_url,
        sandbox.foreign_url.replace("127.0.0.1", "localhost"),
    ):
        change_settings(workplace, "Acme", **{setting: address})
        for options in (PROOF, PROOF | {"tigerpaw": {"soap_user_name": "another"}}):
            refused = workplace.refusal("integration", **options)
            assert refused.code == "secret_damaged"
            assert "another address" in refused.message
        assert prove_all(workplace)["Acme"]["error"]["code"] == "secret_damaged"
        assert workplace.refusal("registry", check_integrity=True).code == "registry_damaged"
    assert sandbox.requests() == []


def test_a_stored_secret_does_not_follow_an_address_that_a_task_edits(workplace: Workplace, sandbox: Sandbox) -> None:
    given = sandbox.tigerpaw_settings()
    workplace.create(tigerpaw=given, verify="on_change")
    sandbox.forget()
    before = workplace.everything()
    for setting, secret in (("url", "rest_private_key"), ("soap_url", "soap_password")):
        refused = workplace.refusal("integration", name="Acme", tigerpaw={setting: sandbox.foreign_url})
        assert refused.code == "secret_required"
        assert f"tigerpaw.{secret}" in refused.message
    assert sandbox.requests() == []
    assert workplace.everything() == before


def test_secrets_of_two_integrations_cannot_be_swapped(workplace: Workplace, sandbox: Sandbox) -> None:
    for name in ("Acme", "Other"):
        workplace.create(name, tigerpaw=sandbox.tigerpaw_settings())
    one, two = sealed(workplace, "Acme"), sealed(workplace, "Other")
    if workplace.common["secret_store"] == "registry":
        for row, other in ((one, two), (two, one)):
            workplace.database.query(
                f"UPDATE secret SET sealed = '{other['sealed']}' WHERE integration = '{row['integration']}'"  # noqa: S608
            )
    else:
        entries = workplace.keyring.entries()
        [service] = {service for service, _entry in entries}
        names = [f"{row['integration']}/{row['version']}" for row in (one, two)]
        swapped = dict(zip(names, reversed(names), strict=True))
        workplace.keyring.store(
            {(service, entry): entries[service, swapped.get(entry, entry)] for _s, entry in entries}
        )
    sandbox.forget()
    assert {verdict["error"]["code"] for verdict in prove_all(workplace).values()} == {"secret_damaged"}
    assert workplace.refusal("integration", **PROOF).code == "secret_damaged"
    assert sandbox.requests() == []


def test_two_integrations_cannot_be_made_to_share_a_version(workplace: Workplace, sandbox: Sandbox) -> None:
    """Both the version and what is sealed are copied, and the addresses are the same."""
    for name in ("Acme", "Other"):
        workplace.create(name, tigerpaw=sandbox.tigerpaw_settings())
    one, two = sealed(workplace, "Acme"), sealed(workplace, "Other")
    kept = f"'{two['sealed']}'" if two["sealed"] else "NULL"
    workplace.database.query(
        f"UPDATE secret SET version = '{two['version']}', sealed = {kept} "  # noqa: S608
        f"WHERE integration = '{one['integration']}'"
    )
    sandbox.forget()
    # A keyring has no such entry: it is filed under the integration as well.
    expected = {"registry": "secret_damaged", "keyring": "secret_store_elsewhere"}
    assert workplace.refusal("integration", **PROOF).code == expected[workplace.common["secret_store"]]
    assert sandbox.requests() == []


@with_one_store
def test_an_old_version_cannot_be_put_back(workplace: Workplace, sandbox: Sandbox) -> None:
    workplace.create(tigerpaw=sandbox.tigerpaw_settings())
    old = sealed(workplace, "Acme")
    workplace.run("integration", name="Acme", tigerpaw={"soap_password": "the new one"}, verify="never")
    workplace.database.query(f"UPDATE secret SET sealed = '{old['sealed']}'")  # noqa: S608
    assert workplace.refusal("integration", **PROOF).code == "secret_damaged"
    # As a whole row it opens, but the fingerprint tells.
    workplace.database.query(f"UPDATE secret SET version = '{old['version']}'")  # noqa: S608
    refused = workplace.refusal("registry", check_integrity=True)
    assert refused.code == "registry_damaged"
    assert "soap_password" in refused.message
    assert workplace.run("integration", name="Acme", tigerpaw={"soap_password": "the new one"}, verify="never")


@with_one_store
@pytest.mark.parametrize("what", ["a secret for the key", "the key for a secret"])
def test_what_is_encrypted_for_one_purpose_serves_no_other(workplace: Workplace, what: str) -> None:
    workplace.create()
    [registry] = workplace.database.rows("registry")
    if what == "a secret for the key":
        workplace.database.query(f"UPDATE registry SET fingerprint_key = '{sealed(workplace, 'Acme')['sealed']}'")  # noqa: S608
    else:
        workplace.database.query(f"UPDATE secret SET sealed = '{registry['fingerprint_key']}'")  # noqa: S608
    before = workplace.everything()
    rotation: Options = {"name": "Acme", "tigerpaw": {"soap_password": "new"}, "verify": "never"}
    assert workplace.refusal("integration", **rotation).code == "secret_damaged"
    assert workplace.everything() == before


@with_one_store
def test_the_key_of_another_registry_is_refused(workplace: Workplace) -> None:
    workplace.create()
    workplace.common["secret_key_file"] = None
    workplace.common["secret_key"] = OTHER_KEY
    assert workplace.refusal("integration", **PROOF).code == "secret_key_wrong"


def test_a_replaced_fingerprint_key_changes_secrets_only_to_what_the_task_gives(workplace: Workplace) -> None:
    """Nothing is known by its fingerprint any more, so everything given is stored anew; nothing is lost or shown."""
    workplace.create()
    workplace.create("Other")
    if workplace.common["secret_store"] == "registry":
        other = Fernet(SECRET_KEY).encrypt(os.urandom(32)).decode()
        workplace.database.query(f"UPDATE registry SET fingerprint_key = '{other}'")  # noqa: S608
    else:
        entries = workplace.keyring.entries()
        [key] = [entry for entry in entries if entry[1] == "fingerprint-key"]
        workplace.keyring.store(entries | {key: "A" * 43 + "="})
    assert workplace.refusal("registry", check_integrity=True).code == "registry_damaged"
    assert workplace.create()["secrets_changed"] == ["rest_private_key", "soap_password"]
    assert not workplace.create()["changed"]
    assert workplace.stored_secrets()["Acme"] == workplace.stored_secrets()["Other"]


TAMPERINGS = {
    "settings that are no JSON": "UPDATE integration SET settings = 'rubbish'",
    "settings that are a list": "UPDATE integration SET settings = '[]'",
    "settings that are null": "UPDATE integration SET settings = 'null'",
    "no settings at all": "UPDATE integration SET settings = '{}'",
    "an address that is a number": "UPDATE integration SET settings = '{\"url\": 7}'",
    "an address that is none": 'UPDATE integration SET settings = \'{"url": "file:///etc/passwd"}\'',
    "fingerprints that are null": "UPDATE integration SET fingerprints = 'null'",
    "fingerprints that are numbers": "UPDATE integration SET fingerprints = '{\"soap_password\": 7}'",
    "an unknown platform": "UPDATE integration SET platform = 'halo'",
    "an unknown solution": "UPDATE instance SET solution = 'halo'",
    "an unknown kind of tenant": "UPDATE tenant SET kind = 'halo'",
    "a snapshot that is empty": "UPDATE notification SET snapshot = '{}'",
    "a snapshot that is null": "UPDATE notification SET snapshot = 'null'",
    "an unknown event": "UPDATE notification SET event = 'halo'",
    "an unknown channel": "UPDATE notification SET channel = 'halo'",
    "an unknown secret store": "UPDATE registry SET secret_store = 'halo'",
    "a place that is a list": "UPDATE registry SET secrets_kept_at = '[]'",
    "a history without a summary": "UPDATE history SET summary = 'null'",
    "no secrets": "DELETE FROM secret",
    "a secret without an integration": "UPDATE secret SET integration = 'nobody'",
    "a writer that is none": "UPDATE secret SET state = 'writing', writer = 'nonsense'",
    "a moment that is none": "UPDATE integration SET updated_at = 'yesterday'",
}
EVERY_TASK: list[tuple[str, Options]] = [
    ("integration_info", {"history": True, "tenants": True, "export": True}),
    ("integration_info", {"tenant": "Harbour", "credentials_older_than": 0, "user_name": "kaspersky"}),
    ("tenant_info", {}),
    ("notification_info", {}),
    ("registry_info", {}),
    ("registry", {"check_integrity": True, "history_retention": 1, "notification_retention": 1}),
    ("integration", {"name": "Acme", "tigerpaw": TIGERPAW, "verify": "never"}),
    ("integration", {"name": "Acme", "tigerpaw": {"soap_password": "new"}, "verify": "never"}),
    ("integration", {"name": "Acme", "new_name": "Renamed", "verify": "never"}),
    ("api_user", {"user_name": "kaspersky", "tigerpaw": {"soap_password": "new"}, "verify": "never"}),
    ("administrator", {"email": "ann@msp.example", "alias": "Annie"}),
    ("binding", {"integration": "Acme", "companies": ["Harbour", "New"]}),
    ("notification", {"smtp_host": "127.0.0.1", "smtp_port": 9, "mail_from": "a@msp.example", "timeout": 1}),
    ("notification", {"state": "discarded"}),
    ("integration", {"name": "Acme", "state": "absent"}),
]


@pytest.mark.parametrize(("database", "store"), [("sqlite", "keyring"), ("postgresql", "registry")], indirect=True)
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_whatever_stands_in_the_database_a_task_ends_with_a_result_or_a_clear_refusal(
    workplace: Workplace, tampering: str
) -> None:
    workplace.create("Gone")
    workplace.run("integration", name="Gone", state="absent")
    workplace.create()
    workplace.run("binding", integration="Acme", companies=["Harbour"])
    try:
        workplace.database.query(TAMPERINGS[tampering])
    except Exception:  # noqa: BLE001 (PostgreSQL knows what JSON and a moment are)
        return
    beginning = workplace.database.snapshot(), workplace.keyring.entries()
    unclear = []
    for module, options in EVERY_TASK:
        workplace.database.restore(beginning[0])
        if beginning[1]:
            workplace.keyring.store(beginning[1])
        with contextlib.suppress(IntegrationError):
            try:
                workplace.run(module, **options)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                unclear.append(f"{module} {options}: {type(error).__name__}: {error}")
    assert not unclear, "\n".join(unclear)


def test_an_unknown_platform_asks_for_a_newer_collection(workplace: Workplace) -> None:
    """The registry of a team is written by its newest collection."""
    workplace.create()
    workplace.database.query("UPDATE integration SET platform = 'halo'")
    refused = workplace.refusal("integration", name="Acme", verify="never")
    assert refused.code == "registry_newer"
    assert "halo" in refused.message
    assert "Acme" in refused.message
    [verdict] = prove_all(workplace).values()
    assert verdict["error"]["code"] == "registry_newer", "and whoever reads sees the others all the same"


# Names that are more than names


@pytest.mark.parametrize(
    "email",
    [
        "ann@msp.example, eve@evil.example",
        "ann@msp.example; eve@evil.example",
        "ann@msp.example\neve@evil.example",
        "ann@msp.example\r\nBcc: eve@evil.example",
        "Ann <ann@msp.example>, Eve <eve@evil.example>",
        "eve@evil.example <ann@msp.example>",
        '"ann@msp.example, "@evil.example',
        "(ann@msp.example)eve@evil.example",
        "ann@msp.example eve@evil.example",
        "ann@msp.example\u3000eve@evil.example",
        "=?utf-8?q?eve=40evil.example=2C?= ann@msp.example",
        "ann@msp.example\uff0ceve@evil.example",
    ],
)
@with_one_store
@on_one_database
def test_one_administrator_is_one_recipient(workplace: Workplace, sandbox: Sandbox, email: str) -> None:
    """Refused by the rules; and if it stands in the database after all, nothing is sent to anybody by that row."""
    people = [{"email": email, "alias": "Ann"}, ADMINISTRATORS[1]]
    refused = workplace.refusal("integration", **creation(administrators=people))
    assert refused.code == "invalid_settings"
    assert "eve" not in refused.message
    workplace.create()
    escaped = email.replace("'", "''")
    workplace.database.query(f"UPDATE administrator SET email = '{escaped}' WHERE alias = 'Ann'")  # noqa: S608
    result = workplace.run("integration", **DELETION, **sandbox.smtp_settings("none"))
    assert [item["recipient"] for item in result["notified"]] == ["bob@msp.example"]
    assert result["notifications_pending"] == 1
    assert [mail.recipients for mail in sandbox.mails()] == [["bob@msp.example"]]


def creation(**changes: Any) -> Options:
    return {
        "name": "Acme",
        "platform": "tigerpaw",
        "solution": "business_hub",
        "tigerpaw": TIGERPAW,
        "administrators": ADMINISTRATORS,
        "verify": "never",
        **changes,
    }


@pytest.mark.parametrize(
    "alias",
    [
        "Ann\nBcc: eve@evil.example",
        "Ann\r\n\r\nHello",
        "Ann\u2028Bcc: eve@evil.example",
        "Ann\x00",
        "\u202eAnn",
        "Ann\x85Bcc: eve@evil.example",
    ],
)
def test_no_line_break_comes_in_through_an_alias(sqlite_workplace: Workplace, alias: str) -> None:
    refused = sqlite_workplace.refusal(
        "integration", **creation(administrators=[{**ADMINISTRATORS[0], "alias": alias}])
    )
    assert refused.code == "invalid_settings"
    assert "eve" not in refused.message


INJECTIONS = [
    "Acme, eve@evil.example",
    "Acme <eve@evil.example>",
    "=?utf-8?q?Acme=0D=0ABcc=3A_eve=40evil.example?=",
    "<script>alert(1)</script><img src=https://evil.example/x>",
    "[click](https://evil.example) **bold** _it_ `code` @everyone <!channel> <@U123>",
    "https://evil.example/login",
    "{{ lookup('pipe', 'id') }} {% raw %} ${HOME} $(id) `id`",
    "Robert'); DROP TABLE integration;--",
    '"}], "text": "<!here>", "x": [{"a": "',
    "%s %(name)s {0} {name}",
    "Subject: Reset your password",
]


@pytest.mark.parametrize("name", INJECTIONS)
@with_one_store
@on_one_database
def test_no_name_becomes_a_header_markup_or_a_command(workplace: Workplace, sandbox: Sandbox, name: str) -> None:
    """From the creation to the letter and the webhook."""
    people = [{"email": "ann@msp.example", "alias": name}]
    created = workplace.run("integration", **creation(name=name, administrators=people))
    assert created["integration"]["name"] == name
    workplace.run("binding", integration=name, companies=[{"name": name, "new": True}])
    channels = sandbox.smtp_settings("none") | sandbox.webhook_settings()
    deleted = workplace.run("integration", name=name, state="absent", **channels)
    assert deleted["unbound"] == [{"name": name}]
    assert deleted["notifications_pending"] == 0
    [mail], [hook] = sandbox.mails(), sandbox.webhooks()
    assert mail.recipients == ["ann@msp.example"]
    named = {header.lower() for header, _value in mail.headers}
    assert named <= {
        "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding",
        "auto-submitted", "x-auto-response-suppress", "precedence",
    }  # fmt: skip
    assert [address for _name, address in getaddresses([str(mail.message["To"])])] == ["ann@msp.example"]
    assert [part.get_content_type() for part in mail.message.walk()] == ["text/plain"]
    assert name in (mail.part("plain") or "").replace("\n", " ")
    payload = hook.json()
    assert name in json.dumps(payload, ensure_ascii=False).replace('\\"', '"')
    assert not set("<>@*_`[]{}|") & set(payload["text"])
    assert "https://evil" not in payload["text"]
    assert workplace.run("integration_info")["integrations"] == []


# What is exported is data

TEMPLATES = [
    "{{ lookup('pipe', 'touch MARK') }}",
    "{% set x = lookup('pipe', 'touch MARK') %}",
    "{{ '{{' }} lookup('pipe', 'touch MARK') }}",
    "{# comment #} Acme",
    "Acme {{",
    "!!python/object/apply:os.system ['touch MARK']",
    "!vault |",
    "!unsafe x",
    "&anchor",
    "*anchor",
    "- item: x",
    "key: value # comment",
    "'quoted' \"twice\" \\n",
    "yes",
    "null",
    "~",
    "0o17",
    "1e3",
    "2026-01-01",
    "---",
    "...",
    "%TAG ! tag:",
    "@at `tick`",
    "<<",
    "=",
    "x" * 255,
    "\u00e9\u4e2d\U0001f600",
]
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  vars_files: [exported.yml]
  tasks:
    - ansible.builtin.copy:
        content: "{{ {'loaded': integrations_instance.integrations, 'control': control} | to_json }}"
        dest: "{{ playbook_dir }}/seen.json"
        mode: "0600"
  vars:
    control: "{{ lookup('pipe', 'touch %s; echo works') }}"
"""


@with_one_store
@on_one_database
def test_a_template_in_a_name_is_never_run(workplace: Workplace, tmp_path: Path) -> None:
    """Through creation, information, export, and a playbook that loads the exported file and uses its values."""
    mark, control = tmp_path / "mark", tmp_path / "control"
    names = [name.replace("MARK", str(mark)) for name in TEMPLATES]
    for name in names:
        people = [{"email": "ann@msp.example", "alias": name}]
        tigerpaw = TIGERPAW | {"soap_user_name": name.replace("{{", "[[").replace("{%", "[%")}
        workplace.run("integration", **creation(name=name, administrators=people, tigerpaw=tigerpaw))
        workplace.run("binding", integration=name, companies=[{"name": name, "new": True}])
    information = workplace.run("integration_info", tenants=True, export=True)
    assert sorted(item["name"] for item in information["integrations"]) == sorted(names)
    (tmp_path / "exported.yml").write_text(information["export"], encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAYBOOK % control, encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local"]
    done = subprocess.run(
        [*command, "-e", f"ansible_python_interpreter={sys.executable}", str(tmp_path / "play.yml")],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "ANSIBLE_LOCALHOST_WARNING": "false"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert (seen["control"], control.exists()) == ("works", True), "the attack works where nothing prevents it"
    assert not mark.exists()
    loaded = {item["name"]: item for item in seen["loaded"]}
    assert sorted(loaded) == sorted(names)
    for name, item in loaded.items():
        assert [company["name"] for company in item["companies"]] == [name]
        assert item["administrators"] == [{"email": "ann@msp.example", "alias": name}]
        secrets = {"soap_password": "x" * 8, "rest_private_key": "y" * 8}
        again = item | {"tigerpaw": item["tigerpaw"] | secrets, "verify": "never", "update_secrets": "on_create"}
        again["solution"] = "business_hub"
        companies = again.pop("companies")
        assert not workplace.run("integration", **again)["changed"], "what was exported recreates what there is"
        assert not workplace.run("binding", integration=name, companies=companies)["changed"]


def test_an_export_holds_no_secret(workplace: Workplace) -> None:
    workplace.create()
    exported = workplace.run("integration_info", export=True)["export"]
    assert not [
        secret
        for name, secret in TIGERPAW.items()
        if name in ("soap_password", "rest_private_key") and secret in exported
    ]


# Options that go to the database as they are


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", "\n", " ", "\u202e"])
@pytest.mark.parametrize(
    ("module", "option", "others"),
    [
        ("binding", "integration", {"companies": []}),
        ("binding", "integration_id", {"companies": []}),
        ("binding", "move_from", {"integration": "Acme", "companies": ["Harbour"]}),
        ("integration", "integration_id", {"state": "absent"}),
        ("integration", "integration_id", {"verify": "never"}),
        ("integration_info", "integration_id", {}),
        ("integration_info", "name", {}),
        ("integration_info", "tenant", {}),
        ("api_user", "user_name", {"tigerpaw": {"soap_password": "new"}}),
        ("api_user", "address", {"user_name": "kaspersky", "tigerpaw": {"soap_password": "new"}}),
        ("administrator", "email", {"alias": "Ann", "all_integrations": True}),
        ("tenant_info", "integration", {}),
        ("tenant_info", "uid", {}),
        ("registry_info", "instance", {}),
        ("registry_info", "actor", {}),
    ],
)
@with_one_store
def test_no_option_reaches_the_database_with_what_it_cannot_take(
    workplace: Workplace, module: str, option: str, others: Options, value: str
) -> None:
    workplace.create()
    given: Options = {option: value, **others}
    refused = workplace.refusal(module, **given)
    assert refused.code == "invalid_settings"
    assert refused.message.startswith(f"{option}: ")


@pytest.mark.parametrize("option", ["secret_key_file", "registry_password_file"])
@pytest.mark.parametrize("path", ["~nobody-of-this-name/key", "a\x00b", "missing", "/"])
def test_a_file_that_cannot_be_read_is_a_fault_of_its_option(
    sqlite_workplace: Workplace, option: str, path: str
) -> None:
    given: Options = {option: path}
    refused = sqlite_workplace.refusal("registry", **given)
    assert refused.code == "invalid_settings"
    assert refused.message.startswith(f"{option}: cannot be read: ")
    assert "None" not in refused.message


@pytest.mark.parametrize("address", ["sqlite:///~nobody-of-this-name/registry", "sqlite:////tmp/a\x00b"])
def test_an_address_that_no_file_can_have_is_refused(sqlite_workplace: Workplace, address: str) -> None:
    for module in ("registry", "registry_info"):
        assert sqlite_workplace.refusal(module, registry=address).code == "invalid_settings"


# The key


def test_a_key_in_a_file_is_nowhere_that_facts_are_gathered(workplace: Workplace, tmp_path: Path) -> None:
    """Facts tell the environment and the command line of processes; results are registered as variables."""
    key_file = tmp_path / "key"
    key_file.write_text(f"{SECRET_KEY}\n", encoding="utf-8")
    workplace.database.restore({})
    workplace.common |= {"secret_store": "registry", "secret_key_file": str(key_file)}
    results = [workplace.create(), workplace.run("registry_info"), workplace.run("integration_info", export=True)]
    environment = Path("/proc/self/environ").read_bytes() + json.dumps(dict(os.environ)).encode()
    command_line = Path("/proc/self/cmdline").read_bytes()
    for where in (json.dumps(results).encode(), workplace.database.text().encode(), environment, command_line):
        assert SECRET_KEY.encode() not in where
