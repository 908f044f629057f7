# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tigerpaw's SOAP API is only read from, and called verified only where an answer proves it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from lxml import etree

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import (
    ErrorCode,
    IntegrationError,
    InvalidSettings,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import http, tigerpaw_soap
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import Connection
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.soap_transport import SoapTransport
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.verification import (
    Access,
    Finding,
    VerificationState,
)
from sandbox import Sandbox

HEADER_NAMESPACE = "http://www.tigerpawsoftware.com/"
BODY_NAMESPACE = "http://www.tigerpawsoftware.com"
WRITING = "SubmitAgreementAdditionalCharges"
LISTING, VALIDATING = "GetAccountList", "ValidateUser"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)


def ask(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> Finding:
    settings = sandbox.tigerpaw_settings(**changes)
    secrets = {name: settings.pop(name) for name in ("rest_private_key", "soap_password")}
    in_play = SecretsInPlay()
    in_play.add(*secrets.values())
    return tigerpaw_soap.verify(Access(settings, secrets, connection or Connection(timeout=5), in_play))


def failure(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        ask(sandbox, connection, **changes)
    error = caught.value
    told = f"{error.message} {error.details}"
    assert not [secret for secret in sandbox.secrets() if secret in told]
    # Nothing of a library's exceptions, which may repeat addresses and messages, is printed with a traceback.
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert sandbox.requests(writing=True) == []
    return error


@pytest.mark.parametrize("operation", [LISTING, VALIDATING])
def test_verified_by_a_reading_operation(sandbox: Sandbox, operation: str) -> None:
    assert ask(sandbox, soap_check_operation=operation) == Finding(VerificationState.VERIFIED)
    described, called, called_by_nobody = sandbox.requests()
    assert (described.method, described.query) == ("GET", "WSDL")
    assert called.operation == called_by_nobody.operation == operation
    assert sandbox.requests(writing=True) == []


def test_message(sandbox: Sandbox) -> None:
    ask(sandbox)
    _described, called, called_by_nobody = sandbox.requests()
    assert called.headers["soapaction"] == f'"{BODY_NAMESPACE}/{LISTING}"'
    envelope = etree.fromstring(called.body)
    header = envelope.find("{*}Header")[0]
    own = sandbox.state.credentials
    assert header.tag == f"{{{HEADER_NAMESPACE}}}AuthHeader"
    assert {child.tag: child.text for child in header} == {
        f"{{{HEADER_NAMESPACE}}}UserName": own.soap_user_name,
        f"{{{HEADER_NAMESPACE}}}Password": own.soap_password,
    }
    assert envelope.find("{*}Body")[0].tag == f"{{{BODY_NAMESPACE}}}{LISTING}"
    assert etree.fromstring(called_by_nobody.body).find("{*}Header") is None


def test_without_operation_nothing_is_called_proven(sandbox: Sandbox) -> None:
    found = ask(sandbox, soap_check_operation=None, soap_password="wrong")
    assert found.state is VerificationState.REACHABLE
    assert "not proven" in (found.warning or "")
    assert "soap_check_operation" in (found.warning or "")
    [described] = sandbox.requests()
    assert (described.operation, described.body) == ("WSDL", b"")
    assert "authorization" not in described.headers


@pytest.mark.parametrize("refusal", ["fault", "result", "unauthorized"])
@pytest.mark.parametrize("operation", [LISTING, VALIDATING])
@pytest.mark.parametrize("field", ["soap_user_name", "soap_password"])
def test_refused_credentials_are_tried_once(sandbox: Sandbox, refusal: str, operation: str, field: str) -> None:
    sandbox.change_settings(soap_refusal=refusal)
    error = failure(sandbox, soap_check_operation=operation, **{field: "wrong"})
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert "soap_user_name and soap_password" in error.message
    assert error.message.startswith(f"Tigerpaw SOAP API ({sandbox.soap_url}): ")
    assert len(sandbox.requests()) == 2


def test_fault_without_its_stack(sandbox: Sandbox) -> None:
    message = failure(sandbox, soap_password="wrong").message
    assert "(Invalid user name or password)" in message
    assert "Exception" not in message
    assert " at " not in message


def test_missing_right(sandbox: Sandbox) -> None:
    own = sandbox.state.credentials
    sandbox.add_user("soap", name=own.soap_user_name, secret=own.soap_password, lacks=[LISTING])
    error = failure(sandbox)
    assert error.code is ErrorCode.RIGHT_MISSING
    assert LISTING in error.message


@pytest.mark.parametrize("operation", [WRITING, WRITING.lower(), "SubmitSomething", "DeleteAccount", "getaccounts; x"])
def test_no_writing_operation_is_called(sandbox: Sandbox, operation: str) -> None:
    error = failure(sandbox, soap_check_operation=operation)
    assert isinstance(error, InvalidSettings)
    assert [fault.option for fault in error.faults] == ["tigerpaw.soap_check_operation"]
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("GetAcountList", "did you mean GetAccountList?"),
        ("CheckWhatever", "ask your Tigerpaw administrator"),
        ("CheckAgreementAdditionalCharges", "ask your Tigerpaw administrator"),
    ],
)
def test_unknown_operation(sandbox: Sandbox, operation: str, told: str) -> None:
    error = failure(sandbox, soap_check_operation=operation)
    assert isinstance(error, InvalidSettings)
    assert told in error.message
    assert WRITING not in error.message
    assert [request.operation for request in sandbox.requests()] == ["WSDL"]


