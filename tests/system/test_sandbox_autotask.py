# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Shows that the sandbox's Autotask behaves, and misbehaves, as it says.

The client is an independent one, written from the vendor's description alone: nothing of the collection is used.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.companies import Company

SYSTEM = "autotask"
EVERYBODY = {"filter": [{"op": "gt", "field": "id", "value": 0}]}
THRESHOLD = "ThresholdInformation"


class Client:
    """A client of Autotask's REST API."""

    def __init__(self, sandbox: Sandbox) -> None:
        own = sandbox.autotask_settings()
        self.url, self.ca_path, self.user_name = own["url"], own["ca_path"], own["user_name"]
        code, secret = own["api_integration_code"], own["password"]
        self.headers = {"ApiIntegrationCode": code, "UserName": self.user_name, "Secret": secret}

    def zone(self, user_name: str) -> requests.Response:
        address = f"{self.url}/atservicesrest/v1.0/zoneInformation"
        return requests.get(address, {"user": user_name}, verify=self.ca_path, timeout=5)

    def __call__(self, path: str, body: Any = None) -> requests.Response:
        return self.send(f"{self.url}/ATServicesRest/v1.0/{path}", body)

    def send(self, url: str, body: Any = None) -> requests.Response:
        method = "GET" if body is None else "POST"
        return requests.request(method, url, json=body, headers=self.headers, verify=self.ca_path, timeout=5)

    def names(self, *filters: dict[str, Any]) -> list[str]:
        answer = self("Companies/query", {"filter": list(filters)})
        assert answer.status_code == 200, answer.text
        return [item["companyName"] for item in answer.json()["items"]]


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)


def user(sandbox: Sandbox) -> dict[str, str]:
    own = sandbox.state.credentials
    return {"name": own.autotask_user_name, "secret": own.autotask_password}


def field(name: str, op: str, value: Any) -> dict[str, Any]:
    return {"op": op, "field": name, "value": value}


def test_a_user_has_a_zone_and_nobody_has_none(client: Client) -> None:
    zone = client.zone(client.user_name).json()
    assert zone["url"] == f"{client.url}/ATServicesRest/"
    nobody = client.zone("nobody@msp.example")
    assert (nobody.status_code, list(nobody.json())) == (500, ["errors"])


def test_the_threshold_is_told(client: Client) -> None:
    told = client(THRESHOLD).json()
    assert told == {
        "externalRequestThreshold": 10000,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": 1,
    }


@pytest.mark.parametrize("header", ["ApiIntegrationCode", "UserName", "Secret"])
def test_all_three_headers_are_needed(client: Client, header: str) -> None:
    client.headers[header] = "wrong"
    assert client(THRESHOLD).status_code == 401
    del client.headers[header]
    refused = client(THRESHOLD)
    assert (refused.status_code, list(refused.json())) == (401, ["errors"])


def test_a_user_can_lack_a_right_and_be_too_new(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_user(SYSTEM, **user(sandbox), lacks="companies")
    assert client(THRESHOLD).status_code == 200
    assert client("Companies/query", EVERYBODY).status_code == 403
    sandbox.add_user(SYSTEM, **user(sandbox), new_for_calls=1)
    assert [client(THRESHOLD).status_code for _each in range(2)] == [401, 200]
    sandbox.add_user(SYSTEM, **user(sandbox), new_for_seconds=0.2)
    assert client(THRESHOLD).status_code == 401
    time.sleep(0.2)
    assert client(THRESHOLD).status_code == 200


def test_companies_come_in_pages_that_are_asked_for_in_the_same_way(sandbox: Sandbox, client: Client) -> None:
    sandbox.state.companies[SYSTEM] = [Company(number, f"Client {number}") for number in range(1, 26)]
    question = {**EVERYBODY, "maxRecords": 10}
    pages, address = [], f"{client.url}/ATServicesRest/v1.0/Companies/query"
    while address:
        page = client.send(address, question).json()
        pages.append([item["id"] for item in page["items"]])
        address = page["pageDetails"]["nextPageUrl"]
    assert pages == [[*range(1, 11)], [*range(11, 21)], [*range(21, 26)]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter": []},
        {},
        {**EVERYBODY, "maxRecords": 501},
        {**EVERYBODY, "maxRecords": -1},
        {"filter": [field("colour", "eq", 1)]},
        {"filter": [field("id", "near", 1)]},
        [],
    ],
)
def test_a_query_that_cannot_be_read_is_refused(client: Client, wrong: Any) -> None:
    refused = client("Companies/query", wrong)
    assert (refused.status_code, list(refused.json())) == (500, ["errors"])


