# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ConnectWise Manage and Autotask are asked as they want to be, and no bad answer of theirs does any harm."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Account
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, effective_settings
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import connectors
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import Connection
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.verification import Access, Patience
from sandbox import Sandbox
from sandbox.companies import Company
from sandbox.records import RecordedRequest

from .tasks import Result
from .workplace import Workplace

NAMES = ["connectwise_manage", "autotask"]
NOBODY = "7d3b5a06-4f4c-4e47-9f1c-3a2f7e6b9a10"


@dataclass
class Psa:
    """A PSA of the sandbox, and how it is asked."""

    name: str
    sandbox: Sandbox

    def settings(self, **changes: Any) -> dict[str, Any]:
        settings: dict[str, Any] = getattr(self.sandbox, f"{self.name}_settings")(**changes)
        return settings

    def access(self, **changes: Any) -> Access:
        given = self.settings(**changes)
        fields = {item.name for item in PLATFORMS[self.name].secret_fields}
        plain = {name: value for name, value in given.items() if name not in fields}
        secrets = {name: value for name, value in given.items() if name in fields}
        connection = Connection(timeout=3, retries=0)
        return Access(effective_settings(PLATFORMS[self.name], plain), secrets, connection, SecretsInPlay())

    def accounts(self, **changes: Any) -> list[Account]:
        return list(connectors.list_accounts(PLATFORMS[self.name], self.access(**changes)))

    def find(self, account_id: str) -> Account | None:
        return connectors.find_account(PLATFORMS[self.name], self.access(), account_id)

    def verify(self, **changes: Any) -> tuple[dict[str, str], tuple[str, ...]]:
        done = connectors.verify(PLATFORMS[self.name], self.access(**changes), Patience())
        return {api: str(state) for api, state in done.states.items()}, done.warnings

    def let_exist(self, *companies: Company) -> None:
        self.sandbox.state.companies[self.name] = list(companies)

    def requests(self) -> list[RecordedRequest]:
        return self.sandbox.requests(self.name)

    @property
    def user(self) -> dict[str, str]:
        own = self.sandbox.state.credentials
        return {
            "connectwise_manage": {"name": own.connectwise_public_key, "secret": own.connectwise_private_key},
            "autotask": {"name": own.autotask_user_name, "secret": own.autotask_password},
        }[self.name]

    @property
    def secrets(self) -> set[str]:
        own = self.sandbox.state.credentials
        member = f"{own.connectwise_company_id}+{own.connectwise_public_key}:{own.connectwise_private_key}"
        plain = {own.connectwise_private_key, own.autotask_password, own.autotask_integration_code}
        return plain | {base64.b64encode(member.encode()).decode()}


@pytest.fixture(params=NAMES)
def psa(request: pytest.FixtureRequest, sandbox: Sandbox) -> Psa:
    return Psa(request.param, sandbox)


def refusal(psa: Psa, **changes: Any) -> IntegrationError:
    """Ask in every way, and get the same refusal."""
    errors = []
    for ask in (psa.verify, psa.accounts):
        with pytest.raises(IntegrationError) as caught:
            ask(**changes)
        errors.append(caught.value)
    assert errors[0].code is errors[1].code
    assert not any(secret in str(errors) for secret in psa.secrets)
    return errors[0]


def create(workplace: Workplace, psa: Psa, **options: Any) -> Result:
    settings = {"platform": psa.name, psa.name: psa.settings(), "tigerpaw": None, "verify": None, **options}
    return workplace.create("North", **settings)


def test_an_integration_is_proven_when_it_is_created(psa: Psa, sqlite_workplace: Workplace) -> None:
    done = create(sqlite_workplace, psa, require_verified=["rest"])
    assert done["verification"] == {"rest": "verified"}
    assert done["integration"]["verified_at"]
    assert not any(secret in str(done) for secret in psa.secrets)
    assert not [request for request in psa.requests() if request.writing]
    [shown] = sqlite_workplace.run("integration_info", verify=True)["integrations"]
    assert shown["verification"]["state"] == "verified"


def test_a_new_user_is_given_time(psa: Psa, sqlite_workplace: Workplace) -> None:
    psa.sandbox.add_user(psa.name, **psa.user, new_for_calls=3)
    with pytest.raises(IntegrationError) as caught:
        create(sqlite_workplace, psa, verify_retries=2, verify_delay=0)
    assert caught.value.code is ErrorCode.CREDENTIALS_REFUSED
    psa.sandbox.add_user(psa.name, **psa.user, new_for_calls=2)
    done = create(sqlite_workplace, psa, verify_retries=2, verify_delay=0)
    assert done["verification"] == {"rest": "verified"}


