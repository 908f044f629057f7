# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: looks after a registry: creates or upgrades it, encrypts it anew, checks it, applies retention."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .._domain.model import Instance, Integration, Solution
from .._domain.platforms import PLATFORMS
from .._domain.progress import Progress
from .._domain.rules import secret_origins
from .._storage.encrypted_store import EncryptedStore
from .._storage.reader import Reader, RegistryRecord, SecretRecord
from .context import Context
from .find import require_instance
from .history import server_history
from .inform import registry_facts
from .moments import days_ago


def maintain_registry(context: Context) -> dict[str, Any]:
    """
    Bring a registry to the wanted state.

    :returns: ``changed, created, upgraded, instance_recorded, forgotten_server, reencrypted, removed_history,
        removed_notifications, integrity, registry, diff, warnings``.
    :raises IntegrationError: ``registry_newer``, ``registry_damaged``, ``secret_key_wrong`` and what else stands in
        the way of the store; ``instance_mismatch``, ``instance_unknown``.
    """
    created, upgraded = _established(context)
    answer: dict[str, Any] = {"created": created, "upgraded": upgraded}
    if context.check_mode and (created or upgraded):
        # There is nothing yet that could be read.
        if created:
            answer |= _instance_maintained(context, created)
    else:
        answer |= _instance_maintained(context, created)
        answer["reencrypted"] = _reencrypted(context) if context.options.get("reencrypt") else 0
        answer["removed_history"], answer["removed_notifications"] = _retention(context)
        if context.options.get("check_integrity"):
            answer["integrity"] = _integrity(context)
        answer["registry"] = registry_facts(context)
    done = {name: value for name, value in answer.items() if name not in ("integrity", "registry") and value}
    return {**answer, "changed": bool(done), "diff": _diff(done), "warnings": []}


def _diff(done: dict[str, Any]) -> dict[str, Any]:
    """Show what was done, and the server that an instance stood for as what it was."""
    after = dict(done)
    forgotten = after.pop("forgotten_server", None)
    if forgotten is None:
        return {"before": {}, "after": after}
    return {"before": {"server_identity": forgotten}, "after": {**after, "server_identity": None}}


def _established(context: Context) -> tuple[bool, bool]:
    if not context.check_mode:
        return context.vault.establish()
    if context.registry.is_missing():
        context.vault.require_store(None)
        return True, False
    try:
        context.vault.current_store()
    except IntegrationError as error:
        if error.code is ErrorCode.REGISTRY_OLDER:
            return False, True
        raise
    return False, False


def _instance_maintained(context: Context, created: bool) -> dict[str, Any]:
    """
    Record the instance, or let it forget its server, as the task wants.

    :param created: whether the registry is a new one, of which check mode can read nothing.
    """
    answer: dict[str, Any] = {}
    if context.options.get("solution"):
        answer["instance_recorded"] = (created and context.check_mode) or _instance_recorded(context)
    if context.options.get("forget_server"):
        is_new = created or answer.get("instance_recorded")
        answer["forgotten_server"] = None if is_new else _forgotten_server(context)
    return answer


def _instance_recorded(context: Context) -> bool:
    solution = Solution(context.options["solution"])
    with context.registry.reading() as reader:
        known = reader.instance(context.instance)
    if known and known.solution is not solution:
        raise IntegrationError(
            ErrorCode.INSTANCE_MISMATCH,
            f"The instance '{known.name}' is a {known.solution}, the task says {solution}.",
        )
    if known is None and not context.check_mode:
        with context.registry.writing(context.instance) as writer:
            if writer.instance(context.instance) is None:
                writer.add_instance(Instance(context.instance, solution), datetime.now(UTC))
    return known is None


def _forgotten_server(context: Context) -> str | None:
    """Let the instance stand for no Administration Server, until the next binding that changes something."""
    with context.registry.reading() as reader:
        identity = _server_identity(reader, context.instance)
    if identity and not context.check_mode:
        with context.registry.writing(context.instance) as writer:
            identity = _server_identity(writer, context.instance)
            if identity:
                writer.change_server_identity(context.instance, None)
                writer.add_history(server_history(context, datetime.now(UTC), "server_forgotten", identity))
    return identity


def _server_identity(reader: Reader, name: str) -> str | None:
    require_instance(reader, name)
    instance = reader.instance(name)
    return instance.server_identity if instance else None