def test_companies_meet_filters(client: Client) -> None:
    everybody = client.names(field("id", "gte", 0))
    assert client.names(field("companyName", "eq", "Acme Limited")) == ["Acme Limited"]
    assert client.names(field("companyName", "contains", "acme")) == ["Acme Limited"]
    assert client.names(field("companyName", "beginsWith", "Acme"), field("isActive", "eq", False)) == []
    assert client.names(field("isActive", "eq", False)) == everybody[-1:]
    assert client.names(field("id", "in", [250, 251])) == everybody[:2]
    either = {"op": "or", "items": [field("id", "eq", 250), field("id", "eq", 251)]}
    assert client.names(either) == everybody[:2]
    assert client.names({"op": "and", "items": [either, field("id", "noteq", 250)]}) == everybody[1:2]


def test_one_company_is_shown_by_its_number(client: Client) -> None:
    assert client("Companies/250").json()["item"]["companyName"] == "Müller & Söhne GmbH"
    assert client("Companies/99999").json() == {"item": None}


def test_all_users_together_use_up_the_threshold(sandbox: Sandbox, client: Client) -> None:
    sandbox.change_settings(autotask_threshold=4)
    another = sandbox.add_user(SYSTEM)
    assert [client(THRESHOLD).status_code for _each in range(3)] == [200] * 3
    client.headers |= {"UserName": another.name, "Secret": another.secret}
    assert client("Companies/250").status_code == 200
    assert client(THRESHOLD).status_code == 429
    assert client.zone(another.name).status_code == 200


def test_answers_take_longer_from_half_of_the_threshold_on(sandbox: Sandbox, client: Client) -> None:
    sandbox.change_settings(autotask_threshold=4, autotask_pause=0.3)
    taken = [client(THRESHOLD).elapsed.total_seconds() for _each in range(3)]
    assert taken[0] < 0.3 <= taken[1] < 0.6 <= taken[2]
    assert client.zone(client.user_name).elapsed.total_seconds() < 0.3


def test_only_what_reads_is_no_writing(sandbox: Sandbox, client: Client) -> None:
    client("Companies/query", EVERYBODY)
    assert sandbox.requests(SYSTEM, writing=True) == []
    assert client("Companies", {"companyName": "New"}).status_code == 404
    assert len(sandbox.requests(SYSTEM, writing=True)) == 1


def test_it_can_misbehave(sandbox: Sandbox, client: Client) -> None:
    sandbox.misbehave(SYSTEM, "throttled", times=1, retry_after="7")
    throttled = client(THRESHOLD)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    assert list(throttled.json()) == ["errors"]
    sandbox.misbehave(SYSTEM, "foreign_place", times=1)
    assert client.zone(client.user_name).json()["url"].startswith(sandbox.foreign_url)
    for kind, origin in (("looping_pages", client.url), ("foreign_page", sandbox.foreign_url)):
        sandbox.misbehave(SYSTEM, kind, times=1)
        details = client("Companies/query", EVERYBODY).json()["pageDetails"]
        assert details["nextPageUrl"].startswith(f"{origin}/ATServicesRest/v1.0/Companies/query")


def test_companies_can_be_changed_by_http(sandbox: Sandbox, client: Client) -> None:
    entry = {"id": 7, "name": "Only One", "identifier": "O1"}
    assert requests.put(f"{sandbox.control_url}/companies", json={SYSTEM: [entry]}, timeout=5).status_code == 200
    assert client.names(field("id", "gt", 0)) == ["Only One"]
    requests.post(f"{sandbox.control_url}/reset", timeout=5)
    assert len(client.names(field("id", "gt", 0))) == 40


def test_one_company_can_be_changed_by_http(sandbox: Sandbox, client: Client) -> None:
    companies = f"{sandbox.control_url}/companies/{SYSTEM}"
    answers = [
        requests.post(companies, json={"id": 900, "name": "New"}, timeout=5),
        requests.patch(f"{companies}/900", json={"name": "Renamed"}, timeout=5),
        requests.delete(f"{companies}/250", timeout=5),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 204]
    names = client.names(field("id", "gt", 0))
    assert (names[0], names[-1], len(names)) == ("Acme Limited", "Renamed", 40)
    for address in (f"{companies}/250", f"{sandbox.control_url}/companies/tigerpaw/900"):
        assert requests.delete(address, timeout=5).status_code == 400