def test_wrong_credentials_are_refused(psa: Psa) -> None:
    wrong: dict[str, list[dict[str, Any]]] = {
        "connectwise_manage": [
            {"private_key": "wrong"},
            {"public_key": "wrong"},
            {"company_id": "another"},
            {"client_id": NOBODY},
        ],
        "autotask": [{"password": "wrong"}, {"api_integration_code": "wrong"}, {"user_name": "nobody@msp.example"}],
    }
    for changes in wrong[psa.name]:
        error = refusal(psa, **changes)
        assert error.code is ErrorCode.CREDENTIALS_REFUSED
        assert next(iter(changes)) in error.message


def test_a_missing_right_is_told(psa: Psa) -> None:
    psa.sandbox.add_user(psa.name, **psa.user, lacks="*")
    assert refusal(psa).code is ErrorCode.RIGHT_MISSING


def test_all_pages_are_read(psa: Psa) -> None:
    expected = [Company(number, f"Client {number}", f"C-{number}") for number in range(1, 48)]
    psa.let_exist(*expected)
    psa.sandbox.change_settings(connectwise_page=10, autotask_page=10)
    found = psa.accounts()
    assert [(account.id, account.name, account.identifiers) for account in found] == [
        (str(company.id), company.name, (company.identifier,)) for company in expected
    ]
    pages = [request for request in psa.requests() if "ompanies" in request.path]
    assert len(pages) == 5
    assert {request.method for request in pages} == {"GET" if psa.name == "connectwise_manage" else "POST"}


def test_what_is_active_is_told_and_what_is_deleted_is_left_out(psa: Psa) -> None:
    psa.let_exist(Company(1, "Acme"), Company(2, "Borg", active=False), Company(3, "Gone", deleted=True))
    found = {account.name: account.active for account in psa.accounts()}
    gone = {} if psa.name == "connectwise_manage" else {"Gone": True}  # Autotask deletes for good
    assert found == {"Acme": True, "Borg": False, **gone}
    assert bool(psa.find("3")) is bool(gone)


def test_one_account_is_one_question(psa: Psa) -> None:
    psa.let_exist(*(Company(number, f"Client {number}") for number in range(1, 2000)))
    psa.sandbox.forget()
    found = psa.find("1234")
    assert found
    assert (found.id, found.name) == ("1234", "Client 1234")
    assert len([request for request in psa.requests() if "ompanies" in request.path]) == 1
    for nobody in ("99999", "C1", "", "1 or 1=1", "\u0661"):
        assert psa.find(nobody) is None


