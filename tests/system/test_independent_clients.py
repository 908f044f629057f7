# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients that others have written get on with the sandbox, and our connectors ask as they do."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from py_autotask import AutotaskClient
from py_autotask.exceptions import AutotaskAuthError
from py_autotask.types import AuthCredentials
from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.config import Config
from pyconnectwise.exceptions import AuthenticationFailedException, NotFoundException
from pydantic import ValidationError

from sandbox import Sandbox
from sandbox.companies import Company
from sandbox.records import RecordedRequest

from .test_platforms import Psa

# What every client says of itself, and nothing depends on.
_OWN = {"user-agent", "accept-encoding", "accept", "connection", "host", "content-length"}


@pytest.fixture(autouse=True)
def trusted(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the library requests trust the sandbox."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_path))


def connectwise(sandbox: Sandbox, **changes: Any) -> ConnectWiseManageAPIClient:
    own = sandbox.connectwise_manage_settings(**changes)
    names = own["company_id"], own["host"], own["client_id"], own["public_key"], own["private_key"]
    return ConnectWiseManageAPIClient(*names, config=Config(max_retries=0))


def autotask(sandbox: Sandbox, **changes: Any) -> AutotaskClient:
    own = sandbox.autotask_settings(**changes)
    return AutotaskClient.create(
        username=own["user_name"],
        integration_code=own["api_integration_code"],
        secret=own["password"],
        api_url=f"{own['url']}/ATServicesRest",
    )


def essence(request: RecordedRequest) -> tuple[str, str, dict[str, str]]:
    """Tell what makes a request the one that it is."""
    headers = {name: value for name, value in request.headers.items() if name not in _OWN}
    return request.method, request.path.casefold(), headers


def test_connectwise_lists_page_by_page(sandbox: Sandbox) -> None:
    sandbox.state.companies["connectwise_manage"] = [Company(number, f"Client {number}") for number in range(1, 2201)]
    client = connectwise(sandbox)
    names = [company.name for company in client.company.companies.paginated(1, 1000).all()]
    assert names == [account.name for account in Psa("connectwise_manage", sandbox).accounts()]
    assert len(names) == 2200


def test_connectwise_is_asked_as_others_ask_it(sandbox: Sandbox) -> None:
    client = connectwise(sandbox)
    client.system.info.get()
    client.company.companies.get(params={"conditions": "deletedFlag=false", "pageSize": 1000, "page": 1})
    theirs = [essence(request) for request in sandbox.requests("connectwise_manage")]
    queries = [parse_qs(request.query) for request in sandbox.requests("connectwise_manage")]
    sandbox.forget()
    psa = Psa("connectwise_manage", sandbox)
    psa.verify()
    psa.accounts()
    ours = {essence(request)[:2]: essence(request)[2] for request in sandbox.requests("connectwise_manage")}
    about_company, *answered = theirs
    assert about_company[:2] in ours
    for method, path, headers in answered:
        common = {name: value for name, value in headers.items() if name != "content-type"}
        assert ours[method, path] == common
    asked = parse_qs(sandbox.requests("connectwise_manage")[-1].query)
    assert queries[-1].items() <= asked.items()


def test_connectwise_refuses_as_others_expect(sandbox: Sandbox) -> None:
    with pytest.raises(AuthenticationFailedException):
        connectwise(sandbox, private_key="wrong").system.info.get()
    with pytest.raises(NotFoundException):
        connectwise(sandbox).company.companies.id(99999).get()


def test_connectwise_asks_others_to_wait(sandbox: Sandbox) -> None:
    sandbox.misbehave("connectwise_manage", "throttled", times=1, only="/v4_6_release", retry_after="7")
    client = connectwise(sandbox)
    with pytest.raises(ValidationError):  # it knows no 429, and reads it as if it were the answer
        client.company.companies.id(250).get()
    assert client.company.companies.id(250).get().name == "Müller & Söhne GmbH"


def test_autotask_answers_others(sandbox: Sandbox) -> None:
    client = autotask(sandbox)
    found = client.query("Companies", {"filter": [{"op": "gt", "field": "id", "value": 0}], "maxRecords": 500})
    names = [item["companyName"] for item in found.items]
    assert names == [account.name for account in Psa("autotask", sandbox).accounts()]
    assert client.get("Companies", 250)["companyName"] == "Müller & Söhne GmbH"


def test_autotask_leads_others_on(sandbox: Sandbox) -> None:
    sandbox.change_settings(autotask_page=30)
    client = autotask(sandbox)
    question = {"filter": [{"op": "gt", "field": "id", "value": 0}], "maxRecords": 500}
    first = client.query("Companies", question)
    following = first.page_details.next_page_url
    # It does not follow this address itself; its session, with its headers, gets on with it.
    second = client.session.post(following, json=question, timeout=5).json()
    assert len(first.items) == 30
    assert len(second["items"]) == 10
    assert second["pageDetails"]["nextPageUrl"] is None


def test_autotask_asks_others_to_wait(sandbox: Sandbox) -> None:
    sandbox.misbehave("autotask", "throttled", times=1, only="/ATServicesRest/v1.0/Companies", retry_after="1")
    assert autotask(sandbox).get("Companies", 250)["companyName"] == "Müller & Söhne GmbH"
    asked = [request.status for request in sandbox.requests("autotask") if "ompanies" in request.path]
    assert asked == [429, 200]


def test_autotask_is_asked_as_others_ask_it(sandbox: Sandbox) -> None:
    client = autotask(sandbox)
    client.query("Companies", {"filter": [{"op": "gt", "field": "id", "value": 0}], "maxRecords": 500})
    [theirs] = [request for request in sandbox.requests("autotask") if "query" in request.path.lower()]
    sandbox.forget()
    Psa("autotask", sandbox).accounts()
    [ours] = [request for request in sandbox.requests("autotask") if "query" in request.path.lower()]
    assert essence(ours) == essence(theirs)
    assert theirs.json().items() <= ours.json().items()


def test_autotask_refuses_as_others_expect(sandbox: Sandbox) -> None:
    with pytest.raises(AutotaskAuthError):
        autotask(sandbox, password="wrong").get("Companies", 250)
    credentials = AuthCredentials(username="x", integration_code="y", secret="z")
    assert credentials.api_url is None, "the place of the zones cannot be set there, so ours asks for them alone"
