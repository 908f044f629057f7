# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Shows that the sandbox behaves, and misbehaves, as it says.

The clients are independent ones, and nothing of the collection is used: it is tested against the sandbox, so the
sandbox must not be tested against it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import smtplib
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import pytest
import requests
import zeep
from lxml import etree

from sandbox import Sandbox

VALIDATE = "/api/diagnostics/validate/user"
SEARCH = "/api/accounts/search"
BODY_NAMESPACE = "http://www.tigerpawsoftware.com"
HEADER_NAMESPACE = "http://www.tigerpawsoftware.com/"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
REFERENCE_WSDL = Path(__file__).parents[1] / "sandbox" / "files" / "tsiWS.wsdl"
TESTS = Path(__file__).parents[1]


# Clients


def http_date(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def token(public_key: str, private_key: str, method: str, path: str, date: str) -> str:
    to_sign = "|".join([method, path, date]).lower().encode()
    signature = base64.b64encode(hmac.new(private_key.encode(), to_sign, hashlib.sha256).digest()).decode()
    return base64.b64encode(f"{public_key}:{signature}".encode()).decode()


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        # A bundle named by the environment would take precedence over the session's.
        opened.trust_env = False
        opened.verify = str(sandbox.ca_path)
        yield opened


class Rest:
    """A REST client that signs as the vendor describes it, or wrongly."""

    def __init__(self, sandbox: Sandbox, session: requests.Session) -> None:
        self.url = sandbox.tigerpaw_url
        self.public_key = sandbox.tigerpaw_settings()["rest_public_key"]
        self.private_key = sandbox.tigerpaw_settings()["rest_private_key"]
        self.session = session

    def __call__(
        self, method: str = "GET", path: str = VALIDATE, signed: str | None = None, **options: Any
    ) -> requests.Response:
        date = options.pop("date", None) or http_date()
        date_header = options.pop("date_header", "X-TSI-Date")
        signature = token(self.public_key, self.private_key, method, signed or path.partition("?")[0], date)
        headers = {"Authorization": f"TSI {signature}", date_header: date, **options.pop("headers", {})}
        options.setdefault("allow_redirects", False)
        return self.session.request(method, self.url + path, headers=headers, timeout=5, **options)

    def search(self, **wanted: Any) -> Any:
        return self("POST", SEARCH, json=wanted).json()


@pytest.fixture
def rest(sandbox: Sandbox, session: requests.Session) -> Rest:
    return Rest(sandbox, session)


class Soap:
    """A SOAP client that writes its envelopes by hand, rightly or wrongly."""

    def __init__(self, sandbox: Sandbox, session: requests.Session) -> None:
        self.url = sandbox.soap_url
        self.user_name = sandbox.tigerpaw_settings()["soap_user_name"]
        self.password = sandbox.tigerpaw_settings()["soap_password"]
        self.session = session

    def envelope(
        self,
        operation: str,
        version: str = SOAP_11,
        header_namespace: str = HEADER_NAMESPACE,
        body_namespace: str = BODY_NAMESPACE,
        arguments: str = "",
    ) -> str:
        return (
            f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{version}"><s:Header>'
            f'<AuthHeader xmlns="{header_namespace}"><UserName>{escape(self.user_name)}</UserName>'
            f"<Password>{escape(self.password)}</Password></AuthHeader></s:Header>"
            f'<s:Body><{operation} xmlns="{body_namespace}">{arguments}</{operation}></s:Body></s:Envelope>'
        )

    def post(
        self, envelope: str, action: str | None, content_type: str = "text/xml; charset=utf-8"
    ) -> requests.Response:
        headers = {"Content-Type": content_type}
        if action is not None:
            headers["SOAPAction"] = action
        return self.session.post(self.url, data=envelope.encode(), headers=headers, timeout=5, allow_redirects=False)

    def __call__(self, operation: str = "GetAccountList", **options: Any) -> requests.Response:
        return self.post(self.envelope(operation, **options), f'"{BODY_NAMESPACE}/{operation}"')

    def wsdl(self) -> requests.Response:
        return self.session.get(f"{self.url}?WSDL", timeout=5, allow_redirects=False)


@pytest.fixture
def soap(sandbox: Sandbox, session: requests.Session) -> Soap:
    return Soap(sandbox, session)


@pytest.fixture
def trust(sandbox: Sandbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(sandbox.ca_path))


def message(subject: str = "Hello", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "integrations@msp.example"
    mail["To"] = "anna@msp.example"
    for name, value in headers.items():
        mail[name] = value
    mail.set_content("Grüße\n")
    return mail


def log_in(client: smtplib.SMTP, sandbox: Sandbox, password: str | None = None) -> tuple[int, bytes]:
    """Log in. (smtplib's own ``login`` cannot send a password that is more than ASCII.)"""
    settings = sandbox.smtp_settings()
    client.ehlo_or_helo_if_needed()
    plain = f"\0{settings['smtp_username']}\0{password or settings['smtp_password']}"
    return client.docmd("AUTH", f"PLAIN {base64.b64encode(plain.encode()).decode()}")


def connect(sandbox: Sandbox, listener: str = "starttls") -> smtplib.SMTP:
    return smtplib.SMTP(sandbox.smtp_host, sandbox.smtp_ports[listener], timeout=5)


@pytest.fixture
def mail_client(sandbox: Sandbox, trust: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    """A client that is connected, encrypted and logged in."""
    client = connect(sandbox)
    client.starttls(context=trust)
    assert log_in(client, sandbox)[0] == 235
    yield client
    client.close()


def zeep_client(soap: Soap) -> Any:
    # zeep's own functions have no types.
    make: Any = zeep.Client
    transport: Any = zeep.Transport
    return make(f"{soap.url}?WSDL", transport=transport(session=soap.session))


# REST: signatures and users


def test_a_right_signature_is_accepted(rest: Rest) -> None:
    answer = rest()
    assert (answer.status_code, answer.json()) == (200, {"Success": True, "Message": None})
    assert rest("GET", "/api/diagnostics/productInformation").json()["HasValidLicense"] is True


def test_a_path_is_signed_without_its_query_in_small_letters(rest: Rest) -> None:
    assert rest(path=f"{VALIDATE}?a=b").status_code == 200
    assert rest(path=VALIDATE.upper(), signed=VALIDATE).status_code == 200


@pytest.mark.parametrize("change", ["public_key", "private_key"])
def test_another_key_is_refused(rest: Rest, change: str) -> None:
    setattr(rest, change, getattr(rest, change)[:-1] + "-")
    answer = rest()
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "TSI"


def test_a_signature_for_another_request_is_refused(rest: Rest) -> None:
    assert rest(signed="/api/accounts/1001").status_code == 401
    assert rest(headers={"X-TSI-Date": http_date(datetime.now(UTC) - timedelta(seconds=2))}).status_code == 401
    assert rest("GET", "/api/accounts/1001", signed=VALIDATE).status_code == 401


@pytest.mark.parametrize("authorization", ["", "TSI", "TSI !", "TSI YWJj", "Basic YTpi", "tsi {token}", "TSI {token} "])
def test_a_malformed_authorization_is_refused(rest: Rest, authorization: str) -> None:
    date = http_date()
    right = token(rest.public_key, rest.private_key, "GET", VALIDATE, date)
    headers = {"Authorization": authorization.format(token=right).strip(), "X-TSI-Date": date}
    expected = 200 if headers["Authorization"] == f"TSI {right}" else 401
    assert rest.session.get(rest.url + VALIDATE, headers=headers, timeout=5).status_code == expected


def test_the_standard_date_counts_only_where_the_other_is_missing(rest: Rest) -> None:
    assert rest(date_header="Date").status_code == 200
    assert rest(headers={"Date": http_date(datetime.now(UTC) - timedelta(days=1))}).status_code == 200
    assert rest(date_header="Date", headers={"X-TSI-Date": "garbage"}).status_code == 401


@pytest.mark.parametrize(
    ("minutes", "status"), [(-16, 401), (-14, 200), (14, 200), (16, 401)], ids=["old", "past", "near", "far"]
)
def test_a_signature_is_good_for_a_quarter_of_an_hour(rest: Rest, minutes: int, status: int) -> None:
    assert rest(date=http_date(datetime.now(UTC) + timedelta(minutes=minutes))).status_code == status


@pytest.mark.parametrize(
    "form", ["%Y-%m-%dT%H:%M:%SZ", "%A, %d-%b-%y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S +0000", "-"]
)
def test_only_an_exact_date_is_accepted(rest: Rest, form: str) -> None:
    assert rest(date=datetime.now(UTC).strftime(form)).status_code == 401


def test_a_request_must_fit_its_path(rest: Rest) -> None:
    assert rest(path="/api/nothing").status_code == 404
    assert rest("POST", VALIDATE).status_code == 405
    assert rest("POST", SEARCH, data=iter([b"{}"])).status_code == 411
    assert rest("POST", SEARCH, data=b"{}").status_code == 415
    assert rest("POST", SEARCH, data=b"{", headers={"Content-Type": "application/json"}).status_code == 400


def test_a_user_can_lack_a_right(sandbox: Sandbox, rest: Rest) -> None:
    user = sandbox.add_user("rest", lacks=["accounts"])
    rest.public_key, rest.private_key = user.name, user.secret
    assert rest().status_code == 200
    assert rest(path="/api/accounts/1001").status_code == 403


def test_a_new_user_is_refused_for_a_while(sandbox: Sandbox, rest: Rest) -> None:
    user = sandbox.add_user("rest", new_for_calls=2)
    rest.public_key, rest.private_key = user.name, user.secret
    assert [rest().status_code for _each in range(4)] == [401, 401, 200, 200]
    user = sandbox.add_user("rest", name=user.name, secret=user.secret, new_for_seconds=0.2)
    assert rest().status_code == 401
    time.sleep(0.25)
    assert rest().status_code == 200


def test_a_user_is_locked_out_by_wrong_secrets_in_a_row(sandbox: Sandbox, rest: Rest) -> None:
    right = rest.private_key
    rest.private_key = "wrong"
    assert {rest().status_code for _each in range(4)} == {401}
    rest.private_key = right
    assert rest().status_code == 200
    rest.private_key = "wrong"
    assert {rest().status_code for _each in range(5)} == {401}
    rest.private_key = right
    assert rest().status_code == 401
    assert next(user for user in sandbox.users() if user.name == rest.public_key).refusals == 5
    sandbox.reset()
    assert rest().status_code == 200


def test_a_replaced_secret_is_the_only_one(sandbox: Sandbox, rest: Rest) -> None:
    new = sandbox.add_user("rest", name=rest.public_key)
    assert rest().status_code == 401
    rest.private_key = new.secret
    assert rest().status_code == 200


# REST: accounts


def test_an_account_is_shown_by_its_number(rest: Rest) -> None:
    summary = rest(path="/api/accounts/1001").json()["AccountSummary"]
    assert summary["AccountNumber"] == 1001
    assert summary["Account"] == {"Name": "Müller & Söhne GmbH", "AccountType": "Customer", "Status": "Active"}
    missing = rest(path="/api/accounts/7")
    assert missing.status_code == 200
    assert missing.json()["Success"] is False


@pytest.mark.parametrize("last_next_row", ["grows", "stays", "zero", "null"])
@pytest.mark.parametrize("first_row", [0, 1])
def test_a_search_comes_in_pages(sandbox: Sandbox, rest: Rest, first_row: int, last_next_row: str) -> None:
    sandbox.change_settings(first_row=first_row, last_next_row=last_next_row)
    rows: list[int] = []
    start = 0
    while True:
        page = rest.search(PageSize=20, StartRow=start)
        rows += [account["AccountNumber"] for account in page["Accounts"]]
        if len(rows) >= page["TotalCount"]:
            break
        assert page["NextRow"] > start
        start = page["NextRow"]
    assert rows == list(range(1001, 1043))
    beyond = first_row + 42
    assert page["NextRow"] == {"grows": beyond, "stays": first_row + 40, "zero": 0, "null": None}[last_next_row]
    assert rest.search(PageSize=20, StartRow=beyond)["Accounts"] == []


def test_a_page_is_cut_to_the_largest(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.change_settings(largest_page=10)
    page = rest.search(PageSize=1000, StartRow=1)
    assert (len(page["Accounts"]), page["PageSize"], page["NextRow"]) == (10, 10, 11)


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ({"SearchType": "AccountName", "MatchType": "Contains", "Criteria": "net"}, 2),
        ({"SearchType": "AccountName", "Criteria": "client 4"}, 3),
        ({"SearchType": "AccountName", "MatchType": "EndsWith", "Criteria": "GMBH"}, 1),
        ({"SearchType": "AccountNumber", "MatchType": "Equal", "Criteria": 1002}, 1),
        ({"SearchType": "AccountStatus", "MatchType": "Equal", "Criteria": "Inactive"}, 1),
    ],
)
def test_a_search_meets_its_criteria(rest: Rest, criterion: dict[str, Any], found: int) -> None:
    assert rest.search(Criteria=[criterion])["TotalCount"] == found


def test_an_unknown_criterion_is_no_success(rest: Rest) -> None:
    answer = rest.search(Criteria=[{"SearchType": "Colour", "Criteria": "red"}])
    assert answer["Success"] is False
    assert "Colour" in answer["Message"]


# SOAP


def canonical(xml: bytes) -> bytes:
    parser = etree.XMLParser(remove_blank_text=True)
    return bytes(etree.tostring(etree.fromstring(xml, parser), method="c14n"))


def test_the_wsdl_is_the_reference_with_the_check_operations(sandbox: Sandbox, soap: Soap) -> None:
    answer = soap.wsdl()
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    addresses = set(re.findall(r'location="([^"]*)"', answer.text))
    assert addresses == {"https://api2.tigerpawsoftware.com/api/rmm/tsiWS.asmx"}
    operations = re.findall(r'soap:operation soapAction="http://www\.tigerpawsoftware\.com/(\w+)"', answer.text)
    assert sorted(operations) == ["GetAccountList", "SubmitAgreementAdditionalCharges", "ValidateUser"]
    sandbox.change_settings(soap_check_operations=[])
    assert canonical(soap.wsdl().content) == canonical(REFERENCE_WSDL.read_bytes())


@pytest.mark.parametrize("binding", ["tsiWSSoap", "tsiWSSoap12"])
def test_zeep_can_use_the_service(sandbox: Sandbox, soap: Soap, binding: str) -> None:
    client = zeep_client(soap)
    service = client.create_service(f"{{{BODY_NAMESPACE}}}{binding}", soap.url)
    header = client.get_element(f"{{{HEADER_NAMESPACE}}}AuthHeader")
    right = header(UserName=soap.user_name, Password=soap.password)
    wrong = header(UserName=soap.user_name, Password="wrong")
    assert service.ValidateUser(_soapheaders=[right]) is True
    assert service.GetAccountList(_soapheaders=[right]).findtext("Account/Name") == "Müller & Söhne GmbH"
    with pytest.raises(zeep.exceptions.Fault, match="Invalid user name or password"):
        service.GetAccountList(_soapheaders=[wrong])
    assert sandbox.requests(writing=True) == []


def test_both_namespaces_are_checked_to_the_last_slash(soap: Soap) -> None:
    assert soap().status_code == 200
    assert "Invalid user name or password." in soap(header_namespace=BODY_NAMESPACE).text
    assert "was not expected" in soap(body_namespace=HEADER_NAMESPACE).text
    assert "not expected" in soap(arguments=f'<Params xmlns="{HEADER_NAMESPACE}" />').text
    assert soap(arguments="<Params><a /></Params>").status_code == 200


@pytest.mark.parametrize(
    "action",
    [None, "", '""', f'"{BODY_NAMESPACE}/ValidateUser"', f'"{HEADER_NAMESPACE}/GetAccountList"', "GetAccountList"],
)
def test_the_action_is_checked(soap: Soap, action: str | None) -> None:
    answer = soap.post(soap.envelope("GetAccountList"), action)
    assert answer.status_code == 500
    assert "<faultcode>soap:Client</faultcode>" in answer.text


def test_soap_12_has_its_action_in_the_content_type(soap: Soap) -> None:
    envelope = soap.envelope("GetAccountList", version=SOAP_12)
    plain = "application/soap+xml; charset=utf-8"
    assert soap.post(envelope, None, plain).status_code == 200
    assert soap.post(envelope, None, f'{plain}; action="{BODY_NAMESPACE}/GetAccountList"').status_code == 200
    refused = soap.post(envelope, None, f'{plain}; action="{BODY_NAMESPACE}/ValidateUser"')
    assert (refused.status_code, "soap:Sender" in refused.text) == (500, True)
    assert refused.headers["Content-Type"] == "application/soap+xml; charset=utf-8"


def test_a_request_must_be_a_plain_envelope(soap: Soap) -> None:
    action = f'"{BODY_NAMESPACE}/GetAccountList"'
    right = soap.envelope("GetAccountList")
    assert "VersionMismatch" in soap.post(soap.envelope("GetAccountList", version=SOAP_12), action).text
    assert "DTD is prohibited" in soap.post(right.replace("?>", "?><!DOCTYPE a>", 1), action).text
    assert "error in XML" in soap.post(right[:-5], action).text
    assert soap.post(right, action, "application/json").status_code == 415
    unknown = '<s:Header><x:x xmlns:x="urn:x" s:mustUnderstand="1" />'
    assert "MustUnderstand" in soap.post(right.replace("<s:Header>", unknown), action).text


def test_a_wrong_password_comes_back_in_three_ways(sandbox: Sandbox, soap: Soap) -> None:
    soap.password = "wrong"
    fault = soap()
    assert (fault.status_code, fault.headers["Content-Type"]) == (500, "text/xml; charset=utf-8")
    text = etree.fromstring(fault.content).findtext(".//faultstring")
    assert text.startswith("System.Web.Services.Protocols.SoapException: Invalid user name or password.\n  at ")
    sandbox.change_settings(soap_refusal="result")
    result = soap()
    assert (result.status_code, "<Success>false</Success>" in result.text) == (200, True)
    assert "<ValidateUserResult>false</ValidateUserResult>" in soap("ValidateUser").text
    sandbox.change_settings(soap_refusal="unauthorized")
    unauthorized = soap()
    assert (unauthorized.status_code, unauthorized.content) == (401, b"")


def test_a_soap_user_is_locked_out_as_well(sandbox: Sandbox, soap: Soap) -> None:
    sandbox.change_settings(lockout_after=2)
    right, soap.password = soap.password, "wrong"
    soap(), soap()
    soap.password = right
    assert soap().status_code == 500


def test_a_soap_user_can_lack_a_right(sandbox: Sandbox, soap: Soap) -> None:
    user = sandbox.add_user("soap", lacks="GetAccountList")
    soap.user_name, soap.password = user.name, user.secret
    assert soap("ValidateUser").status_code == 200
    refused = soap()
    assert refused.status_code == 500
    assert "System.Web.Services.Protocols.SoapException: The user is not allowed" in refused.text


def test_the_writing_operation_is_told_from_the_reading_ones(sandbox: Sandbox, soap: Soap) -> None:
    soap(), soap.wsdl()
    assert sandbox.requests(writing=True) == []
    assert soap("SubmitAgreementAdditionalCharges", arguments="<Params><a /></Params>").status_code == 200
    assert soap("DeleteEverything").status_code == 500
    assert [request.operation for request in sandbox.requests(writing=True)] == [
        "SubmitAgreementAdditionalCharges",
        "DeleteEverything",
    ]


def test_the_check_operations_can_be_set(sandbox: Sandbox, soap: Soap) -> None:
    sandbox.change_settings(soap_check_operations=["ListAccounts"])
    assert "ListAccountsResponse" in soap.wsdl().text
    assert soap("ListAccounts").status_code == 200
    assert soap("GetAccountList").status_code == 500


def test_people_are_shown_a_page(session: requests.Session, soap: Soap) -> None:
    assert session.get(soap.url, timeout=5).headers["Content-Type"].startswith("text/html")


# Mail


def test_mail_is_taken_after_encryption_and_login(sandbox: Sandbox, trust: ssl.SSLContext) -> None:
    with connect(sandbox) as client:
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<a@msp.example>")[0] == 530
        assert not client.has_extn("auth")
        client.starttls(context=trust)
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<a@msp.example>")[0] == 530
        assert log_in(client, sandbox, "wrong")[0] == 535
        assert log_in(client, sandbox)[0] == 235
        client.send_message(message("Größe"), to_addrs=["anna@msp.example", "bert@msp.example"])
    (mail,) = sandbox.mails()
    assert mail.recipients == ["anna@msp.example", "bert@msp.example"]
    assert (mail.sender, mail.subject, mail.part("plain")) == ("integrations@msp.example", "Größe", "Grüße\r\n")
    assert (mail.listener, mail.encrypted, mail.login) == ("starttls", True, sandbox.smtp_settings()["smtp_username"])
    assert mail.raw.startswith(b"Subject: =?utf-8?")
    assert [request.method for request in sandbox.requests("smtp")] == ["CONNECT", "AUTH", "AUTH", "DATA"]
    assert [request.method for request in sandbox.requests("smtp", writing=True)] == ["DATA"]


def test_mail_can_be_encrypted_from_the_start(sandbox: Sandbox, trust: ssl.SSLContext) -> None:
    with smtplib.SMTP_SSL(sandbox.smtp_host, sandbox.smtp_ports["tls"], context=trust, timeout=5) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        assert log_in(client, sandbox)[0] == 235
        client.send_message(message())
    assert [(mail.listener, mail.encrypted) for mail in sandbox.mails()] == [("tls", True)]


def test_mail_can_be_sent_in_clear_and_so_could_a_password(sandbox: Sandbox) -> None:
    with connect(sandbox, "none") as client:
        client.ehlo()
        assert client.has_extn("auth")
        client.send_message(message())
    assert [(mail.listener, mail.encrypted, mail.login) for mail in sandbox.mails()] == [("none", False, None)]


def test_a_password_sent_in_clear_is_caught(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        assert log_in(client, sandbox)[0] != 235
    (caught,) = sandbox.requests("smtp")[1:]
    assert sandbox.smtp_settings()["smtp_password"].encode() in base64.b64decode(caught.body.split()[1])


def test_whether_a_login_is_required_can_be_set(sandbox: Sandbox, trust: ssl.SSLContext) -> None:
    sandbox.change_settings(smtp_login_required={"starttls": False, "none": True})
    with connect(sandbox) as client:
        client.starttls(context=trust)
        client.send_message(message())
    with connect(sandbox, "none") as client, pytest.raises(smtplib.SMTPSenderRefused):
        client.send_message(message())
    assert len(sandbox.mails()) == 1


def test_a_login_can_be_refused(sandbox: Sandbox, trust: ssl.SSLContext) -> None:
    sandbox.misbehave("smtp", "refuse_login", times=1)
    with connect(sandbox) as client:
        client.starttls(context=trust)
        assert log_in(client, sandbox)[0] == 535
        assert log_in(client, sandbox)[0] == 235


def test_a_recipient_can_be_refused(sandbox: Sandbox, mail_client: smtplib.SMTP) -> None:
    sandbox.misbehave("smtp", "refuse_recipient", recipient="anna@msp.example")
    refused = mail_client.send_message(message(), to_addrs=["anna@msp.example", "bert@msp.example"])
    assert refused["anna@msp.example"][0] == 550
    assert [mail.recipients for mail in sandbox.mails()] == [["bert@msp.example"]]


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
def test_mail_can_fail_for_now(sandbox: Sandbox, mail_client: smtplib.SMTP, at: str) -> None:
    sandbox.misbehave("smtp", "temporary_failure", times=1, at=at)
    with pytest.raises(smtplib.SMTPException, match="451"):
        mail_client.send_message(message())
    assert sandbox.mails() == []
    mail_client.send_message(message())
    assert len(sandbox.mails()) == 1


def test_the_connection_can_be_lost_after_a_mail_was_taken(sandbox: Sandbox, mail_client: smtplib.SMTP) -> None:
    sandbox.misbehave("smtp", "drop_after_data", times=1)
    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        mail_client.send_message(message())
    assert len(sandbox.mails()) == 1


def test_the_offer_to_encrypt_can_be_taken_out(sandbox: Sandbox) -> None:
    sandbox.misbehave("smtp", "no_starttls", times=1)
    with connect(sandbox) as client:
        client.ehlo()
        assert (client.has_extn("starttls"), client.has_extn("auth")) == (False, True)
    with connect(sandbox) as client:
        client.ehlo()
        assert (client.has_extn("starttls"), client.has_extn("auth")) == (True, False)


def test_encryption_can_be_refused(sandbox: Sandbox, trust: ssl.SSLContext) -> None:
    sandbox.misbehave("smtp", "starttls_refused", times=1)
    with connect(sandbox) as client, pytest.raises(smtplib.SMTPResponseException, match="454"):
        client.starttls(context=trust)


def test_the_mail_server_can_hang_and_be_slow(sandbox: Sandbox) -> None:
    sandbox.misbehave("smtp", "hang", times=1)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected), match="timed out"):
        smtplib.SMTP(sandbox.smtp_host, sandbox.smtp_ports["starttls"], timeout=0.2)
    sandbox.misbehave("smtp", "slow", times=1, seconds=0.3)
    started = time.monotonic()
    connect(sandbox).close()
    assert time.monotonic() - started > 0.25


def test_the_mail_server_can_hang_in_the_middle(sandbox: Sandbox, mail_client: smtplib.SMTP) -> None:
    sandbox.misbehave("smtp", "hang", at="data")
    assert mail_client.sock is not None
    mail_client.sock.settimeout(0.3)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        mail_client.send_message(message())
    assert sandbox.mails() == []


# Webhooks


def test_a_webhook_is_recorded_byte_for_byte(sandbox: Sandbox, session: requests.Session) -> None:
    body = '{"text":"é"}'.encode()
    answer = session.post(sandbox.webhook_url, data=body, headers={"X-Signature": "abc"}, timeout=5)
    assert answer.status_code == 200
    (received,) = sandbox.webhooks()
    assert (received.body, received.headers["x-signature"], received.writing) == (body, "abc", True)
    assert received.json() == {"text": "é"}
    assert abs(received.arrived - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_webhook_needs_its_whole_address(sandbox: Sandbox, session: requests.Session) -> None:
    assert session.post(sandbox.webhook_url[:-1], timeout=5).status_code == 404
    assert session.get(sandbox.webhook_url, timeout=5).status_code == 405
    assert len(sandbox.webhooks()) == 2


def test_a_webhook_can_be_refused(sandbox: Sandbox, session: requests.Session) -> None:
    sandbox.change_settings(webhook_status=410)
    assert session.post(sandbox.webhook_url, timeout=5).status_code == 410
    sandbox.misbehave("webhook", "throttled", times=1, retry_after="7")
    throttled = session.post(sandbox.webhook_url, timeout=5)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")


# Proxy and other origins


def through(sandbox: Sandbox, url: str, **headers: str) -> tuple[int, bytes]:
    """Fetch something through the proxy."""
    proxy, target = urlsplit(sandbox.proxy_url), urlsplit(url)
    assert proxy.hostname
    assert target.hostname
    context = ssl.create_default_context(cafile=str(sandbox.ca_path))
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=5, context=context)
    connection.set_tunnel(target.hostname, target.port, headers)
    try:
        connection.request("GET", target.path or "/")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_proxy_opens_tunnels(sandbox: Sandbox) -> None:
    assert through(sandbox, sandbox.tigerpaw_url + VALIDATE)[0] == 401
    (connect_request,) = sandbox.requests("proxy")
    assert (connect_request.method, connect_request.path) == ("CONNECT", urlsplit(sandbox.tigerpaw_url).netloc)
    assert connect_request.writing is False
    assert len(sandbox.requests("rest")) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_proxy_can_ask_for_credentials(sandbox: Sandbox, encoding: str) -> None:
    sandbox.change_settings(proxy_login_required=True)
    with pytest.raises(OSError, match="407"):
        through(sandbox, sandbox.tigerpaw_url)
    settings = sandbox.proxy_settings()
    plain = f"{settings['proxy_username']}:{settings['proxy_password']}".encode(encoding)
    right = {"Proxy-Authorization": f"Basic {base64.b64encode(plain).decode()}"}
    assert through(sandbox, sandbox.tigerpaw_url, **right)[0] == 404
    assert "proxy-authorization" not in sandbox.requests("rest")[0].headers


def test_the_proxy_refuses_wrong_credentials_even_unasked(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="407"):
        through(sandbox, sandbox.tigerpaw_url, **{"Proxy-Authorization": "Basic YTpi"})


def test_the_proxy_goes_nowhere_else(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="403"):
        through(sandbox, "https://api2.tigerpawsoftware.com:443/")
    with pytest.raises(OSError, match="502"):
        through(sandbox, sandbox.closed_url)


def test_the_proxy_can_misbehave(sandbox: Sandbox) -> None:
    sandbox.misbehave("proxy", "status", times=1, status=503)
    sandbox.misbehave("proxy", "status", times=1, status=599)
    for status in ("503", "599"):
        with pytest.raises(OSError, match=status):
            through(sandbox, sandbox.tigerpaw_url)
    sandbox.misbehave("proxy", "dropped", times=1)
    with pytest.raises((OSError, http.client.HTTPException)):
        through(sandbox, sandbox.tigerpaw_url)
    assert through(sandbox, sandbox.tigerpaw_url)[0] == 404


def test_a_foreign_origin_takes_whatever_it_gets(sandbox: Sandbox, session: requests.Session, soap: Soap) -> None:
    assert session.get(sandbox.foreign_url + VALIDATE, timeout=5).json()["Success"] is True
    soap.url = f"{sandbox.foreign_url}/api/rmm/tsiWS.asmx"
    assert sandbox.foreign_url in soap.wsdl().text
    assert "<Accounts" in soap().text
    assert soap.password in sandbox.requests("foreign")[-1].text.replace("&lt;", "<").replace("&amp;", "&")
    assert len(sandbox.requests("foreign")) == len(sandbox.requests()) == 3
    assert session.get(f"{sandbox.foreign_plain_url}/entity", timeout=5).text == "diverted"
    assert sandbox.requests("foreign")[-1].path == "/entity"


def test_an_unknown_certificate_is_not_trusted(sandbox: Sandbox, rest: Rest) -> None:
    rest.url = sandbox.unknown_ca_url
    with pytest.raises(requests.exceptions.SSLError):
        rest()
    assert sandbox.requests() == []
    rest.session.verify = str(sandbox.unknown_ca_path)
    assert rest().status_code == 200
    assert [request.system for request in sandbox.requests()] == ["unknown_ca"]


def test_a_closed_address_refuses_connections(sandbox: Sandbox, rest: Rest) -> None:
    rest.url = sandbox.closed_url
    with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        rest()


# Misbehaviour over HTTP


@pytest.mark.parametrize(
    ("kind", "status"),
    [("unauthorized", 401), ("forbidden", 403), ("throttled", 429), ("server_error", 500), ("unavailable", 503)],
)
def test_a_status_can_be_asked_for(sandbox: Sandbox, rest: Rest, soap: Soap, kind: str, status: int) -> None:
    sandbox.misbehave("rest", kind, times=2)
    sandbox.misbehave("soap", kind)
    assert [rest().status_code for _each in range(3)] == [status, status, 200]
    assert [soap().status_code, soap.wsdl().status_code] == [status, status]
    sandbox.behave("soap")
    assert soap().status_code == 200


def test_a_request_gets_the_first_misbehaviour_that_fits(sandbox: Sandbox, rest: Rest, soap: Soap) -> None:
    sandbox.misbehave("rest", "server_error", times=1)
    sandbox.misbehave("rest", "status", times=1, status=418)
    sandbox.misbehave("rest", "unavailable", only="/API/accounts")
    sandbox.misbehave("soap", "server_error", only="WSDL")
    sandbox.misbehave("soap", "unavailable", only="ValidateUser")
    assert [rest().status_code for _each in range(3)] == [500, 418, 200]
    assert rest(path="/api/accounts/1001").status_code == 503
    assert [soap.wsdl().status_code, soap("ValidateUser").status_code, soap().status_code] == [500, 503, 200]


@pytest.mark.parametrize(
    ("wish", "header"),
    [
        (3, r"3"),
        ("date", r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
        ("absurd", r"86400"),
        ("garbage", r"[a-z ]+"),
        ("-1", r"-1"),
    ],
)
def test_a_pause_can_be_asked_for_in_many_ways(sandbox: Sandbox, rest: Rest, wish: object, header: str) -> None:
    sandbox.misbehave("rest", "throttled", retry_after=wish)
    assert re.fullmatch(header, rest().headers["Retry-After"])
    sandbox.reset()
    sandbox.misbehave("rest", "unavailable")
    assert "Retry-After" not in rest().headers


def test_an_answer_can_be_slow(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.misbehave("rest", "slow", seconds=0.3, times=1)
    assert rest().elapsed > timedelta(seconds=0.25)
    sandbox.misbehave("rest", "slow", seconds=60, times=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        rest.session.get(rest.url + VALIDATE, timeout=0.2)
    assert rest().status_code == 200


def test_an_answer_can_dribble(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.misbehave("rest", "dribble", seconds=0.02, times=1)
    started = time.monotonic()
    # A timeout for each read never strikes, because something always comes.
    answer = rest.session.get(rest.url + VALIDATE, timeout=0.2)
    assert answer.json() == {"Message": "Authorization has been denied for this request."}
    assert time.monotonic() - started > 1


def test_an_answer_can_be_a_page(sandbox: Sandbox, rest: Rest, soap: Soap) -> None:
    for system in ("rest", "soap"):
        sandbox.misbehave(system, "html")
    for answer in (rest(), soap(), soap.wsdl()):
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_a_request_can_be_sent_to_a_login_page(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.misbehave("rest", "login_redirect", times=1)
    answer = rest(allow_redirects=True)
    assert (answer.status_code, answer.history[0].status_code) == (200, 302)
    assert answer.url.startswith(sandbox.tigerpaw_url)
    assert 'type="password"' in answer.text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_request_can_be_sent_away(sandbox: Sandbox, rest: Rest, soap: Soap, status: int) -> None:
    sandbox.misbehave("rest", "foreign_redirect", status=status)
    sandbox.misbehave("soap", "foreign_redirect", status=status)
    assert rest(path=f"{VALIDATE}?a=b").headers["Location"] == f"{sandbox.foreign_url}{VALIDATE}?a=b"
    answer = soap()
    assert (answer.status_code, answer.headers["Location"]) == (status, f"{sandbox.foreign_url}/api/rmm/tsiWS.asmx")
    assert sandbox.requests("foreign") == []


def test_an_answer_can_be_cut_off(sandbox: Sandbox, rest: Rest, soap: Soap) -> None:
    for system in ("rest", "soap"):
        sandbox.misbehave(system, "truncated")
    for fetch in (rest, soap, soap.wsdl):
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            fetch()


def test_a_connection_can_be_dropped(sandbox: Sandbox, rest: Rest, soap: Soap) -> None:
    sandbox.misbehave("rest", "dropped", times=1)
    sandbox.misbehave("soap", "dropped", times=1)
    for fetch in (rest, soap):
        with pytest.raises(requests.exceptions.ConnectionError):
            fetch()
    assert [request.status for request in sandbox.requests()] == [None, None]
    assert rest().status_code == 200


def read_until(answer: requests.Response, size: int) -> int:
    read = 0
    for chunk in answer.iter_content(256 * 1024):
        read += len(chunk)
        if read > size:
            break
    answer.close()
    return read


def test_an_answer_can_have_no_end(sandbox: Sandbox, rest: Rest, soap: Soap) -> None:
    sandbox.misbehave("rest", "endless", times=1)
    sandbox.misbehave("soap", "endless", times=1)
    assert read_until(rest(stream=True), 5_000_000) > 5_000_000
    endless = rest.session.get(soap.url, stream=True, timeout=5)
    assert endless.headers["Content-Type"].startswith("text/xml")
    assert read_until(endless, 5_000_000) > 5_000_000
    assert rest().status_code == 200


def test_an_answer_can_be_a_gzip_bomb(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.misbehave("rest", "gzip_bomb", times=1, megabytes=64)
    answer = rest(stream=True)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert read_until(answer, 1 << 40) == 64 * 1024 * 1024
    sandbox.misbehave("rest", "gzip_bomb", times=1, megabytes=64)
    packed = rest(stream=True).raw.read(decode_content=False)
    assert len(packed) < 128 * 1024


HARDENED = {"resolve_entities": False, "no_network": True, "load_dtd": False}


@pytest.mark.parametrize("fetch", ["wsdl", "call"])
def test_xml_can_be_a_bomb(sandbox: Sandbox, soap: Soap, fetch: str) -> None:
    sandbox.misbehave("soap", "xml_bomb")
    answer = soap.wsdl() if fetch == "wsdl" else soap()
    assert len(answer.content) < 20_000
    # Newer parsers notice; older ones would take all the memory there is.
    with pytest.raises(etree.XMLSyntaxError, match=r"(?i)entity|amplification"):
        etree.fromstring(answer.content)


def test_a_small_bomb_is_noticed_by_nobody(sandbox: Sandbox, soap: Soap) -> None:
    sandbox.misbehave("soap", "xml_bomb", levels=4)
    answer = soap.wsdl()
    assert len("".join(etree.fromstring(answer.content).itertext())) > 50_000


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("file", 'SYSTEM "file:///etc/passwd"'),
        ("http", 'SYSTEM "http://127.0.0.1:'),
        ("dtd", '/entity.dtd"'),
        ("file:///etc/hostname", 'SYSTEM "file:///etc/hostname"'),
    ],
)
def test_xml_can_refer_to_what_lies_outside(sandbox: Sandbox, soap: Soap, wish: str, expected: str) -> None:
    sandbox.misbehave("soap", "external_entity", entity=wish)
    for answer in (soap.wsdl(), soap()):
        etree.fromstring(answer.content, etree.XMLParser(**HARDENED))
        assert expected in answer.text
        assert "&sandbox;" in answer.text


def test_an_external_entity_would_be_read(sandbox: Sandbox, soap: Soap, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the disk")
    sandbox.misbehave("soap", "external_entity", entity=secret.as_uri())
    careless = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False)
    assert "from the disk" in "".join(etree.fromstring(soap().content, careless).itertext())


@pytest.mark.parametrize("element", ["wsdl", "schema"])
def test_a_wsdl_can_import_from_elsewhere(sandbox: Sandbox, soap: Soap, element: str) -> None:
    sandbox.misbehave("soap", "foreign_import", element=element)
    zeep_client(soap)
    assert [request.path for request in sandbox.requests("foreign")] == [
        f"/imported.{'wsdl' if element == 'wsdl' else 'xsd'}"
    ]
    assert soap().status_code == 200


def test_a_wsdl_can_advertise_an_attacker(sandbox: Sandbox, soap: Soap) -> None:
    sandbox.misbehave("soap", "wrong_address")
    client = zeep_client(soap)
    header = client.get_element(f"{{{HEADER_NAMESPACE}}}AuthHeader")
    client.service.ValidateUser(_soapheaders=[header(UserName=soap.user_name, Password=soap.password)])
    assert [request.operation for request in sandbox.requests("foreign")] == ["ValidateUser"]


def test_an_answer_can_make_no_sense(sandbox: Sandbox, rest: Rest, soap: Soap) -> None:
    sandbox.misbehave("rest", "not_successful", times=1, message="No licence")
    sandbox.misbehave("rest", "wrong_shape", times=1)
    sandbox.misbehave("rest", "wrong_shape", times=1, body={"Success": "maybe"})
    sandbox.misbehave("soap", "wrong_shape", times=1)
    assert rest().json() == {"Success": False, "Message": "No licence"}
    assert rest().json() == ["unexpected"]
    assert rest().json() == {"Success": "maybe"}
    assert etree.fromstring(soap().content).tag == "unexpected"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("rest", "nothing"), {}),
        (("nowhere", "slow"), {}),
        (("rest", "xml_bomb"), {}),
        (("rest", "slow"), {"minutes": 1}),
        (("rest", "slow"), {"times": 0}),
        (("rest", "slow"), {"times": "often"}),
    ],
)
def test_a_misbehaviour_that_does_not_exist_is_refused(
    sandbox: Sandbox, arguments: tuple[str, str], options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sandbox.misbehave(*arguments, **options)


# Records and settings


def test_requests_are_recorded_as_they_came(sandbox: Sandbox, rest: Rest) -> None:
    rest("POST", f"{SEARCH}?a=b", json={"PageSize": 1})
    rest("POST", "/api/ServiceOrders", json={"AccountNumber": 1001})
    search, order = sandbox.requests()
    assert (search.system, search.method, search.path, search.query) == ("rest", "POST", SEARCH, "a=b")
    assert (search.writing, search.status, search.json()) == (False, 200, {"PageSize": 1})
    assert search.headers["authorization"].startswith("TSI ")
    assert sandbox.requests(writing=True) == [order]
    sandbox.forget()
    assert sandbox.requests() == []


def test_many_clients_at_once_are_all_recorded(sandbox: Sandbox, rest: Rest) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _each: rest().status_code, range(40)))
    assert statuses == [200] * 40
    assert len(sandbox.requests("rest")) == 40


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"lockout_after": "many"},
        {"lockout_after": True},
        {"soap_refusal": "shout"},
        {"proxy_login_required": 1},
    ],
)
def test_a_setting_that_does_not_exist_is_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sandbox.change_settings(webhook_status=204, **wrong)
    assert sandbox.settings.webhook_status == 200


