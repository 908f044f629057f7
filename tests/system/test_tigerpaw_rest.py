# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tigerpaw's REST API is asked once whether it accepts the key pair, and every way to fail is told apart."""

from __future__ import annotations

import base64
import time
import warnings
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import http, tigerpaw_rest
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import Connection
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.verification import (
    Access,
    Finding,
    VerificationState,
)
from sandbox import RecordedRequest, Sandbox

VALIDATE = "/api/diagnostics/validate/user"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)


def ask(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> Finding:
    settings = sandbox.tigerpaw_settings(**changes)
    secrets = {name: settings.pop(name) for name in ("rest_private_key", "soap_password")}
    in_play = SecretsInPlay()
    in_play.add(*secrets.values())
    return tigerpaw_rest.verify(Access(settings, secrets, connection or Connection(timeout=5), in_play))


def failure(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        ask(sandbox, connection, **changes)
    error = caught.value
    told = f"{error.message} {error.details}"
    assert not [secret for secret in sandbox.secrets() if secret in told]
    # Nothing of a library's exceptions, which may repeat addresses and headers, is printed with a traceback.
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return error


def signature_of(request: RecordedRequest) -> str:
    token = request.headers["authorization"].removeprefix("TSI ")
    return base64.b64decode(token).decode().rpartition(":")[2]


def test_verified_by_one_reading_request(sandbox: Sandbox) -> None:
    assert ask(sandbox) == Finding(VerificationState.VERIFIED)
    [request] = sandbox.requests()
    assert (request.method, request.path, request.query, request.body) == ("GET", VALIDATE, "", b"")
    assert "cookie" not in request.headers


@pytest.mark.parametrize(
    ("base", "path"),
    [("/PSA", f"/PSA{VALIDATE}"), ("/PSA/", f"/PSA{VALIDATE}"), ("/%41%C3%A9 b", f"/A%C3%A9%20b{VALIDATE}")],
)
def test_signed_is_the_path_of_the_request(sandbox: Sandbox, base: str, path: str) -> None:
    error = failure(sandbox, url=f"{sandbox.tigerpaw_url}{base}")
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert error.details == {"status": 404}
    [request] = sandbox.requests()
    assert request.path == path
    private_key = sandbox.state.credentials.rest_private_key
    assert signature_of(request) == tigerpaw_rest.sign(private_key, "GET", path, request.headers["x-tsi-date"])


@pytest.mark.parametrize("field", ["rest_public_key", "rest_private_key"])
def test_refused_credentials_are_tried_once(sandbox: Sandbox, field: str) -> None:
    error = failure(sandbox, **{field: "wrong"})
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert "rest_public_key and rest_private_key" in error.message
    assert "clock" not in error.message
    assert len(sandbox.requests()) == 1


@pytest.mark.parametrize(("minutes", "told"), [(40, "40 minutes ahead of"), (-20, "20 minutes behind")])
def test_wrong_clock_is_noticed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, minutes: int, told: str) -> None:
    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(minutes=minutes)

    monkeypatch.setattr(tigerpaw_rest, "datetime", WrongClock)
    error = failure(sandbox)
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert told in error.message


def test_missing_right(sandbox: Sandbox) -> None:
    own = sandbox.state.credentials
    sandbox.add_user("rest", name=own.rest_public_key, secret=own.rest_private_key, lacks=["diagnostics"])
    error = failure(sandbox)
    assert error.code is ErrorCode.RIGHT_MISSING
    assert "role" in error.message


def test_failed_validation_shows_the_reason_without_secrets(sandbox: Sandbox) -> None:
    private_key = sandbox.state.credentials.rest_private_key
    sandbox.misbehave("rest", "not_successful", message=f"Rep is\n inactive, key {private_key}")
    error = failure(sandbox)
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert "(Rep is inactive, key ********)" in error.message


@pytest.mark.parametrize(
    ("kind", "options", "code", "told"),
    [
        ("unauthorized", {}, ErrorCode.CREDENTIALS_REFUSED, "HTTP 401"),
        ("forbidden", {}, ErrorCode.RIGHT_MISSING, "HTTP 403"),
        ("html", {"status": 403}, ErrorCode.RIGHT_MISSING, "an HTML page"),
        ("html", {"status": 401}, ErrorCode.CREDENTIALS_REFUSED, "HTTP 401"),
        ("server_error", {}, ErrorCode.API_UNREACHABLE, "HTTP 500"),
        ("status", {"status": 404}, ErrorCode.UNEXPECTED_ANSWER, "setting url"),
        ("status", {"status": 204}, ErrorCode.UNEXPECTED_ANSWER, "HTTP 204 and nothing"),
        ("html", {}, ErrorCode.UNEXPECTED_ANSWER, "an HTML page, maybe of a proxy or a login page"),
        ("login_redirect", {}, ErrorCode.UNEXPECTED_ANSWER, "redirects"),
        ("truncated", {}, ErrorCode.UNEXPECTED_ANSWER, "cut off"),
        ("wrong_shape", {}, ErrorCode.UNEXPECTED_ANSWER, "JSON of another shape"),
        ("wrong_shape", {"body": {}}, ErrorCode.UNEXPECTED_ANSWER, "JSON of another shape"),
        ("wrong_shape", {"body": {"Success": "true"}}, ErrorCode.UNEXPECTED_ANSWER, "JSON of another shape"),
        ("wrong_shape", {"body": {"Success": 1}}, ErrorCode.UNEXPECTED_ANSWER, "JSON of another shape"),
    ],
)
def test_answers_that_prove_nothing(
    sandbox: Sandbox, kind: str, options: dict[str, Any], code: ErrorCode, told: str
) -> None:
    sandbox.misbehave("rest", kind, **options)
    error = failure(sandbox)
    assert error.code is code
    assert told in error.message
    assert error.message.startswith(f"Tigerpaw REST API ({sandbox.tigerpaw_url}{VALIDATE}): ")
    assert len(sandbox.requests()) == 1


def test_each_attempt_is_signed_anew(sandbox: Sandbox) -> None:
    sandbox.misbehave("rest", "throttled", times=2, retry_after="1")
    began = time.monotonic()
    assert ask(sandbox).state is VerificationState.VERIFIED
    assert time.monotonic() - began >= 2
    requests = sandbox.requests()
    assert len({signature_of(request) for request in requests}) == len(requests) == 3


def test_date_to_wait_for_is_kept(sandbox: Sandbox) -> None:
    sandbox.misbehave("rest", "unavailable", times=1, retry_after="date")
    began = time.monotonic()
    ask(sandbox)
    assert 0.9 <= time.monotonic() - began < 5


def test_senseless_wait_is_ignored(sandbox: Sandbox) -> None:
    sandbox.misbehave("rest", "throttled", times=1, retry_after="garbage")
    assert ask(sandbox).state is VerificationState.VERIFIED


@pytest.mark.parametrize(
    ("kind", "code"), [("throttled", ErrorCode.THROTTLED), ("unavailable", ErrorCode.API_UNREACHABLE)]
)
def test_long_wait_is_told_at_once(sandbox: Sandbox, kind: str, code: ErrorCode) -> None:
    sandbox.misbehave("rest", kind, retry_after="absurd")
    error = failure(sandbox)
    assert error.code is code
    assert error.details["retry_after"] == 86400
    assert "86400 s" in error.message
    assert len(sandbox.requests()) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("retries", [0, 2])
def test_number_of_retries(sandbox: Sandbox, status: int, retries: int) -> None:
    sandbox.misbehave("rest", "status", status=status)
    error = failure(sandbox, Connection(timeout=5, retries=retries))
    assert error.code is (ErrorCode.THROTTLED if status == 429 else ErrorCode.API_UNREACHABLE)
    assert error.details["status"] == status
    assert len(sandbox.requests()) == 1 + retries


def test_broken_connection_is_tried_again(sandbox: Sandbox) -> None:
    sandbox.misbehave("rest", "dropped", times=1)
    assert ask(sandbox).state is VerificationState.VERIFIED


def test_slow_answer(sandbox: Sandbox) -> None:
    sandbox.misbehave("rest", "slow", seconds=30)
    began = time.monotonic()
    error = failure(sandbox, Connection(timeout=0.5, retries=1))
    assert error.code is ErrorCode.API_UNREACHABLE
    assert "within 0.5 s (option timeout)" in error.message
    assert 1 <= time.monotonic() - began < 5
    assert len(sandbox.requests()) == 2


def test_nobody_listens(sandbox: Sandbox) -> None:
    error = failure(sandbox, url=sandbox.closed_url)
    assert error.code is ErrorCode.API_UNREACHABLE
    assert "refused" in error.message


def test_unknown_name(sandbox: Sandbox) -> None:
    error = failure(sandbox, url="https://nowhere.invalid")
    assert error.code is ErrorCode.API_UNREACHABLE
    assert "name is not known" in error.message


def test_port_without_tls(sandbox: Sandbox) -> None:
    error = failure(sandbox, url=sandbox.foreign_plain_url.replace("http:", "https:"))
    assert error.code is ErrorCode.API_UNREACHABLE
    assert "TLS" in error.message


@pytest.mark.parametrize("ca_path", [None, "known"])
def test_untrusted_certificate(sandbox: Sandbox, ca_path: str | None) -> None:
    error = failure(sandbox, url=sandbox.unknown_ca_url, ca_path=ca_path and str(sandbox.ca_path))
    assert error.code is ErrorCode.CERTIFICATE_UNTRUSTED
    assert "ca_path" in error.message
    assert "validate_certs" in error.message
    assert sandbox.requests() == []


def test_own_authority(sandbox: Sandbox) -> None:
    changes = {"url": sandbox.unknown_ca_url, "ca_path": str(sandbox.unknown_ca_path)}
    assert ask(sandbox, **changes).state is VerificationState.VERIFIED


def test_certificate_not_verified_on_demand_without_noise(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = ask(sandbox, url=sandbox.unknown_ca_url, ca_path=None, validate_certs=False)
    assert found.state is VerificationState.VERIFIED
    assert [str(warning.message) for warning in caught if "https" in str(warning.message).lower()] == []
    assert "".join(capsys.readouterr()) == ""


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://psa.example", "https://"),
        ("ftp://psa.example", "https://"),
        ("https://user:hunter2@psa.example", "credentials"),
        ("https://psa .example", "host name"),
    ],
)
def test_address_that_is_never_used(sandbox: Sandbox, url: str, told: str) -> None:
    error = failure(sandbox, url=url)
    assert error.code is ErrorCode.INVALID_SETTINGS
    assert told in error.message
    assert "hunter2" not in error.message


