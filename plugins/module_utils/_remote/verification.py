# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what the verification of credentials is about, whatever the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .._domain.redaction import SecretsInPlay

if TYPE_CHECKING:
    from .http import Connection, Endpoint


class VerificationState(StrEnum):
    """What is known about the credentials for an API."""

    VERIFIED = "verified"
    """It accepted them."""

    REACHABLE = "reachable"
    """It is there; whether it accepts them is not known."""


@dataclass(frozen=True)
class Verification:
    """
    What became of asking every API of a platform.

    :param states: by the name of the API.
    :param warnings: what the user should know although nothing failed.
    """

    states: dict[str, VerificationState]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Patience:
    """
    How long refused credentials are given a chance: a new API user may take minutes to work.

    :param retries: how often is asked again (option ``verify_retries``).
    :param delay: seconds in between (option ``verify_delay``).
    """

    retries: int = 0
    delay: float = 30.0


@dataclass(frozen=True)
class Access:
    """
    What a connector needs to ask an API.

    :param settings: of the platform, without secrets, every address filled in.
    :param secrets: by field name.
    :param in_play: learns them, and what is derived from them.
    """

    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    connection: Connection
    in_play: SecretsInPlay

    def __post_init__(self) -> None:
        self.in_play.add(*self.secrets.values())

    def endpoint(self, url: str) -> Endpoint:
        """
        Tell how an address of the platform is trusted.

        Certificates are verified unless that was switched off in so many words.
        """
        from .http import Endpoint  # for tasks that ask somebody

        return Endpoint(url, self.settings.get("validate_certs") is not False, self.settings.get("ca_path"))


@dataclass(frozen=True)
class Finding:
    """
    What one API has shown.

    :param warning: why it is not more, if it is not ``verified``.
    """

    state: VerificationState
    warning: str | None = None
