# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What SOAP answers say about credentials; nothing that is not understood is taken for a proof."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.soap_answers import (
    Verdict,
    clean_fault_text,
    judge_fault,
    judge_result,
)

SOAP_EXCEPTION = "System.Web.Services.Protocols.SoapException: "


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Invalid user name or password.", "Invalid user name or password."),
        (
            f"{SOAP_EXCEPTION}Invalid user name or password.\n   at tsiWS.Check () [0x00013] in <3f1a>:0 \n  at (w)",
            "Invalid user name or password.",
        ),
        (f"{SOAP_EXCEPTION}Bad login at tsiWS.Check(String name) in c:\\tsi\\tsiWS.cs:line 12", "Bad login"),
        (f"\r\n  {SOAP_EXCEPTION}No such user\r\n   at X.Y()", "No such user"),
        (
            f"{SOAP_EXCEPTION}Server was unable to process. ---> System.UnauthorizedAccessException: Wrong password"
            "\n   at tsiWS.Check()\n   --- End of inner exception stack trace ---",
            "Wrong password",
        ),
        ("Server was unable to process request. ---> A ---> System.Exception: B", "B"),
        (f"{SOAP_EXCEPTION}System.Exception: twice", "twice"),
        ("Look at the log (page 2)", "Look at the log (page 2)"),
        ("", ""),
        ("\n\n", ""),
        (SOAP_EXCEPTION, ""),
    ],
)
def test_fault_text(text: str, cleaned: str) -> None:
    assert clean_fault_text(text) == cleaned.strip()


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Invalid user name or password.", Verdict.REFUSED),
        ("Invalid Username/Password combination", Verdict.REFUSED),
        ("Logon failed", Verdict.REFUSED),
        ("The user is inactive", Verdict.REFUSED),
        ("Access is denied due to invalid credentials.", Verdict.REFUSED),
        ("Unauthorised", Verdict.REFUSED),
        ("The user is not allowed to call GetAccountList through the API.", Verdict.RIGHT_MISSING),
        ("You do not have permission to list accounts", Verdict.RIGHT_MISSING),
        ("Access denied.", Verdict.RIGHT_MISSING),
        ("Object reference not set to an instance of an object.", Verdict.FAILED),
        ("Timeout expired.", Verdict.FAILED),
        ("", Verdict.FAILED),
    ],
)
def test_fault(text: str, verdict: Verdict) -> None:
    judgement = judge_fault(text)
    assert (judgement.verdict, judgement.reason) == (verdict, text)


@pytest.mark.parametrize(
    ("xml", "verdict"),
    [
        # Booleans
        ("true", Verdict.ACCEPTED),
        (" True ", Verdict.ACCEPTED),
        ("false", Verdict.REFUSED),
        ("0", Verdict.REFUSED),
        # Data
        ("<Accounts><Account><Name>Acme</Name></Account></Accounts>", Verdict.ACCEPTED),
        ("<A><Success>true</Success><Account><Name>Acme</Name></Account></A>", Verdict.ACCEPTED),
        ("<A><Error /><ErrorCode>0</ErrorCode><Name>Acme</Name></A>", Verdict.ACCEPTED),
        ("<A><Error>none</Error><Name>Acme</Name></A>", Verdict.ACCEPTED),
        ("<A><Account><Name>Password Recovery Ltd</Name></Account></A>", Verdict.ACCEPTED),
        # Failures
        ("<R><Success>false</Success><Message>Invalid user name or password.</Message></R>", Verdict.REFUSED),
        ("<R xmlns='urn:x'><Success>False</Success><Message>Unknown user</Message></R>", Verdict.REFUSED),
        ("<R><Error>Wrong password</Error></R>", Verdict.REFUSED),
        ("<R><Message>Login failed</Message></R>", Verdict.REFUSED),
        ("<R><Success>0</Success><Message>No permission</Message></R>", Verdict.RIGHT_MISSING),
        ("<R><Success>false</Success></R>", Verdict.FAILED),
        ("<R><Success>false</Success><Message>Params is required</Message></R>", Verdict.FAILED),
        ("<R><Errors><Error>Database is down</Error></Errors></R>", Verdict.FAILED),
        ("<R><Name>Acme</Name><ErrorMessage>Half of it failed</ErrorMessage></R>", Verdict.FAILED),
        # Not understood
        ("", Verdict.UNCLEAR),
        ("<Accounts />", Verdict.UNCLEAR),
        ("<Accounts><Account /></Accounts>", Verdict.UNCLEAR),
        ("<R><Message>Welcome</Message></R>", Verdict.UNCLEAR),
        ("21.1.0.0", Verdict.UNCLEAR),
        ("done", Verdict.UNCLEAR),
        # Refusals in plain text
        ("Invalid user name or password", Verdict.REFUSED),
    ],
)
def test_result(xml: str, verdict: Verdict) -> None:
    result = ElementTree.fromstring(f"<GetAccountListResult>{xml}</GetAccountListResult>")  # noqa: S314 (our own)
    assert judge_result(result).verdict is verdict


def test_reason_of_a_refusal() -> None:
    result = ElementTree.fromstring("<R><Success>false</Success><Message>Unknown user</Message></R>")  # noqa: S314
    assert judge_result(result).reason == "Unknown user"
