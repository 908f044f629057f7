# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what is said when a mail server fails or refuses. Of its own words only the numbers are shown."""

from __future__ import annotations

import re
import smtplib

from .._domain.errors import ErrorCode, IntegrationError
from .smtp import MechanismMissing
from .trouble import distrust, trouble

_ENHANCED_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_LOGIN_CODES = frozenset({530, 534, 535, 538})
_CLOSING = 421
_LOWEST_CODE = 200


def failure_of(error: Exception, system: str) -> IntegrationError:
    """
    Make one error of whatever went wrong when a letter was handed over.

    :param system: the mail server, for people.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _refusal(system, "the recipient", *next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _refusal(system, "the sender in mail_from", error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPResponseException):
        return _refusal(system, _stage(error), error.smtp_code, error.smtp_error)
    code, told = _without_code(error)
    return IntegrationError(code, f"{system}: {told}.")


def _without_code(error: Exception) -> tuple[ErrorCode, str]:
    if isinstance(error, MechanismMissing):
        told = "it offers no login by PLAIN or LOGIN. Leave smtp_username out if it needs none, or check the port"
        return ErrorCode.UNEXPECTED_ANSWER, told
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return ErrorCode.UNEXPECTED_ANSWER, _unsupported(error)
    if untrusted := distrust(error):
        return ErrorCode.CERTIFICATE_UNTRUSTED, untrusted
    return ErrorCode.API_UNREACHABLE, trouble(error)


def _unsupported(error: smtplib.SMTPNotSupportedError) -> str:
    if "STARTTLS" in str(error):
        return "it does not offer STARTTLS, and nothing is sent in clear instead. Check smtp_encryption and smtp_port"
    return "it cannot take an address beyond ASCII (no SMTPUTF8)"


def _stage(error: smtplib.SMTPResponseException) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the login"
    return "the letter" if isinstance(error, smtplib.SMTPDataError) else "the connection"


def _refusal(system: str, what: str, smtp_code: int, reply: bytes | str) -> IntegrationError:
    if smtp_code < _LOWEST_CODE:
        told = f"{system}: its answers are not those of a mail server. Check the port."
        return IntegrationError(ErrorCode.UNEXPECTED_ANSWER, told)
    text = reply.decode("ascii", "replace") if isinstance(reply, bytes) else reply
    enhanced = _ENHANCED_STATUS.match(text)
    shown = f"SMTP {smtp_code}{f' {enhanced[1]}' if enhanced else ''}"
    code, advice = _meaning(what, smtp_code)
    return IntegrationError(code, f"{system}: it refused {what} ({shown}). {advice}.", smtp_code=smtp_code)


def _meaning(what: str, smtp_code: int) -> tuple[ErrorCode, str]:
    if smtp_code in _LOGIN_CODES:
        return ErrorCode.CREDENTIALS_REFUSED, "Check smtp_username and smtp_password"
    if smtp_code == _CLOSING or what == "the connection":
        return ErrorCode.API_UNREACHABLE, "Check the port, or try again later"
    if 400 <= smtp_code < 500:
        return ErrorCode.THROTTLED, "Try again later"
    if what == "the login":
        return ErrorCode.CREDENTIALS_REFUSED, "Check smtp_username and smtp_password"
    return ErrorCode.UNEXPECTED_ANSWER, f"Check {what.removeprefix('the ')} and what this user may send"