def answer_with(sandbox: Sandbox, operation: str, result: str, times: int | None = 1) -> None:
    envelope = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<{operation}Response xmlns="{BODY_NAMESPACE}"><{operation}Result>{result}</{operation}Result>'
        f"</{operation}Response></soap:Body></soap:Envelope>"
    )
    sandbox.misbehave("soap", "wrong_shape", times=times, only=operation, body=envelope)


@pytest.mark.parametrize(
    "result",
    ["", "<Accounts xmlns='' />", "21.1.0.0", "&lt;A /&gt;", "&lt;not xml", "<R xmlns=''><Message>Hi</Message></R>"],
)
def test_answers_that_do_not_tell(sandbox: Sandbox, result: str) -> None:
    answer_with(sandbox, LISTING, result)
    found = ask(sandbox)
    assert found.state is VerificationState.REACHABLE
    assert f"the answer of {LISTING} does not tell" in (found.warning or "")


@pytest.mark.parametrize(
    ("result", "code", "told"),
    [
        ("<R xmlns=''><Error>Wrong password</Error></R>", ErrorCode.CREDENTIALS_REFUSED, "(Wrong password)"),
        ("&lt;R&gt;&lt;Error&gt;Bad password&lt;/Error&gt;&lt;/R&gt;", ErrorCode.CREDENTIALS_REFUSED, "Bad password"),
        ("<R xmlns=''><Error>Database is down</Error></R>", ErrorCode.UNEXPECTED_ANSWER, "not proven"),
    ],
)
def test_failures_in_a_result(sandbox: Sandbox, result: str, code: ErrorCode, told: str) -> None:
    answer_with(sandbox, LISTING, result)
    error = failure(sandbox)
    assert error.code is code
    assert told in error.message


def test_data_in_a_string(sandbox: Sandbox) -> None:
    answer_with(sandbox, LISTING, "&lt;Accounts&gt;&lt;Name&gt;Acme&lt;/Name&gt;&lt;/Accounts&gt;")
    assert ask(sandbox).state is VerificationState.VERIFIED


def test_operation_that_answers_everybody_proves_nothing(sandbox: Sandbox) -> None:
    answer_with(sandbox, LISTING, "<Versions xmlns=''><Version>21.1</Version></Versions>", times=None)
    found = ask(sandbox)
    assert found.state is VerificationState.REACHABLE
    assert "answers without credentials as well" in (found.warning or "")


