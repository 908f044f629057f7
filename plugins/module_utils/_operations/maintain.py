# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: looks after a registry: creates or upgrades it, encrypts it anew, checks it, applies retention."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .._domain.model import Instance, Solution
from .._domain.progress import Progress
from .._storage.encrypted_store import EncryptedStore
from .._storage.reader import Reader, RegistryRecord, SecretRecord
from .context import Context
from .find import require_instance
from .history import instance_history
from .inform import registry_facts
from .integrity import check_integrity
from .move_registry import move_registry
from .retention import apply_retention


def maintain_registry(context: Context) -> dict[str, Any]:
    """
    Bring a registry to the wanted state.

    :returns: ``changed, moved, created, upgraded, instance_recorded, forgotten_server, reencrypted, removed_history,
        removed_notifications, integrity, registry, diff, warnings``.
    :raises IntegrationError: ``registry_newer``, ``registry_damaged``, ``secret_key_wrong`` and what else stands in
        the way of the store; ``instance_mismatch``, ``instance_unknown``.
    """
    answer: dict[str, Any] = {"moved": move_registry(context) if context.options.get("old_registry") else None}
    if answer["moved"] and context.check_mode:
        return _told(answer)
    created, upgraded = _established(context)
    answer |= {"created": created, "upgraded": upgraded}
    if context.check_mode and (created or upgraded):
        # There is nothing yet that could be read.
        if created:
            answer |= _instance_maintained(context, created)
    else:
        answer |= _instance_maintained(context, created)
        answer["reencrypted"] = _reencrypted(context) if context.options.get("reencrypt") else 0
        answer["removed_history"], answer["removed_notifications"] = apply_retention(context)
        if context.options.get("check_integrity"):
            answer["integrity"] = check_integrity(context)
        answer["registry"] = registry_facts(context)
    return _told(answer)


def _told(answer: dict[str, Any]) -> dict[str, Any]:
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
                summary = {"server_identity": identity}
                writer.add_history(instance_history(context, datetime.now(UTC), "server_forgotten", summary))
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
        with context.registry.writing(None) as writer:  # the secrets are those of all instances
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
