# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the things the collection is about, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Solution(StrEnum):
    """The Kaspersky side of an integration; also the kind of an instance."""

    SECURITY_CENTER = "security_center"
    BUSINESS_HUB = "business_hub"


class TenantKind(StrEnum):
    """How a solution calls its unit for one client company."""

    VIRTUAL_SERVER = "virtual_server"
    COMPANY = "company"


RETENTION_APPLIED = "retention_applied"
"""What the history calls that some of it, or delivered notifications, were dropped."""

TENANT_KINDS = {Solution.SECURITY_CENTER: TenantKind.VIRTUAL_SERVER, Solution.BUSINESS_HUB: TenantKind.COMPANY}


@dataclass(frozen=True)
class Instance:
    """
    One Administration Server of Security Center, or one Business Hub account; a name space for integrations.

    :param name: how the option ``instance`` calls it.
    :param solution: recorded at first use, fixed afterwards.
    :param server_identity: of the Administration Server; recorded with the first change, fixed until it is forgotten.
    """

    name: str
    solution: Solution
    server_identity: str | None = None


@dataclass(frozen=True, order=True)
class Administrator:
    """A person who looks after an integration and is told when it is deleted."""

    email: str
    alias: str


@dataclass(frozen=True)
class Integration:
    """
    A stored, named set of connection settings between one solution and one platform.

    :param settings: settings of the platform without its secrets, by field name.
    :param fingerprints: keyed fingerprint of each stored secret, by field name.
    :param revision: counts the changes to the integration and to its bindings.
    """

    id: str
    instance: str
    name: str
    platform: str
    solution: Solution
    settings: dict[str, Any]
    fingerprints: dict[str, str]
    administrators: tuple[Administrator, ...]
    revision: int
    created_at: datetime
    updated_at: datetime
    credentials_changed_at: datetime
    verified_at: datetime | None = None
    tenant_count: int = 0


@dataclass(frozen=True)
class Tenant:
    """
    A virtual server or a company: the unit for one client company.

    :param uid: ``KLVSRV_UID`` of a virtual server (wire-formats of Security Center), or the identifier that the user
        gave a company; a company may have none.
    :param integration_id: the one integration that holds it, or nothing; its name and platform go with it.
    :param account_id: of the PSA's account that it is mapped to in that integration; its name goes with it.
    """

    id: str
    instance: str
    kind: TenantKind
    uid: str | None
    name: str
    integration_id: str | None = None
    integration_name: str | None = None
    bound_at: datetime | None = None
    platform: str | None = None
    account_id: str | None = None
    account_name: str | None = None


@dataclass(frozen=True)
class Account:
    """
    A client company as the PSA knows it.

    :param id: what the PSA calls it in its API, for example Tigerpaw's ``AccountNumber``; always as text.
    :param identifiers: what else people know it by, for example the ``identifier`` of ConnectWise Manage.
    :param active: nothing, if the PSA does not tell.
    """

    id: str
    name: str
    identifiers: tuple[str, ...] = ()
    active: bool | None = None


@dataclass(frozen=True)
class AccountMapping:
    """
    That a tenant is one account of the PSA, in one integration; one to one in both directions.

    It counts while that integration holds the tenant. Where the tenant has moved on, it is kept for its return.
    """

    integration_id: str
    tenant_id: str
    account_id: str
    account_name: str


@dataclass(frozen=True)
class VirtualServer:
    """
    A virtual server as Security Center tells of it (Open API, ``VServers.GetVServers``).

    :param uid: ``KLVSRV_UID``, which never changes.
    :param name: ``KLVSRV_DN``, which people may change.
    """

    uid: str
    name: str
    enabled: bool = True


@dataclass(frozen=True)
class Directory:
    """
    What one Administration Server holds, at one moment.

    :param identity: the unique name that the server gave itself, if it tells.
    """

    identity: str | None
    virtual_servers: tuple[VirtualServer, ...]


@dataclass(frozen=True)
class Notification:
    """
    One message of the outbox, to one recipient through one channel.

    :param event: what happened, for example ``integration_deleted``.
    :param snapshot: the names and times the text is made of, as they were when it happened.
    :param recipient: an e-mail address, or nothing for the webhook.
    :param message_id: the same at every attempt, so that a receiver can drop a repetition.
    :param last_error: a code, never the text of an exception.
    """

    id: str
    instance: str
    event: str
    snapshot: dict[str, Any]
    channel: str
    recipient: str | None
    message_id: str
    created_at: datetime
    delivered_at: datetime | None = None
    attempts: int = 0
    last_error: str | None = None


@dataclass(frozen=True)
class HistoryEntry:
    """
    What was done to an integration, when and by whom (stated, not proven); without secrets.

    :param job: the job of AWX in which it was done, if it was one.
    """

    at: datetime
    actor: str
    instance: str
    integration_id: str
    integration_name: str
    action: str
    summary: dict[str, Any] = field(default_factory=dict)
    job: dict[str, Any] | None = None
