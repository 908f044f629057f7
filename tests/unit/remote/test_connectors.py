# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every API of a platform is asked, with patience for refusals only, and all failures make one error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, TIGERPAW
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import connectors
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import Connection
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.verification import (
    Access,
    Finding,
    Patience,
    Verification,
    VerificationState,
)

VERIFIED = Finding(VerificationState.VERIFIED)
REFUSED = IntegrationError(ErrorCode.CREDENTIALS_REFUSED, "It refused.", status=401)
UNREACHABLE = IntegrationError(ErrorCode.API_UNREACHABLE, "It is away.")


class Api:
    """Answers what it was told to, the last answer for ever."""

    def __init__(self, *answers: Finding | IntegrationError) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, access: Access) -> Finding:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, IntegrationError):
            raise answer
        return answer


Ask = Callable[..., Verification]


def put_in_place(monkeypatch: pytest.MonkeyPatch, **apis: Callable[[Access], Finding]) -> None:
    """Have these asked in place of Tigerpaw's APIs."""
    connector = replace(connectors.CONNECTORS["tigerpaw"], apis=apis)
    monkeypatch.setitem(connectors.CONNECTORS, "tigerpaw", connector)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr(connectors.time, "sleep", taken.append)
    return taken


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    def verify(rest: Api, soap: Api, patience: Patience | None = None) -> Verification:
        put_in_place(monkeypatch, rest=rest, soap=soap)
        return connectors.verify(TIGERPAW, Access({}, {}, Connection(), SecretsInPlay()), patience or Patience())

    return verify


def test_every_platform_has_its_connector() -> None:
    apis = {name: set(connector.apis) for name, connector in connectors.CONNECTORS.items()}
    assert apis == {name: set(platform.apis) for name, platform in PLATFORMS.items()}


def test_all_verified(ask: Ask) -> None:
    assert ask(Api(VERIFIED), Api(VERIFIED)) == Verification({"rest": VERIFIED.state, "soap": VERIFIED.state})


def test_warnings_are_passed_on(ask: Ask) -> None:
    reachable = Finding(VerificationState.REACHABLE, "Not proven.")
    verification = ask(Api(VERIFIED), Api(reachable))
    assert verification.states["soap"] is VerificationState.REACHABLE
    assert verification.warnings == ("Not proven.",)


def test_all_failures_in_one_error(ask: Ask) -> None:
    rest, soap = Api(UNREACHABLE), Api(REFUSED)
    with pytest.raises(IntegrationError) as failure:
        ask(rest, soap)
    assert failure.value.code is ErrorCode.API_UNREACHABLE
    assert failure.value.message == "It is away. It refused."
    assert failure.value.details == {
        "platform": "tigerpaw",
        "faults": [
            {"api": "rest", "code": "api_unreachable", "message": "It is away."},
            {"api": "soap", "code": "credentials_refused", "message": "It refused.", "status": 401},
        ],
    }
    assert (rest.asked, soap.asked) == (1, 1)


def test_without_patience_a_refused_password_is_tried_once(ask: Ask, pauses: list[float]) -> None:
    rest = Api(REFUSED)
    with pytest.raises(IntegrationError):
        ask(rest, Api(VERIFIED))
    assert (rest.asked, pauses) == (1, [])


def test_patience_asks_only_who_refused(ask: Ask, pauses: list[float]) -> None:
    rest, soap = Api(VERIFIED), Api(REFUSED, REFUSED, VERIFIED)
    verification = ask(rest, soap, Patience(retries=5, delay=30))
    assert set(verification.states.values()) == {VerificationState.VERIFIED}
    assert (rest.asked, soap.asked, pauses) == (1, 3, [30, 30])


def test_patience_ends(ask: Ask, pauses: list[float]) -> None:
    rest = Api(REFUSED)
    with pytest.raises(IntegrationError):
        ask(rest, Api(VERIFIED), Patience(retries=2, delay=1))
    assert (rest.asked, len(pauses)) == (3, 2)


@pytest.mark.parametrize("code", [code for code in ErrorCode if code is not ErrorCode.CREDENTIALS_REFUSED])
def test_no_patience_with_other_failures(ask: Ask, pauses: list[float], code: ErrorCode) -> None:
    rest, soap = Api(REFUSED), Api(IntegrationError(code, "Another failure."))
    with pytest.raises(IntegrationError):
        ask(rest, soap, Patience(retries=5, delay=30))
    assert (rest.asked, soap.asked, pauses) == (1, 1, [])


def test_secrets_are_in_play_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def reflecting(access: Access) -> Finding:
        raise IntegrationError(ErrorCode.UNEXPECTED_ANSWER, access.in_play.redact("It says hunter2."))

    put_in_place(monkeypatch, rest=reflecting, soap=reflecting)
    with pytest.raises(IntegrationError, match=r"It says \*{8}\."):
        connectors.verify(TIGERPAW, Access({}, {"soap_password": "hunter2"}, Connection(), SecretsInPlay()), Patience())


def test_verification_is_never_switched_off_by_accident() -> None:
    for value, verified in ((True, True), (None, True), (False, False)):
        access = Access({"validate_certs": value}, {}, Connection(), SecretsInPlay())
        assert access.endpoint("https://psa.example").validate_certs is verified


def test_no_representation_shows_a_secret() -> None:
    connection = Connection(proxy_password="hunter2")
    assert "hunter2" not in repr(Access({}, {"soap_password": "hunter2"}, connection, SecretsInPlay()))
