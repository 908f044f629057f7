# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual servers are bound and listed by what Security Center tells; it is asked once, and has to be the right one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.bind import BindTenants
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import perform_unchecked
from ansible_collections.msp.kaspersky.plugins.module_utils.options import TENANT_INFO
from sandbox import Sandbox

from .tasks import Options, Result
from .workplace import Workplace

LISTING = "VServers.GetVServers"
ONE_CONVERSATION = ["Session.StartSession", "HostGroup.GetStaticInfo", LISTING, "Session.EndSession"]
ACME, BORG, CYAN = ("Acme", "VSRV-a"), ("Borg", "VSRV-b"), ("Cyan", "VSRV-c")


@pytest.fixture
def center(sandbox: Sandbox, sqlite_workplace: Workplace) -> Options:
    """Let Security Center have three virtual servers, and the registry an integration; say how to ask."""
    let_exist(sandbox, ACME, BORG, CYAN)
    sqlite_workplace.create("North", solution="security_center")
    sandbox.forget()
    return {"security_center": sandbox.security_center_settings(timeout=5, retries=0)}


def let_exist(sandbox: Sandbox, *servers: tuple[str, str]) -> None:
    sandbox.virtual_servers.replace({"name": name, "uid": uid} for name, uid in servers)


def bind(workplace: Workplace, center: Options, *servers: Any, check_mode: bool = False, **options: Any) -> Result:
    given = {"integration": "North", "virtual_servers": list(servers), **center, **options}
    return workplace.run("binding", check_mode, **given)


def refusal(workplace: Workplace, center: Options, *servers: Any, **options: Any) -> Any:
    given = {"integration": "North", "virtual_servers": list(servers), **center, **options}
    before = workplace.everything()
    error = workplace.refusal("binding", **given)
    assert workplace.everything() == before
    return error


def calls(sandbox: Sandbox) -> list[str]:
    return [request.operation for request in sandbox.requests("security_center")]


