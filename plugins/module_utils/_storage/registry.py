# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: a registry as a whole: found, created, upgraded, refused, and opened for reading and writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
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
    from sqlalchemy.engine import Connection, RowMapping

    from .writer import Writer


@dataclass(frozen=True)
class Standing:
    """
    What a registry is, whether it may be used or not.

    :param moved_to: the address of the registry that took its place, or is about to.
    """

    id: str
    moved_to: str | None


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

    def standing(self) -> Standing | None:
        """
        Tell what is here, also of a registry that was moved.

        :returns: nothing where no registry has been created.
        :raises IntegrationError: ``registry_older`` or ``registry_newer``, ``registry_unreachable``,
            ``registry_busy`` or ``registry_damaged``.
        """
        if not self.database.exists():
            return None
        with self.database.reading() as connection:
            return self.standing_in(connection)

    def standing_in(self, connection: Connection) -> Standing | None:
        """Tell what is here, as :meth:`standing` does, inside the caller's transaction."""
        if not self.database.has_table(connection, schema.registry.name):
            return None
        row = self._current_row(connection)
        return Standing(row["id"], row["moved_to"])

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """
        Read at one moment; creates and upgrades nothing.

        :raises IntegrationError: ``registry_missing``, ``registry_older``, ``registry_newer``, ``registry_moved``,
            ``registry_unreachable``, ``registry_busy`` or ``registry_damaged``.
        """
        if not self.database.exists():
            raise self.missing()
        with self.database.reading() as connection:
            self._require_current(connection)
            yield Reader(connection)

    @contextmanager
    def writing(self, instance: str | None) -> Iterator[Writer]:
        """
        Change the registry in one locked transaction; it has to be there and current.

        :param instance: the instance whose lock is taken first; nothing for that of the whole registry.
        :raises IntegrationError: as :meth:`reading`.
        """
        from .writer import Writer  # for changes alone

        with self.database.writing(instance) as connection:
            self._require_current(connection)
            yield Writer(connection)

    def establish(self, record: RegistryRecord | None) -> tuple[bool, bool]:
        """
        Create the registry, or upgrade it, unless it is there and current; many may do so at once.

        :param record: the row about a new registry; nothing where there is one already.
        :returns: whether it was created, and whether it was upgraded.
        :raises IntegrationError: ``registry_newer`` or ``registry_moved`` (it stays untouched),
            ``registry_unreachable``, ``registry_busy`` or ``registry_damaged``.
        """
        with self.database.creating(), self.database.writing(None) as connection:
            version = self._version(connection)
            if version is None:
                if record is None:
                    raise self.missing()
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
            self._require_current(connection)
            return False, False

    def _version(self, connection: Connection) -> int | None:
        if not self.database.has_table(connection, schema.registry.name):
            return None
        row = self._row(connection)
        return row["schema_version"] if row else None

    def _row(self, connection: Connection) -> RowMapping | None:
        return connection.execute(questions.standing()).mappings().first()

    def _require_current(self, connection: Connection) -> None:
        row = self._current_row(connection)
        if row["moved_to"]:
            raise self.moved_to(row["moved_to"])

    def _current_row(self, connection: Connection) -> RowMapping:
        try:
            row = self._row(connection)
        except sa.exc.DBAPIError as error:
            if self.database.lacks_table(error):
                raise self.missing() from None
            raise
        if row is None:
            raise self.missing()
        version = row["schema_version"]
        self._refuse_newer(version)
        if version < upgrades.SCHEMA_VERSION:
            raise IntegrationError(
                ErrorCode.REGISTRY_OLDER,
                f"The registry {self.location} has schema {version}, this collection needs {upgrades.SCHEMA_VERSION}. "
                "Back it up and run the module msp.kaspersky.registry once; it upgrades in one transaction.",
            )
        return row

    def _refuse_newer(self, version: int) -> None:
        if version > upgrades.SCHEMA_VERSION:
            raise IntegrationError(
                ErrorCode.REGISTRY_NEWER,
                f"The registry {self.location} has schema {version}, this collection knows {upgrades.SCHEMA_VERSION}. "
                "Upgrade the collection msp.kaspersky; the registry was not touched.",
            )

    def moved_to(self, location: str) -> IntegrationError:
        """
        Make the refusal of whoever uses a registry that was moved.

        :param location: where to.
        """
        return IntegrationError(
            ErrorCode.REGISTRY_MOVED,
            f"The registry {self.location} was moved to {location}, or is being moved there. Set the option registry "
            "or the variable MSP_KASPERSKY_REGISTRY to that address. If the move was cut off, play it again.",
            registry=self.location,
            moved_to=location,
        )

    def missing(self) -> IntegrationError:
        """Make the failure of whoever looks for a registry where there is none."""
        return IntegrationError(
            ErrorCode.REGISTRY_MISSING,
            f"There is no registry at {self.location}. Set the option registry or the variable MSP_KASPERSKY_REGISTRY "
            "if it is elsewhere; the first integration that you create makes it.",
            registry=self.location,
        )