def test_reason_is_shown_without_secrets(sandbox: Sandbox) -> None:
    password = sandbox.state.credentials.soap_password
    escaped = password.replace("&", "&amp;").replace("<", "&lt;")
    answer_with(sandbox, LISTING, f"<R xmlns=''><Error>No login with {escaped}</Error></R>")
    assert "(No login with ********)" in failure(sandbox).message


def change_wsdl(sandbox: Sandbox, *changes: tuple[str, str]) -> None:
    wsdl = bytes(sandbox_wsdl(sandbox)).decode()
    for old, new in changes:
        assert old in wsdl
        wsdl = wsdl.replace(old, new)
    sandbox.misbehave("soap", "wrong_shape", only="WSDL", body=wsdl)


def sandbox_wsdl(sandbox: Sandbox) -> bytes:
    with http.HttpClient(
        http.Endpoint(sandbox.soap_url, ca_path=str(sandbox.ca_path)), Connection(timeout=5), "test"
    ) as client:
        wsdl = client.send("GET", f"{sandbox.soap_url}?WSDL", headers=dict).body
    sandbox.forget()
    return wsdl


def test_operation_that_needs_arguments(sandbox: Sandbox) -> None:
    change_wsdl(
        sandbox,
        (
            f'<s:element name="{LISTING}">',
            f'<s:element name="{LISTING}"><s:complexType><s:sequence><s:element minOccurs="1" maxOccurs="1" '
            f'name="AccountNumber" type="s:int" /></s:sequence></s:complexType></s:element><s:element name="Other">',
        ),
    )
    error = failure(sandbox)
    assert isinstance(error, InvalidSettings)
    assert "needs arguments" in error.message
    assert [request.operation for request in sandbox.requests()] == ["WSDL"]


@pytest.mark.parametrize(
    "change",
    [
        (f'soapAction="{BODY_NAMESPACE}/{LISTING}"', f'soapAction="{BODY_NAMESPACE}/{WRITING}"'),
        (f'element="tns:{LISTING}"', f'element="tns:{WRITING}"'),
    ],
)
def test_reading_name_tied_to_the_writing_message(sandbox: Sandbox, change: tuple[str, str]) -> None:
    change_wsdl(sandbox, change)
    error = failure(sandbox)
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert "message of another operation" in error.message
    assert [request.operation for request in sandbox.requests()] == ["WSDL"]


@pytest.mark.parametrize(
    "change",
    [
        ('targetNamespace="http://www.tigerpawsoftware.com/"', 'targetNamespace="urn:other"'),
        ("http://www.tigerpawsoftware.com", "http://www.example.com"),
        ('"http://www.tigerpawsoftware.com"', '"urn:other"'),
        ("AuthHeader", "OtherHeader"),
        ('<wsdl:part name="parameters"', '<wsdl:part name="parameters" nonsense="1" element2='),
    ],
)
def test_wsdl_of_something_else(sandbox: Sandbox, change: tuple[str, str]) -> None:
    change_wsdl(sandbox, change)
    error = failure(sandbox)
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert "not that of Tigerpaw's tsiWS" in error.message


