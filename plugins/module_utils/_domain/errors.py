# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the one error type of the collection, its codes, and how several faults become one error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# A message for people; the result carries all faults.
FAULTS_TOLD = 20


class ErrorCode(StrEnum):
    """What a playbook's ``rescue`` can tell apart. The user guide explains each one."""

    INVALID_SETTINGS = "invalid_settings"
    NOT_FOUND = "not_found"
    NAME_TAKEN = "name_taken"
    PLATFORM_FIXED = "platform_fixed"
    SOLUTION_FIXED = "solution_fixed"
    INSTANCE_MISMATCH = "instance_mismatch"
    INSTANCE_UNKNOWN = "instance_unknown"
    TENANT_HELD = "tenant_held"
    TENANT_UNKNOWN = "tenant_unknown"
    TENANTS_BOUND = "tenants_bound"
    ACCOUNT_TAKEN = "account_taken"
    ACCOUNT_UNKNOWN = "account_unknown"
    LAST_ADMINISTRATOR = "last_administrator"
    SECRET_REQUIRED = "secret_required"  # noqa: S105 (a code, not a secret)
    API_UNREACHABLE = "api_unreachable"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    CREDENTIALS_REFUSED = "credentials_refused"
    RIGHT_MISSING = "right_missing"
    TWO_STEP_VERIFICATION = "two_step_verification"
    THROTTLED = "throttled"
    UNEXPECTED_ANSWER = "unexpected_answer"
    VERIFICATION_UNAVAILABLE = "verification_unavailable"
    REGISTRY_MISSING = "registry_missing"
    REGISTRY_UNREACHABLE = "registry_unreachable"
    REGISTRY_OLDER = "registry_older"
    REGISTRY_NEWER = "registry_newer"
    REGISTRY_MOVED = "registry_moved"
    REGISTRY_BUSY = "registry_busy"
    REGISTRY_DAMAGED = "registry_damaged"
    SECRET_STORE_MISSING = "secret_store_missing"  # noqa: S105
    SECRET_STORE_ELSEWHERE = "secret_store_elsewhere"  # noqa: S105
    SECRET_KEY_WRONG = "secret_key_wrong"  # noqa: S105
    SECRET_DAMAGED = "secret_damaged"  # noqa: S105
    DEPENDENCY_MISSING = "dependency_missing"
    INTERNAL_ERROR = "internal_error"


class IntegrationError(Exception):
    """
    A refusal or failure that the user is told about.

    :param code: what happened, for ``rescue``.
    :param message: what is wrong, where, and what to do; one paragraph for people, without any secret.
    :param details: JSON-ready facts about the failure, returned beside the code.
    """

    def __init__(self, code: ErrorCode, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def as_result(self) -> dict[str, Any]:
        """
        Tell the failure as a module returns it.

        :returns: ``{"code": ..., **details}``.
        """
        return {"code": str(self.code), **self.details}


def missing_library(library: str, state: str = "is missing") -> IntegrationError:
    """
    Make the error for a third-party library that cannot be used.

    :param library: as pip calls it, with the version that is needed where that matters.
    :param state: what is the matter with it.
    """
    told = f"The Python library {library} {state} for {sys.executable}; install it there with pip."
    return IntegrationError(ErrorCode.DEPENDENCY_MISSING, told, library=library)


@dataclass(frozen=True)
class Fault:
    """
    One thing that is wrong with the options of a task.

    :param option: path of the option, for example ``tigerpaw.soap_user_name``.
    :param message: what is wrong with it and what to do, without its value.
    :param code: more exact than ``invalid_settings`` where there is one.
    :param entry: what a user calls the entry of a list that it is about: in a long list nobody counts up to it.
    """

    option: str
    message: str
    code: ErrorCode = ErrorCode.INVALID_SETTINGS
    entry: str | None = None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.option} ({self.entry!r})" if self.entry else self.option

    def as_result(self) -> dict[str, str]:
        """
        Tell the fault as a module returns it.

        :returns: ``option, message, code``; and ``entry``, if it has a name.
        """
        result = {"option": self.option, "message": self.message, "code": str(self.code)}
        return {**result, "entry": self.entry} if self.entry else result


class InvalidSettings(IntegrationError):
    """
    All faults of a task's options at once; its code is theirs if they share one, else ``invalid_settings``.

    :param faults: at least one fault.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        codes = {fault.code for fault in self.faults}
        code = codes.pop() if len(codes) == 1 else ErrorCode.INVALID_SETTINGS
        super().__init__(code, _sentence(self.faults), faults=[fault.as_result() for fault in self.faults])


def _sentence(faults: tuple[Fault, ...]) -> str:
    told = "; ".join(f"{fault.place}: {fault.message}" for fault in faults[:FAULTS_TOLD])
    if len(faults) == 1:
        return told
    more = f"; and {len(faults) - FAULTS_TOLD} more in error.faults" if len(faults) > FAULTS_TOLD else ""
    return f"{len(faults)} faults: {told}{more}"