def test_the_passwords_are_awkward_and_never_the_same(sandbox: Sandbox) -> None:
    passwords = [sandbox.tigerpaw_settings()["soap_password"], sandbox.smtp_settings()["smtp_password"]]
    passwords.append(sandbox.security_center_settings()["password"])
    added = sandbox.add_user("soap").secret
    assert {*passwords, added} <= {*sandbox.secrets()}
    assert len({*sandbox.secrets()}) == len(sandbox.secrets()) == 12
    for password in passwords:
        assert set("&<\"'é%{ ") <= set(password)
        assert password == password.strip()


# Control API


class Control:
    """A client of the control API."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self.session = session

    def __call__(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.session.request(method, self.url + path, json=body or None, timeout=5)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def control(sandbox: Sandbox, session: requests.Session) -> Control:
    return Control(sandbox.control_url, session)


def test_what_arrived_can_be_asked_for(sandbox: Sandbox, control: Control, rest: Rest, soap: Soap) -> None:
    rest()
    soap("SubmitAgreementAdditionalCharges")
    rest.session.post(sandbox.webhook_url, data="é".encode(), timeout=5)
    with connect(sandbox, "none") as client:
        client.send_message(message("Größe"))
    assert control("GET", "/requests?writing=true")["count"] == 3
    assert control("GET", "/requests?writing=false&system=rest")["count"] == 1
    (charge,) = control("GET", "/requests?system=soap")["requests"]
    assert charge["operation"] == "SubmitAgreementAdditionalCharges"
    (hook,) = control("GET", "/webhooks")["requests"]
    assert (hook["body"], base64.b64decode(hook["body_base64"])) == ("é", "é".encode())
    (mail,) = control("GET", "/mails")["mails"]
    assert (mail["subject"], mail["recipients"], mail["text"]) == ("Größe", ["anna@msp.example"], "Grüße\r\n")
    assert ["To", "anna@msp.example"] in mail["headers"]
    control("DELETE", "/requests", 204)
    control("DELETE", "/mails", 204)
    assert (sandbox.requests(), sandbox.mails()) == ([], [])


def test_misbehaviour_can_be_switched_by_http(control: Control, rest: Rest) -> None:
    control("POST", "/misbehave", system="rest", kind="throttled", times=1, only="/api/diagnostics", retry_after="3")
    control("POST", "/misbehave", system="rest", kind="unavailable", times="always")
    listed = control("GET", "/misbehave")["misbehaviours"]
    assert [each["times"] for each in listed] == [1, "always"]
    assert [rest().status_code for _each in range(3)] == [429, 503, 503]
    control("DELETE", "/misbehave?system=rest", 204)
    assert rest().status_code == 200
    assert "xml_bomb" in control("POST", "/misbehave", 400, system="soap", kind="nothing")["error"]
    assert "system" in control("POST", "/misbehave", 400, kind="slow")["error"]


def test_settings_users_and_accounts_can_be_changed_by_http(sandbox: Sandbox, control: Control, rest: Rest) -> None:
    assert control("PATCH", "/settings", webhook_status=204)["webhook_status"] == 204
    assert "colour" in control("PATCH", "/settings", 400, colour="red")["error"]
    user = control("POST", "/users", 201, system="rest", lacks=["diagnostics"])
    assert user["name"] in [each["name"] for each in control("GET", "/users")["users"]]
    rest.public_key, rest.private_key = user["name"], user["secret"]
    assert rest().status_code == 403
    control("PUT", "/accounts", accounts=[{"number": 5, "name": "Only One"}])
    assert rest.search()["TotalCount"] == 1
    control("POST", "/reset", 204)
    assert rest().status_code == 401
    assert sandbox.settings.webhook_status == 200
    assert len(control("GET", "/accounts")["accounts"]) == 42


def test_the_details_tell_what_to_put_where(sandbox: Sandbox, control: Control) -> None:
    details = control("GET", "/details")
    assert details == json.loads(json.dumps(sandbox.details()))
    assert details["tigerpaw"] == sandbox.tigerpaw_settings()
    assert "soap_check_operation" not in sandbox.tigerpaw_settings(soap_check_operation=None)


# By itself


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the sandbox as a program of its own; whatever still runs in the end is stopped."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: object, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        command = [*before, sys.executable, "-m", "sandbox", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_writes_details_and_stops_when_told(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "details.json"
    file.write_text("of an earlier one")
    process = start("--details", file)
    wait_for(lambda: file.exists() and file.read_text().startswith("{"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    details = json.loads(file.read_text())
    assert details["pid"] == process.pid
    answer = requests.get(details["tigerpaw"]["url"] + VALIDATE, verify=details["tigerpaw"]["ca_path"], timeout=5)
    assert answer.status_code == 401
    process.send_signal(number)
    assert process.wait(5) == 0
    assert not file.exists()
    assert not Path(details["tigerpaw"]["ca_path"]).parent.exists()


def test_the_program_prints_variables_and_ends_by_itself(start: Start) -> None:
    yaml = pytest.importorskip("yaml")
    output, _errors = start("--for", "0.1").communicate(timeout=10)
    variables = yaml.safe_load(output)
    assert set("&<\"'é%{ ") <= set(variables["sandbox_tigerpaw"]["soap_password"])
    assert variables["sandbox_notifications"]["smtp_port"] > 0


def test_the_program_ends_with_its_parent(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "details.json"
    shell = ("sh", "-c", '"$@" & wait', "sh")
    parent = start("--details", file, "--with-parent", before=shell)
    wait_for(file.exists)
    pid = json.loads(file.read_text())["pid"]
    assert pid != parent.pid
    parent.kill()
    wait_for(lambda: not file.exists())


def test_it_stops_at_once_while_somebody_waits() -> None:
    with Sandbox() as own:
        own.misbehave("rest", "slow", seconds=60)
        waiting = threading.Thread(target=lambda: through_quietly(own))
        waiting.start()
        wait_for(lambda: len(own.requests("rest")) == 1)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    waiting.join(5)
    assert not waiting.is_alive()


def through_quietly(sandbox: Sandbox) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        through(sandbox, sandbox.tigerpaw_url)
