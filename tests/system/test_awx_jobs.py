# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs, run with what AWX's own code injects: they do their work, in slices too, and leave no secret behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.accounts import Account
from sandbox.companies import Company

from .awx import CHECKOUT, Finished
from .awx_team import TEMPLATES, TYPES, Team, refusal, told
from .databases import PostgresqlDatabase, PostgresqlServer
from .tasks import SECRET_KEY, perform

SLICER = CHECKOUT / "tests" / "integration" / "targets" / "tenants_inventory" / "files" / "slice.py"
SQL = re.findall(r"```sql\n(.*?)```", (CHECKOUT / "docs" / "postgresql.md").read_text(encoding="utf-8"), re.DOTALL)
REGISTRY_PASSWORD = "registry-passw0rd"
NAME = "Integration with Tigerpaw"
NEW_USER, NEW_PASSWORD = "a new user", "new-passw0rd-&<\"'é%{ \\x"
TIGERPAW = "Kaspersky Tigerpaw"
ADMINISTRATORS = "ann@msp.example Ann\n\nbob@msp.example  Bob Miller\n"
SERVERS = [{"name": f"Client {number}", "uid": f"VSRV-{number}"} for number in range(1, 9)]


@pytest.fixture
def team(sandbox: Sandbox, postgresql: PostgresqlDatabase, tmp_path: Path) -> Team:
    """Let a team give AWX what it needs for the sandbox."""
    smtp, center, certificate = sandbox.smtp_settings(), sandbox.security_center_settings(), sandbox.ca_path.read_text()
    registry = {"registry": postgresql.address, "registry_password": REGISTRY_PASSWORD}
    account = {name: center[name] for name in ("url", "username", "password")} | {"certificate": certificate}
    mail = {
        name: smtp[name] for name in ("smtp_host", "smtp_encryption", "smtp_username", "smtp_password", "mail_from")
    }
    webhook, proxy = sandbox.webhook_settings(), sandbox.proxy_settings()
    sandbox.change_settings(proxy_login_required=True)
    sandbox.add_user("soap", name=NEW_USER, secret=NEW_PASSWORD)
    sandbox.virtual_servers.replace(SERVERS)
    return Team(
        tmp_path,
        {
            "Kaspersky registry": registry,
            "Kaspersky secret key": {"secret_key": SECRET_KEY},
            "Kaspersky mail server": {**mail, "smtp_port": str(smtp["smtp_port"]), "smtp_certificate": certificate},
            "Kaspersky webhook": {
                **{name: webhook[name] for name in ("webhook_url", "webhook_secret")},
                "webhook_certificate": certificate,
            },
            "Kaspersky Security Center": {**account, **proxy},
            "Kaspersky proxy": proxy,
            "Kaspersky tenants": {**registry, **account, **proxy},
            TIGERPAW: sandbox.tigerpaw_settings(),
        },
    )


@pytest.fixture
def hidden(team: Team) -> dict[str, str]:
    """Return every secret of the team."""
    return {
        f"{name}: {item['id']}": team.credentials[name][item["id"]]
        for name in team.credentials
        for item in TYPES[name]["inputs"]["fields"]
        if item.get("secret")
    } | {"new password": NEW_PASSWORD}


def keep(team: Team, **answers: str) -> Finished:
    usual = {"msp_kaspersky_instance": "office", "integration_solution": "security_center"}
    return team.launch("create or update an integration", TIGERPAW, **usual | answers)


def sliced(exported: Path, number: int, count: int) -> Path:
    """Cut an inventory as AWX does."""
    part = exported.with_name(f"slice_{number}")
    subprocess.run([sys.executable, str(SLICER), str(exported), str(part), str(number), str(count)], check=True)
    return part


@pytest.fixture
def roles(postgresql_server: PostgresqlServer) -> Iterator[PostgresqlDatabase]:
    """Make the roles and their database as the guide says."""
    postgresql_server.psql(SQL[0], "postgres")
    with closing(PostgresqlDatabase(postgresql_server, "msp")) as database:
        yield database
    with postgresql_server.connected() as connection:
        connection.execute("DROP DATABASE msp WITH (FORCE)")
        connection.execute("DROP ROLE msp_owner, msp, msp_reader")


