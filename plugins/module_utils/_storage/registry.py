# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: a registry as a whole: found, created, upgraded, refused, and opened for reading and writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from .._domain.errors import ErrorCode, IntegrationError
from . import questions, schema, upgrades
from .database import Database
from .reader import Reader, RegistryRecord

try:
    import sqlalchemy as sa
except ImportError:  # told when the database is opened
    pass

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from .writer import Writer

_WHOLE_REGISTRY = ""


class Registry:
    """
    Where integrations are kept.

    :param database: connects to nothing before it is used.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def location(self) -> str:
        """Address of the registry without its password."""
        return self.database.location

    def is_missing(self) -> bool:
        """
        Tell whether no registry has been created here yet; creates nothing.

        :raises IntegrationError: ``registry_unreachable``, ``registry_busy`` or ``registry_damaged``.
        """
        if not self.database.exists():
            return True
        with self.database.reading() as connection:
            return self._version(connection) is None

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """
        Read at one moment; creates and upgrades nothing.

        :raises IntegrationError: ``registry_missing``, ``registry_older``, ``registry_newer``,
            ``registry_unreachable``, ``registry_busy`` or ``registry_damaged``.
        """
        if not self.database.exists():
            raise self._missing()
        with self.database.reading() as connection:
            self._require_current(connection)
            yield Reader(connection)

    @contextmanager
    def writing(self, instance: str) -> Iterator[Writer]:
        """
        Change the registry in one locked transaction; it has to be there and current.

        :param instance: the instance whose lock is taken first.
        :raises IntegrationError: as :meth:`reading`.
        """
        with self.database.writing(instance) as connection:
            self._require_current(connection)
            from .writer import Writer  # for changes alone

            yield Writer(connection)

    def establish(self, record: RegistryRecord | None) -> tuple[bool, bool]:
        """
        Create the registry, or upgrade it, unless it is there and current; many may do so at once.

        :param record: the row about a new registry; nothing where there is one already.
        :returns: whether it was created, and whether it was upgraded.
        :raises IntegrationError: ``registry_newer`` (it stays untouched), ``registry_unreachable``,
            ``registry_busy`` or ``registry_damaged``.
        """
        with self.database.creating(), self.database.writing(_WHOLE_REGISTRY) as connection:
            version = self._version(connection)
            if version is None:
                if record is None:
                    raise self._missing()
                from .creation import create_tables  # for new registries alone

                create_tables(connection)
                row = replace(record, schema_version=upgrades.SCHEMA_VERSION)
                connection.execute(sa.insert(schema.registry), [asdict(row)])
                return True, False
            self._refuse_newer(version)
            if version < upgrades.SCHEMA_VERSION:
                upgrades.upgrade(connection, version)
                connection.execute(sa.update(schema.registry).values(schema_version=upgrades.SCHEMA_VERSION))
                return False, True
            return False, False

    def _version(self, connection: Connection) -> int | None:
        if not self.database.has_table(connection, schema.registry.name):
            return None
        version: int | None = connection.scalar(questions.schema_version())
        return version

    def _require_current(self, connection: Connection) -> None:
        try:
            version = connection.scalar(questions.schema_version())
        except sa.exc.DBAPIError as error:
            if self.database.lacks_table(error):
                raise self._missing() from None
            raise
        if version is None:
            raise self._missing()
        self._refuse_newer(version)
        if version < upgrades.SCHEMA_VERSION:
            raise IntegrationError(
                ErrorCode.REGISTRY_OLDER,
                f"The registry {self.location} has schema {version}, this collection needs {upgrades.SCHEMA_VERSION}. "
                "Back it up and run the module msp.kaspersky.registry once; it upgrades in one transaction.",
            )

    def _refuse_newer(self, version: int) -> None:
        if version > upgrades.SCHEMA_VERSION:
            raise IntegrationError(
                ErrorCode.REGISTRY_NEWER,
                f"The registry {self.location} has schema {version}, this collection knows {upgrades.SCHEMA_VERSION}. "
                "Upgrade the collection msp.kaspersky; the registry was not touched.",
            )

    def _missing(self) -> IntegrationError:
        return IntegrationError(
            ErrorCode.REGISTRY_MISSING,
            f"There is no registry at {self.location}. Set the option registry or the variable MSP_KASPERSKY_REGISTRY "
            "if it is elsewhere; the first integration that you create makes it.",
            registry=self.location,
        )
