# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What about the sandbox can be set while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

ADVERTISED_ADDRESS = "https://api2.tigerpawsoftware.com/api/rmm/tsiWS.asmx"
CHOICES = {
    "containers": ("wrapped", "bare"),
    "gzip": ("asked", "always", "never"),
    "unknown_call": ("404", "error"),
    "soap_refusal": ("fault", "result", "unauthorized"),
    "last_next_row": ("grows", "stays", "zero", "null"),
}


@dataclass
class Settings:
    """The settings, each with what it is at the start and after a reset."""

    lockout_after: int = 5
    """How many wrong secrets in a row lock an API user out."""
    clock_skew: float = 15 * 60
    """How many seconds a signed date may lie in the past or in the future."""
    soap_check_operations: list[str] = field(default_factory=lambda: ["GetAccountList", "ValidateUser"])
    """The reading operations that the SOAP service has; those named ``Validate…`` answer with a boolean."""
    soap_refusal: str = "fault"
    """How SOAP refuses a password: ``fault`` (HTTP 500), ``result`` (a node in a 200) or ``unauthorized`` (401)."""
    advertised_address: str = ADVERTISED_ADDRESS
    """The address that the WSDL names: wrong on purpose."""
    first_row: int = 1
    """The number of the first row of a search."""
    largest_page: int = 100
    """The largest page of a search; a larger one asked for is cut down to it."""
    last_next_row: str = "grows"
    """``NextRow`` on the last page: past the end, the same as ``StartRow``, 0, or null."""
    connectwise_page: int = 1000
    """The largest page of ConnectWise Manage; a larger one asked for is cut down to it."""
    autotask_page: int = 500
    """The largest page of Autotask; a larger one asked for is cut down to it."""
    autotask_threshold: int = 10_000
    """How many requests Autotask takes in an hour, from all users together; the hour ends with a reset."""
    autotask_pause: float = 0.1
    """How many seconds Autotask takes for an answer from half of its threshold on, twice that from three quarters."""
    smtp_login_required: dict[str, bool] = field(default_factory=lambda: {"starttls": True, "tls": True, "none": False})
    """Which of the three listeners takes mail only after a login."""
    proxy_login_required: bool = False
    """Whether the proxy asks for credentials."""
    webhook_status: int = 200
    """The HTTP status that the webhook receiver answers with."""
    containers: str = "wrapped"
    """Whether containers in an array of Security Center's say that they are containers, or are ``bare``."""
    gzip: str = "asked"
    """When Security Center packs its answers: if the client takes them so, ``always``, or ``never``."""
    session_seconds: float = 900.0
    """After how many seconds without a call a session of Security Center has ended."""
    session_calls: int = 0
    """After how many calls a session of Security Center has ended; without end if 0."""
    static_info: dict[str, Any] = field(default_factory=dict)
    """What ``HostGroup.GetStaticInfo`` answers instead of the right values; null leaves one out."""
    unknown_call: str = "404"
    """How Security Center refuses an unknown method: HTTP ``404``, or an ``error`` 1186."""

    def change(self, values: dict[str, Any]) -> None:
        """
        Change several settings, all or none.

        :raises ValueError: There is no such setting, or not with such a value.
        """
        for name, value in values.items():
            self._check(name, value)
        for name, value in values.items():
            merged = {**getattr(self, name), **value} if isinstance(value, dict) else value
            setattr(self, name, merged)

    def _check(self, name: str, value: Any) -> None:
        if name not in {each.name for each in fields(self)}:
            raise ValueError(f"there is no setting {name!r}")
        current = getattr(self, name)
        expected = (int, float) if isinstance(current, float) else type(current)
        if not isinstance(value, expected) or isinstance(value, bool) is not isinstance(current, bool):
            raise ValueError(f"{name} must be a {type(current).__name__}")
        if value not in CHOICES.get(name, (value,)):
            raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}")