def acting(team: Team, database: PostgresqlDatabase, role: str) -> None:
    """Let credentials name another user of the database."""
    for name in ("Kaspersky registry", "Kaspersky tenants"):
        team.credentials[name]["registry"] = re.sub("//.*@", f"//{role}@", database.address)


def test_the_owner_prepares_what_others_work_with(
    team: Team, roles: PostgresqlDatabase, postgresql_server: PostgresqlServer, hidden: dict[str, str]
) -> None:
    prepare = ("prepare the registry", "Kaspersky registry")
    acting(team, roles, "msp_owner")
    for created in (True, False):
        assert told(team.launch(*prepare, msp_kaspersky_instance="office")) == {"created": created, "upgraded": False}
    postgresql_server.psql(SQL[1], "msp_owner", "msp")
    acting(team, roles, "msp")
    told(keep(team))
    acting(team, roles, "msp_reader")
    clients = sliced(team.read_inventory(), 1, 1)
    acting(team, roles, "msp")
    assert team.launch("bind new clients", inventory=clients, integration_name=NAME).status == "successful"
    assert {row["name"] for row in roles.rows("tenant") if row["integration"]} == {one["name"] for one in SERVERS}
    assert team.leaks(hidden) == {}


def test_the_life_of_an_integration(
    team: Team, sandbox: Sandbox, postgresql: PostgresqlDatabase, hidden: dict[str, str]
) -> None:
    created = told(keep(team, integration_administrators=ADMINISTRATORS))
    assert created["integration"]["name"] == NAME
    assert [person["alias"] for person in created["integration"]["administrators"]] == ["Ann", "Bob Miller"]
    assert set(created["verification"].values()) == {"verified"}

    assert told(keep(team))["integration"] == created["integration"]
    told(keep(team, integration_name="Another"))

    report = told(
        team.launch("report", msp_kaspersky_instance="office", report_verifies="yes", report_makes_page="yes")
    )
    assert b"All is well." in b64decode(report["page"])
    assert report["integrations"][0]["verification"]["state"] == "verified"

    team.credentials[TIGERPAW] |= {"soap_user_name": NEW_USER, "soap_password": NEW_PASSWORD}
    old = sandbox.tigerpaw_settings()["soap_user_name"]
    rotate = ("rotate credentials", TIGERPAW)
    rotated = told(team.launch(*rotate, msp_kaspersky_instance="office", integration_user_name=old))
    assert rotated == {"rotated": {name: ["soap_password"] for name in ("Another", NAME)}}

    deletion = {
        "msp_kaspersky_instance": "office",
        "integration_name": NAME,
        "integration_when_bound": "fail",
        "integration_notify_through": ["smtp", "webhook"],
    }
    mistaken = team.launch("delete an integration", integration_confirmation="Integration", **deletion)
    assert "Nothing was deleted" in refusal(mistaken)
    deleted = told(
        team.launch("delete an integration", integration_confirmation=deletion["integration_name"], **deletion)
    )
    assert (deleted["deleted"], int(deleted["notifications_pending"]), len(deleted["notified"])) == (True, 0, 3)
    assert (len(sandbox.mails()), len(sandbox.requests("webhook"))) == (2, 1)
    assert {row["actor"] for row in postgresql.rows("history")} == {"ann"}
    jobs = [row["job"] for row in postgresql.rows("history")]
    assert {job["launched_by"] for job in jobs} == {"ann"}
    assert {job["id"]: job["template"] for job in jobs} == {
        "1": "Kaspersky: create or update an integration",
        "3": "Kaspersky: create or update an integration",
        "5": "Kaspersky: rotate credentials",
        "7": "Kaspersky: delete an integration",
    }
    assert "In: AWX job 7 (Kaspersky: delete an integration)" in str(sandbox.mails()[0])
    assert team.leaks(hidden) == {}


def test_new_credentials_that_are_refused_are_tried_once(team: Team, sandbox: Sandbox, hidden: dict[str, str]) -> None:
    told(keep(team))
    told(keep(team, integration_name="Another"))
    team.credentials[TIGERPAW] |= {"soap_password": (mistyped := "a-mistyped-passw0rd")}
    sandbox.forget()
    user = {"msp_kaspersky_instance": "office", "integration_user_name": sandbox.tigerpaw_settings()["soap_user_name"]}
    assert team.launch("rotate credentials", TIGERPAW, **user).status == "failed"
    assert [request.method for request in sandbox.requests("soap")].count("POST") == 1
    assert team.leaks(hidden | {"mistyped": mistyped}) == {}


