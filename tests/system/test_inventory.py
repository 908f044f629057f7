# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible reads tenants as hosts: all of them with one question, from each source alike, and from a cache with none."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox

from .tasks import Options
from .workplace import Workplace

ONE_CONVERSATION = ["Session.StartSession", "HostGroup.GetStaticInfo", "VServers.GetVServers", "Session.EndSession"]
ACME, BORG, CYAN = ("Acme", "VSRV-a"), ("Borg", "VSRV-b"), ("Cyan", "VSRV-c")


@dataclass
class Source:
    """
    A source of an inventory in a file.

    :param options: what it says, so far.
    """

    path: Path
    options: Options

    def read(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """
        Let Ansible read it, in a process of its own.

        :param options: what else it says; a value of ``None`` leaves an option out.
        """
        said = {name: value for name, value in (self.options | options).items() if value is not None}
        self.path.write_text(json.dumps({"plugin": "msp.kaspersky.tenants", **said}), encoding="utf-8")
        return self.run("inventory", "--list", *arguments)

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of Ansible with the file as it is."""
        return subprocess.run(
            [sys.executable, "-m", "ansible", program, "-i", str(self.path), *arguments],
            env={**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", "HOME": str(self.path.parent)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def inventory(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """Return what Ansible has understood."""
        done = self.read(*arguments, **options)
        assert done.returncode == 0, done.stderr
        read: dict[str, Any] = json.loads(done.stdout)
        return read

    def hosts(self, *arguments: str, **options: Any) -> set[str]:
        return set(self.inventory(*arguments, **options)["_meta"]["hostvars"])


@pytest.fixture
def source(sandbox: Sandbox, sqlite_workplace: Workplace, tmp_path: Path) -> Source:
    """Let Security Center have three virtual servers, one of them bound, and say in a file where to look."""
    let_exist(sandbox, ACME, BORG, CYAN)
    center = sandbox.security_center_settings(timeout=30, retries=0)
    sqlite_workplace.create("North", solution="security_center")
    sqlite_workplace.run("binding", integration="North", virtual_servers=["Acme"], security_center=center)
    sandbox.forget()
    registry = sqlite_workplace.common["registry"]
    return Source(tmp_path / "msp.tenants.yml", {"registry": registry, "security_center": center})


def let_exist(sandbox: Sandbox, *servers: tuple[str, str]) -> None:
    sandbox.virtual_servers.replace({"name": name, "uid": uid} for name, uid in servers)


def calls(sandbox: Sandbox) -> list[str]:
    return [request.operation for request in sandbox.requests("security_center")]


def told_of(read: dict[str, Any], host: str) -> dict[str, Any]:
    """Return the variables of a host, without the mark of texts that are never rendered."""
    variables = read["_meta"]["hostvars"][host].items()
    return {name: value["__ansible_unsafe"] if isinstance(value, dict) else value for name, value in variables}


def text_of(folder: Path) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())


def test_ten_thousand_virtual_servers_are_hosts_with_one_question(sandbox: Sandbox, source: Source) -> None:
    sandbox.virtual_servers.generate(10_000)
    read = source.inventory(stale=False)
    assert calls(sandbox) == ONE_CONVERSATION
    assert len(read["_meta"]["hostvars"]) == 10_000
    assert len(read["kaspersky_unknown"]["hosts"]) == 10_000
    assert not sandbox.requests("security_center", writing=True)


def test_a_virtual_server_is_the_same_host_in_every_source(source: Source) -> None:
    both, center, registry = (
        source.hosts(sources=sources)
        for sources in (["registry", "security_center"], ["security_center"], ["registry"])
    )
    assert len(both) == 3
    assert center == both
    assert registry == {name for name in both if name.startswith("acme-")}


def test_groups_tell_who_holds_what(source: Source) -> None:
    read = source.inventory()
    by_group = {group: value.get("hosts", []) for group, value in read.items() if group != "_meta"}
    [acme] = by_group["kaspersky_bound"]
    assert acme.startswith("acme-")
    assert by_group["kaspersky_integration_North"] == by_group["kaspersky_platform_tigerpaw"] == [acme]
    assert len(by_group["kaspersky_unbound"]) == 2
    assert set(read["kaspersky_tenants"]["children"]) >= {"kaspersky_bound", "kaspersky_unbound", "kaspersky_stale"}


def test_integrations_of_two_sources_are_kept_apart(source: Source, sqlite_workplace: Workplace) -> None:
    other = sqlite_workplace.create("North", instance="hub")["integration"]["id"]
    sqlite_workplace.run("binding", instance="hub", integration="North", companies=["Acme"])
    second = Source(source.path.with_name("other.tenants.yml"), {**source.options, "instance": "hub"})
    assert len(second.hosts()) == 1
    read = source.inventory("-i", str(second.path))
    suffix = other.replace("-", "_")
    [mine], [others] = (read[f"kaspersky_integration_North{end}"]["hosts"] for end in ("", f"_{suffix}"))
    assert mine != others
    assert len(read["kaspersky_bound"]["hosts"]) == 2


def test_a_source_does_not_forget_what_another_knows(source: Source) -> None:
    source.inventory(sources=["registry"])
    second = Source(source.path.with_name("other.tenants.yml"), {**source.options, "sources": ["security_center"]})
    assert len(second.hosts()) == 3
    read = source.inventory("-i", str(second.path), sources=["registry"], security_center=None)
    [bound] = read["kaspersky_bound"]["hosts"]
    told = told_of(read, bound)
    assert told["kaspersky_tenant_bound"] is told["kaspersky_tenant_enabled"] is True
    assert told["kaspersky_tenant_integration"] == "North"
    assert "kaspersky_unbound" not in read


@pytest.mark.parametrize("order", ["registry first", "security center first"])
def test_sources_complete_each_other(source: Source, sandbox: Sandbox, order: str) -> None:
    sandbox.virtual_servers.change(ACME[1], name="Zenith", enabled=False)
    made: Options = {"compose": {"seen": "kaspersky_tenant_integration"}, "groups": {"held": "kaspersky_tenant_bound"}}
    center: Options = {"sources": ["security_center"], "instance": "elsewhere", **made}
    registry: Options = {"sources": ["registry"], "security_center": None, **made}
    first, last = (registry, center) if order == "registry first" else (center, registry)
    second = Source(source.path.with_name("other.tenants.yml"), source.options)
    condition = "kaspersky_tenant_bound is true and kaspersky_tenant_enabled is false"
    second.read(**last, filters=[{"include": condition}, {"exclude": True}])
    read = source.inventory("-i", str(second.path), **first)
    [held] = read["held"]["hosts"]
    assert read["kaspersky_bound"]["hosts"] == read["kaspersky_disabled"]["hosts"] == [held]
    told = told_of(read, held)
    assert (told["kaspersky_tenant_name"], told["kaspersky_tenant_registered_name"]) == ("Zenith", "Acme")
    assert (told["seen"], told["kaspersky_tenant_instance"], told["kaspersky_tenant_stale"]) == (
        "North",
        "default",
        False,
    )
    assert len(read["_meta"]["hostvars"]) == (1 if order == "registry first" else 3)


@pytest.mark.parametrize("known", ["first", "last"])
def test_a_registry_that_does_not_know_contradicts_none_that_does(
    source: Source, sqlite_workplace: Workplace, tmp_path: Path, known: str
) -> None:
    other = f"sqlite:///{tmp_path / 'other.sqlite'}"
    sqlite_workplace.create("South", solution="security_center", registry=other, instance="two")
    elsewhere: Options = {"registry": other, "instance": "two"}
    first, last = ({}, elsewhere) if known == "first" else (elsewhere, {})
    second = Source(source.path.with_name("other.tenants.yml"), source.options)
    assert len(second.hosts(**last)) == 3
    read = source.inventory("-i", str(second.path), **first)
    [held] = read["kaspersky_bound"]["hosts"]
    assert len(set(read["kaspersky_unbound"]["hosts"])) == len(set(read["kaspersky_unknown"]["hosts"])) == 2
    assert held not in {*read["kaspersky_unbound"]["hosts"], *read["kaspersky_unknown"]["hosts"]}
    told = told_of(read, held)
    assert (told["kaspersky_tenant_instance"], told["kaspersky_tenant_integration"]) == ("default", "North")


def test_what_another_instance_holds_is_not_free(source: Source, sqlite_workplace: Workplace) -> None:
    sqlite_workplace.create("South", solution="security_center", instance="two")
    read = source.inventory(instance="two")
    [bound] = read["kaspersky_bound"]["hosts"]
    assert bound not in read["kaspersky_unbound"]["hosts"]
    assert told_of(read, bound)["kaspersky_tenant_instance"] == "default"


def test_what_the_environment_says_counts(source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MSP_KASPERSKY_REGISTRY", source.options["registry"])
    for name, value in source.options["security_center"].items():
        monkeypatch.setenv(f"MSP_KASPERSKY_SECURITY_CENTER_{name.upper()}", str(value))
    assert len(source.hosts(registry=None, security_center=None)) == 3
    monkeypatch.setenv("MSP_KASPERSKY_REGISTRY", f"sqlite:///{tmp_path}/none")
    assert "registry_missing" in source.read(registry=None).stderr


def test_a_cache_answers_without_asking(sandbox: Sandbox, source: Source, tmp_path: Path) -> None:
    kept = tmp_path / "cache"
    source.options |= {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(kept)}
    first = source.inventory()
    assert calls(sandbox) == ONE_CONVERSATION
    let_exist(sandbox, ACME)
    sandbox.forget()
    registry = Path(source.options["registry"].removeprefix("sqlite:///"))
    registry.rename(tmp_path / "elsewhere")
    assert source.inventory() == first
    assert not calls(sandbox)
    assert "registry_missing" in source.read(bound=False).stderr
    (tmp_path / "elsewhere").rename(registry)
    assert len(source.hosts()) == 3
    (tmp_path / "play.yml").write_text("- hosts: all", encoding="utf-8")
    assert "hosts (1)" in source.run("playbook", "--flush-cache", "--list-hosts", str(tmp_path / "play.yml")).stdout
    assert len(source.hosts()) == 1
    assert calls(sandbox) == ONE_CONVERSATION


def test_a_cache_holds_no_secret(source: Source, tmp_path: Path) -> None:
    kept = tmp_path / "cache"
    password = source.options["security_center"]["password"]
    source.options |= {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(kept)}
    source.inventory()
    text = text_of(kept)
    assert "VSRV-a" in text
    for form in (password, json.dumps(password)[1:-1], base64.b64encode(password.encode()).decode()):
        assert form not in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"bond": True}, ["bond", "did you mean bound?", "invalid_settings"]),
        ({"security_center": "s3cret-in-the-wrong-place"}, ["security_center: must be a dictionary"]),
        ({"integration": "Nord"}, ["'Nord'", "North", "not_found"]),
        ({"instance": "elsewhere"}, ["elsewhere", "instance_unknown"]),
        ({"sources": []}, ["sources: must name", "invalid_settings"]),
        ({"secret_key": "integration"}, ["a secret of this source", "invalid_settings"]),
        ({"filters": [{"includes": "true"}]}, ["filters[0]", "include or exclude"]),
        ({"compose": {"a": "nobody_has_this"}, "strict": True}, ["nobody_has_this"]),
    ],
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
def test_a_source_that_is_wrong_is_refused(source: Source, options: Options, told: list[str]) -> None:
    done = source.read("-vvvv", **options)
    assert done.returncode != 0
    words = " ".join(done.stderr.split())
    assert [word for word in told if word not in words] == []
    for secret in ("s3cret", source.options["security_center"]["password"]):
        assert secret not in done.stdout + done.stderr


def test_a_password_that_is_no_template_is_not_shown(source: Source) -> None:
    center = {**source.options["security_center"], "password": "Lit3ral{{pw"}
    done = source.read("-vvvv", security_center=center)
    assert done.returncode != 0
    assert "security_center: cannot be rendered" in " ".join(done.stderr.split())
    assert "Lit3ral" not in done.stdout + done.stderr


def test_a_refused_password_is_not_shown(source: Source) -> None:
    center = {**source.options["security_center"], "password": "Wrong<&>pass'w0rd"}
    done = source.read("-vvvv", security_center=center)
    assert done.returncode != 0
    assert "credentials_refused" in done.stderr
    assert "w0rd" not in done.stdout + done.stderr
