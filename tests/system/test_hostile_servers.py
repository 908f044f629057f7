# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Servers, and environments, that mean harm: nothing is diverted, nothing read without end, no secret sent elsewhere.

Some of it is done by the sandbox; what no decent web server can do is done by bare sockets here.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import TIGERPAW
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import connectors
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import (
    Answer,
    Connection,
    Endpoint,
    HttpClient,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.mail import MailChannel, MailServer
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.verification import (
    Access,
    Patience,
    Verification,
    VerificationState,
)
from sandbox import Sandbox

LISTING = "GetAccountList"
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
AUTHORITY_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def verify(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> Verification:
    settings = sandbox.tigerpaw_settings(**changes)
    secrets = {name: settings.pop(name) for name in ("rest_private_key", "soap_password")}
    connection = connection or Connection(timeout=5, retries=0)
    return connectors.verify(TIGERPAW, Access(settings, secrets, connection, SecretsInPlay()), Patience())


def failure(sandbox: Sandbox, connection: Connection | None = None, **changes: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        verify(sandbox, connection, **changes)
    error = caught.value
    told = f"{error.message} {error.details}"
    assert not [secret for secret in sandbox.secrets() if secret in told]
    assert "root:" not in told
    assert sandbox.requests("foreign") == []
    return error


def faulty_apis(error: IntegrationError) -> list[str]:
    return [fault["api"] for fault in error.details["faults"]]


class TestXml:
    """Documents that unfold, read files, or send for other documents."""

    @pytest.mark.parametrize("only", ["WSDL", LISTING])
    @pytest.mark.parametrize(
        ("kind", "options"),
        [
            ("xml_bomb", {}),
            ("xml_bomb", {"levels": 4}),
            ("external_entity", {"entity": "file"}),
            ("external_entity", {"entity": "http"}),
            ("external_entity", {"entity": "dtd"}),
        ],
    )
    def test_entities(self, sandbox: Sandbox, only: str, kind: str, options: dict[str, Any]) -> None:
        sandbox.misbehave("soap", kind, only=only, **options)
        began = time.monotonic()
        error = failure(sandbox)
        assert time.monotonic() - began < 5
        assert error.code is ErrorCode.UNEXPECTED_ANSWER
        assert faulty_apis(error) == ["soap"]

    @pytest.mark.parametrize("element", ["wsdl", "schema"])
    def test_import_from_elsewhere(self, sandbox: Sandbox, element: str) -> None:
        sandbox.misbehave("soap", "foreign_import", element=element)
        error = failure(sandbox)
        assert error.code is ErrorCode.UNEXPECTED_ANSWER
        assert "load another document" in error.message

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "/etc/passwd", "other.wsdl", "?WSDL&amp;page=2"])
    @pytest.mark.parametrize("element", ["wsdl:import namespace='urn:x' location", "wsdl:include location"])
    def test_import_from_anywhere(self, sandbox: Sandbox, location: str, element: str) -> None:
        wsdl = '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:x">'
        sandbox.misbehave("soap", "wrong_shape", body=f"{wsdl}<{element}='{location}'/></wsdl:definitions>")
        assert failure(sandbox).code is ErrorCode.UNEXPECTED_ANSWER
        assert len(sandbox.requests("soap")) == 1

    def test_advertised_address_is_not_used(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("soap", "wrong_address")
        assert verify(sandbox).states["soap"] is VerificationState.VERIFIED
        assert sandbox.requests("foreign") == []

    def test_deep_nesting(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("soap", "wrong_shape", body="<a>" * 100_000)
        assert failure(sandbox).code is ErrorCode.UNEXPECTED_ANSWER


class TestRedirects:
    """Credentials follow no redirect."""

    @pytest.mark.parametrize("system", ["rest", "soap"])
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_to_a_foreign_origin(self, sandbox: Sandbox, system: str, status: int) -> None:
        sandbox.misbehave(system, "foreign_redirect", status=status)
        error = failure(sandbox)
        assert error.code is ErrorCode.UNEXPECTED_ANSWER
        assert sandbox.foreign_url in error.message

    def test_of_the_call_itself(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("soap", "foreign_redirect", only=LISTING)
        assert failure(sandbox).code is ErrorCode.UNEXPECTED_ANSWER


class TestSize:
    """Answers without end, and answers that unfold."""

    @pytest.mark.parametrize("system", ["rest", "soap"])
    @pytest.mark.parametrize("kind", ["endless", "gzip_bomb"])
    def test_large_answer(self, sandbox: Sandbox, system: str, kind: str) -> None:
        sandbox.misbehave(system, kind)
        error = failure(sandbox)
        assert error.code is ErrorCode.UNEXPECTED_ANSWER
        assert "larger than 8 MiB" in error.message
        assert faulty_apis(error) == [system]

    def test_memory(self, sandbox: Sandbox) -> None:
        sandbox.misbehave("rest", "gzip_bomb", megabytes=256)
        client = HttpClient(Endpoint(sandbox.tigerpaw_url, ca_path=str(sandbox.ca_path)), Connection(), "test")
        tracemalloc.start()
        try:
            with client, pytest.raises(IntegrationError):
                client.send("GET", f"{sandbox.tigerpaw_url}/api/x", headers=dict)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 64 * 1024**2


class TestTime:
    """Answers that come, but never whole."""

    @pytest.mark.parametrize("system", ["rest", "soap"])
    def test_dribble(self, sandbox: Sandbox, system: str) -> None:
        sandbox.misbehave(system, "dribble", seconds=0.2)
        began = time.monotonic()
        error = failure(sandbox, Connection(timeout=0.8, retries=3))
        assert time.monotonic() - began < 5
        assert error.code is ErrorCode.API_UNREACHABLE
        assert "did not finish its answer within 0.8 s" in error.message
        assert faulty_apis(error) == [system]


class TestEnvironment:
    """Variables and files of the environment change nothing."""

    def test_proxies(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in PROXY_VARIABLES:
            monkeypatch.setenv(name, sandbox.proxy_url)
        verify(sandbox)
        assert sandbox.requests("proxy") == []

    def test_no_exception_from_the_proxy_option(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        verify(sandbox, Connection(timeout=5, **sandbox.proxy_settings()))
        assert len(sandbox.requests("proxy")) == 4

    def test_netrc(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in (".netrc", "_netrc"):
            (tmp_path / name).write_text("machine 127.0.0.1 login intruder password intruder\n")
            (tmp_path / name).chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        verify(sandbox)
        for request in sandbox.requests():
            assert not request.headers.get("authorization", "").startswith("Basic")

    def test_authorities(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in AUTHORITY_VARIABLES:
            monkeypatch.setenv(name, str(sandbox.unknown_ca_path))
        verify(sandbox)
        for ca_path in (None, str(sandbox.ca_path)):
            error = failure(sandbox, url=sandbox.unknown_ca_url, ca_path=ca_path)
            assert error.code is ErrorCode.CERTIFICATE_UNTRUSTED
        assert sandbox.requests("unknown_ca") == []

    def test_authorities_of_a_library_do_not_add_to_ours(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(sandbox.unknown_ca_path))
        assert failure(sandbox, url=sandbox.unknown_ca_url).code is ErrorCode.CERTIFICATE_UNTRUSTED

    def test_authorities_of_mail(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(sandbox.ca_path))
        server = MailServer("127.0.0.1", "a@b.example", sandbox.smtp_ports["tls"], "tls", timeout=5)
        with MailChannel(server) as channel, pytest.raises(IntegrationError) as caught:
            send(channel)
        assert caught.value.code is ErrorCode.CERTIFICATE_UNTRUSTED

    def test_session_keys_are_not_written(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
        verify(sandbox)
        assert list(tmp_path.iterdir()) == []


def test_nothing_leaves_for_another_origin(sandbox: Sandbox) -> None:
    def headers() -> dict[str, str]:
        raise AssertionError("no request may be prepared")

    with HttpClient(Endpoint(sandbox.tigerpaw_url, ca_path=str(sandbox.ca_path)), Connection(), "test") as client:
        for url in (f"{sandbox.foreign_url}/x", sandbox.tigerpaw_url.replace("https:", "http:")):
            with pytest.raises(IntegrationError, match="leads elsewhere"):
                client.send("GET", url, headers=headers)
    assert sandbox.requests() == []


# Bare sockets

Behaviour = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Behaviour], int]]:
    """Return a function that starts a server of the given behaviour and returns its port."""
    stopping = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.callback(stopping.set)

        def start(behave: Behaviour) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(0.1)
            thread = threading.Thread(target=accept, args=(listener, behave, stopping), daemon=True)
            stack.callback(thread.join, 5)
            stack.callback(stopping.set)
            thread.start()
            return int(listener.getsockname()[1])

        yield start


def accept(listener: socket.socket, behave: Behaviour, stopping: threading.Event) -> None:
    while not stopping.is_set():
        with contextlib.suppress(OSError):
            connection, _peer = listener.accept()
            with connection:
                connection.settimeout(5)
                behave(connection)


def answering(content: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return behave


def repeating(beginning: bytes, piece: bytes, pause: float = 0.05) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return behave


def get(port: int, **connection: Any) -> Answer:
    url = f"http://127.0.0.1:{port}/x"
    settings = {"timeout": 0.6, "retries": 0, **connection}
    with HttpClient(Endpoint(url), Connection(**settings), "Test API") as client:
        return client.send("GET", url, headers=dict)


def refusal(port: int, **connection: Any) -> IntegrationError:
    began = time.monotonic()
    with pytest.raises(IntegrationError) as caught:
        get(port, **connection)
    assert time.monotonic() - began < 5
    return caught.value


Serve = Callable[[Behaviour], int]


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_head_that_does_not_end(serve: Serve, beginning: bytes, piece: bytes) -> None:
    assert refusal(serve(repeating(beginning, piece))).code is ErrorCode.API_UNREACHABLE


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
)
def test_body_that_does_not_end(serve: Serve, head: bytes, piece: bytes) -> None:
    error = refusal(serve(repeating(head, piece)), retries=3)
    assert error.code is ErrorCode.API_UNREACHABLE
    assert "did not finish its answer" in error.message


def test_endless_body_of_a_redirect_is_not_read(serve: Serve) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"
    began = time.monotonic()
    error = refusal(serve(repeating(head, b"x" * 65536, pause=0)), timeout=5)
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (b"https://evil.example/?token=hunter2", "redirects to https://evil.example:443,"),
        (b"https://user:hunter2@evil.example/", "redirects,"),
        (b"//hunter2.example/", "redirects,"),
        (b"\xff\xfehunter2", "redirects,"),
        (b"https://hunter2\x1b[31m.example/", "redirects,"),
    ],
)
def test_target_of_a_redirect_is_shown_as_far_as_it_is_a_server(serve: Serve, location: bytes, told: str) -> None:
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    message = refusal(serve(answering(head))).message
    assert told in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "head",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 999999 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 2000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhunter2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhunter2",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nhunter2",
        b"\x16\x03\x01\x02\x00hunter2",
        b"",
    ],
)
def test_malformed_answers_make_one_error(
    serve: Serve, head: bytes, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    error = refusal(serve(answering(head)))
    assert error.code in (ErrorCode.UNEXPECTED_ANSWER, ErrorCode.API_UNREACHABLE)
    assert "hunter2" not in error.message
    assert "".join(capsys.readouterr()) == ""
    assert caplog.records == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "nothing"),
        (b'{"Success": tru', "damaged JSON"),
        (b"[" * 200_000, "damaged JSON"),
        (b"\xff{", "not text"),
    ],
)
def test_answers_that_are_no_json(sandbox: Sandbox, serve: Serve, body: bytes, told: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    error = failure(sandbox, url=f"http://127.0.0.1:{serve(answering(head + body))}")
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert told in error.message


def test_cookies_are_not_kept(serve: Serve) -> None:
    received: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        received.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 0\r\n\r\n")

    url = f"http://127.0.0.1:{serve(behave)}/x"
    with HttpClient(Endpoint(url), Connection(timeout=5), "Test API") as client:
        client.send("GET", url, headers=dict)
        client.send("GET", url, headers=dict)
    assert len(received) == 2
    assert b"cookie" not in received[1].lower()


def test_no_proxy_for_plain_http(sandbox: Sandbox, serve: Serve) -> None:
    port = serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    assert get(port, proxy=sandbox.proxy_url).body == b"ok"
    assert sandbox.requests("proxy") == []


class TestSecureProxy:
    """A proxy that is itself reached by HTTPS gets credentials, so it has to prove who it is, always."""

    @staticmethod
    def encrypted(sandbox: Sandbox, authority: trustme.CA) -> Behaviour:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        proxy = urlsplit(sandbox.proxy_url)

        def behave(connection: socket.socket) -> None:
            near = context.wrap_socket(connection, server_side=True)
            far = socket.create_connection((proxy.hostname, proxy.port))
            back = threading.Thread(target=relay, args=(far, near), daemon=True)
            back.start()
            relay(near, far)
            back.join(5)

        return behave

    def ask(self, sandbox: Sandbox, serve: Serve, ca_path: Path, trusted: bool, validate_certs: bool = True) -> Answer:
        sandbox.change_settings(proxy_login_required=True)
        authority = trustme.CA()
        known = authority.cert_pem.bytes() if trusted else b""
        ca_path.write_bytes(sandbox.ca_path.read_bytes() + known)
        proxy = {**sandbox.proxy_settings(), "proxy": f"https://127.0.0.1:{serve(self.encrypted(sandbox, authority))}"}
        endpoint = Endpoint(sandbox.tigerpaw_url, validate_certs, str(ca_path))
        with HttpClient(endpoint, Connection(timeout=5, retries=0, **proxy), "Test API") as client:
            return client.send("GET", f"{sandbox.tigerpaw_url}/api/x", headers=dict)

    def test_trusted(self, sandbox: Sandbox, serve: Serve, tmp_path: Path) -> None:
        assert self.ask(sandbox, serve, tmp_path / "ca.pem", trusted=True).status == 404
        assert len(sandbox.requests("rest")) == 1

    def test_untrusted(self, sandbox: Sandbox, serve: Serve, tmp_path: Path) -> None:
        with pytest.raises(IntegrationError, match="certificate of the proxy") as caught:
            self.ask(sandbox, serve, tmp_path / "ca.pem", trusted=False)
        assert caught.value.code is ErrorCode.CERTIFICATE_UNTRUSTED
        assert sandbox.requests() == []

    def test_verified_even_where_the_server_is_not(self, sandbox: Sandbox, serve: Serve, tmp_path: Path) -> None:
        with pytest.raises(IntegrationError):
            self.ask(sandbox, serve, tmp_path / "ca.pem", trusted=False, validate_certs=False)
        assert sandbox.requests() == []


def relay(near: socket.socket, far: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := near.recv(65536):
            far.sendall(piece)
    with contextlib.suppress(OSError):
        far.shutdown(socket.SHUT_RDWR)


# Mail


def send(channel: MailChannel) -> None:
    channel.send("ada@client.example", "x", "y", "42", datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("beginning", "piece", "pause"),
    [
        (b"", b"2", 0.05),
        (b"220-", b"x", 0.05),
        (b"", b"220-hello\r\n", 0.05),
        (b"", b"220-hello\r\n" * 1000, 0),
        (b"220-", b"x" * 65536, 0),
        (b"220 hello\r\n", b"250-hunter2\r\n" * 1000, 0),
    ],
)
def test_mail_server_that_does_not_end(serve: Serve, beginning: bytes, piece: bytes, pause: float) -> None:
    port = serve(repeating(beginning, piece, pause))
    server = MailServer("127.0.0.1", "a@b.example", port, "none", timeout=0.6 if pause else 30)
    began = time.monotonic()
    with MailChannel(server) as channel, pytest.raises(IntegrationError) as caught:
        send(channel)
    assert caught.value.code is ErrorCode.API_UNREACHABLE
    assert "hunter2" not in caught.value.message
    assert time.monotonic() - began < 5


def test_no_mail_server_at_all(serve: Serve) -> None:
    server = MailServer("127.0.0.1", "a@b.example", serve(repeating(b"", b"HTTP/1.1 400 Bad Request\r\n")), "none")
    with MailChannel(server) as channel, pytest.raises(IntegrationError, match="not those of a mail server"):
        send(channel)


def test_words_before_the_encryption_do_not_count(serve: Serve) -> None:
    """Injected behind the answer to STARTTLS, in clear, they would otherwise be taken for encrypted ones."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        connection.recv(4096)
        connection.sendall(b"250-mail.example\r\n250 STARTTLS\r\n")
        connection.recv(4096)
        connection.sendall(b"220 go\r\n250-mail.example\r\n250 AUTH PLAIN\r\n235 welcome\r\n")
        received.append(connection.recv(65536))

    received: list[bytes] = []
    server = MailServer("127.0.0.1", "a@b.example", serve(behave), "starttls", "user", "hunter2", timeout=2)
    with MailChannel(server) as channel, pytest.raises(IntegrationError) as caught:
        send(channel)
    assert caught.value.code is ErrorCode.API_UNREACHABLE
    # A TLS handshake, and no login.
    assert received[0].startswith(b"\x16\x03")
    assert b"AUTH" not in received[0]
