# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a mail server refuses becomes one error, with its numbers and without its words."""

from __future__ import annotations

import smtplib
import ssl

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.mail_failures import failure_of
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.smtp import MechanismMissing

WORDS = b"hunter2"


def recipient_refused(code: int, text: bytes) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"ada@client.example": (code, text)})


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            recipient_refused(550, b"5.1.1 hunter2"),
            ErrorCode.UNEXPECTED_ANSWER,
            "refused the recipient (SMTP 550 5.1.1)",
        ),
        (recipient_refused(450, b"4.2.0 Greylisted hunter2"), ErrorCode.THROTTLED, "Try again later"),
        (recipient_refused(421, WORDS), ErrorCode.API_UNREACHABLE, "SMTP 421"),
        (smtplib.SMTPSenderRefused(553, WORDS, "hunter2"), ErrorCode.UNEXPECTED_ANSWER, "mail_from (SMTP 553)"),
        (smtplib.SMTPSenderRefused(530, WORDS, "hunter2"), ErrorCode.CREDENTIALS_REFUSED, "smtp_username"),
        (smtplib.SMTPDataError(554, WORDS), ErrorCode.UNEXPECTED_ANSWER, "the letter"),
        (smtplib.SMTPDataError(451, WORDS), ErrorCode.THROTTLED, "the letter"),
        (smtplib.SMTPAuthenticationError(535, WORDS), ErrorCode.CREDENTIALS_REFUSED, "smtp_password"),
        (smtplib.SMTPAuthenticationError(504, WORDS), ErrorCode.CREDENTIALS_REFUSED, "smtp_password"),
        (smtplib.SMTPAuthenticationError(454, WORDS), ErrorCode.THROTTLED, "the login"),
        (smtplib.SMTPConnectError(554, "hunter2"), ErrorCode.API_UNREACHABLE, "the connection"),
        (smtplib.SMTPConnectError(-1, WORDS), ErrorCode.UNEXPECTED_ANSWER, "not those of a mail server"),
        (smtplib.SMTPHeloError(500, WORDS), ErrorCode.API_UNREACHABLE, "the connection"),
        (smtplib.SMTPNotSupportedError("STARTTLS hunter2"), ErrorCode.UNEXPECTED_ANSWER, "STARTTLS"),
        (smtplib.SMTPNotSupportedError("SMTPUTF8 hunter2"), ErrorCode.UNEXPECTED_ANSWER, "beyond ASCII"),
        (smtplib.SMTPServerDisconnected("hunter2"), ErrorCode.API_UNREACHABLE, "closed"),
        (MechanismMissing("hunter2"), ErrorCode.UNEXPECTED_ANSWER, "PLAIN"),
        (ssl.SSLCertVerificationError(1, "hunter2"), ErrorCode.CERTIFICATE_UNTRUSTED, "ca_path"),
        (TimeoutError("hunter2"), ErrorCode.API_UNREACHABLE, "timed out"),
        (UnicodeError("hunter2"), ErrorCode.API_UNREACHABLE, "cannot be reached"),
    ],
)
def test_failure(error: Exception, code: ErrorCode, told: str) -> None:
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "certificate has expired"
    failure = failure_of(error, "Mail server mail.example:587")
    assert failure.code is code
    assert failure.message.startswith("Mail server mail.example:587: ")
    assert told in failure.message
    assert "hunter2" not in f"{failure.message} {failure.details}"


def test_code_for_rescue() -> None:
    assert failure_of(recipient_refused(550, WORDS), "x").details == {"smtp_code": 550}