def test_unusable_authority(sandbox: Sandbox) -> None:
    error = failure(sandbox, ca_path="/does/not/exist.pem")
    assert error.code is ErrorCode.INVALID_SETTINGS
    assert "/does/not/exist.pem" in error.message


class TestProxy:
    """The way through a proxy, with credentials of its own."""

    @staticmethod
    def connection(sandbox: Sandbox, **changes: Any) -> Connection:
        return Connection(**{"timeout": 5, "retries": 0, **sandbox.proxy_settings(), **changes})

    def test_tunnel(self, sandbox: Sandbox) -> None:
        sandbox.change_settings(proxy_login_required=True)
        assert ask(sandbox, self.connection(sandbox)).state is VerificationState.VERIFIED
        [tunnel] = sandbox.requests("proxy")
        assert tunnel.method == "CONNECT"
        assert "authorization" not in tunnel.headers
        [request] = sandbox.requests("rest")
        assert "proxy-authorization" not in request.headers

    def test_refused_login(self, sandbox: Sandbox) -> None:
        error = failure(sandbox, self.connection(sandbox, proxy_password="wrong"))
        assert error.code is ErrorCode.API_UNREACHABLE
        assert "proxy_username and proxy_password" in error.message
        assert sandbox.requests("rest") == []

    def test_refused_tunnel(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("proxy", "status", status=403)
        error = failure(sandbox, self.connection(sandbox))
        assert error.code is ErrorCode.API_UNREACHABLE
        assert "proxy" in error.message

    def test_dead_proxy(self, sandbox: Sandbox) -> None:
        dead = sandbox.closed_url.replace("https:", "http:")
        error = failure(sandbox, self.connection(sandbox, proxy=dead))
        assert error.code is ErrorCode.API_UNREACHABLE
        assert "the proxy cannot be reached" in error.message

    def test_untrusted_server_behind_a_proxy(self, sandbox: Sandbox) -> None:
        error = failure(sandbox, self.connection(sandbox), url=sandbox.unknown_ca_url)
        assert error.code is ErrorCode.CERTIFICATE_UNTRUSTED

    def test_derived_secrets_are_in_play(self, sandbox: Sandbox) -> None:
        settings = sandbox.tigerpaw_settings()
        in_play = SecretsInPlay()
        connection = self.connection(sandbox)
        tigerpaw_rest.verify(Access(settings, settings, connection, in_play))
        [tunnel], [request] = sandbox.requests("proxy"), sandbox.requests("rest")
        for header in (tunnel.headers["proxy-authorization"], request.headers["authorization"]):
            assert header.split()[1] not in in_play.redact(header)
        assert signature_of(request) not in in_play.redact(signature_of(request))


def test_what_may_not_be_repeated_is_sent_once(sandbox: Sandbox) -> None:
    sandbox.misbehave("rest", "unavailable")
    endpoint = http.Endpoint(sandbox.tigerpaw_url, ca_path=str(sandbox.ca_path))
    client = http.HttpClient(endpoint, Connection(timeout=5, retries=3), "Test API")
    with client, pytest.raises(IntegrationError):
        client.send("POST", f"{sandbox.tigerpaw_url}/api/x", headers=dict, body=b"{}", repeatable=False)
    assert len(sandbox.requests()) == 1


def test_moment_of_the_signature(sandbox: Sandbox) -> None:
    ask(sandbox)
    [request] = sandbox.requests()
    signed = datetime.strptime(request.headers["x-tsi-date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs(request.arrived - signed) < timedelta(seconds=5)