def history(workplace: Workplace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workplace.run("integration_info", history=True)["history"]
    return found


def names(tenants: list[dict[str, Any]]) -> list[str]:
    return [tenant["name"] for tenant in tenants]


# Asking


def test_names_are_looked_up_in_one_request(sandbox: Sandbox, sqlite_workplace: Workplace, center: Options) -> None:
    for check_mode, changed in ((True, True), (False, True), (True, False), (False, False)):
        sandbox.forget()
        done = bind(sqlite_workplace, center, "Acme", "Borg", {"uid": CYAN[1]}, check_mode=check_mode)
        assert (done["changed"], done["stale"], done["warnings"]) == (changed, [], [])
        assert calls(sandbox) == ONE_CONVERSATION
        assert not sandbox.requests("security_center", writing=True)
    assert {(row["name"], row["uid"]) for row in sqlite_workplace.database.rows("tenant")} == {ACME, BORG, CYAN}


def test_nobody_is_asked_by_a_task_that_makes_no_sense(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options
) -> None:
    faulty: list[Options] = [
        {"virtual_servers": [""]},
        {"virtual_servers": ["Acme", "Acme"]},
        {"virtual_servers": None, "companies": ["Acme"]},
        {"integration": "South"},
        {"instance": "elsewhere"},
        {"security_center": {**center["security_center"], "url": "http://ksc.example"}},
    ]
    for options in faulty:
        refusal(sqlite_workplace, center, "Acme", **options)
    assert not calls(sandbox)


def test_companies_never_ask(sandbox: Sandbox, sqlite_workplace: Workplace, center: Options) -> None:
    sqlite_workplace.create("Hub", instance="hub")
    done = sqlite_workplace.run("binding", integration="Hub", instance="hub", companies=["Acme"], **center)
    assert "stale" not in done
    shown = sqlite_workplace.run("tenant_info", instance="hub", **center)["tenants"]
    assert [(item["name"], item["stale"], item["known"]) for item in shown] == [("Acme", None, True)]
    assert not calls(sandbox)
    for options in ({"stale": False}, {"sources": ["security_center", "registry"]}):
        error = sqlite_workplace.refusal("tenant_info", instance="hub", **options, **center)
        assert error.code is ErrorCode.INSTANCE_MISMATCH


@pytest.mark.usefixtures("center")
def test_without_security_center_nothing_is_asked(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    assert refusal(sqlite_workplace, {}, "Acme").code is ErrorCode.TENANT_UNKNOWN
    done = bind(sqlite_workplace, {}, {"name": "Acme by hand", "uid": ACME[1]})
    assert "stale" not in done
    shown = sqlite_workplace.run("tenant_info")["tenants"]
    assert [(item["name"], item["stale"], item["enabled"]) for item in shown] == [("Acme by hand", None, None)]
    assert not calls(sandbox)
    assert sqlite_workplace.database.rows("instance")[0]["server_identity"] is None


def test_it_is_asked_once_however_often_others_interfere(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    interfering = iter(["Meanwhile 1", "Meanwhile 2"])
    prepare = BindTenants.prepare

    def prepared(self: BindTenants, *arguments: Any) -> None:
        name = next(interfering, None)
        if name:
            bind(sqlite_workplace, {}, {"name": name, "uid": name})
        prepare(self, *arguments)

    monkeypatch.setattr(BindTenants, "prepare", prepared)
    assert names(bind(sqlite_workplace, center, "Acme")["bound"]) == ["Acme"]
    assert Counter(calls(sandbox))[LISTING] == 1


def test_what_is_unbound_by_its_uid_needs_no_security_center(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options
) -> None:
    bind(sqlite_workplace, center, "Acme", "Borg")
    gone = {"security_center": {**center["security_center"], "url": sandbox.closed_url}}
    done = bind(sqlite_workplace, gone, {"uid": ACME[1]}, {"uid": BORG[1], "name": "Borg"}, state="absent")
    assert names(done["unbound"]) == ["Acme", "Borg"]
    assert "stale" not in done
    assert refusal(sqlite_workplace, gone, "Acme", state="absent").code is ErrorCode.API_UNREACHABLE


def test_ten_thousand_are_bound_and_listed_with_one_question_each(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options
) -> None:
    sandbox.virtual_servers.generate(10_000)
    every = [server.name for server in sandbox.virtual_servers.all()]
    for check_mode, changed in ((True, True), (False, True), (False, False)):
        sandbox.forget()
        done = bind(sqlite_workplace, center, *every, check_mode=check_mode)
        assert (done["changed"], done["integration"]["tenant_count"]) == (changed, 10_000)
        assert calls(sandbox) == ONE_CONVERSATION
        assert not sandbox.requests("security_center", writing=True)
    sandbox.forget()
    shown = sqlite_workplace.run("tenant_info", **center)["tenants"]
    assert [item["name"] for item in shown if item["bound"]] == sorted(every)
    assert calls(sandbox) == ONE_CONVERSATION
    assert not sandbox.requests("security_center", writing=True)


# What is told


def test_a_renamed_one_stays_and_shows_its_new_name(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options
) -> None:
    bind(sqlite_workplace, center, "Acme")
    sandbox.virtual_servers.change(ACME[1], name="Acme Holding")
    again = bind(sqlite_workplace, center, "Acme", state="exact")
    assert not again["changed"]
    assert "'Acme' is called 'Acme Holding'" in again["warnings"][0]
    [shown] = sqlite_workplace.run("tenant_info", bound=True, **center)["tenants"]
    assert (shown["name"], shown["registered_name"]) == ("Acme Holding", "Acme")
    renamed = bind(sqlite_workplace, center, "Acme Holding")
    assert renamed["changed"]
    known_as = [list(renamed["diff"][when]["known_as"].values()) for when in ("before", "after")]
    assert known_as == [["Acme (VSRV-a)"], ["Acme Holding (VSRV-a)"]]
    assert not bind(sqlite_workplace, center, "Acme Holding")["changed"]
    assert history(sqlite_workplace)[-1]["summary"] == {"bound": 0, "moved": 0, "unbound": 0, "renamed": 1}


def test_one_that_vanished_is_stale_until_it_is_unbound(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options
) -> None:
    bind(sqlite_workplace, center, "Acme", "Borg")
    sandbox.virtual_servers.remove(ACME[1])
    again = bind(sqlite_workplace, center)
    assert not again["changed"]
    assert again["stale"] == [{"kind": "virtual_server", "uid": ACME[1], "name": "Acme"}]
    shown = sqlite_workplace.run("tenant_info", stale=True, **center)["tenants"]
    assert [(item["name"], item["bound"], item["enabled"]) for item in shown] == [("Acme", True, None)]
    unbound = bind(sqlite_workplace, center, *again["stale"], state="absent")
    assert names(unbound["unbound"]) == ["Acme"]
    assert bind(sqlite_workplace, center)["stale"] == []


def test_what_was_unbound_is_valid_input(sqlite_workplace: Workplace, center: Options) -> None:
    bind(sqlite_workplace, center, "Acme", "Borg")
    unbound = bind(sqlite_workplace, center, state="exact", allow_empty=True)["unbound"]
    assert names(bind(sqlite_workplace, center, *unbound)["bound"]) == ["Acme", "Borg"]
    assert refusal(sqlite_workplace, center, {"name": "Acme", "kind": "company"}).code is ErrorCode.INVALID_SETTINGS


def test_check_mode_counts_as_a_real_run_does(sqlite_workplace: Workplace, center: Options) -> None:
    sqlite_workplace.create("South", solution="security_center")
    steps: tuple[tuple[list[str], Options, int], ...] = (
        (["Acme", "Borg"], {}, 2),
        (["Acme", "Borg"], {}, 2),
        (["Borg", "Cyan"], {"state": "exact"}, 2),
        (["Borg", "Cyan"], {"state": "absent"}, 0),
        (["Cyan"], {"integration": "South"}, 1),
        (["Acme", "Cyan"], {"move_from": "South"}, 2),
    )
    for entries, options, expected in steps:
        planned = bind(sqlite_workplace, center, *entries, **options, check_mode=True)
        done = bind(sqlite_workplace, center, *entries, **options)
        assert planned["integration"]["tenant_count"] == done["integration"]["tenant_count"] == expected


# Listing


def test_every_tenant_is_listed_once(sandbox: Sandbox, sqlite_workplace: Workplace, center: Options) -> None:
    bind(sqlite_workplace, center, "Acme", "Borg")
    bind(sqlite_workplace, center, "Borg", state="absent")
    sandbox.virtual_servers.change(ACME[1], name="Zenith", enabled=False)
    sandbox.virtual_servers.remove(BORG[1])
    sandbox.forget()
    before = sqlite_workplace.everything()
    shown = sqlite_workplace.run("tenant_info", **center)["tenants"]
    keys = ("name", "registered_name", "known", "stale", "enabled", "bound", "integration", "platform")
    assert [tuple(item[key] for key in keys) for item in shown] == [
        ("Borg", "Borg", True, True, None, False, None, None),
        ("Cyan", None, False, False, True, False, None, None),
        ("Zenith", "Acme", True, False, False, True, "North", "tigerpaw"),
    ]
    assert calls(sandbox) == ONE_CONVERSATION
    assert sqlite_workplace.everything() == before
    filters: dict[str, Options] = {
        "Borg": {"stale": True},
        "Cyan": {"known": False},
        "Borg Cyan": {"bound": False},
        "Zenith": {"bound": True},
        "Cyan Zenith": {"stale": False},
        "Borg Zenith": {"sources": ["registry", "security_center"], "known": True},
    }
    for expected, options in filters.items():
        assert " ".join(names(sqlite_workplace.run("tenant_info", **options, **center)["tenants"])) == expected
    also: list[Options] = [{"name": "Acme"}, {"name": "Zenith"}, {"uid": ACME[1]}, {"integration": "North"}]
    for options in also:
        assert names(sqlite_workplace.run("tenant_info", **options, **center)["tenants"]) == ["Zenith"]


def test_what_another_instance_holds_is_not_free(sqlite_workplace: Workplace, center: Options) -> None:
    bind(sqlite_workplace, center, "Acme")
    sqlite_workplace.create("South", solution="security_center", instance="two")
    shown = sqlite_workplace.run("tenant_info", **center, instance="two")["tenants"]
    keys = ("name", "instance", "known", "bound", "integration")
    assert [tuple(item[key] for key in keys) for item in shown] == [
        ("Acme", "default", True, True, "North"),
        ("Borg", "two", False, False, None),
        ("Cyan", "two", False, False, None),
    ]
    free = sqlite_workplace.run("tenant_info", **center, instance="two", bound=False)["tenants"]
    assert names(free) == ["Borg", "Cyan"]


def test_every_database_filters_alike(sandbox: Sandbox, workplace: Workplace) -> None:
    let_exist(sandbox, ACME, BORG)
    workplace.create("North", solution="security_center")
    center = {"security_center": sandbox.security_center_settings()}
    bind(workplace, center, "Acme", "Borg")
    bind(workplace, center, "Borg", state="absent")
    assert workplace.database.rows("instance")[0]["server_identity"] == sandbox.state.server_identity
    filters: dict[str, Options] = {
        "Acme": {"bound": True},
        "Borg": {"bound": False},
        "Acme Borg": {"sources": ["registry"]},
        "": {"known": False, "sources": ["registry"]},
    }
    for expected, options in filters.items():
        given = {**options, **(center if "sources" in options else {})}
        assert " ".join(names(workplace.run("tenant_info", **given)["tenants"])) == expected
    also: list[Options] = [{"name": "Acme"}, {"uid": ACME[1]}, {"integration": "North"}]
    for options in also:
        assert names(workplace.run("tenant_info", **options)["tenants"]) == ["Acme"]
    assert workplace.refusal("tenant_info", integration="Nort").code is ErrorCode.NOT_FOUND


def test_security_center_alone_needs_no_registry(sandbox: Sandbox, sqlite_workplace: Workplace, tmp_path: Path) -> None:
    let_exist(sandbox, BORG, ACME)
    options: Options = {
        "registry": f"sqlite:///{tmp_path / 'none.sqlite3'}",
        "security_center": sandbox.security_center_settings(),
    }
    assert sqlite_workplace.refusal("tenant_info", **options).code is ErrorCode.REGISTRY_MISSING
    shown = sqlite_workplace.run("tenant_info", sources=["security_center"], **options)["tenants"]
    assert [(item["name"], item["known"], item["bound"], item["stale"]) for item in shown] == [
        ("Acme", None, None, False),
        ("Borg", None, None, False),
    ]
    found = sqlite_workplace.run("tenant_info", sources=["security_center"], name="Borg", **options)["tenants"]
    assert names(found) == ["Borg"]
    assert not list(tmp_path.glob("none*"))


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"sources": []}, "sources"),
        ({"sources": ["security_center"]}, "sources"),
        ({"stale": True}, "stale"),
        ({"sources": ["security_center"], "bound": True}, "bound"),
        ({"sources": ["security_center"], "known": True}, "known"),
        ({"sources": ["security_center"], "integration": "North"}, "integration"),
    ],
)
def test_what_the_sources_cannot_tell_is_refused(sqlite_workplace: Workplace, options: Options, option: str) -> None:
    error = sqlite_workplace.refusal("tenant_info", **options)
    assert error.code is ErrorCode.INVALID_SETTINGS
    assert option in {fault["option"] for fault in error.details["faults"]}


