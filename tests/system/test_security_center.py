# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Center is asked in one session, and every way to fail is told apart."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Directory
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import http
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import Connection, Endpoint
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.security_center import (
    Account,
    SecurityCenter,
)
from sandbox import Sandbox

BASE = "/api/v1.0/"
START, END = "Session.StartSession", "Session.EndSession"
INFO, LIST, SEND = "HostGroup.GetStaticInfo", "VServers.GetVServers", "IWebUsersSrv.SendEmail"
DIRECTORY = [START, INFO, LIST, END]
CALLS = [START, INFO, LIST]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)


def connect(
    sandbox: Sandbox, connection: Connection | None = None, in_play: SecretsInPlay | None = None, **changes: Any
) -> SecurityCenter:
    options = sandbox.security_center_settings(**changes)
    endpoint = Endpoint(options["url"], options.get("validate_certs", True), options.get("ca_path"))
    account = Account(options["username"], options["password"], options["internal_user"])
    return SecurityCenter(endpoint, account, connection or Connection(timeout=5), in_play or SecretsInPlay())


def ask(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> Directory:
    with connect(sandbox, connection, **changes) as center:
        return center.directory()


@contextlib.contextmanager
def refused(sandbox: Sandbox) -> Iterator[list[IntegrationError]]:
    """Expect one error of ours, without any secret; it is in the list afterwards."""
    found: list[IntegrationError] = []
    with pytest.raises(IntegrationError) as caught:
        yield found
    error = caught.value
    found.append(error)
    told = f"{error.message} {error.details}"
    assert not [secret for secret in sandbox.secrets() if secret in told]
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert sandbox.requests("foreign") == []


def failure(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> IntegrationError:
    with refused(sandbox) as found:
        ask(sandbox, connection, **changes)
    return found[0]


def operations(sandbox: Sandbox) -> list[str]:
    return [request.operation for request in sandbox.requests("security_center")]


def send(sandbox: Sandbox, connection: Connection | None = None, **changes: str) -> None:
    mail = {"recipient": "ada@client.example", "subject": "Subject", "body": "Body", "request_id": "id-1", **changes}
    with connect(sandbox, connection) as center:
        center.send_mail(**mail)


class TestDirectory:
    """Two reading calls in one session tell everything."""

    def test_calls(self, sandbox: Sandbox) -> None:
        found = ask(sandbox)
        assert found.identity == sandbox.state.server_identity
        known = {server.uid: server.name for server in sandbox.virtual_servers.all()}
        assert {server.uid: server.name for server in found.virtual_servers} == known
        assert operations(sandbox) == DIRECTORY
        assert {request.status for request in sandbox.requests("security_center")} == {200}
        assert sandbox.requests(writing=True) == []
        assert sandbox.overlapping_requests() == []

    @pytest.mark.parametrize("containers", ["wrapped", "bare"])
    @pytest.mark.parametrize("gzip", ["asked", "always", "never"])
    def test_forms_of_an_answer(self, sandbox: Sandbox, containers: str, gzip: str) -> None:
        expected = ask(sandbox)
        sandbox.change_settings(containers=containers, gzip=gzip)
        assert ask(sandbox) == expected

    def test_what_a_virtual_server_is(self, sandbox: Sandbox) -> None:
        sandbox.virtual_servers.replace([])
        made = sandbox.virtual_servers.add("Müller & Söhne", enabled=False)
        [found] = ask(sandbox).virtual_servers
        assert (found.uid, found.name, found.enabled) == (made.uid, "Müller & Söhne", False)

    @pytest.mark.parametrize(
        ("kind", "options"),
        [
            ("bad_datetime", {}),
            ("bad_datetime", {"value": 1588467549}),
            ("odd_server", {"fields": {"KLVSRV_NEW": {"type": "currency", "value": 1}}}),
        ],
    )
    def test_odd_values_that_nobody_needs(self, sandbox: Sandbox, kind: str, options: dict[str, Any]) -> None:
        expected = ask(sandbox)
        sandbox.misbehave("security_center", kind, **{"only": LIST, **options})
        assert ask(sandbox) == expected

    def test_none(self, sandbox: Sandbox) -> None:
        sandbox.virtual_servers.replace([])
        assert ask(sandbox).virtual_servers == ()

    def test_identity_that_is_not_told(self, sandbox: Sandbox) -> None:
        sandbox.change_settings(static_info={"KLADMSRV_SERVER_HOSTNAME": None})
        assert ask(sandbox).identity is None

    def test_account_of_a_virtual_server(self, sandbox: Sandbox) -> None:
        sandbox.change_settings(static_info={"KLADMSRV_VSID": 3})
        assert failure(sandbox).code is ErrorCode.RIGHT_MISSING
        assert LIST not in operations(sandbox)

    @pytest.mark.parametrize("count", [10_000, 100_000])
    def test_thousands(self, sandbox: Sandbox, count: int) -> None:
        sandbox.virtual_servers.generate(count)
        began = time.monotonic()
        assert len(ask(sandbox, Connection(timeout=60)).virtual_servers) == count
        assert time.monotonic() - began < 30
        assert operations(sandbox) == DIRECTORY

    def test_memory(self, sandbox: Sandbox) -> None:
        sandbox.virtual_servers.generate(20_000)
        ask(sandbox)
        tracemalloc.start()
        try:
            ask(sandbox, Connection(timeout=60))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # An answer of 8 MB as bytes, as text and as values. The sandbox, in the same process, holds it once more.
        assert peak < 100 * 1024**2

    @pytest.mark.parametrize(
        ("kind", "options", "told"),
        [
            ("duplicate_uid", {}, "same KLVSRV_UID in the entries 1 and 4"),
            ("odd_server", {"missing": ["KLVSRV_UID"]}, "no usable KLVSRV_UID in entry 1"),
            ("odd_server", {"missing": ["KLVSRV_DN"]}, "no KLVSRV_DN in entry 1"),
            ("odd_server", {"fields": {"KLVSRV_UID": ""}}, "no usable KLVSRV_UID in entry 1"),
            ("odd_server", {"fields": {"KLVSRV_DN": {"type": "currency", "value": 1}}}, "no KLVSRV_DN in entry 1"),
            ("wrong_shape", {}, ""),
            ("wrong_shape", {"body": {"PxgRetVal": {}}}, "no list"),
            ("wrong_shape", {"body": {}}, "no list"),
            ("wrong_shape", {"body": []}, "JSON of another shape"),
        ],
    )
    def test_list_that_cannot_be_trusted(self, sandbox: Sandbox, kind: str, options: dict[str, Any], told: str) -> None:
        sandbox.misbehave("security_center", kind, **{"only": LIST, **options})
        error = failure(sandbox)
        assert error.code is ErrorCode.UNEXPECTED_ANSWER
        assert told in error.message
        assert f"{BASE}{LIST}" in error.message
        assert operations(sandbox) == DIRECTORY

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"KLVSRV_DN": "evil\u202egnp"}, "evil\ufffdgnp"),
            ({"KLVSRV_DN": "x" * 1000}, "x" * 254 + "…"),
            ({"KLVSRV_DN": "********"}, None),
            ({"KLVSRV_DN": ""}, None),
        ],
    )
    def test_odd_name_hides_nobody(self, sandbox: Sandbox, fields: dict[str, str], name: str | None) -> None:
        expected = ask(sandbox).virtual_servers
        sandbox.misbehave("security_center", "odd_server", fields=fields)
        first, *others = ask(sandbox).virtual_servers
        assert first == replace(expected[0], name=name or expected[0].uid)
        assert tuple(others) == expected[1:]


