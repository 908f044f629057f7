# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: gives an API user new credentials, in every integration that uses it, at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .._domain.api_users import SharedUser, desired_credentials, name_of, shared_user, titles
from .._domain.errors import IntegrationError
from .._domain.model import Integration
from .._domain.platforms import Platform
from .._domain.progress import Progress
from .._domain.rotation_plan import CredentialChange, RotationPlan, plan_rotation
from .._domain.rules import secret_origins
from .._remote.verification import Verification, VerificationState
from .._storage.reader import Reader, RegistryRecord, SecretRecord
from .context import Context
from .history import history_entry
from .operation import Operation
from .results import api_user_result
from .verify import prove_settings, require_verified, shown_states

if TYPE_CHECKING:
    from .._storage.writer import Writer

Proof = tuple[str, str]


@dataclass(frozen=True)
class RotationSnapshot:
    """
    All that a rotation depends on.

    :param secrets: the valid version of each integration's secrets.
    :param unfinished: versions of secrets that a crashed run may have left over.
    """

    shared: SharedUser
    secrets: Mapping[str, SecretRecord | None]
    record: RegistryRecord = field(compare=False)
    unfinished: bool = field(default=False, compare=False)


class RotateCredentials(Operation[RotationSnapshot, RotationPlan]):
    """The module ``api_user``. It changes all instances: an integration that is left behind locks the user out."""

    over_instances = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.desired = desired_credentials(context.options)
        self.warnings: list[str] = []
        self.proofs: dict[str, Verification] = {}
        self._opened: dict[str, dict[str, str]] = {}
        self._proven: dict[Proof, Verification] = {}
        self._staged: list[SecretRecord] = []

    def read(self, reader: Reader) -> RotationSnapshot:
        """Read every integration that uses the user, whatever its instance."""
        platform = self.desired.platform.name
        known = [item for name in reader.instance_names() for item in reader.integrations(name, platform=platform)]
        shared = shared_user(self.desired, known)
        secrets = {item.id: reader.current_secret(item.id) for item in shared.integrations}
        return RotationSnapshot(shared, secrets, reader.registry(), reader.has_unfinished_secrets())

    def basis(self, snapshot: RotationSnapshot) -> object:
        """Leave out what bindings and administrators change: it is not written here."""
        connections = [(item.id, item.settings, item.fingerprints) for item in snapshot.shared.integrations]
        return connections, snapshot.secrets

    def plan(self, snapshot: RotationSnapshot) -> RotationPlan:
        """Tell by their fingerprints where the given secrets are not the stored ones."""
        always = self.context.options.get("update_secrets") == "always"
        differing = {
            item.id: self.context.vault.differing(snapshot.record, item, self.desired.secrets, always=always)
            for item in snapshot.shared.integrations
        }
        return plan_rotation(self.desired, snapshot.shared, differing)

    def prove(self, snapshot: RotationSnapshot, plan: RotationPlan) -> None:
        """Make sure that secrets can be kept here, and ask once about each set of settings that differs."""
        if plan.changed:
            self.context.vault.require_store(snapshot.record)
        self.proofs.clear()
        to_prove = self._to_prove(plan)
        progress = Progress("proven for", "integrations", len(to_prove), self.context.tell)
        for number, change in enumerate(to_prove, start=1):
            proof = self._proof(snapshot, change)
            if proof not in self._proven:
                self._proven[proof] = self._verified(snapshot, plan, change)
            self.proofs[change.integration.id] = self._proven[proof]
            progress.reached(number)

    def prepare(self, snapshot: RotationSnapshot, plan: RotationPlan) -> None:
        """Stage a new version of the secrets of each integration."""
        changes = [change for change in plan.changes if change.secrets_changed]
        progress = Progress("prepared", "integrations", len(changes), self.context.tell)
        for number, change in enumerate(changes, start=1):
            origins = secret_origins(self.desired.platform, change.settings)
            secrets = self._all_secrets(snapshot, change)
            self._staged.append(self.context.vault.stage(change.integration.id, secrets, origins))
            progress.reached(number)

    def apply(self, writer: Writer, snapshot: RotationSnapshot, plan: RotationPlan) -> None:
        """Make all new secrets valid at once."""
        now = datetime.now(UTC)
        record = writer.registry()
        for change in plan.changes:
            writer.change_credentials(self._target(record, change, now))
            self._add_history(writer, change, now)
        for staged in self._staged:
            self.context.vault.store(record).keep(writer, staged)
        writer.touch_integrations([change.integration.id for change in plan.changes], now)

    def withdraw(self) -> None:
        """Take the staged secrets back."""
        staged, self._staged = self._staged, []
        for secret in staged:
            with suppress(IntegrationError):  # the row stays, so a later run sweeps it up
                self.context.vault.current_store().abandon(self.context.registry, self.context.instance, secret)

    def effects(self, snapshot: RotationSnapshot, plan: RotationPlan) -> None:
        """Remove the replaced versions of the secrets for good, and what crashed runs left over."""
        if self._staged or snapshot.unfinished:
            self.warnings += self.context.vault.sweep()

    @property
    def verification(self) -> Verification | None:
        """What was proven, the weakest of all; nothing where nobody was asked."""
        proofs = list(self.proofs.values())
        if not proofs:
            return None
        states = {api: _weakest(proof.states[api] for proof in proofs) for api in proofs[0].states}
        return Verification(states, tuple(dict.fromkeys(line for proof in proofs for line in proof.warnings)))

    @cached_property
    def _asked_platform(self) -> Platform:
        """The platform with the APIs of these users alone: no other password is tried by the way."""
        asked = {user.api for user in self.desired.users}
        platform = self.desired.platform
        return replace(platform, apis=tuple(api for api in platform.apis if api in asked))

    @cached_property
    def _own_secrets(self) -> set[str]:
        return {name for user in self.desired.users for name in user.secret_fields}

    def _to_prove(self, plan: RotationPlan) -> tuple[CredentialChange, ...]:
        verify = self.context.options.get("verify") or "on_change"
        return {"always": plan.members, "on_change": plan.changes}.get(verify, ())

    def _proof(self, snapshot: RotationSnapshot, change: CredentialChange) -> Proof:
        """Tell what has to be proven; where this is the same, once is enough."""
        others = {user.name_field for user in self.desired.platform.users if user not in self.desired.users}
        settings = {name: value for name, value in change.settings.items() if name not in others}
        return repr(sorted(settings.items())), repr(sorted(self._users_secrets(snapshot, change).items()))

    def _verified(self, snapshot: RotationSnapshot, plan: RotationPlan, change: CredentialChange) -> Verification:
        secrets = self._users_secrets(snapshot, change)
        try:
            verification = prove_settings(self.context, self._asked_platform, change.settings, secrets)
        except IntegrationError as error:
            names = [item.name for item in plan.shared.integrations]
            told = f"{error.message} Nothing was saved in any of the {len(names)} integrations that use this API user"
            told += f": {titles(plan.shared.integrations)}."
            raise IntegrationError(error.code, told, **error.details, integrations=names) from None
        require_verified(self._asked_platform, verification, self.context.options.get("require_verified") or [])
        return verification

    def _users_secrets(self, snapshot: RotationSnapshot, change: CredentialChange) -> dict[str, str]:
        """Tell the secrets that prove the users; the stored ones are opened only if one of them is needed."""
        given = self.desired.secrets
        if self._own_secrets <= given.keys():
            return given
        every = self._all_secrets(snapshot, change)
        return {name: every[name] for name in self._own_secrets}

    def _all_secrets(self, snapshot: RotationSnapshot, change: CredentialChange) -> dict[str, str]:
        """Merge the given secrets with the stored ones, if not all are given."""
        kept = {item.name for item in self.desired.platform.secret_fields} - self.desired.secrets.keys()
        if not kept:
            return self.desired.secrets
        secret = snapshot.secrets[change.integration.id]
        version = secret.version if secret else ""
        if version not in self._opened:
            self._opened[version] = self.context.vault.open(snapshot.record, change.integration, secret)
        return {**self._opened[version], **self.desired.secrets}

    def _target(self, record: RegistryRecord, change: CredentialChange, now: datetime) -> Integration:
        """Tell what the integration will be like."""
        stored = change.integration
        changed = {name: self.desired.secrets[name] for name in change.secrets_changed}
        new = self.context.vault.fingerprints(record, stored.id, changed) if changed else {}
        return replace(
            stored,
            settings=change.settings,
            fingerprints={**stored.fingerprints, **new},
            credentials_changed_at=now if changed else stored.credentials_changed_at,
            verified_at=self._verified_at(stored, now),
        )

    def _verified_at(self, stored: Integration, now: datetime) -> datetime | None:
        """What is not asked keeps its earlier proof; what is, and is not proven, ends it."""
        proof = self.proofs.get(stored.id)
        if proof is None or set(proof.states.values()) != {VerificationState.VERIFIED}:
            return None
        return now if proof.states.keys() == set(self.desired.platform.apis) else stored.verified_at

    def _add_history(self, writer: Writer, change: CredentialChange, now: datetime) -> None:
        summary = {
            "steps": list(change.steps),
            "secrets_changed": list(change.secrets_changed),
            "api_user": self.desired.user_name,
        }
        integration = change.integration
        entry = history_entry(self.context, now, "changed", integration.id, integration.name, summary)
        writer.add_history(replace(entry, instance=integration.instance))