# The account


def test_all_that_is_wrong_with_the_account_is_told_at_once(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    sqlite_workplace.create("North", solution="security_center")
    error = refusal(sqlite_workplace, {"security_center": {"validate_certs": True}}, "Acme")
    assert {fault["option"] for fault in error.details["faults"]} == {
        "security_center.url",
        "security_center.username",
        "security_center.password",
    }
    both = sandbox.security_center_settings(password_file="/nowhere")
    assert "excludes password_file" in refusal(sqlite_workplace, {"security_center": both}, "Acme").message


def test_what_variables_lack_is_told_by_their_names(sqlite_workplace: Workplace) -> None:
    sqlite_workplace.create("North", solution="security_center")
    environment = {"MSP_KASPERSKY_SECURITY_CENTER_VALIDATE_CERTS": "true"}
    arguments, work = sqlite_workplace.options(), IntegrationClient.list_tenants
    outcome = perform_unchecked(TENANT_INFO, arguments, False, work, environment)
    assert [fault["message"].rpartition(" (")[2] for fault in outcome.result["error"]["faults"]] == [
        f"environment variable MSP_KASPERSKY_SECURITY_CENTER_{name})" for name in ("URL", "USERNAME", "PASSWORD")
    ]


def test_the_password_may_be_in_a_file(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{center['security_center']['password']}\n", encoding="utf-8")
    options = {"security_center": sandbox.security_center_settings(password=None, password_file=str(file))}
    assert bind(sqlite_workplace, options, "Acme")["changed"]
    file.unlink()
    error = refusal(sqlite_workplace, options, "Acme")
    assert [fault["option"] for fault in error.details["faults"]] == ["security_center.password_file"]


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("unauthorized", {"only": "Session.StartSession"}, ErrorCode.CREDENTIALS_REFUSED),
        ("two_step", {}, ErrorCode.TWO_STEP_VERIFICATION),
        ("error", {"code": 1184, "only": LISTING}, ErrorCode.RIGHT_MISSING),
        ("busy", {"only": LISTING}, ErrorCode.API_UNREACHABLE),
        ("throttled", {"retry_after": "1"}, ErrorCode.THROTTLED),
        ("html", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("truncated", {"only": LISTING}, ErrorCode.UNEXPECTED_ANSWER),
        ("duplicate_uid", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("dropped", {}, ErrorCode.API_UNREACHABLE),
    ],
)
def test_nothing_is_written_when_security_center_fails(
    sandbox: Sandbox, sqlite_workplace: Workplace, center: Options, kind: str, options: Options, code: ErrorCode
) -> None:
    bind(sqlite_workplace, center, "Acme")
    sandbox.misbehave("security_center", kind, **options)
    assert refusal(sqlite_workplace, center, "Acme", state="exact").code is code
    assert sqlite_workplace.refusal("tenant_info", **center).code is code


def test_an_unverified_certificate_is_warned_of(sandbox: Sandbox, sqlite_workplace: Workplace, center: Options) -> None:
    url = sandbox.security_center_unknown_ca_url
    options = {"security_center": {**center["security_center"], "url": url}}
    assert refusal(sqlite_workplace, options, "Acme").code is ErrorCode.CERTIFICATE_UNTRUSTED
    options["security_center"]["validate_certs"] = False
    for result in (bind(sqlite_workplace, options, "Acme"), sqlite_workplace.run("tenant_info", **options)):
        assert "validate_certs: false" in result["warnings"][0]