class TestLogin:
    """A login is tried once, and what is wrong with it is told."""

    @pytest.mark.parametrize("changes", [{"password": "wrong"}, {"username": "nobody"}, {"internal_user": False}])
    def test_refused(self, sandbox: Sandbox, changes: dict[str, Any]) -> None:
        error = failure(sandbox, **changes)
        assert error.code is ErrorCode.CREDENTIALS_REFUSED
        assert "username, password and internal_user" in error.message
        assert operations(sandbox) == [START]

    def test_blocked(self, sandbox: Sandbox) -> None:
        sandbox.add_user("security_center", name="blocked", secret="hunter2&<é>", blocked=True)
        error = failure(sandbox, username="blocked", password="hunter2&<é>")
        assert error.code is ErrorCode.CREDENTIALS_REFUSED
        assert error.details == {"ksc_code": 2013}
        assert "blocked" in error.message
        assert "Do not repeat" in error.message
        assert operations(sandbox) == [START]

    def test_one_task_does_not_block_an_account(self, sandbox: Sandbox) -> None:
        sandbox.change_settings(lockout_after=2)
        failure(sandbox, password="wrong")
        assert ask(sandbox).identity

    def test_two_step_verification(self, sandbox: Sandbox) -> None:
        sandbox.add_user("security_center", name="careful", secret="hunter2&<é>", two_step=True)
        error = failure(sandbox, username="careful", password="hunter2&<é>")
        assert error.code is ErrorCode.TWO_STEP_VERIFICATION
        assert "exception" in error.message
        assert operations(sandbox) == [START]

    def test_two_step_verification_of_a_known_account(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("security_center", "two_step", times=1)
        assert failure(sandbox).code is ErrorCode.TWO_STEP_VERIFICATION
        assert operations(sandbox) == [START]

    def test_user_of_the_system(self, sandbox: Sandbox) -> None:
        sandbox.add_user("security_center", name="DOMAIN\\tool", secret="hunter2&<é>", internal=False)
        assert ask(sandbox, username="DOMAIN\\tool", password="hunter2&<é>", internal_user=False).identity

    @pytest.mark.parametrize(("method", "told"), [(INFO, "Basic functionality"), (LIST, "virtual Administration")])
    def test_missing_right(self, sandbox: Sandbox, method: str, told: str) -> None:
        own = sandbox.state.credentials
        sandbox.add_user(
            "security_center",
            name=own.security_center_username,
            secret=own.security_center_password,
            lacks=[method],
        )
        error = failure(sandbox)
        assert error.code is ErrorCode.RIGHT_MISSING
        assert error.details == {"ksc_code": 1184}
        assert told in error.message
        assert operations(sandbox)[-2:] == [method, END]

    def test_secrets_are_in_play(self, sandbox: Sandbox) -> None:
        in_play = SecretsInPlay()
        with connect(sandbox, in_play=in_play) as center:
            center.directory()
        for request in sandbox.requests("security_center"):
            sent = str(request.headers)
            assert not [secret for secret in sandbox.secrets() if secret in in_play.redact(sent)]


class TestSession:
    """A session is renewed once a call, and ended always."""

    @pytest.mark.parametrize("method", [INFO, LIST])
    def test_ended_once(self, sandbox: Sandbox, method: str) -> None:
        sandbox.misbehave("security_center", "session_ended", times=1, only=method)
        assert ask(sandbox).virtual_servers
        assert operations(sandbox).count(START) == 2
        assert operations(sandbox)[-1] == END

    def test_ended_again_and_again(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("security_center", "session_ended", only=LIST)
        error = failure(sandbox)
        assert error.code is ErrorCode.RIGHT_MISSING
        assert error.details == {"status": 403}
        assert operations(sandbox).count(START) == 2
        assert operations(sandbox).count(LIST) == 2

    def test_short_sessions(self, sandbox: Sandbox) -> None:
        sandbox.change_settings(session_calls=1)
        assert ask(sandbox).virtual_servers
        assert operations(sandbox).count(START) == 2

    def test_no_session_is_left(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("security_center", "session_ended", times=1, only=INFO)
        ask(sandbox)
        sandbox.misbehave("security_center", "error", only=LIST)
        failure(sandbox)
        assert not [token for token in sandbox.state.sessions.tokens if sandbox.state.sessions.use(token, 900, 0)]

    def test_interruption(self, sandbox: Sandbox) -> None:
        def work() -> None:
            with connect(sandbox) as center:
                center.directory()
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            work()
        assert operations(sandbox) == DIRECTORY

    @pytest.mark.parametrize("kind", ["server_error", "dropped", "html", "busy", "foreign_redirect"])
    def test_end_that_fails(self, sandbox: Sandbox, kind: str) -> None:
        sandbox.misbehave("security_center", kind, only=END)
        assert ask(sandbox).identity
        assert operations(sandbox) == DIRECTORY
        assert sandbox.requests("foreign") == []


class TestPassingFailures:
    """What may pass by itself is repeated, and given up in time."""

    @pytest.mark.parametrize("method", CALLS)
    @pytest.mark.parametrize("kind", ["busy", "unavailable", "dropped"])
    def test_passes(self, sandbox: Sandbox, method: str, kind: str) -> None:
        sandbox.misbehave("security_center", kind, times=2, only=method)
        assert ask(sandbox).identity
        assert operations(sandbox).count(method) == 3

    @pytest.mark.parametrize("retries", [0, 2])
    def test_stays(self, sandbox: Sandbox, retries: int) -> None:
        sandbox.misbehave("security_center", "busy", only=LIST)
        error = failure(sandbox, Connection(timeout=5, retries=retries))
        assert error.code is ErrorCode.API_UNREACHABLE
        assert error.details == {"ksc_code": 1195}
        assert operations(sandbox).count(LIST) == 1 + retries

    def test_throttled(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("security_center", "throttled", retry_after="absurd")
        error = failure(sandbox)
        assert error.code is ErrorCode.THROTTLED
        assert operations(sandbox) == [START]

    @pytest.mark.parametrize("kind", ["slow", "dribble"])
    def test_too_slow(self, sandbox: Sandbox, kind: str) -> None:
        sandbox.misbehave("security_center", kind, only=LIST, seconds=5 if kind == "slow" else 0.05)
        began = time.monotonic()
        error = failure(sandbox, Connection(timeout=0.5, retries=0))
        assert error.code is ErrorCode.API_UNREACHABLE
        assert "0.5 s (option timeout)" in error.message
        assert time.monotonic() - began < 5
        assert operations(sandbox)[-1] == END


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("kind", "options", "code", "told"),
    [
        ("unauthorized", {}, ErrorCode.CREDENTIALS_REFUSED, "HTTP 401"),
        ("forbidden", {}, ErrorCode.RIGHT_MISSING, "HTTP 403"),
        ("server_error", {}, ErrorCode.API_UNREACHABLE, "HTTP 500"),
        ("status", {"status": 404}, ErrorCode.UNEXPECTED_ANSWER, "HTTP 404"),
        ("status", {"status": 204}, ErrorCode.UNEXPECTED_ANSWER, "HTTP 204 and nothing"),
        ("html", {}, ErrorCode.UNEXPECTED_ANSWER, "an HTML page"),
        ("html", {"status": 502}, ErrorCode.API_UNREACHABLE, "HTTP 502"),
        ("truncated", {}, ErrorCode.UNEXPECTED_ANSWER, "cut off"),
        ("login_redirect", {}, ErrorCode.UNEXPECTED_ANSWER, "redirects"),
        ("foreign_redirect", {}, ErrorCode.UNEXPECTED_ANSWER, "redirects"),
        ("wrong_shape", {}, ErrorCode.UNEXPECTED_ANSWER, ""),
        ("error", {}, ErrorCode.UNEXPECTED_ANSWER, "code 1125"),
        ("error", {"code": 1186}, ErrorCode.UNEXPECTED_ANSWER, "code 1186"),
        ("error", {"code": 1192}, ErrorCode.UNEXPECTED_ANSWER, "code 1192"),
        ("error", {"code": 1193}, ErrorCode.RIGHT_MISSING, "has to be allowed to"),
        ("error", {"code": 1229}, ErrorCode.UNEXPECTED_ANSWER, "a limit"),
        ("error", {"code": 1453}, ErrorCode.CREDENTIALS_REFUSED, "refused the login"),
        ("error", {"code": 2013}, ErrorCode.CREDENTIALS_REFUSED, "blocked"),
        ("error", {"code": 4711}, ErrorCode.UNEXPECTED_ANSWER, "code 4711"),
    ],
)
def test_failures(
    sandbox: Sandbox, method: str, kind: str, options: dict[str, Any], code: ErrorCode, told: str
) -> None:
    sandbox.misbehave("security_center", kind, only=method, **options)
    error = failure(sandbox, Connection(timeout=5, retries=0))
    assert error.code is code
    assert told in error.message
    assert error.message.startswith(f"Kaspersky Security Center ({sandbox.security_center_url}{BASE}")
    # Whatever went wrong after a login, the session was ended.
    assert operations(sandbox)[-1] == (START if method == START else END)


@pytest.mark.parametrize("kind", ["endless", "gzip_bomb"])
def test_too_large(sandbox: Sandbox, kind: str) -> None:
    sandbox.misbehave("security_center", kind, only=LIST)
    error = failure(sandbox, Connection(timeout=60, retries=0))
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert "larger than 128 MiB" in error.message


def test_words_of_the_server_show_no_secret(sandbox: Sandbox) -> None:
    password = sandbox.state.credentials.security_center_password
    sandbox.misbehave("security_center", "error", only=LIST, message=f"Wrong\n {password} <b>")
    assert "(Wrong ******** <b>, code 1125)" in failure(sandbox).message


def test_unknown_method(sandbox: Sandbox) -> None:
    error = failure(sandbox, url=f"{sandbox.security_center_url}/ksc")
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert "security_center.url" in error.message
    assert sandbox.requests("security_center")[0].path == f"/ksc{BASE}{START}"


class TestConnection:
    """TLS and proxies, as with every other system."""

    def test_nobody_listens(self, sandbox: Sandbox) -> None:
        assert failure(sandbox, Connection(timeout=5, retries=0), url=sandbox.closed_url).code is (
            ErrorCode.API_UNREACHABLE
        )

    def test_untrusted_certificate(self, sandbox: Sandbox) -> None:
        error = failure(sandbox, url=sandbox.security_center_unknown_ca_url)
        assert error.code is ErrorCode.CERTIFICATE_UNTRUSTED
        assert "ca_path" in error.message
        assert sandbox.requests() == []

    def test_own_authority(self, sandbox: Sandbox) -> None:
        changes = {"url": sandbox.security_center_unknown_ca_url, "ca_path": str(sandbox.unknown_ca_path)}
        assert ask(sandbox, **changes).identity

    def test_not_verified_on_demand_without_noise(self, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
        changes = {"url": sandbox.security_center_unknown_ca_url, "ca_path": None, "validate_certs": False}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert ask(sandbox, **changes).identity
        assert [str(warning.message) for warning in caught if "https" in str(warning.message).lower()] == []
        assert "".join(capsys.readouterr()) == ""

    def test_proxy(self, sandbox: Sandbox) -> None:
        sandbox.change_settings(proxy_login_required=True)
        assert ask(sandbox, Connection(timeout=5, **sandbox.proxy_settings())).identity
        assert {request.method for request in sandbox.requests("proxy")} == {"CONNECT"}
        assert not [
            request for request in sandbox.requests("security_center") if "proxy-authorization" in request.headers
        ]


class TestMail:
    """The Administration Server sends the mail, once."""

    def test_mail(self, sandbox: Sandbox) -> None:
        send(sandbox, subject='Integration "Müller <b>" was deleted', body='- Müller <b>&\n- <script src="x">\n')
        [mail] = sandbox.mails()
        message = mail.message
        assert mail.recipients == ["ada@client.example"]
        assert message["Subject"] == 'Integration "Müller <b>" was deleted'
        assert message.get_content_type() == "text/html"
        shown = "- Müller &lt;b&gt;&amp;<br>\n- &lt;script src=&quot;x&quot;&gt;"
        assert message.get_content().replace("\r\n", "\n").strip() == shown
        assert operations(sandbox) == [START, SEND, END]
        [request] = sandbox.requests("security_center", writing=True)
        assert request.json()["wstrRequestId"] == "id-1"

    def test_subject_brings_no_header(self, sandbox: Sandbox) -> None:
        send(sandbox, subject="a\r\nBcc: eve@evil.example")
        [mail] = sandbox.mails()
        assert mail.message["Bcc"] is None

    def test_recipients(self, sandbox: Sandbox) -> None:
        with refused(sandbox) as found:
            send(sandbox, recipient="ada@client.example, eve@evil.example")
        assert found[0].code is ErrorCode.INVALID_SETTINGS
        assert sandbox.requests() == []

    @pytest.mark.parametrize(
        ("kind", "options", "code"),
        [
            ("busy", {}, ErrorCode.API_UNREACHABLE),
            ("unavailable", {}, ErrorCode.API_UNREACHABLE),
            ("throttled", {}, ErrorCode.THROTTLED),
            ("dropped", {}, ErrorCode.API_UNREACHABLE),
            ("error", {"code": 1184}, ErrorCode.RIGHT_MISSING),
            ("error", {"code": 1192}, ErrorCode.UNEXPECTED_ANSWER),
        ],
    )
    def test_is_handed_over_once(self, sandbox: Sandbox, kind: str, options: dict[str, Any], code: ErrorCode) -> None:
        sandbox.misbehave("security_center", kind, only=SEND, **options)
        with refused(sandbox) as found:
            send(sandbox)
        assert found[0].code is code
        assert operations(sandbox) == [START, SEND, END]

    def test_ended_session(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("security_center", "session_ended", times=1, only=SEND)
        send(sandbox)
        assert len(sandbox.mails()) == 1

    def test_many_in_one_session(self, sandbox: Sandbox) -> None:
        with connect(sandbox) as center:
            for number in range(3):
                center.send_mail("ada@client.example", "Subject", "Body", f"id-{number}")
        assert operations(sandbox) == [START, SEND, SEND, SEND, END]