def test_a_file_that_was_cut_off_is_not_shown(team: Team, hidden: dict[str, str]) -> None:
    template = TEMPLATES["create or update an integration"]
    job = team.job(*template["credential_types"], TIGERPAW)
    file = Path(job.injected.variables["KASPERSKY_PLATFORM_FILE"])
    file.write_text(file.read_text(encoding="utf-8").rpartition("}")[0], encoding="utf-8")
    answers = {"msp_kaspersky_instance": "office", "integration_solution": "business_hub"}
    finished = job.run(template["playbook"], answers)
    assert finished.status == "failed"
    assert "from_json" in finished.output
    assert team.leaks(hidden) == {}


def test_an_administrator_without_a_name_is_refused(team: Team) -> None:
    assert "alias" in refusal(keep(team, integration_administrators="ann@msp.example\n"))


def test_slices_bind_their_clients_at_the_same_time(
    team: Team, postgresql: PostgresqlDatabase, hidden: dict[str, str]
) -> None:
    told(keep(team))
    exported = team.read_inventory()
    slices = [sliced(exported, number, 2) for number in (1, 2)]
    jobs = [team.job(*TEMPLATES["bind new clients"]["credential_types"]) for _part in slices]
    answers = {"integration_name": NAME}
    with ThreadPoolExecutor() as at_once:
        runs = [
            at_once.submit(job.run, TEMPLATES["bind new clients"]["playbook"], answers, part)
            for job, part in zip(jobs, slices, strict=True)
        ]
    finished = [run.result() for run in runs]
    assert [one.status for one in finished] == ["successful", "successful"]
    begun, ended = ([one.events[place]["created"] for one in finished] for place in (0, -1))
    assert max(begun) < min(ended)
    changed = [one.events[-1]["event_data"]["changed"] for one in finished]
    assert [len(names) for names in changed] == [4, 4]
    assert {row["name"] for row in postgresql.rows("tenant") if row["integration"]} == {one["name"] for one in SERVERS}
    assert team.leaks(hidden) == {}


def test_companies_are_bound_without_security_center(team: Team, postgresql: PostgresqlDatabase) -> None:
    told(keep(team, integration_solution="business_hub", integration_administrators=ADMINISTRATORS))
    company = {"registry": postgresql.address, "instance": "office", "integration": NAME, "companies": ["Acme"]}
    perform("binding", company)
    perform("binding", {**company, "state": "absent"})
    team.credentials["Kaspersky tenants"] = team.credentials["Kaspersky registry"]
    team.credentials["Kaspersky Security Center"] = {}
    script = sliced(team.read_inventory(), 1, 1)
    assert team.launch("bind new clients", inventory=script, integration_name=NAME).status == "successful"
    assert [row["name"] for row in postgresql.rows("tenant") if row["integration"]] == ["Acme"]


@pytest.fixture
def companies(team: Team, sandbox: Sandbox, postgresql: PostgresqlDatabase) -> list[str]:
    """Let an integration hold clients that have no account yet."""
    names = ["Acme", "Borg {{ 7 * 7 }}"]
    sandbox.state.accounts = [Account(1, "Acme Ltd"), Account(2, "Other")]
    sandbox.state.companies["connectwise_manage"] = [Company(3, "ACME"), Company(4, "Another")]
    team.credentials["Kaspersky ConnectWise Manage"] = sandbox.connectwise_manage_settings()
    told(keep(team, integration_solution="business_hub", integration_administrators=ADMINISTRATORS))
    held = [{"name": name, "new": True} for name in names]
    perform("binding", {"registry": postgresql.address, "instance": "office", "integration": NAME, "companies": held})
    return names


def accounts(database: PostgresqlDatabase) -> list[str]:
    return sorted(row["account_name"] for row in database.rows("mapping"))


