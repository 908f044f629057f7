# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .players import Play
from .psa import psa_measurements
from .samples import DATABASES, POSTGRESQL, SQLITE, Measurement, Section
from .stage import SERVERS, SLOW, Sizes, Stage


def measurements(sizes: Sizes) -> list[Measurement]:
    """List what is measured in each round, one after the other."""
    small = [*loops(sizes), *others(sizes), *hosts(sizes)]
    return [*small, *bindings(sizes), *infos(sizes), *verifications(sizes), *psa_measurements(sizes)]


def loops(sizes: Sizes) -> Iterator[Measurement]:
    """An unchanged item, and what Ansible itself costs."""
    yield loop("floor", "do-nothing action with the same arguments (the floor)", "nothing", sizes.items)
    for database in DATABASES:
        title = f"unchanged `integration`, in-process door, {database}"
        yield loop(f"in-process {database}", title, "integration", sizes.items, database)
    yield loop("assert", "`ansible.builtin.assert`", "assert", sizes.items)
    for database in DATABASES:
        title = f"unchanged `integration`, ordinary door, {database}"
        yield loop(f"ordinary {database}", title, "integration", sizes.slow, database, in_process=False)
    yield loop("ping", "`ansible.builtin.ping`", "ping", sizes.slow)


def loop(
    key: str, title: str, task: str, items: int, database: str = SQLITE, *, in_process: bool = True
) -> Measurement:
    """Measure a task of ``loops.yml`` that changes nothing."""

    def ready(stage: Stage) -> tuple[Play, Play]:
        variables = {"registry": stage.kept(database), "msp_kaspersky_in_process": in_process}
        return both("loops.yml", task, variables, items)

    return Measurement(f"loop {key}", title, Section.LOOPS, items, items - 1, ready)


def others(sizes: Sizes) -> Iterator[Measurement]:
    """What a user would pick instead, and the same work by us."""
    count = sizes.slow

    def queried(task: str, changes: bool) -> Any:
        return lambda stage: both("loops.yml", task, {"plain": stage.plain_table}, count, changes)

    def asked(task: str, in_process: bool) -> Any:
        variables = {"msp_kaspersky_in_process": in_process}
        return lambda stage: both(
            "loops.yml",
            task,
            {**variables, "registry": stage.reached, "tigerpaw": stage.sandbox["tigerpaw"]},
            count,
        )

    query = f"`community.postgresql.postgresql_query`, {POSTGRESQL}"
    for key, title, ready in (
        ("select", f"{query}, reads a row by its index", queried("select", changes=False)),
        ("upsert", f"{query}, writes a row by its index", queried("upsert", changes=True)),
        ("uri", "`ansible.builtin.uri`, one signed request to Tigerpaw's REST API", asked("uri", in_process=True)),
        ("verified in-process", "`integration`, REST and SOAP verified, in-process door", asked("verified", True)),
        ("verified ordinary", "`integration`, REST and SOAP verified, ordinary door", asked("verified", False)),
    ):
        yield Measurement(f"loop {key}", title, Section.LOOPS, count, count - 1, ready)


def hosts(sizes: Sizes) -> Iterator[Measurement]:
    """Each tenant as a host, with one unchanged task."""
    yield host("floor", "do-nothing action with the same arguments (the floor)", "nothing", sizes.hosts)
    for database in DATABASES:
        title = f"unchanged `integration`, in-process door, {database}"
        yield host(f"in-process {database}", title, "integration", sizes.hosts, database)
    for database in DATABASES:
        title = f"unchanged `integration`, ordinary door, {database}"
        yield host(f"ordinary {database}", title, "integration", sizes.slow, database, in_process=False)


def host(
    key: str, title: str, task: str, number: int, database: str = SQLITE, *, in_process: bool = True
) -> Measurement:
    """Measure a task of ``hosts.yml``."""

    def ready(stage: Stage) -> tuple[Play, Play]:
        variables = {"registry": stage.kept(database), "msp_kaspersky_in_process": in_process}
        return Play("hosts.yml", task, variables), Play("hosts.yml", task, variables, hosts=number)

    return Measurement(f"hosts {key}", title, Section.HOSTS, number, number - 1, ready)


def bindings(sizes: Sizes) -> Iterator[Measurement]:
    """Companies bound by one task, and bound again."""
    for database in DATABASES:
        for size, companies in (("many", sizes.companies), ("more", sizes.more_companies)):
            yield binding(f"bound {size} {database}", database, companies, again=False)
            yield binding(f"again {size} {database}", database, companies, again=True)


def binding(key: str, database: str, companies: int, *, again: bool) -> Measurement:
    """Measure ``binding``. The play that starts up reads the same variables and binds one of the companies."""
    names = [f"Company {number}" for number in range(companies)]

    def ready(stage: Stage) -> tuple[Play, Play]:
        if not again:
            stage.bound.pop((database, companies), None)
            stage.bound[database, companies] = stage.fresh(database)
        variables = {"registry": stage.bound[database, companies], "companies": names}
        return both("large.yml", "binding", variables, companies, changes=not again)

    title = f"{companies:,} companies {'unchanged again' if again else 'bound'}, {database}"
    return Measurement(key, title, Section.LARGE, companies, 1, ready)


def infos(sizes: Sizes) -> Iterator[Measurement]:
    """Many integrations told, with and without their tenants."""
    what = f"{sizes.integrations:,} integrations"
    for database in DATABASES:
        for key, title, tenants in (
            (f"info {database}", f"`integration_info`, {what} with {sizes.tenants:,} tenants, {database}", True),
            (f"info without {database}", f"`integration_info`, {what} without their tenants, {database}", False),
        ):
            yield info(key, title, sizes.integrations, database, with_tenants=tenants)


def info(key: str, title: str, integrations: int, database: str, *, with_tenants: bool) -> Measurement:
    """Measure ``integration_info``. The play that starts up does nothing."""

    def ready(stage: Stage) -> tuple[Play, Play]:
        variables = {"registry": stage.filled(database), "how_many": integrations, "with_tenants": with_tenants}
        return Play("large.yml", "nothing", variables), Play("large.yml", "info", variables)

    return Measurement(key, title, Section.LARGE, integrations, 1, ready)


def verifications(sizes: Sizes) -> Iterator[Measurement]:
    """Integrations proven against servers that take their time, all by one task, and one after the other."""

    def together(stage: Stage) -> tuple[Play, Play]:
        variables = {"registry": stage.slow_integrations, "how_many": sizes.verified}
        return Play("large.yml", "nothing", variables), Play("large.yml", "verify", variables)

    def singly(stage: Stage) -> tuple[Play, Play]:
        return both("large.yml", "singly", {"registry": stage.slow_integrations}, sizes.singly)

    title = f"{sizes.verified} integrations of {SERVERS} servers that take {1000 * SLOW:.0f} ms verified"
    yield Measurement("verify together", f"{title} by one task", Section.LARGE, sizes.verified, 1, together)
    extrapolated = f"{title} one after the other (extrapolated from {sizes.singly})"
    parts = (sizes.singly - 1) / sizes.verified
    yield Measurement("verify singly", extrapolated, Section.LARGE, sizes.verified, parts, singly)


def both(playbook: str, task: str, variables: dict[str, Any], count: int, changes: bool = False) -> tuple[Play, Play]:
    """Return a play of one item, and that of all."""
    one, whole = ({**variables, "how_many": how_many} for how_many in (1, count))
    return Play(playbook, task, one, changes=changes), Play(playbook, task, whole, changes=changes)