@pytest.mark.parametrize("only", ["WSDL", LISTING])
@pytest.mark.parametrize(
    ("kind", "options", "code", "told"),
    [
        ("server_error", {}, ErrorCode.API_UNREACHABLE, "HTTP 500"),
        ("status", {"status": 404}, ErrorCode.UNEXPECTED_ANSWER, "HTTP 404"),
        ("status", {"status": 202}, ErrorCode.UNEXPECTED_ANSWER, "HTTP 202"),
        ("html", {}, ErrorCode.UNEXPECTED_ANSWER, "an HTML page, maybe of a proxy or a login page"),
        ("login_redirect", {}, ErrorCode.UNEXPECTED_ANSWER, "redirects"),
        ("truncated", {}, ErrorCode.UNEXPECTED_ANSWER, "cut off"),
        ("wrong_shape", {}, ErrorCode.UNEXPECTED_ANSWER, "not"),
        ("wrong_shape", {"body": "<a><b></a>"}, ErrorCode.UNEXPECTED_ANSWER, "not"),
        ("throttled", {"retry_after": "absurd"}, ErrorCode.THROTTLED, "86400 s"),
    ],
)
def test_other_answers(
    sandbox: Sandbox, only: str, kind: str, options: dict[str, Any], code: ErrorCode, told: str
) -> None:
    sandbox.misbehave("soap", kind, only=only, **options)
    error = failure(sandbox)
    assert error.code is code
    assert told in error.message
    assert len(sandbox.requests()) == (1 if only == "WSDL" else 2)


def test_forbidden_call(sandbox: Sandbox) -> None:
    sandbox.misbehave("soap", "forbidden", only=LISTING)
    assert failure(sandbox).code is ErrorCode.RIGHT_MISSING


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden"])
def test_wsdl_behind_a_login_says_nothing_about_the_credentials(sandbox: Sandbox, kind: str) -> None:
    sandbox.misbehave("soap", kind, only="WSDL")
    assert failure(sandbox).code is ErrorCode.UNEXPECTED_ANSWER


def test_reading_is_tried_again(sandbox: Sandbox) -> None:
    sandbox.misbehave("soap", "unavailable", times=2)
    sandbox.misbehave("soap", "dropped", times=1, only=LISTING)
    assert ask(sandbox).state is VerificationState.VERIFIED


def test_trouble_with_the_second_call_is_no_proof(sandbox: Sandbox) -> None:
    ask(sandbox)
    sandbox.forget()
    answer_with(sandbox, LISTING, "<A xmlns=''><Name>Acme</Name></A>", times=1)
    sandbox.misbehave("soap", "unavailable", only=LISTING)
    assert failure(sandbox, Connection(timeout=5, retries=0)).code is ErrorCode.API_UNREACHABLE


def test_only_the_configured_address_is_called(sandbox: Sandbox) -> None:
    endpoint = http.Endpoint(sandbox.soap_url, ca_path=str(sandbox.ca_path))
    with http.HttpClient(endpoint, Connection(timeout=5), "Test API") as client:
        transport = SoapTransport(client, sandbox.soap_url, "user and password")
        for address in (f"{sandbox.soap_url}/other", f"{sandbox.foreign_url}/api/rmm/tsiWS.asmx"):
            with pytest.raises(IntegrationError, match="names another address"):
                transport.post_xml(address, etree.Element("x"), {})
            with pytest.raises(IntegrationError, match="another document"):
                transport.load(address)
    assert sandbox.requests() == []


def test_password_that_xml_cannot_carry(sandbox: Sandbox) -> None:
    error = failure(sandbox, soap_password="hunter2\x01")
    assert error.code is ErrorCode.INVALID_SETTINGS
    assert "hunter2" not in error.message


def test_markup_in_credentials_stays_text(sandbox: Sandbox) -> None:
    name = "x</UserName><Password>y</Password><UserName>"
    failure(sandbox, soap_user_name=name)
    header = etree.fromstring(sandbox.requests()[1].body).find("{*}Header")[0]
    assert [child.text for child in header] == [name, sandbox.state.credentials.soap_password]


def test_nothing_is_logged(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("zeep", "zeep.transports", "zeep.wsdl", "urllib3", "urllib3.connectionpool"):
        caplog.set_level(logging.DEBUG, name)
    ask(sandbox)
    sandbox.change_settings(soap_refusal="result")
    failure(sandbox, soap_password="wrong")
    assert [record for record in caplog.records if record.name.startswith(("zeep", "urllib3"))] == []
