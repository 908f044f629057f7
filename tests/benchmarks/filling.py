# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills a registry with many integrations and tenants, which the collection itself would take minutes for."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy


def fill(address: str, integrations: int, tenants: int) -> None:
    """
    Make many of the only integration that a registry has, and tenants that are bound to them evenly.

    :param address: as the option ``registry`` takes it.
    """
    engine = sqlalchemy.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    known = sqlalchemy.MetaData()
    known.reflect(engine)
    integration, administrator, tenant = (known.tables[name] for name in ("integration", "administrator", "tenant"))
    with engine.begin() as connection:
        first = dict(connection.execute(integration.select()).mappings().one())
        people = [dict(row) for row in connection.execute(administrator.select()).mappings()]
        copies = [{**first, "id": str(uuid4()), "name": f"Copy {number}"} for number in range(1, integrations)]
        connection.execute(integration.insert(), copies)
        ids = [first["id"], *(copy["id"] for copy in copies)]
        connection.execute(
            administrator.insert(), [{**person, "integration": copy["id"]} for copy in copies for person in people]
        )
        bound = {"instance": first["instance"], "kind": "company", "uid": None, "bound_at": first["created_at"]}
        connection.execute(
            tenant.insert(),
            [
                {**bound, "id": str(uuid4()), "name": f"Company {number}", "integration": ids[number % integrations]}
                for number in range(tenants)
            ],
        )
    engine.dispose()
