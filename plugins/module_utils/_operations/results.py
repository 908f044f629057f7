# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: writes the things of the model as modules return them. Without secrets, by construction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .._domain.model import HistoryEntry, Integration, Notification, Tenant
from .._domain.plan import shown_administrators

if TYPE_CHECKING:
    from .._domain.api_users import SharedUser
    from .._domain.tenant_views import TenantView


def utc(moment: datetime | None) -> str | None:
    """
    Write a moment in UTC.

    :returns: for example ``2026-03-01T09:30:00Z`` (RFC 3339).
    """
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def integration_result(integration: Integration) -> dict[str, Any]:
    """Write an integration without its secrets."""
    return {
        "id": integration.id,
        "name": integration.name,
        "platform": integration.platform,
        "solution": str(integration.solution),
        "instance": integration.instance,
        "settings": integration.settings,
        "administrators": shown_administrators(integration.administrators),
        "tenant_count": integration.tenant_count,
        "created_at": utc(integration.created_at),
        "updated_at": utc(integration.updated_at),
        "credentials_changed_at": utc(integration.credentials_changed_at),
        "verified_at": utc(integration.verified_at),
    }


def api_user_result(shared: SharedUser) -> dict[str, str]:
    """Write which API user it is, and where."""
    return {
        "platform": shared.platform.name,
        "setting": shared.user.name_field,
        "user_name": shared.name,
        "address": shared.origin,
    }


def tenant_result(tenant: Tenant) -> dict[str, Any]:
    """Write which tenant it is; a result may hold very many, so nothing more."""
    return {"kind": str(tenant.kind), "uid": tenant.uid, "name": tenant.name}


def tenant_title(tenant: Tenant) -> str:
    """Call a tenant so that people know which one it is."""
    return f"{tenant.name} ({tenant.uid})" if tenant.uid else tenant.name


def held_tenant_result(tenant: Tenant) -> dict[str, Any]:
    """Write a tenant of an integration that is written around it."""
    return {
        "id": tenant.id,
        **tenant_result(tenant),
        "bound_at": utc(tenant.bound_at),
        "account": mapped_account_result(tenant),
    }


def mapping_result(tenant: Tenant) -> dict[str, Any]:
    """Write that a tenant is mapped; a list of these is valid input for ``mapping``."""
    return {"tenant": tenant_result(tenant), "account": mapped_account_result(tenant)}


def mapped_account_result(tenant: Tenant) -> dict[str, str | None] | None:
    """Write the account that a tenant is mapped to, if there is one."""
    return {"id": tenant.account_id, "name": tenant.account_name} if tenant.account_id else None


def tenant_view_result(view: TenantView, instance: str) -> dict[str, Any]:
    """
    Write a tenant as the registry and Security Center together know it.

    :param instance: of the task; what no other instance has belongs there.
    """
    registered = view.registered
    return {
        "id": registered.id if registered else None,
        "kind": str(view.kind),
        "uid": view.uid,
        "name": view.name,
        "registered_name": registered.name if registered else None,
        "known": view.known,
        "stale": view.stale,
        "enabled": view.enabled,
        "instance": registered.instance if registered else instance,
        "bound": view.bound,
        "integration": registered.integration_name if registered else None,
        "integration_id": registered.integration_id if registered else None,
        "platform": registered.platform if registered else None,
        "bound_at": utc(registered.bound_at) if registered else None,
        "account": mapped_account_result(registered) if registered else None,
    }


def tenant_references(tenants: Iterable[Tenant]) -> list[dict[str, Any]]:
    """Write tenants so that the list is valid input for ``binding``."""
    return [{"uid": tenant.uid, "name": tenant.name} if tenant.uid else {"name": tenant.name} for tenant in tenants]


def notification_result(notification: Notification) -> dict[str, Any]:
    """Write a message of the outbox."""
    from .._domain.notifications import integration_told_of  # for tasks about messages

    return {
        "id": notification.id,
        "event": notification.event,
        "integration": integration_told_of(notification)[1],
        "channel": notification.channel,
        "recipient": notification.recipient,
        "message_id": notification.message_id,
        "status": notification_status(notification),
        "created_at": utc(notification.created_at),
        "delivered_at": utc(notification.delivered_at),
        "attempts": notification.attempts,
        "last_error": notification.last_error,
    }


def notification_status(notification: Notification) -> str:
    """
    Tell how far a message is.

    :returns: ``delivered``, ``failed`` (tried, still to be delivered) or ``pending`` (not tried yet).
    """
    if notification.delivered_at:
        return "delivered"
    return "failed" if notification.last_error else "pending"


def history_result(entry: HistoryEntry) -> dict[str, Any]:
    """Write an entry of the history."""
    return {
        "at": utc(entry.at),
        "actor": entry.actor,
        "job": entry.job,
        "action": entry.action,
        "integration_id": entry.integration_id,
        "integration": entry.integration_name,
        "summary": entry.summary,
    }
