# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the one way for data to walk: read, discover, plan, prove, apply, effects.

Check mode is a plan that is proven and not applied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from .._domain.errors import ErrorCode, IntegrationError
from .._storage.reader import Reader
from .._storage.secrets import LostStage
from .context import Context
from .vault import Overtaken

if TYPE_CHECKING:
    from .._storage.writer import Writer

ATTEMPTS = 3


class Plan(Protocol):
    """What an operation would do."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""


SnapshotType = TypeVar("SnapshotType")
PlanType = TypeVar("PlanType", bound=Plan)


class _Outdated(Exception):
    """Another run changed what the plan was made from."""


class Operation(ABC, Generic[SnapshotType, PlanType]):
    """
    One verb, applied to one registry.

    :cvar upgrades: whether it brings an older registry up to date before it writes.
    :cvar over_instances: whether it changes more than its own instance, so that it waits for all of them.
    """

    upgrades = True
    over_instances = False

    def __init__(self, context: Context) -> None:
        self.context = context
        self._registry_ready = False
        self.created_registry = False

    @abstractmethod
    def read(self, reader: Reader) -> SnapshotType:
        """
        Read all that the plan depends on.

        :param reader: one moment of the registry.
        """

    def basis(self, snapshot: SnapshotType) -> object:
        """
        Take from a snapshot what the plan was made from.

        :returns: where two are equal, nothing happened in between that matters, and the plan holds.
        """
        return snapshot

    def empty(self) -> SnapshotType | None:
        """Tell what :meth:`read` would find in a new registry, if the verb creates one where there is none."""
        return None

    def discover(self, snapshot: SnapshotType) -> bool:
        """
        Ask the outside systems what there is, reading only, outside any lock, once a task.

        :param snapshot: tells that the task makes sense, so that nobody is asked in vain.
        :returns: whether something was learnt, so that the registry has to be read once more with it.
        """
        return False

    @abstractmethod
    def plan(self, snapshot: SnapshotType) -> PlanType:
        """Compare what is wanted with the snapshot; writes nothing, sends nothing."""

    def prove(self, snapshot: SnapshotType, plan: PlanType) -> None:
        """Ask the outside systems, reading only, outside any lock; raises when the plan must not be applied."""

    def prepare(self, snapshot: SnapshotType, plan: PlanType) -> None:
        """Do what has to come before the transaction and can be taken back."""

    @abstractmethod
    def apply(self, writer: Writer, snapshot: SnapshotType, plan: PlanType) -> None:
        """Write everything, inside one transaction."""

    def withdraw(self) -> None:
        """Take back what :meth:`prepare` did, because the transaction did not happen."""

    def effects(self, snapshot: SnapshotType, plan: PlanType) -> None:
        """Do what cannot be in the transaction. Runs after a change, and when an earlier run left something over."""

    def run(self) -> tuple[SnapshotType, PlanType]:
        """
        Carry the verb out, or in check mode everything of it that changes nothing.

        :returns: the last snapshot, and the plan that was made from it.
        :raises IntegrationError: ``registry_busy`` when other runs kept changing the same things.
        """
        for _attempt in range(ATTEMPTS):
            with suppress(Overtaken):
                if done := self._attempt():
                    return done
        raise IntegrationError(
            ErrorCode.REGISTRY_BUSY,
            f"Other runs kept changing the same integration or tenants; after {ATTEMPTS} attempts nothing was written. "
            "Run the task again.",
        )

    def _attempt(self) -> tuple[SnapshotType, PlanType] | None:
        """Carry the verb out, unless another run is faster."""
        snapshot = self._snapshot()
        if self.discover(snapshot):
            snapshot = self._snapshot()
        plan = self.plan(snapshot)
        self.prove(snapshot, plan)
        if self.context.check_mode:
            return snapshot, plan
        if plan.changed and not self._applied(snapshot, plan):
            return None
        self.effects(snapshot, plan)
        return snapshot, plan

    def _snapshot(self) -> SnapshotType:
        try:
            return self._read_registry()
        except IntegrationError as error:
            empty = self.empty() if error.code is ErrorCode.REGISTRY_MISSING else None
            if empty is not None:
                return empty
            if error.code is not ErrorCode.REGISTRY_OLDER or self.context.check_mode or not self.upgrades:
                raise
        self.context.vault.establish()
        return self._read_registry()

    def _read_registry(self) -> SnapshotType:
        with self.context.registry.reading() as reader:
            self._registry_ready = reader.registry().secrets_ready
            return self.read(reader)

    def _applied(self, snapshot: SnapshotType, plan: PlanType) -> bool:
        """Write, unless what was planned from has changed meanwhile."""
        if not self._registry_ready:
            created, _upgraded = self.context.vault.establish()
            self.created_registry = self.created_registry or created
        try:
            self.prepare(snapshot, plan)
            with self.context.registry.writing(None if self.over_instances else self.context.instance) as writer:
                if self.basis(self.read(writer)) != self.basis(snapshot):
                    raise _Outdated
                self.apply(writer, snapshot, plan)
        except (_Outdated, LostStage):
            self.withdraw()
            return False
        except BaseException:
            self.withdraw()
            raise
        return True