def test_names_from_outside_cannot_do_harm(psa: Psa) -> None:
    names = ["a\u202eb", "x" * 300, " ", "{{ 7 * 7 }}", next(iter(psa.access().secrets.values()))]
    psa.let_exist(*(Company(number, name) for number, name in enumerate(names, 1)))
    shown = [account.name for account in psa.accounts()]
    assert shown[0] == "a\ufffdb"
    assert len(shown[1]) == 255
    assert (shown[2], shown[3], shown[4]) == ("3", "{{ 7 * 7 }}", "5")


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("unauthorized", {}, ErrorCode.CREDENTIALS_REFUSED),
        ("forbidden", {}, ErrorCode.RIGHT_MISSING),
        ("status", {"status": 404}, ErrorCode.UNEXPECTED_ANSWER),
        ("throttled", {"retry_after": "absurd"}, ErrorCode.THROTTLED),
        ("server_error", {}, ErrorCode.API_UNREACHABLE),
        ("unavailable", {}, ErrorCode.API_UNREACHABLE),
        ("dropped", {}, ErrorCode.API_UNREACHABLE),
        ("truncated", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("html", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("login_redirect", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("foreign_redirect", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("gzip_bomb", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("wrong_shape", {}, ErrorCode.UNEXPECTED_ANSWER),
        ("wrong_shape", {"body": {"items": [{}]}}, ErrorCode.UNEXPECTED_ANSWER),
        ("wrong_shape", {"body": [{"id": 1}]}, ErrorCode.UNEXPECTED_ANSWER),
    ],
)
def test_bad_answers(psa: Psa, kind: str, options: dict[str, Any], code: ErrorCode) -> None:
    apis = {
        "connectwise_manage": ["/v4_6_release"],
        "autotask": ["/ATServicesRest/v1.0/Threshold", "/ATServicesRest/v1.0/Companies"],
    }
    for api in apis[psa.name]:
        psa.sandbox.misbehave(psa.name, kind, "always", api, **options)
    expected = {code}
    if kind == "truncated":
        expected.add(ErrorCode.API_UNREACHABLE)
    assert refusal(psa).code in expected
    assert psa.sandbox.requests("foreign") == []


@pytest.mark.parametrize("kind", ["html", "wrong_shape", "forbidden", "endless"])
def test_bad_answers_to_the_first_question(psa: Psa, kind: str) -> None:
    """Where the API is, is asked without credentials, and nothing else is asked without an answer."""
    psa.sandbox.misbehave(psa.name, kind, "always")
    refusal(psa)
    assert not any(secret in str(request) for request in psa.requests() for secret in psa.secrets)


def test_a_failing_server_is_no_unknown_user(psa: Psa) -> None:
    """Autotask answers with status 500 for a user without a zone, and a proxy in front of it for anything."""
    psa.sandbox.misbehave(psa.name, "html", "always", status=500)
    assert refusal(psa).code is ErrorCode.API_UNREACHABLE


def test_credentials_follow_nobody_elsewhere(psa: Psa) -> None:
    psa.sandbox.misbehave(psa.name, "foreign_place", "always")
    error = refusal(psa)
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert "not sent" in error.message
    assert psa.sandbox.requests("foreign") == []
    assert not any(secret in str(request) for request in psa.requests() for secret in psa.secrets)


@pytest.mark.parametrize("codebase", ["../other/", "v4/../../other/", "v4_6_release/?x=", "//evil.example/", 7, None])
def test_the_place_of_an_api_stays_below_its_host(sandbox: Sandbox, codebase: object) -> None:
    psa = Psa("connectwise_manage", sandbox)
    place = {"Codebase": codebase, "SiteUrl": psa.settings()["host"]}
    sandbox.misbehave(psa.name, "wrong_shape", "always", "/login/companyinfo", body=place)
    assert refusal(psa).code is ErrorCode.UNEXPECTED_ANSWER
    assert not any(secret in str(request) for request in psa.requests() for secret in psa.secrets)


def test_a_secret_is_no_identifier_of_an_account(psa: Psa) -> None:
    """What is kept with a mapping would outlive the task that masks it."""
    secret = next(iter(psa.access().secrets.values()))
    psa.let_exist(Company(1, "Acme", identifier=secret), Company(2, "Borg", identifier="B-2"))
    assert [account.identifiers for account in psa.accounts()] == [(), ("B-2",)]


@pytest.mark.parametrize("kind", ["looping_pages", "foreign_page"])
def test_pages_lead_on_at_the_same_place(psa: Psa, kind: str) -> None:
    first = {"connectwise_manage": "/v4_6_release/apis/3.0/company", "autotask": "/ATServicesRest/v1.0/Companies"}
    psa.sandbox.misbehave(psa.name, kind, "always", first[psa.name])
    with pytest.raises(IntegrationError) as caught:
        psa.accounts()
    assert caught.value.code is ErrorCode.UNEXPECTED_ANSWER
    assert psa.sandbox.requests("foreign") == []
    assert len(psa.requests()) < 5


def test_a_short_pause_is_kept(psa: Psa, sqlite_workplace: Workplace) -> None:
    psa.sandbox.misbehave(psa.name, "throttled", 1, retry_after="1")
    assert create(sqlite_workplace, psa)["verification"] == {"rest": "verified"}


def test_autotask_tells_when_it_is_slow(sandbox: Sandbox) -> None:
    psa = Psa("autotask", sandbox)
    sandbox.change_settings(autotask_threshold=4)
    assert psa.verify() == ({"rest": "verified"}, ())
    _states, [warning] = psa.verify()
    assert "2 of the 4 requests" in warning
    for _more in range(2):
        psa.verify()
    with pytest.raises(IntegrationError) as caught:
        psa.verify()
    assert caught.value.code is ErrorCode.THROTTLED


def test_connectwise_carries_the_client_id_everywhere_but_to_strangers(sandbox: Sandbox) -> None:
    psa = Psa("connectwise_manage", sandbox)
    psa.accounts()
    asked, *answered = psa.requests()
    assert "clientid" not in asked.headers
    assert "authorization" not in asked.headers
    assert {request.headers["clientid"] for request in answered} == {sandbox.state.credentials.connectwise_client_id}
