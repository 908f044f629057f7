# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Center as tasks use it: addresses, logins, sessions and mail, with a server that answers anything at all."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Directory, VirtualServer
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import http, security_center_session
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import Connection, Endpoint
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.security_center import (
    Account,
    SecurityCenter,
    api_address,
    html_of,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.security_center_session import authorization

PASSWORD = "pässword & <b>"
TOKEN = "nsPbUpP1oAVZlM1lODEbg8A=="
ACCOUNT = Account("msp-tool", PASSWORD, internal_user=True)
START, END = "Session.StartSession", "Session.EndSession"
INFO, LIST, SEND = "HostGroup.GetStaticInfo", "VServers.GetVServers", "IWebUsersSrv.SendEmail"
MINUTE = 60

Reply = tuple[int, dict[str, str], bytes]


def ok(result: Any = None) -> Reply:
    return 200, {}, json.dumps({"PxgRetVal": result}).encode()


def fault(code: int) -> Reply:
    return 200, {}, json.dumps({"PxgError": {"code": code, "message": f"About {PASSWORD}"}}).encode()


FORBIDDEN: Reply = (403, {}, b"Forbidden")
REPLIES = {
    START: ok(TOKEN),
    END: ok(),
    INFO: ok({"KLADMSRV_SERVER_HOSTNAME": "c66f0e82", "KLADMSRV_VSID": 0}),
    LIST: ok([{"KLVSRV_UID": "VSRV1", "KLVSRV_DN": "Acme"}]),
    SEND: (200, {}, b"{}"),
}


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that did not wait."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Server:
    """Gives each method the replies that it was told to, the last one for ever, and remembers the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self.before: Callable[[str], None] = lambda _method: None
        self._replies: dict[str, list[Reply]] = {}
        self._http = QuietServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def reply(self, method: str, *replies: Reply) -> None:
        self._replies[method] = list(replies)

    def reset(self) -> None:
        self.calls, self.headers, self.bodies, self._replies = [], [], [], {}

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _next(self, method: str) -> Reply:
        replies = self._replies.get(method) or [REPLIES[method]]
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                method = self.path.rpartition("/")[2]
                server.calls.append(method)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                server.before(method)
                status, headers, body = server._next(method)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


@pytest.fixture(scope="module")
def running_server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def server(running_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)
    running_server.reset()
    running_server.before = lambda _method: None
    return running_server


def security_center(server: Server, in_play: SecretsInPlay | None = None, **connection: Any) -> SecurityCenter:
    how = Connection(**{"timeout": 5, "retries": 2, **connection})
    return SecurityCenter(Endpoint(server.url), ACCOUNT, how, in_play or SecretsInPlay())


def ask(server: Server, **connection: Any) -> Directory:
    with security_center(server, **connection) as center:
        return center.directory()


def failure(server: Server, **connection: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        ask(server, **connection)
    assert_harmless(caught.value)
    return caught.value


def assert_harmless(error: IntegrationError) -> None:
    told = f"{error.message} {error.details}"
    assert not [secret for secret in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), TOKEN) if secret in told]
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


class TestAddress:
    """Where the Open API is."""

    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("https://ksc.example", "https://ksc.example:13299"),
            ("https://KSC.example/", "https://ksc.example:13299"),
            ("https://ksc.example:443", "https://ksc.example:443"),
            ("https://ksc.example:8443/ksc/", "https://ksc.example:8443/ksc"),
            ("https://ksc.example/ksc", "https://ksc.example:13299/ksc"),
            ("https://ksc.example/api/v1.0/", "https://ksc.example:13299"),
            ("https://ksc.example/ksc/api/v1.0", "https://ksc.example:13299/ksc"),
            (" https://10.0.0.1 ", "https://10.0.0.1:13299"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]:13299"),
            ("https://[2001:db8::1]:443", "https://[2001:db8::1]:443"),
            ("https://münchen.example", "https://xn--mnchen-3ya.example:13299"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ],
    )
    def test_is_completed(self, url: str, address: str) -> None:
        assert api_address(url) == address

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "ksc.example",
            "http://ksc.example",
            "https://hunter2@ksc.example",
            "https://ksc.example?token=hunter2",
            "https://ksc.example:99999",
            "https://ksc.example/../hunter2",
            "ftp://ksc.example",
        ],
    )
    def test_is_refused_without_being_repeated(self, url: str) -> None:
        with pytest.raises(IntegrationError) as caught:
            SecurityCenter(Endpoint(url), ACCOUNT, Connection(), SecretsInPlay())
        assert caught.value.code is ErrorCode.INVALID_SETTINGS
        assert caught.value.message.startswith("security_center.url: ")
        assert "hunter2" not in caught.value.message

    def test_path_of_a_proxy_is_kept(self, server: Server) -> None:
        center = SecurityCenter(Endpoint(f"{server.url}/ksc/"), ACCOUNT, Connection(timeout=5), SecretsInPlay())
        with center:
            center.directory()
        assert server.calls == [START, INFO, LIST, END]


class TestLogin:
    """Who logs in, and that a password is tried once."""

    @pytest.mark.parametrize(("internal", "written"), [(True, "1"), (False, "0")])
    def test_header(self, internal: bool, written: str) -> None:
        in_play = SecretsInPlay()
        header = authorization("ägidius", PASSWORD, internal, in_play)
        found = re.fullmatch('KSCBasic user="([^"]+)", pass="([^"]+)", internal="([01])"', header)
        assert found
        assert base64.b64decode(found[1]).decode() == "ägidius"
        assert base64.b64decode(found[2]).decode() == PASSWORD
        assert found[3] == written
        redacted = in_play.redact(header)
        assert redacted == f'KSCBasic user="********", pass="********", internal="{written}"'

    def test_account_does_not_show_its_password(self) -> None:
        assert PASSWORD not in repr(ACCOUNT)

    def test_token_is_a_secret(self, server: Server) -> None:
        in_play = SecretsInPlay()
        with security_center(server, in_play) as center:
            center.directory()
        assert in_play.redact(f"{PASSWORD} {TOKEN}") == "******** ********"

    @pytest.mark.parametrize("reply", [(401, {}, b""), fault(1453), fault(2013)])
    def test_is_refused_once(self, server: Server, reply: Reply) -> None:
        server.reply(START, reply)
        assert failure(server).code is ErrorCode.CREDENTIALS_REFUSED
        assert server.calls == [START]

    @pytest.mark.parametrize("reply", [(401, {}, b""), fault(2013), (401, {"WWW-Authenticate": "KSCMFA"}, b"")])
    def test_is_not_tried_again_by_later_calls(self, server: Server, reply: Reply) -> None:
        server.reply(START, reply)
        with security_center(server) as center:
            for _time in range(3):
                with pytest.raises(IntegrationError) as caught:
                    center.directory()
                assert_harmless(caught.value)
        assert server.calls == [START]

    def test_is_tried_again_when_the_server_was_away(self, server: Server) -> None:
        server.reply(START, (500, {}, b""), REPLIES[START])
        with security_center(server) as center:
            with pytest.raises(IntegrationError):
                center.directory()
            assert center.directory().identity

    def test_not_let_in(self, server: Server) -> None:
        server.reply(START, FORBIDDEN)
        error = failure(server)
        assert error.code is ErrorCode.RIGHT_MISSING
        assert "log in to the Administration Server" in error.message
        assert server.calls == [START]

    @pytest.mark.parametrize("token", [None, 1, "", [], "two\r\nlines", "é", "a b", "x" * 5000])
    def test_no_session(self, server: Server, token: Any) -> None:
        server.reply(START, ok(token))
        error = failure(server)
        assert error.code is ErrorCode.UNEXPECTED_ANSWER
        assert "no session" in error.message
        assert server.calls == [START]


class TestSession:
    """One session for many calls, renewed once, ended always."""

    def test_is_opened_with_the_first_call(self, server: Server) -> None:
        with security_center(server):
            pass
        assert server.calls == []

    def test_is_one_for_all_calls(self, server: Server) -> None:
        with security_center(server) as center:
            center.directory()
            center.directory()
        assert server.calls == [START, INFO, LIST, INFO, LIST, END]
        assert "x-ksc-session" not in server.headers[0]
        assert {headers["x-ksc-session"] for headers in server.headers[1:]} == {TOKEN}
        assert not ["authorization" for headers in server.headers[1:] if "authorization" in headers]

    def test_what_is_asked(self, server: Server) -> None:
        found = ask(server)
        assert found == Directory("c66f0e82", (VirtualServer("VSRV1", "Acme"),))
        assert server.bodies[0] == {}
        assert {headers["accept-encoding"] for headers in server.headers} == {"gzip"}
        assert server.bodies[2:] == [{"lParentGroup": -1}, {}]

    def test_is_renewed(self, server: Server) -> None:
        server.reply(LIST, FORBIDDEN, REPLIES[LIST])
        assert ask(server).virtual_servers
        assert server.calls == [START, INFO, LIST, END, START, LIST, END]

    def test_is_renewed_once_a_call(self, server: Server) -> None:
        server.reply(LIST, FORBIDDEN)
        error = failure(server)
        assert error.code is ErrorCode.RIGHT_MISSING
        assert error.details == {"status": 403}
        assert "not even after another login" in error.message
        assert "read the list of virtual Administration Servers" in error.message
        assert server.calls == [START, INFO, LIST, END, START, LIST, END]

    def test_renewed_login_that_is_refused(self, server: Server) -> None:
        server.reply(START, ok(TOKEN), (401, {}, b""))
        server.reply(INFO, FORBIDDEN)
        assert failure(server).code is ErrorCode.CREDENTIALS_REFUSED
        assert server.calls == [START, INFO, END, START]

    @pytest.mark.parametrize("reply", [(404, {}, b""), fault(1184), fault(1125), (200, {}, b"<html>")])
    def test_is_ended_after_an_error(self, server: Server, reply: Reply) -> None:
        server.reply(LIST, reply)
        failure(server)
        assert server.calls[-1] == END

    @pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
    def test_is_ended_after_an_interruption(self, server: Server, interruption: type[BaseException]) -> None:
        def work() -> None:
            with security_center(server) as center:
                center.directory()
                raise interruption

        with pytest.raises(interruption):
            work()
        assert server.calls[-1] == END

    @pytest.mark.parametrize("reply", [FORBIDDEN, (500, {}, b""), (503, {}, b""), (200, {}, b"<html>"), fault(1195)])
    def test_end_that_fails_is_nobodys_business(self, server: Server, reply: Reply) -> None:
        server.reply(END, reply)
        assert ask(server).identity == "c66f0e82"
        assert server.calls.count(END) == 1

    def test_end_hides_no_error(self, server: Server) -> None:
        server.reply(END, (500, {}, b""))
        server.reply(INFO, fault(1184))
        assert failure(server).code is ErrorCode.RIGHT_MISSING

    def test_end_is_not_waited_for(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        released = threading.Event()
        monkeypatch.setattr(security_center_session, "LONGEST_FAREWELL", 0.2)

        def before(method: str) -> None:
            if method == END:
                released.wait(MINUTE)

        server.before = before
        began = time.monotonic()
        ask(server, timeout=MINUTE)
        released.set()
        assert time.monotonic() - began < MINUTE / 2

    def test_calls_are_made_one_at_a_time(self, server: Server) -> None:
        running, most = 0, 0
        counting = threading.Lock()

        def before(_method: str) -> None:
            nonlocal running, most
            with counting:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with counting:
                running -= 1

        server.before = before
        with security_center(server) as center:
            threads = [threading.Thread(target=center.directory) for _number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert most == 1
        assert (server.calls.count(START), server.calls.count(LIST)) == (1, 4)


class TestRepetition:
    """What may pass by itself is repeated, if a second time does no harm."""

    @pytest.mark.parametrize("method", [START, INFO, LIST])
    def test_unavailable(self, server: Server, method: str) -> None:
        server.reply(method, fault(1195), (503, {}, b""), REPLIES[method])
        assert ask(server).identity == "c66f0e82"
        assert server.calls.count(method) == 3

    @pytest.mark.parametrize("retries", [0, 2])
    def test_unavailable_for_long(self, server: Server, retries: int) -> None:
        server.reply(LIST, fault(1195))
        error = failure(server, retries=retries)
        assert error.code is ErrorCode.API_UNREACHABLE
        assert error.details == {"ksc_code": 1195}
        assert server.calls.count(LIST) == 1 + retries

    @pytest.mark.parametrize("reply", [fault(1195), (503, {}, b""), (429, {}, b"")])
    def test_mail_is_handed_over_once(self, server: Server, reply: Reply) -> None:
        server.reply(SEND, reply)
        with pytest.raises(IntegrationError), security_center(server) as center:
            center.send_mail("ada@client.example", "Subject", "Body", "id-1")
        assert server.calls == [START, SEND, END]

    def test_mail_in_an_ended_session(self, server: Server) -> None:
        server.reply(SEND, FORBIDDEN, REPLIES[SEND])
        with security_center(server) as center:
            center.send_mail("ada@client.example", "Subject", "Body", "id-1")
        assert server.calls.count(SEND) == 2


class TestDirectory:
    """What the server says about itself."""

    @pytest.mark.parametrize(
        ("info", "identity"),
        [
            ({}, None),
            ({"KLADMSRV_SERVER_HOSTNAME": ""}, None),
            ({"KLADMSRV_SERVER_HOSTNAME": None}, None),
            ({"KLADMSRV_SERVER_HOSTNAME": " name "}, "name"),
            ({"KLADMSRV_SERVER_HOSTNAME": "name", "KLADMSRV_VSID": {"type": "long", "value": 0}}, "name"),
        ],
    )
    def test_identity(self, server: Server, info: dict[str, Any], identity: str | None) -> None:
        server.reply(INFO, ok(info))
        assert ask(server).identity == identity

    @pytest.mark.parametrize(
        "info", [None, [], "name", {"KLADMSRV_SERVER_HOSTNAME": 7}, {"KLADMSRV_SERVER_HOSTNAME": "\n"}]
    )
    def test_unusable_identity(self, server: Server, info: Any) -> None:
        server.reply(INFO, ok(info))
        assert failure(server).code is ErrorCode.UNEXPECTED_ANSWER

    def test_account_of_a_virtual_server(self, server: Server) -> None:
        server.reply(INFO, ok({"KLADMSRV_SERVER_HOSTNAME": "name", "KLADMSRV_VSID": 3}))
        error = failure(server)
        assert error.code is ErrorCode.RIGHT_MISSING
        assert "belongs to one of the virtual servers" in error.message
        assert LIST not in server.calls

    def test_unusable_entry(self, server: Server) -> None:
        server.reply(LIST, ok([{"KLVSRV_UID": "VSRV1", "KLVSRV_DN": "Acme"}, {"KLVSRV_DN": "Acme"}]))
        error = failure(server)
        assert error.code is ErrorCode.UNEXPECTED_ANSWER
        assert "entry 2" in error.message


class TestMail:
    """One recipient, and nothing but text."""

    def send(self, server: Server, **changes: Any) -> Any:
        mail = {
            "recipient": "ada@client.example",
            "subject": "Subject",
            "body": "Body",
            "request_id": "id-1",
            **changes,
        }
        with security_center(server) as center:
            center.send_mail(**mail)
        return server.bodies[1]

    def test_what_is_sent(self, server: Server) -> None:
        assert self.send(server) == {
            "pParams": {
                "MailRecipients": ["ada@client.example"],
                "MailSubject": "Subject",
                "MailBodyType": "html",
                "MailBody": "Body",
            },
            "wstrRequestId": "id-1",
        }

    @pytest.mark.parametrize(
        ("subject", "sent"),
        [
            ("a\r\nBcc: eve@evil.example", "a Bcc: eve@evil.example"),
            ("a\x00\u202eb", "a b"),
            ("=?utf-8?q?a?=", "=？utf-8?q?a?="),  # noqa: RUF001
        ],
    )
    def test_subject_is_one_line(self, server: Server, subject: str, sent: str) -> None:
        assert self.send(server, subject=subject)["pParams"]["MailSubject"] == sent

    @pytest.mark.parametrize(
        "recipient", ["", "a@b.example, c@d.example", "a@b.example\nc@d.example", "Ada <a@b.example>"]
    )
    def test_exactly_one_recipient(self, server: Server, recipient: str) -> None:
        with pytest.raises(IntegrationError) as caught:
            self.send(server, recipient=recipient)
        assert caught.value.code is ErrorCode.INVALID_SETTINGS
        assert server.calls == []

    def test_domain_in_ascii(self, server: Server) -> None:
        sent = self.send(server, recipient="ada@münchen.example")
        assert sent["pParams"]["MailRecipients"] == ["ada@xn--mnchen-3ya.example"]

    def test_body(self) -> None:
        assert html_of('a <b> & "c"\n\n- d\'s\u2028e') == "a &lt;b&gt; &amp; &quot;c&quot;<br>\n<br>\n- d&#x27;s<br>\ne"

    def test_body_hides_nothing(self) -> None:
        assert html_of("a\x00b\u202ec") == "a\ufffdb\ufffdc"

    @given(st.text(st.characters()))
    def test_nothing_in_a_body_is_markup(self, text: str) -> None:
        written = html_of(text)
        assert set(re.findall("<[^>]*>?", written)) <= {"<br>"}
        shown = html.unescape(written.replace("<br>\n", ""))
        assert len(shown) == sum(map(len, text.splitlines()))


words = st.sampled_from(["", "type", "value", "params", "datetime", "long", PASSWORD, TOKEN, "<html>", "VSRV1"])
names = st.sampled_from(
    ["PxgRetVal", "PxgError", "code", "message", "type", "value", "KLVSRV_UID", "KLVSRV_DN", "KLADMSRV_SERVER_HOSTNAME"]
)
numbers = st.sampled_from([0, 1, -1, 1184, 1195, 1453, 2013, 2**70, 1.5, float("nan"), True])
anything = st.recursive(
    st.none() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
answers = st.fixed_dictionaries({"PxgRetVal": anything}) | st.fixed_dictionaries({"PxgError": anything}) | anything
replies = st.tuples(
    st.sampled_from([200, 200, 200, 401, 403, 404, 500, 503]),
    st.sampled_from(
        [{}, {"WWW-Authenticate": "KSCMFA"}, {"Content-Encoding": "gzip"}, {"Location": PASSWORD.encode().hex()}]
    ),
    answers.map(lambda answer: json.dumps(answer).encode()) | st.binary(max_size=20),
)


@given(
    start=st.just(REPLIES[START]) | replies,
    info=st.just(REPLIES[INFO]) | replies,
    listing=replies,
    sending=replies,
    end=replies,
)
@example(REPLIES[START], REPLIES[INFO], (200, {}, b"[" * 100_000), fault(1184), FORBIDDEN)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_back(
    server: Server, start: Reply, info: Reply, listing: Reply, sending: Reply, end: Reply
) -> None:
    server.reset()
    for method, reply in {START: start, INFO: info, LIST: listing, SEND: sending, END: end}.items():
        server.reply(method, reply)
    uses: list[Callable[[SecurityCenter], object]] = [
        SecurityCenter.directory,
        lambda center: center.send_mail("ada@client.example", "Subject", "Body", "id-1"),
    ]
    for use in uses:
        try:
            with security_center(server, retries=0) as center:
                use(center)
        except IntegrationError as error:
            assert_harmless(error)
