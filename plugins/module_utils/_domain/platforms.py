# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the PSA platforms as data.

Argument specification, rules, masking, diff, documentation check and export all read this table. A new platform is
one entry here and one connector in ``_remote``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .errors import ErrorCode, IntegrationError

TIGERPAW_SOAP_PATH = "/api/rmm/tsiWS.asmx"


class FieldType(StrEnum):
    """How the value of a setting is read and checked."""

    TEXT = "text"
    URL = "url"
    HOST = "host"
    PATH = "path"
    BOOLEAN = "boolean"
    READING_OPERATION = "reading_operation"


@dataclass(frozen=True)
class Field:
    """
    One setting of a platform.

    :param required: has to be given when an integration is created, and can never become blank.
    :param secret: is kept in the secret store, never in the settings; ``sent_to`` names the setting whose origin
        (scheme, host, port) it may be sent to.
    :param default: applies at creation only.
    """

    name: str
    title: str
    type: FieldType = FieldType.TEXT
    required: bool = False
    secret: bool = False
    default: Any = None
    sent_to: str | None = None


@dataclass(frozen=True)
class ApiUser:
    """
    A user of a platform's API, as the settings of an integration describe it.

    :param name_field: the setting that names it, by which integrations that share it are found.
    :param secret_fields: the settings that prove it; all are sent to one address.
    :param api: the API that it is a user of.
    """

    name_field: str
    secret_fields: tuple[str, ...]
    api: str = "rest"

    @property
    def fields(self) -> tuple[str, ...]:
        """All settings that belong to it."""
        return self.name_field, *self.secret_fields


@dataclass(frozen=True)
class Platform:
    """
    A PSA platform that an integration can lead to.

    :param apis: names of the APIs that are verified separately.
    :param users: the API users of one integration.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    apis: tuple[str, ...]
    users: tuple[ApiUser, ...]

    @property
    def user_fields(self) -> tuple[str, ...]:
        """The settings that name an API user."""
        return tuple(user.name_field for user in self.users)

    @property
    def default_integration_name(self) -> str:
        """The name that the product gives a new integration (product help: "Integration with <Platform>")."""
        return f"Integration with {self.title}"

    @property
    def secret_fields(self) -> tuple[Field, ...]:
        """The settings that are kept in the secret store."""
        return tuple(item for item in self.fields if item.secret)

    @property
    def plain_fields(self) -> tuple[Field, ...]:
        """The settings that are kept, and shown, in clear."""
        return tuple(item for item in self.fields if not item.secret)

    def field(self, name: str) -> Field:
        """
        Find a setting by name.

        :raises KeyError: the platform has no such setting.
        """
        return next(item for item in self.fields if item.name == name)


_TRANSPORT_SECURITY = (
    Field("validate_certs", "Verify the TLS certificate", FieldType.BOOLEAN, default=True),
    Field("ca_path", "File with the trusted certificate authorities", FieldType.PATH),
)

TIGERPAW = Platform(
    name="tigerpaw",
    title="Tigerpaw",
    apis=("rest", "soap"),
    users=(
        ApiUser("soap_user_name", ("soap_password",), "soap"),
        ApiUser("rest_public_key", ("rest_private_key",)),
    ),
    fields=(
        Field("soap_user_name", "SOAP user name", required=True),
        Field("soap_password", "SOAP password", required=True, secret=True, sent_to="soap_url"),
        Field("rest_public_key", "REST public key", required=True),
        Field("rest_private_key", "REST private key", required=True, secret=True, sent_to="url"),
        Field("url", "Address of the REST API", FieldType.URL, default="https://api2.tigerpawsoftware.com"),
        Field("soap_url", "Address of the SOAP API", FieldType.URL),
        Field("soap_check_operation", "Reading operation that proves the SOAP user", FieldType.READING_OPERATION),
        *_TRANSPORT_SECURITY,
    ),
)

CONNECTWISE_MANAGE = Platform(
    name="connectwise_manage",
    title="ConnectWise Manage",
    apis=("rest",),
    users=(ApiUser("public_key", ("private_key",)),),
    fields=(
        Field("host", "Server address", FieldType.HOST, required=True),
        Field("company_id", "Login company", required=True),
        Field("client_id", "Client ID of the integrator", required=True),
        Field("public_key", "Public key of the API member", required=True),
        Field("private_key", "Private key of the API member", required=True, secret=True, sent_to="host"),
        *_TRANSPORT_SECURITY,
    ),
)

AUTOTASK = Platform(
    name="autotask",
    title="Autotask",
    apis=("rest",),
    users=(ApiUser("user_name", ("password", "api_integration_code")),),
    fields=(
        Field("user_name", "User name of the API user", required=True),
        Field("password", "Password (secret) of the API user", required=True, secret=True, sent_to="url"),
        Field("api_integration_code", "API integration code", required=True, secret=True, sent_to="url"),
        Field("url", "Address of the zone lookup", FieldType.URL, default="https://webservices.autotask.net"),
        *_TRANSPORT_SECURITY,
    ),
)

PLATFORMS = {platform.name: platform for platform in (TIGERPAW, CONNECTWISE_MANAGE, AUTOTASK)}


def stored_platform(name: str, integration: str) -> Platform:
    """
    Find the platform of a stored integration.

    :param integration: its name, for the message.
    :raises IntegrationError: ``registry_newer``: a newer version of the collection has stored it.
    """
    if name not in PLATFORMS:
        raise IntegrationError(
            ErrorCode.REGISTRY_NEWER,
            f"The integration '{integration}' is of the platform '{name}', which this version of the collection does "
            "not know. Upgrade the collection msp.kaspersky; nothing was changed.",
        )
    return PLATFORMS[name]


def effective_settings(platform: Platform, settings: dict[str, Any]) -> dict[str, Any]:
    """
    Fill in what the platform derives from other settings.

    Tigerpaw serves SOAP on the host of its REST API unless told otherwise.

    :param settings: stored settings without secrets.
    :returns: a copy in which every address is set.
    """
    filled = dict(settings)
    if platform.name == TIGERPAW.name and not filled.get("soap_url"):
        filled["soap_url"] = str(filled["url"]).rstrip("/") + TIGERPAW_SOAP_PATH
    return filled
