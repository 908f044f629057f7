# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client needs to know to use the sandbox: addresses, and the options of modules that lead there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .listening import HOST
from .state import State

SOAP_PATH = "/api/rmm/tsiWS.asmx"


class Directory:
    """
    Where everything is, and what to put where.

    :param state: Its addresses and credentials.
    :param ca_path: The certificate authority that clients are told to trust.
    :param unknown_ca_path: The certificate authority behind what nobody trusts.
    """

    def __init__(self, state: State, ca_path: Path, unknown_ca_path: Path) -> None:
        self.state = state
        self.ca_path = ca_path
        self.unknown_ca_path = unknown_ca_path

    # Addresses

    @property
    def tigerpaw_url(self) -> str:
        """The base of Tigerpaw's REST API."""
        return self.state.addresses.tigerpaw

    @property
    def soap_url(self) -> str:
        """The address of Tigerpaw's SOAP service."""
        return f"{self.tigerpaw_url}{SOAP_PATH}"

    @property
    def security_center_url(self) -> str:
        """The address of Security Center's Administration Server."""
        return self.state.addresses.security_center

    @property
    def security_center_unknown_ca_url(self) -> str:
        """The same, with a certificate that nobody trusts."""
        return self.state.addresses.security_center_unknown_ca

    @property
    def connectwise_manage_url(self) -> str:
        """The address of ConnectWise Manage."""
        return self.state.addresses.connectwise_manage

    @property
    def autotask_url(self) -> str:
        """The address at which Autotask tells of zones; they are all at the same."""
        return self.state.addresses.autotask

    @property
    def webhook_url(self) -> str:
        """The address of the webhook receiver; it is a secret."""
        return f"{self.state.addresses.webhook}/hooks/{self.state.credentials.webhook_token}"

    @property
    def foreign_url(self) -> str:
        """An origin that nobody configured, under the same certificate authority."""
        return self.state.addresses.foreign

    @property
    def foreign_plain_url(self) -> str:
        """The same, without encryption: where external entities point to."""
        return self.state.addresses.foreign_plain

    @property
    def unknown_ca_url(self) -> str:
        """Tigerpaw's REST API with a certificate that nobody trusts."""
        return self.state.addresses.unknown_ca

    @property
    def closed_url(self) -> str:
        """An address at which nobody listens, nor will as long as the sandbox runs."""
        return self.state.addresses.closed

    @property
    def proxy_url(self) -> str:
        """The address of the proxy, without credentials."""
        return self.state.addresses.proxy

    @property
    def control_url(self) -> str:
        """The base of the control API."""
        return self.state.addresses.control

    @property
    def smtp_host(self) -> str:
        """The host of the mail server."""
        return HOST

    @property
    def smtp_ports(self) -> dict[str, int]:
        """The ports of the mail server's listeners ``starttls``, ``tls`` and ``none``."""
        return self.state.addresses.smtp_ports

    # Options of modules

    def tigerpaw_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``tigerpaw`` of the module ``integration``.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "soap_user_name": own.soap_user_name,
            "soap_password": own.soap_password,
            "rest_public_key": own.rest_public_key,
            "rest_private_key": own.rest_private_key,
            "url": self.tigerpaw_url,
            "soap_url": self.soap_url,
            "soap_check_operation": "GetAccountList",
            "ca_path": str(self.ca_path),
        }
        return _changed(settings, changes)

    def connectwise_manage_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``connectwise_manage`` of the module ``integration``.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "host": self.connectwise_manage_url.removeprefix("https://"),
            "company_id": own.connectwise_company_id,
            "client_id": own.connectwise_client_id,
            "public_key": own.connectwise_public_key,
            "private_key": own.connectwise_private_key,
            "ca_path": str(self.ca_path),
        }
        return _changed(settings, changes)

    def autotask_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``autotask`` of the module ``integration``.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "url": self.autotask_url,
            "user_name": own.autotask_user_name,
            "password": own.autotask_password,
            "api_integration_code": own.autotask_integration_code,
            "ca_path": str(self.ca_path),
        }
        return _changed(settings, changes)

    def security_center_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``security_center`` of a module.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "url": self.security_center_url,
            "username": own.security_center_username,
            "password": own.security_center_password,
            "internal_user": True,
            "ca_path": str(self.ca_path),
        }
        return _changed(settings, changes)

    def smtp_settings(self, encryption: str = "starttls") -> dict[str, Any]:
        """
        Return the mail options of a module.

        :param encryption: The listener: ``starttls``, ``tls`` or ``none`` (which comes without a login).
        """
        own = self.state.credentials
        settings = {
            "smtp_host": self.smtp_host,
            "smtp_port": self.smtp_ports[encryption],
            "smtp_encryption": encryption,
            "mail_from": "integrations@msp.example",
        }
        if encryption != "none":
            login = {"smtp_username": own.smtp_username, "smtp_password": own.smtp_password}
            settings |= {**login, "smtp_ca_path": str(self.ca_path)}
        return settings

    def webhook_settings(self) -> dict[str, Any]:
        """Return the webhook options of a module."""
        return {
            "webhook_url": self.webhook_url,
            "webhook_secret": self.state.credentials.webhook_secret,
            "webhook_ca_path": str(self.ca_path),
        }

    def proxy_settings(self) -> dict[str, Any]:
        """Return the proxy options of a module. The proxy asks for a login only if it is set to."""
        own = self.state.credentials
        return {
            "proxy": self.proxy_url,
            "proxy_username": own.proxy_username,
            "proxy_password": own.proxy_password,
        }

    def details(self) -> dict[str, Any]:
        """Return all that somebody needs to know to use the sandbox, as plain data."""
        return {
            "pid": os.getpid(),
            "control_url": self.control_url,
            "ca_path": str(self.ca_path),
            "unknown_ca_url": self.unknown_ca_url,
            "security_center_unknown_ca_url": self.security_center_unknown_ca_url,
            "unknown_ca_path": str(self.unknown_ca_path),
            "foreign_url": self.foreign_url,
            "foreign_plain_url": self.foreign_plain_url,
            "closed_url": self.closed_url,
            "smtp_ports": self.smtp_ports,
            "tigerpaw": self.tigerpaw_settings(),
            "security_center": self.security_center_settings(),
            "connectwise_manage": self.connectwise_manage_settings(),
            "autotask": self.autotask_settings(),
            "smtp": self.smtp_settings(),
            "webhook": self.webhook_settings(),
            "proxy": self.proxy_settings(),
        }

    def secrets(self) -> list[str]:
        """Return every secret that there is, added users' included, to look for them where they must not be."""
        own = self.state.credentials
        platforms = [own.connectwise_private_key, own.autotask_password, own.autotask_integration_code]
        secrets = [*platforms, own.smtp_password, own.proxy_password, own.webhook_token, own.webhook_secret]
        first = [own.rest_private_key, own.soap_password, own.security_center_password]
        users = [user.secret for user in self.state.users.all()]
        # As they are sent to Security Center.
        encoded = [user.encoded_secret for user in self.state.users.of("security_center")]
        return list(dict.fromkeys([*first, *secrets, *users, *encoded, *self.state.sessions.tokens]))


def _changed(settings: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Put some in place of others; ``None`` leaves one out."""
    return {name: value for name, value in (settings | changes).items() if value is not None}