def _reencrypted(context: Context) -> int:
    """Encrypt everything under the newest key that is under an older one; all in one transaction, or nothing."""
    store = context.vault.current_store()
    if not isinstance(store, EncryptedStore):
        told = "is for registries that keep the secrets themselves; this one keeps them in a keyring"
        raise InvalidSettings([Fault("reencrypt", told)])
    with context.registry.reading() as reader:
        stale = _stale_tokens(context, store, reader.registry(), reader.current_secrets())
    if stale and not context.check_mode:
        with context.registry.writing(context.instance) as writer:
            record, secrets = writer.registry(), writer.current_secrets()
            progress = Progress("encrypted", "secrets", len(secrets), context.tell)
            for number, secret in enumerate(secrets):
                progress.reached(number)
                if token := store.encrypted_anew(secret.sealed or ""):
                    writer.change_sealed(secret.integration_id, secret.version, token)
            if token := store.encrypted_anew(record.fingerprint_key or ""):
                writer.change_registry(fingerprint_key=token)
    return stale


def _stale_tokens(context: Context, store: EncryptedStore, record: RegistryRecord, secrets: list[SecretRecord]) -> int:
    tokens = [record.fingerprint_key or "", *(secret.sealed or "" for secret in secrets)]
    progress = Progress("looked at", "secrets", len(tokens), context.tell)
    stale = 0
    for number, token in enumerate(tokens):
        progress.reached(number)
        stale += store.encrypted_anew(token) is not None
    return stale


def _retention(context: Context) -> tuple[int, int]:
    """Drop what is older than the task wants to keep; in check mode only count it."""
    instance = context.instance
    history_before = days_ago(context.options.get("history_retention"))
    notifications_before = days_ago(context.options.get("notification_retention"))
    with context.registry.reading() as reader:
        history = reader.count_history(instance, history_before)
        notifications = reader.count_delivered_notifications(instance, notifications_before)
    if (history or notifications) and not context.check_mode:
        with context.registry.writing(instance) as writer:
            writer.remove_history(instance, history_before)
            writer.remove_delivered_notifications(instance, notifications_before)
    return history, notifications


def _integrity(context: Context) -> dict[str, Any]:
    """
    Check that the database is sound and that every secret can be opened where it belongs.

    :raises IntegrationError: ``registry_damaged`` naming everything that is wrong; ``secret_key_wrong`` or
        ``secret_store_elsewhere`` where the secrets cannot be looked at from here.
    """
    faults = context.registry.database.faults()
    with context.registry.reading() as reader:
        record = reader.registry()
        integrations = [item for name in reader.instance_names() for item in reader.integrations(name)]
        secrets = {secret.integration_id: secret for secret in reader.current_secrets()}
    # A wrong key is a fault of the task, not of every secret in the registry.
    context.vault.store(record).fingerprint_key(record)
    known = {integration.id for integration in integrations}
    faults += [f"secrets without an integration: {owner}" for owner in secrets if owner not in known]
    progress = Progress("checked", "integrations", len(integrations), context.tell)
    for number, integration in enumerate(integrations):
        progress.reached(number)
        faults += _lasting_faults_of(context, record, integration, secrets.get(integration.id))
    if faults:
        raise IntegrationError(
            ErrorCode.REGISTRY_DAMAGED,
            f"The registry {context.registry.location} is damaged: {'; '.join(faults)}. Restore it from a backup, or "
            "give the secrets of the named integrations again.",
            faults=faults,
        )
    return {"checked_integrations": len(integrations), "faults": []}


def _lasting_faults_of(
    context: Context, record: RegistryRecord, integration: Integration, secret: SecretRecord | None
) -> list[str]:
    """Look again at what another run has changed meanwhile: what did not fit together then is no damage."""
    while faults := _faults_of(context, record, integration, secret):
        with context.registry.reading() as reader:
            now, secret_now = reader.integration(integration.id), reader.current_secret(integration.id)
        if now is None or (now, secret_now) == (integration, secret):
            return faults if now else []
        integration, secret = now, secret_now
    return []


def _faults_of(
    context: Context, record: RegistryRecord, integration: Integration, secret: SecretRecord | None
) -> list[str]:
    try:
        opened = context.vault.open(record, integration, secret)
    except IntegrationError as error:
        if error.code not in (ErrorCode.SECRET_DAMAGED, ErrorCode.SECRET_KEY_WRONG):
            raise
        return [f"'{integration.name}': {error.message.removesuffix('.')}"]
    expected = set(secret_origins(PLATFORMS[integration.platform], integration.settings))
    differing = context.vault.differing(record, integration, opened, always=False)
    missing = [f"'{integration.name}' lacks the secret {name}" for name in sorted(expected - set(opened))]
    return missing + [f"'{integration.name}': the fingerprint of {name} is not its own" for name in sorted(differing)]
