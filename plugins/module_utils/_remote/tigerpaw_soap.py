# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: whether Tigerpaw's SOAP API accepts user name and password.

Its one documented operation writes and is never called. Without a reading operation in ``soap_check_operation`` the
credentials are therefore not proven: the WSDL is loaded, and the API is ``reachable``.
"""

from __future__ import annotations

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .._domain.text import clean_operation
from .foreign_text import quote
from .http import HttpClient
from .soap_answers import Judgement, Verdict
from .tsiws import OPTION, TsiWebService
from .verification import Access, Finding, VerificationState

SYSTEM = "Tigerpaw SOAP API"

_FAILURES = {
    Verdict.REFUSED: (
        ErrorCode.CREDENTIALS_REFUSED,
        "it refused the credentials{said}. Check soap_user_name and soap_password",
    ),
    Verdict.RIGHT_MISSING: (
        ErrorCode.RIGHT_MISSING,
        "the user lacks a right{said}. Let it call {operation} through the API",
    ),
    Verdict.FAILED: (
        ErrorCode.UNEXPECTED_ANSWER,
        "{operation} failed{said}, so the credentials are not proven. Choose another operation",
    ),
}


def verify(access: Access) -> Finding:
    """
    Ask the SOAP API whether it accepts user name and password, by calling ``soap_check_operation``.

    :returns: ``verified``, or ``reachable`` with a warning if nothing was proven.
    :raises IntegrationError: ``credentials_refused``, ``right_missing``, ``api_unreachable``, ``throttled``,
        ``certificate_untrusted``, ``unexpected_answer``, ``invalid_settings``, ``dependency_missing``.
    """
    settings = access.settings
    operation = _reading_operation(settings.get("soap_check_operation"))
    url = settings["soap_url"]
    with HttpClient(access.endpoint(url), access.connection, SYSTEM, access.in_play) as client:
        service = TsiWebService(client, url)
        if operation is None:
            return _reachable("name an operation that only reads in soap_check_operation")
        return _prove(service, operation, access)


def _reading_operation(value: object) -> str | None:
    """Make sure once more, right before an operation is called, that it only reads."""
    try:
        return None if value is None else clean_operation(value)
    except ValueError as error:
        raise InvalidSettings([Fault(OPTION, str(error))]) from None


def _prove(service: TsiWebService, operation: str, access: Access) -> Finding:
    judgement = service.call(operation, (access.settings["soap_user_name"], access.secrets["soap_password"]))
    if judgement.verdict in _FAILURES:
        raise _failure(service, operation, judgement, access)
    if judgement.verdict is Verdict.UNCLEAR:
        return _reachable(f"the answer of {operation} does not tell whether they were accepted")
    if _answers_strangers(service, operation):
        return _reachable(f"{operation} answers without credentials as well; choose another operation")
    return Finding(VerificationState.VERIFIED)


def _answers_strangers(service: TsiWebService, operation: str) -> bool:
    """
    Call once more, without credentials: an operation that answers everybody proves nothing.

    It locks nobody out, since it names no user.
    """
    try:
        return service.call(operation, None).verdict is Verdict.ACCEPTED
    except IntegrationError as refusal:
        if refusal.code in {code for code, _told in _FAILURES.values()}:
            return False
        raise


def _failure(service: TsiWebService, operation: str, judgement: Judgement, access: Access) -> IntegrationError:
    code, told = _FAILURES[judgement.verdict]
    reason = quote(judgement.reason, access.in_play)
    return service.error(code, told.format(operation=operation, said=f" ({reason})" if reason else ""))


def _reachable(why: str) -> Finding:
    warning = f"The {SYSTEM} is reachable, but its user name and password were not proven: {why}."
    return Finding(VerificationState.REACHABLE, warning)