def test_clients_are_mapped_after_a_preview(
    team: Team, companies: list[str], postgresql: PostgresqlDatabase, hidden: dict[str, str]
) -> None:
    usual = {"msp_kaspersky_instance": "office", "integration_name": NAME}
    template = "map clients to accounts"
    previewed = told(team.launch(template, **usual, mapping_step="preview"))
    assert [item["account"]["name"] for item in previewed["mapped"]] == ["Acme Ltd"]
    assert [item["name"] for item in previewed["unmatched_tenants"]] == companies[1:]
    assert accounts(postgresql) == []
    told(team.launch(template, **usual, mapping_step="map"))
    assert accounts(postgresql) == ["Acme Ltd"]
    wrong = team.launch(template, **usual, mapping_step="map", mapping_list="Acme = Acme Ltd\nAcme = Other")
    assert "Nothing was mapped" in refusal(wrong)
    told(team.launch(template, **usual, mapping_step="map", mapping_list="Borg {{ 7 * 7 }} = Other\n"))
    assert accounts(postgresql) == ["Acme Ltd", "Other"]
    assert team.leaks(hidden) == {}


def test_the_psa_is_changed_and_answers_are_fed_back(
    team: Team, companies: list[str], sandbox: Sandbox, postgresql: PostgresqlDatabase, hidden: dict[str, str]
) -> None:
    new = "Integration with ConnectWise Manage"
    usual = {"msp_kaspersky_instance": "office", "migration_from": NAME, "migration_to": new}
    usual |= {"integration_notify_through": ["smtp"]}

    def change(step: str, *chosen: str, **answers: Any) -> dict[str, Any]:
        return told(team.launch("change the PSA", *chosen, **usual, migration_step=step, **answers))

    platform = "Kaspersky ConnectWise Manage"
    planned = change("plan", platform, migration_administrators=ADMINISTRATORS)
    assert (planned["plan"]["move"], planned["moved"]) == (companies[:1], [])
    assert accounts(postgresql) == []
    moved = change("move", platform)
    assert [item["tenant"]["name"] for item in moved["left_over"]] == companies[1:]
    answers = moved["open_questions"].replace("account:", "account: Another")
    last = change("move and delete the old integration", migration_left_over=answers)
    assert (last["left_over"], last["deleted"], accounts(postgresql)) == ([], True, ["ACME", "Another"])
    assert len(sandbox.mails()) == 2
    assert team.leaks(hidden) == {}


def test_gathered_facts_hold_no_secret(team: Team, hidden: dict[str, str], tmp_path: Path) -> None:
    told(keep(team))
    inventory = team.read_inventory()
    tasks = [
        {"name": "Show the environment", "ansible.builtin.debug": {"var": "ansible_facts.env"}},
        {"name": "Show every variable", "ansible.builtin.debug": {"var": "vars"}},
    ]
    play = {"name": "Gather", "hosts": "kaspersky_tenants", "gather_facts": True, "tasks": tasks}
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "gather.yml").write_text(json.dumps([play]), encoding="utf-8")
    job = team.job(*(name for name in TYPES if name in team.credentials))
    assert job.run("gather.yml", {}, sliced(inventory, 1, 4), tmp_path / "project").status == "successful"
    left = job.left_behind()
    facts = [content for name, content in left.items() if "fact_cache" in name]
    assert len(facts) == 2
    assert all(b"MSP_KASPERSKY_SECRET_KEY_FILE" in content for content in facts)
    assert any("job_events" in name for name in left)
    assert team.leaks(hidden) == {}


def test_the_search_finds_what_a_job_leaves(team: Team, hidden: dict[str, str], tmp_path: Path) -> None:
    tasks = [
        {"name": "Print", "ansible.builtin.debug": {"msg": NEW_PASSWORD}},
        {"name": "Leave as artifact", "ansible.builtin.set_stats": {"data": {"shown": NEW_PASSWORD}}},
        {"name": "Leave as fact", "ansible.builtin.set_fact": {"kept": NEW_PASSWORD, "cacheable": True}},
    ]
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "leave.yml").write_text(json.dumps([{"hosts": "localhost", "tasks": tasks}]))
    finished = team.job().run("leave.yml", {}, project=tmp_path / "project")
    assert finished.events[-1]["event_data"]["artifact_data"] == {"shown": NEW_PASSWORD}
    found = team.leaks(hidden).keys()
    for place in ("artifacts/1/stdout", "job_events/", "fact_cache/"):
        assert any(place in name for name in found), place


@pytest.mark.parametrize("name", ["create or update an integration", "rotate credentials"])
def test_a_job_without_a_platform_says_so(team: Team, name: str) -> None:
    answers = {"integration_solution": "business_hub"} if name.startswith("create") else {"integration_user_name": "x"}
    assert "Launch this job with a credential" in refusal(team.launch(name, msp_kaspersky_instance="office", **answers))
