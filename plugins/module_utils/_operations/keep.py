# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: creates an integration, or brings a stored one to the wanted state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import HistoryEntry, Instance, Integration
from .._domain.plan import IntegrationPlan, plan_integration
from .._domain.rules import DesiredIntegration, desired_integration, secret_origins, selection
from .._remote.verification import Verification, VerificationState
from .._storage.reader import Reader, RegistryRecord, SecretRecord
from .context import Context
from .find import nothing_to_edit, selected_integration
from .history import history_entry
from .operation import Operation
from .results import integration_result
from .verify import prove_settings, require_verified, shown_states

if TYPE_CHECKING:
    from .._storage.writer import Writer


@dataclass(frozen=True)
class IntegrationSnapshot:
    """
    All that keeping an integration depends on.

    :param unfinished: versions of secrets that a crashed run may have left over.
    """

    instance: Instance | None = None
    stored: Integration | None = None
    secret: SecretRecord | None = None
    record: RegistryRecord | None = field(default=None, compare=False)
    unfinished: bool = field(default=False, compare=False)


class KeepIntegration(Operation[IntegrationSnapshot, IntegrationPlan]):
    """``integration`` with ``state: present``."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.verification: Verification | None = None
        self.warnings: list[str] = []
        self._new_id = str(uuid4())
        self._secrets: dict[str, str] | None = None
        self._staged: SecretRecord | None = None

    def empty(self) -> IntegrationSnapshot | None:
        """A first integration creates the registry; what is selected by its id or renamed has to be there already."""
        wanted = selection(self.context.options)
        return None if wanted.integration_id or wanted.new_name else IntegrationSnapshot()

    def read(self, reader: Reader) -> IntegrationSnapshot:
        """Read the selected integration, its instance and which version of its secrets is valid."""
        options, instance = self.context.options, self.context.instance
        wanted = selection(options)
        stored = selected_integration(reader, instance, wanted)
        # A name that is not usable is told by the rules.
        if stored is None and wanted.name and options.get("platform") is None and options.get("solution") is None:
            raise nothing_to_edit(reader, instance, wanted.name)
        return IntegrationSnapshot(
            instance=reader.instance(instance),
            stored=stored,
            secret=reader.current_secret(stored.id) if stored else None,
            record=reader.registry(),
            unfinished=reader.has_unfinished_secrets(),
        )

    def plan(self, snapshot: IntegrationSnapshot) -> IntegrationPlan:
        """Judge the options against what is stored."""
        options = self.context.options
        desired = desired_integration(options, snapshot.stored)
        _refuse_other_solution(snapshot.instance, desired)
        differing: frozenset[str] = frozenset()
        if snapshot.stored and snapshot.record:
            always = options.get("update_secrets") == "always"
            differing = self.context.vault.differing(snapshot.record, snapshot.stored, desired.secrets, always=always)
        return plan_integration(desired, snapshot.stored, differing)

    def prove(self, snapshot: IntegrationSnapshot, plan: IntegrationPlan) -> None:
        """Make sure that secrets can be kept here, and verify the settings where the option ``verify`` asks for it."""
        if plan.seals_anew:
            self.context.vault.require_store(snapshot.record)
        verify = self.context.options.get("verify") or "on_change"
        self._secrets, self.verification = None, None
        if verify == "always" or (verify == "on_change" and plan.changes_connection):
            self.verification = self._verified(snapshot, plan)

    def prepare(self, snapshot: IntegrationSnapshot, plan: IntegrationPlan) -> None:
        """Stage a new version of the secrets where one is needed."""
        if plan.seals_anew:
            origins = secret_origins(plan.desired.platform, plan.desired.settings)
            secrets = self._all_secrets(snapshot, plan)
            self._staged = self.context.vault.stage(self._id(plan), secrets, origins)

    def apply(self, writer: Writer, snapshot: IntegrationSnapshot, plan: IntegrationPlan) -> None:
        """Write the integration, make its secrets valid, and note it in the history."""
        now = datetime.now(UTC)
        integration = self.target(plan, now, self._fingerprints(writer.registry(), snapshot, plan))
        if snapshot.instance is None:
            writer.add_instance(Instance(self.context.instance, plan.desired.solution), now)
        if snapshot.stored:
            writer.change_integration(integration)
        else:
            writer.add_integration(integration)
        if self._staged:
            self.context.vault.store(writer.registry()).keep(writer, self._staged)
        writer.add_history(self._history(integration, plan, now))

    def withdraw(self) -> None:
        """Take the staged secrets back."""
        if self._staged:
            staged, self._staged = self._staged, None
            with suppress(IntegrationError):  # the row stays, so a later run sweeps it up
                self.context.vault.current_store().abandon(self.context.registry, self.context.instance, staged)

    def effects(self, snapshot: IntegrationSnapshot, plan: IntegrationPlan) -> None:
        """Remove the replaced version of the secrets for good, and what crashed runs left over."""
        if self._staged or snapshot.unfinished:
            self.warnings += self.context.vault.sweep()

    def target(self, plan: IntegrationPlan, now: datetime, fingerprints: dict[str, str]) -> Integration:
        """Tell what the integration will be like."""
        desired, stored = plan.desired, plan.stored
        base = stored or Integration(
            id=self._id(plan),
            instance=self.context.instance,
            name=desired.name,
            platform=desired.platform.name,
            solution=desired.solution,
            settings={},
            fingerprints={},
            administrators=(),
            revision=0,
            created_at=now,
            updated_at=now,
            credentials_changed_at=now,
        )
        return replace(
            base,
            name=desired.name,
            settings=desired.settings,
            fingerprints=fingerprints,
            administrators=desired.administrators,
            revision=base.revision + 1,
            updated_at=now,
            credentials_changed_at=now if plan.secrets_changed else base.credentials_changed_at,
            verified_at=self._verified_at(base, plan, now),
        )

    def _id(self, plan: IntegrationPlan) -> str:
        return plan.stored.id if plan.stored else self._new_id

    def _verified_at(self, base: Integration, plan: IntegrationPlan, now: datetime) -> datetime | None:
        """Only a full proof counts; a connection that was changed without one is no longer proven."""
        states = self.verification.states.values() if self.verification else ()
        if states and all(state is VerificationState.VERIFIED for state in states):
            return now
        return None if plan.changes_connection else base.verified_at

    def _verified(self, snapshot: IntegrationSnapshot, plan: IntegrationPlan) -> Verification:
        platform = plan.desired.platform
        secrets = self._all_secrets(snapshot, plan)
        verification = prove_settings(self.context, platform, plan.desired.settings, secrets)
        require_verified(platform, verification, self.context.options.get("require_verified") or [])
        return verification

    def _all_secrets(self, snapshot: IntegrationSnapshot, plan: IntegrationPlan) -> dict[str, str]:
        """Merge the given secrets with the stored ones, which are opened only if one of them is needed."""
        if self._secrets is None:
            kept = {item.name for item in plan.desired.platform.secret_fields} - set(plan.desired.secrets)
            stored: dict[str, str] = {}
            if kept and snapshot.stored and snapshot.record:
                stored = self.context.vault.open(snapshot.record, snapshot.stored, snapshot.secret)
            self._secrets = {**stored, **plan.desired.secrets}
        return self._secrets

    def _fingerprints(
        self, record: RegistryRecord, snapshot: IntegrationSnapshot, plan: IntegrationPlan
    ) -> dict[str, str]:
        changed = {name: plan.desired.secrets[name] for name in plan.secrets_changed}
        new = self.context.vault.fingerprints(record, self._id(plan), changed) if changed else {}
        return {**(snapshot.stored.fingerprints if snapshot.stored else {}), **new}

    def _history(self, integration: Integration, plan: IntegrationPlan, now: datetime) -> HistoryEntry:
        summary: dict[str, Any] = {"steps": list(plan.steps)}
        if plan.secrets_changed:
            summary["secrets_changed"] = list(plan.secrets_changed)
        if plan.stored and plan.stored.name != integration.name:
            summary["renamed_from"] = plan.stored.name
        action = "changed" if plan.stored else "created"
        return history_entry(self.context, now, action, integration.id, integration.name, summary)


def keep_integration(context: Context) -> dict[str, Any]:
    """
    Bring an integration to the wanted state.

    :returns: ``changed, integration, verification, secrets_changed, diff, warnings``.
    :raises IntegrationError: see the module ``integration``; nothing was changed then.
    """
    operation = KeepIntegration(context)
    snapshot, plan = operation.run()
    new_registry = operation.created_registry or (context.check_mode and snapshot.record is None)
    verification = operation.verification
    return {
        "changed": plan.changed,
        "integration": _outcome(context, operation, plan),
        "verification": shown_states(verification) if verification else {},
        "secrets_changed": list(plan.secrets_changed),
        "diff": {"before": plan.before, "after": plan.after if plan.changed else plan.before},
        "warnings": [
            *(verification.warnings if verification else ()),
            *operation.warnings,
            *_warning_of(context, new_registry),
        ],
    }


def _warning_of(context: Context, new_registry: bool) -> list[str]:
    """Tell of a first use: a wrong address would otherwise look like a registry that has lost everything."""
    if not new_registry:
        return []
    return [
        f"A new registry is made: {context.registry.location}. If there should be one already, set the option registry "
        "to it: its integrations and bindings are not known here."
    ]


def _outcome(context: Context, operation: KeepIntegration, plan: IntegrationPlan) -> dict[str, Any]:
    """Show what is stored now; in check mode what would be, without the id and the times that do not exist yet."""
    if plan.stored and not plan.changed:
        return integration_result(plan.stored)
    target = operation.target(plan, datetime.now(UTC), {})
    if context.check_mode:
        unknown = ("id", "created_at", "updated_at", "credentials_changed_at", "verified_at")
        return {**integration_result(target), **({} if plan.stored else dict.fromkeys(unknown))}
    with context.registry.reading() as reader:
        return integration_result(reader.integration(target.id) or target)


def _refuse_other_solution(instance: Instance | None, desired: DesiredIntegration) -> None:
    if instance and instance.solution is not desired.solution:
        raise IntegrationError(
            ErrorCode.INSTANCE_MISMATCH,
            f"The instance '{instance.name}' is a {instance.solution}, the task says {desired.solution}. One instance "
            "is one Kaspersky solution: correct solution, or name another instance.",
        )