def rotate_credentials(context: Context) -> dict[str, Any]:
    """
    Give an API user new credentials in every integration that uses it.

    :returns: ``changed, api_user, integrations, secrets_changed, verification, diff, warnings``.
    :raises IntegrationError: see the module ``api_user``; nothing was changed then, in no integration.
    """
    operation = RotateCredentials(context)
    _snapshot, plan = operation.run()
    verification = operation.verification
    return {
        "changed": plan.changed,
        "api_user": api_user_result(plan.shared),
        "integrations": [_member_result(member) for member in plan.members],
        "secrets_changed": plan.secrets_changed,
        "verification": shown_states(verification) if verification else {},
        "diff": {"before": plan.before, "after": plan.after},
        "warnings": [
            *(verification.warnings if verification else ()),
            *operation.warnings,
            *_warning_of_spelling(plan.shared),
        ],
    }


def _warning_of_spelling(shared: SharedUser) -> list[str]:
    """Many platforms do not tell upper from lower case in a name; whether this one does is not known."""
    if not shared.spelled_otherwise:
        return []
    names = sorted({name_of(shared.user, item) for item in shared.spelled_otherwise})
    return [
        f"{titles(shared.spelled_otherwise)} kept what they have: their API user is spelled {', '.join(names)}. "
        "If it is the same user, give it the new credentials as well, or it will be locked out."
    ]


def _member_result(member: CredentialChange) -> dict[str, Any]:
    integration = member.integration
    return {
        "id": integration.id,
        "name": integration.name,
        "instance": integration.instance,
        "changed": member.changed,
        "secrets_changed": list(member.secrets_changed),
    }


def _weakest(states: Iterable[VerificationState]) -> VerificationState:
    found = set(states)
    ranked = (VerificationState.REACHABLE, VerificationState.VERIFIED)
    return next(state for state in ranked if state in found)
