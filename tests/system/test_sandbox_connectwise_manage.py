# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Shows that the sandbox's ConnectWise Manage behaves, and misbehaves, as it says.

The client is an independent one, written from the vendor's description alone: nothing of the collection is used.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.companies import Company

SYSTEM = "connectwise_manage"
COMPANIES = "/company/companies"


class Client:
    """A client of ConnectWise Manage's REST API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.own = sandbox.connectwise_manage_settings()
        self.origin = f"https://{self.own['host']}"
        self.headers = {"clientId": self.own["client_id"]}

    def place(self, company: str) -> Any:
        return self.send(f"{self.origin}/login/companyinfo/{company}").json()

    def __call__(self, path: str, **query: Any) -> requests.Response:
        return self.send(f"{self.origin}/v4_6_release/apis/3.0{path}", **query)

    def send(self, url: str, method: str = "GET", **query: Any) -> requests.Response:
        login = f"{self.own['company_id']}+{self.own['public_key']}", self.own["private_key"]
        about = {"params": query, "auth": login, "headers": self.headers}
        return requests.request(method, url, **about, verify=self.own["ca_path"], timeout=5)

    def names(self, conditions: str) -> list[str]:
        answer = self(COMPANIES, conditions=conditions, pageSize=1000)
        assert answer.status_code == 200, answer.text
        return [company["name"] for company in answer.json()]


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)


def user(sandbox: Sandbox) -> dict[str, str]:
    own = sandbox.state.credentials
    return {"name": own.connectwise_public_key, "secret": own.connectwise_private_key}


def test_a_company_has_its_place_and_others_have_none(client: Client) -> None:
    place = client.place("msp")
    assert f"https://{place['SiteUrl']}" == client.origin
    assert (place["Codebase"], place["CompanyID"]) == ("v4_6_release/", "msp")
    assert client.place("nobody") is None


def test_the_connection_can_be_tested(client: Client) -> None:
    assert client("/system/info").json()["isCloud"] is True
    assert client("/finance/agreements").json()


@pytest.mark.parametrize("wrong", [{"company_id": "other"}, {"public_key": "x"}, {"private_key": "é"}])
def test_wrong_credentials_are_refused(client: Client, wrong: dict[str, str]) -> None:
    client.own |= wrong
    answer = client("/system/info")
    assert answer.status_code == 401
    assert answer.json().keys() == {"code", "message", "errors"}


@pytest.mark.parametrize("headers", [{}, {"clientId": "no guid"}, {"clientId": "7d3b5a06-4f4c-4e47-9f1c-3a2f7e6b9a10"}])
def test_a_client_says_who_it_is(client: Client, headers: dict[str, str]) -> None:
    client.headers = headers
    assert client("/system/info").status_code == 401


def test_a_user_can_lack_a_right_and_be_too_new(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_user(SYSTEM, **user(sandbox), lacks="company")
    assert client("/system/info").status_code == 200
    refused = client(COMPANIES)
    assert (refused.status_code, refused.json()["code"]) == (403, "Security")
    sandbox.add_user(SYSTEM, **user(sandbox), new_for_calls=1)
    assert [client("/system/info").status_code for _each in range(2)] == [401, 200]
    sandbox.add_user(SYSTEM, **user(sandbox), new_for_seconds=0.2)
    assert client("/system/info").status_code == 401
    time.sleep(0.2)
    assert client("/system/info").status_code == 200


def test_a_user_is_locked_out_by_wrong_secrets_in_a_row(sandbox: Sandbox, client: Client) -> None:
    sandbox.change_settings(lockout_after=2)
    client.own["private_key"] = "wrong"
    assert [client("/system/info").status_code for _each in range(2)] == [401, 401]
    client.own = sandbox.connectwise_manage_settings()
    assert client("/system/info").status_code == 401


def test_companies_come_in_pages_that_lead_on(sandbox: Sandbox, client: Client) -> None:
    sandbox.state.companies[SYSTEM] = [Company(number, f"Client {number}") for number in range(1, 26)]
    seen, address = [], f"{client.origin}/v4_6_release/apis/3.0{COMPANIES}?pageSize=10"
    answers = []
    while address:
        answers.append(client.send(address))
        seen += [company["id"] for company in answers[-1].json()]
        address = answers[-1].links.get("next", {}).get("url", "")
    assert seen == list(range(1, 26))
    assert [set(answer.links) for answer in answers] == [
        {"next", "last"},
        {"prev", "next", "first", "last"},
        {"prev", "first", "last"},
    ]
    assert len(client(COMPANIES).json()) == 25
    assert client(COMPANIES, page=4, pageSize=10).json() == []


@pytest.mark.parametrize("wrong", [{"page": 0}, {"pageSize": 0}, {"pageSize": 1001}, {"page": "x"}])
def test_a_page_that_cannot_be_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    answer = client(COMPANIES, **wrong)
    assert answer.status_code == 400
    assert all(fault.keys() == {"code", "message", "resource", "field"} for fault in answer.json()["errors"])


def test_companies_meet_conditions(client: Client) -> None:
    everybody = client.names("")
    assert client.names('name="Acme Limited"') == ["Acme Limited"]
    assert client.names('name="Acme Limited" and deletedFlag=true') == []
    assert client.names("id=250") == everybody[:1]
    assert client.names("id>250") == everybody[1:]
    assert client.names('name contains "acme"') == client.names('name like "%acme%"') == ["Acme Limited"]
    assert len(client.names("deletedFlag=false")) == len(everybody) - 1
    for wrong in ("name", 'name="x" or id=1', "colour=1", 'name="x" and'):
        assert client(COMPANIES, conditions=wrong).status_code == 400, wrong


def test_fields_can_be_chosen(client: Client) -> None:
    [company] = client(COMPANIES, conditions="id=250", fields="id,name").json()
    assert company == {"id": 250, "name": "Müller & Söhne GmbH"}


def test_one_company_is_shown_by_its_number(client: Client) -> None:
    company = client(f"{COMPANIES}/250").json()
    assert {"id", "identifier", "name", "status", "deletedFlag"} <= company.keys()
    missing = client(f"{COMPANIES}/99999")
    assert (missing.status_code, missing.json()["code"]) == (404, "NotFound")


def test_what_would_write_is_told_and_refused(sandbox: Sandbox, client: Client) -> None:
    assert client.send(f"{client.origin}/v4_6_release/apis/3.0{COMPANIES}", "POST").status_code == 405
    [request] = sandbox.requests(SYSTEM, writing=True)
    assert request.method == "POST"


def test_it_can_misbehave(sandbox: Sandbox, client: Client) -> None:
    sandbox.misbehave(SYSTEM, "throttled", times=1, retry_after="7")
    throttled = client("/system/info")
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    assert throttled.json().keys() == {"code", "message", "errors"}
    sandbox.misbehave(SYSTEM, "foreign_place", times=1)
    assert f"https://{client.place('msp')['SiteUrl']}" == sandbox.foreign_url
    sandbox.misbehave(SYSTEM, "looping_pages", times=1)
    looping = client(COMPANIES, page=1)
    again = client.send(looping.links["next"]["url"])
    assert (again.json(), again.url == looping.url) == (looping.json(), False)
    sandbox.misbehave(SYSTEM, "foreign_page", times=1)
    assert client(COMPANIES).links["next"]["url"].startswith(sandbox.foreign_url)


def test_companies_can_be_changed_by_http(sandbox: Sandbox, client: Client) -> None:
    control = f"{sandbox.control_url}/companies"
    kept = requests.get(control, timeout=5).json()[SYSTEM][:2]
    kept[0]["name"] = "Renamed"
    assert requests.put(control, json={SYSTEM: kept}, timeout=5).status_code == 200
    assert client.names("") == ["Renamed", "Acme Limited"]
    assert requests.put(control, json={"tigerpaw": []}, timeout=5).status_code == 400
    assert requests.put(control, json={SYSTEM: [{"colour": "red"}]}, timeout=5).status_code == 400
