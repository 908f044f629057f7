# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Shows that the sandbox's Security Center behaves, and misbehaves, as it says.

The client is an independent one, written from the vendor's description alone: nothing of the collection is used.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import Sandbox

GET_SERVERS = "VServers.GetVServers"
ALL = {"lParentGroup": -1}
MAIL = {
    "MailRecipients": ["anna@msp.example", "bob@msp.example"],
    "MailSubject": "Grüße",
    "MailBodyType": "html",
    "MailBody": "<p>Bis später</p>",
}


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Client:
    """A client of the Open API that keeps one connection, as the vendor asks of it."""

    def __init__(self, sandbox: Sandbox) -> None:
        settings = sandbox.security_center_settings()
        self.url, self.ca_path = settings["url"], settings["ca_path"]
        self.user, self.password, self.internal = settings["username"], settings["password"], "1"
        self.token: str | None = None
        self.context = ssl.create_default_context(cafile=self.ca_path)
        self.connection = self.connect()

    def connect(self) -> http.client.HTTPSConnection:
        address = urlsplit(self.url)
        assert address.hostname
        return http.client.HTTPSConnection(address.hostname, address.port, timeout=5, context=self.context)

    def authorization(self) -> str:
        return f'KSCBasic user="{encode(self.user)}", pass="{encode(self.password)}", internal="{self.internal}"'

    def post(self, method: str, body: bytes | None = b"{}", **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Call a method; underscores in the headers' names stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("X-KSC-Session", self.token)
        self.connection.request("POST", f"/api/v1.0/{method}", body, sent)
        answer = self.connection.getresponse()
        content = answer.read()
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(content) if is_json else content.decode(), dict(answer.headers)

    def log_in(self, method: str = "Session.StartSession", **headers: str) -> tuple[int, Any, dict[str, str]]:
        return self.post(method, b"{}", Authorization=self.authorization(), **headers)

    def start(self, **headers: str) -> None:
        self.token = self.log_in(**headers)[1]["PxgRetVal"]

    def call(self, method: str, arguments: Any) -> Any:
        status, answer, _headers = self.post(method, json.dumps(arguments).encode())
        assert status == 200
        return answer.get("PxgRetVal", answer)

    def error(self, method: str, arguments: Any) -> int:
        return int(self.call(method, arguments)["PxgError"]["code"])

    def names(self) -> list[str]:
        return [server["value"]["KLVSRV_DN"] for server in self.call(GET_SERVERS, ALL)]


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """A client that has not logged in."""
    made = Client(sandbox)
    yield made
    made.connection.close()


@pytest.fixture
def session(client: Client) -> Client:
    """The same, logged in with a token."""
    client.start()
    return client


# Logging in


def test_a_session_has_a_token_until_it_ends(sandbox: Sandbox, client: Client) -> None:
    status, answer, headers = client.log_in()
    assert (status, list(answer), headers["content-type"]) == (200, ["PxgRetVal"], "application/json")
    client.token = answer["PxgRetVal"]
    assert len(client.call(GET_SERVERS, ALL)) == 4
    assert client.post("Session.EndSession")[:2] == (200, {})
    assert client.post(GET_SERVERS, json.dumps(ALL).encode())[0] == 403
    assert client.post("Session.EndSession")[0] == 403
    assert client.token in sandbox.secrets()


def test_a_token_is_good_on_any_connection(session: Client) -> None:
    session.connection.close()
    session.connection = session.connect()
    assert len(session.names()) == 4


def test_an_unknown_token_is_refused_even_on_an_authenticated_connection(client: Client) -> None:
    assert client.log_in("login")[0] == 200
    client.token = "nsPbUpP1oAVZlM1lODEbg8A=="
    assert client.post(GET_SERVERS, json.dumps(ALL).encode())[0] == 403


def test_a_login_authenticates_its_connection_alone(client: Client) -> None:
    assert client.log_in("login")[:2] == (200, {})
    assert len(client.names()) == 4
    first, client.connection = client.connection, client.connect()
    status, _text, headers = client.post(GET_SERVERS, json.dumps(ALL).encode())
    assert (status, headers["www-authenticate"]) == (401, "KSCBasic")
    first.close()


def test_a_login_that_fails_takes_the_one_before_it_back(client: Client) -> None:
    assert client.log_in("login")[0] == 200
    client.password = "wrong"
    assert client.log_in("login")[0] == 401
    assert client.post(GET_SERVERS, json.dumps(ALL).encode())[0] == 401


def test_credentials_count_for_logging_in_only(client: Client) -> None:
    assert client.log_in(GET_SERVERS)[0] == 401
    assert client.post("Session.StartSession")[0] == 401


def test_the_header_may_be_written_as_public_clients_do(client: Client) -> None:
    """They name a domain, send no body at all, and read the answer to ``login`` as JSON."""
    parts = [("user", encode(client.user)), ("pass", encode(client.password)), ("domain", ""), ("internal", "1")]
    header = "KSCBasic " + ", ".join(f'{name}="{value}"' for name, value in parts)
    status, answer, _headers = client.post("login", b"", Authorization=header, Content_Type="application/json")
    assert (status, answer) == (200, {})
    assert len(client.names()) == 4


@pytest.mark.parametrize(
    "header",
    [
        "",
        "KSCBasic",
        'Basic user="{user}", pass="{password}", internal="1"',
        'kscbasic user="{user}", pass="{password}", internal="1"',
        'KSCBasic user="{user}" pass="{password}" internal="1"',
        'KSCBasic user={user}, pass={password}, internal="1"',
        'KSCBasic user="{user}", internal="1"',
        'KSCBasic user="{user}", pass="{password}!", internal="1"',
        'KSCBasic user="{user}", pass="{plain}", internal="1"',
        'KSCBasic user="{user}", pass="{password}", internal="yes"',
        'KSCBasic user="{user}", pass="{password}"',
    ],
)
@pytest.mark.parametrize("method", ["login", "Session.StartSession"])
def test_a_malformed_header_is_refused(client: Client, method: str, header: str) -> None:
    sent = header.format(user=encode(client.user), password=encode(client.password), plain="x y")
    assert client.post(method, Authorization=sent)[0] == 401


def test_internal_users_and_others_are_not_the_same(sandbox: Sandbox, client: Client) -> None:
    client.internal = "0"
    assert client.log_in()[0] == 401
    domain = sandbox.add_user("security_center", internal=False)
    client.user, client.password = domain.name, domain.secret
    assert client.log_in()[0] == 200
    client.internal = "1"
    assert client.log_in()[0] == 401
    assert domain.refusals == 0


def test_wrong_passwords_in_a_row_lock_a_user_out(sandbox: Sandbox, client: Client) -> None:
    right, client.password = client.password, "wrong"
    assert [client.log_in(method)[0] for method in ("login", "Session.StartSession") * 2] == [401] * 4
    client.password = right
    assert client.log_in()[0] == 200
    client.password = "wrong"
    assert [client.log_in()[0] for _each in range(5)] == [401] * 5
    client.password = right
    status, answer, _headers = client.log_in()
    assert (status, answer["PxgError"]["code"]) == (200, 2013)
    sandbox.reset()
    assert client.log_in()[0] == 200


def test_a_blocked_user_is_told_so(sandbox: Sandbox, session: Client) -> None:
    sandbox.add_user("security_center", name=session.user, secret=session.password, blocked=True)
    assert session.error(GET_SERVERS, ALL) == 2013
    assert session.log_in()[1]["PxgError"]["code"] == 2013


@pytest.mark.parametrize("method", ["login", "Session.StartSession"])
def test_a_second_step_is_asked_for_after_the_right_password(sandbox: Sandbox, client: Client, method: str) -> None:
    user = sandbox.add_user("security_center", two_step=True)
    client.user, client.password = user.name, user.secret
    status, _text, headers = client.log_in(method)
    assert (status, headers["www-authenticate"]) == (401, "KSCMFA")
    client.password = "wrong"
    assert client.log_in(method)[2]["www-authenticate"] == "KSCBasic"
    client.password = user.secret
    assert client.post(GET_SERVERS, json.dumps(ALL).encode())[0] == 401


def test_a_user_of_another_system_is_unknown(sandbox: Sandbox, client: Client) -> None:
    user = sandbox.add_user("soap")
    client.user, client.password = user.name, user.secret
    assert client.log_in()[0] == 401
    with pytest.raises(ValueError, match="internal"):
        sandbox.add_user("soap", internal=True)


def test_a_new_user_is_refused_for_a_while(sandbox: Sandbox, client: Client) -> None:
    user = sandbox.add_user("security_center", new_for_calls=2)
    client.user, client.password = user.name, user.secret
    assert [client.log_in()[0] for _each in range(3)] == [401, 401, 200]


def test_sessions_end_by_themselves(sandbox: Sandbox, session: Client) -> None:
    sandbox.change_settings(session_calls=2)
    assert [session.post("HostGroup.GetStaticInfo")[0] for _each in range(4)] == [200, 200, 403, 403]
    sandbox.change_settings(session_calls=0, session_seconds=0.1)
    session.token = None
    session.start()
    assert session.post("HostGroup.GetStaticInfo")[0] == 200
    time.sleep(0.15)
    assert session.post("HostGroup.GetStaticInfo")[0] == 403
    sandbox.change_settings(session_seconds=60)
    assert session.post("HostGroup.GetStaticInfo")[0] == 403


def test_a_reset_ends_every_session(sandbox: Sandbox, session: Client) -> None:
    sandbox.reset()
    assert session.post(GET_SERVERS)[0] == 403


@pytest.mark.parametrize("method", ["login", "Session.StartSession"])
@pytest.mark.parametrize("header", ["", "x"])
def test_the_main_server_has_two_names(client: Client, method: str, header: str) -> None:
    _status, answer, _headers = client.log_in(method, X_KSC_VServer=header)
    client.token = answer.get("PxgRetVal")
    assert client.call("HostGroup.GetStaticInfo", {})["KLADMSRV_IS_VIRTUAL"] is False


def test_a_login_can_be_to_a_virtual_server(sandbox: Sandbox, client: Client) -> None:
    known = sandbox.virtual_servers.all()[2]
    client.start(X_KSC_VServer=encode(known.name))
    about = client.call("HostGroup.GetStaticInfo", {"pValues": None})
    assert (about["KLADMSRV_IS_VIRTUAL"], about["KLADMSRV_VSID"], about["KLADMSRV_VSUID"]) == (True, 3, known.uid)
    assert client.error(GET_SERVERS, ALL) == 1193
    sandbox.virtual_servers.remove(known.uid)
    assert client.error("HostGroup.GetStaticInfo", {}) == 1125


@pytest.mark.parametrize("header", [encode("Nobody"), "Acme Ltd", encode("x")])
def test_an_unknown_virtual_server_is_refused(client: Client, header: str) -> None:
    assert client.log_in(X_KSC_VServer=header)[0] == 401


# Calls


def test_virtual_servers_are_listed_as_recorded(sandbox: Sandbox, session: Client) -> None:
    first, *_others = session.call(GET_SERVERS, ALL)
    uid = sandbox.virtual_servers.all()[0].uid
    assert uid.startswith("VSRV")
    assert first == {
        "type": "params",
        "value": {
            "KLVSRV_CREATED": {"type": "datetime", "value": "2020-05-03T00:59:09Z"},
            "KLVSRV_DN": "Müller & Söhne GmbH",
            "KLVSRV_ENABLED": True,
            "KLVSRV_GROUPS": 167,
            "KLVSRV_GRP": 0,
            "KLVSRV_HST_UID": uid,
            "KLVSRV_ID": 1,
            "KLVSRV_LIC_ENABLED": True,
            "KLVSRV_SUPER": 166,
            "KLVSRV_UID": uid,
            "KLVSRV_UNASSIGNED": 170,
        },
    }


def test_containers_can_be_bare(sandbox: Sandbox, session: Client) -> None:
    wrapped = session.call(GET_SERVERS, ALL), session.call("SecurityPolicy.GetUsers", {"lUserId": -1, "lVsId": 0})
    sandbox.change_settings(containers="bare")
    bare = session.call(GET_SERVERS, ALL), session.call("SecurityPolicy.GetUsers", {"lUserId": -1, "lVsId": 0})
    assert tuple([each["value"] for each in some] for some in wrapped) == bare


def test_virtual_servers_of_one_group(sandbox: Sandbox, session: Client) -> None:
    sandbox.virtual_servers.add("Far Away", group=7)
    assert [each["value"]["KLVSRV_DN"] for each in session.call(GET_SERVERS, {"lParentGroup": 7})] == ["Far Away"]
    assert len(session.call(GET_SERVERS, {"lParentGroup": {"type": "long", "value": 0}})) == 4
    assert session.call(GET_SERVERS, {"lParentGroup": 8}) == []


def test_one_virtual_server_is_shown_by_its_number(session: Client) -> None:
    fields = ["KLVSRV_DN", "KLVSRV_CREATED", "KLVSRV_NOTHING"]
    assert session.call("VServers.GetVServerInfo", {"lVServer": 2, "pFields2Return": fields}) == {
        "KLVSRV_DN": "Acme Ltd",
        "KLVSRV_CREATED": {"type": "datetime", "value": "2020-05-03T00:59:09Z"},
    }
    assert session.error("VServers.GetVServerInfo", {"lVServer": 9, "pFields2Return": fields}) == 1125


def test_the_server_tells_about_itself(sandbox: Sandbox, session: Client) -> None:
    wanted = ["KLADMSRV_SERVER_HOSTNAME", "KLADMSRV_PRODUCT_FULL_VERSION", "KLADMSRV_VSID", "KLADMSRV_NOTHING"]
    about = session.call("HostGroup.GetStaticInfo", {"pValues": wanted})
    assert list(about) == wanted[:3]
    assert (len(about["KLADMSRV_SERVER_HOSTNAME"]), about["KLADMSRV_VSID"]) == (36, 0)
    everything = session.call("HostGroup.GetStaticInfo", {})
    assert everything == session.call("HostGroup.GetStaticInfo", {"pValues": None})
    assert {"KLADMSRV_PRODUCT_NAME", "KLADMSRV_PRODUCT_VERSION", "KLADMSRV_VSUID", "KLADMSRV_GRP_ROOT"} <= {*everything}
    assert everything["KLADMSRV_EV_EV_SIZE"] == {"type": "double", "value": 0.75}
    sandbox.change_settings(static_info={"KLADMSRV_SERVER_HOSTNAME": "another", "KLADMSRV_VSID": None})
    changed = session.call("HostGroup.GetStaticInfo", {"pValues": wanted})
    assert changed["KLADMSRV_SERVER_HOSTNAME"] == "another"
    assert "KLADMSRV_VSID" not in changed


def test_the_identity_outlives_a_reset(sandbox: Sandbox, client: Client) -> None:
    def identity() -> str:
        client.token = None
        client.start()
        return str(client.call("HostGroup.GetStaticInfo", {})["KLADMSRV_SERVER_HOSTNAME"])

    before, uids = identity(), [server.uid for server in sandbox.virtual_servers.all()]
    sandbox.reset()
    assert (identity(), [server.uid for server in sandbox.virtual_servers.all()]) == (before, uids)


def test_internal_users_are_listed(sandbox: Sandbox, session: Client) -> None:
    sandbox.add_user("security_center", internal=False)
    other = sandbox.add_user("security_center", blocked=True)
    users = [each["value"] for each in session.call("SecurityPolicy.GetUsers", {"lUserId": -1, "lVsId": 0})]
    assert [user["KLSPL_USER_NAME"] for user in users] == [session.user, other.name]
    assert [user["KLSPL_USER_ENABLED"] for user in users] == [True, False]
    (only,) = session.call("SecurityPolicy.GetUsers", {"lUserId": 2, "lVsId": 0})
    assert only["value"] == users[1]
    assert session.error("SecurityPolicy.GetUsers", {"lUserId": 3, "lVsId": 0}) == 1125
    assert session.call("SecurityPolicy.GetUsers", {"lUserId": -1, "lVsId": 1}) == []
    assert session.error("SecurityPolicy.GetUsers", {"lUserId": -1, "lVsId": 99}) == 1125


def test_a_mail_is_sent_by_security_center(sandbox: Sandbox, session: Client) -> None:
    assert session.call("IWebUsersSrv.SendEmail", {"pParams": MAIL, "wstrRequestId": "1"}) == {}
    (mail,) = sandbox.mails()
    assert (mail.listener, mail.login, mail.recipients) == ("security_center", session.user, MAIL["MailRecipients"])
    assert (mail.subject, mail.part("html")) == ("Grüße", "<p>Bis später</p>\r\n")
    assert [request.system for request in sandbox.requests(writing=True)] == ["security_center"]
    assert sandbox.requests("smtp") == []


@pytest.mark.parametrize(
    "change",
    [
        {"MailRecipients": []},
        {"MailRecipients": "anna@msp.example"},
        {"MailRecipients": [1]},
        {"MailRecipients": ["anna@msp.example\nBcc: bob@msp.example"]},
        {"MailSubject": None},
        {"MailSubject": "Hello\r\nBcc: bob@msp.example"},
        {"MailBodyType": "text"},
        {"MailBody": 7},
    ],
)
def test_a_mail_of_another_shape_is_refused(sandbox: Sandbox, session: Client, change: dict[str, Any]) -> None:
    assert session.error("IWebUsersSrv.SendEmail", {"pParams": {**MAIL, **change}, "wstrRequestId": "1"}) == 1192
    assert sandbox.mails() == []


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        (GET_SERVERS, {}),
        (GET_SERVERS, {"lParentGroup": "-1"}),
        (GET_SERVERS, {"lParentGroup": True}),
        (GET_SERVERS, {"lParentGroup": -1.0}),
        (GET_SERVERS, {"lParentGroup": {"type": "long", "value": "-1"}}),
        ("VServers.GetVServerInfo", {"lVServer": 1}),
        ("VServers.GetVServerInfo", {"lVServer": 1, "pFields2Return": "KLVSRV_DN"}),
        ("HostGroup.GetStaticInfo", {"pValues": "KLADMSRV_VSID"}),
        ("HostGroup.GetStaticInfo", {"pValues": [1]}),
        ("SecurityPolicy.GetUsers", {"lUserId": -1}),
        ("IWebUsersSrv.SendEmail", {"wstrRequestId": "1"}),
        ("IWebUsersSrv.SendEmail", {"pParams": {"type": "params", "value": MAIL}, "wstrRequestId": "1"}),
        ("IWebUsersSrv.SendEmail", {"pParams": MAIL}),
        ("IWebUsersSrv.SendEmail", {"pParams": MAIL, "wstrRequestId": 1}),
    ],
)
def test_arguments_that_are_missing_or_wrong_are_refused(session: Client, method: str, arguments: Any) -> None:
    assert session.error(method, arguments) == 1192


def test_an_error_has_the_documented_shape(session: Client) -> None:
    answer = session.call(GET_SERVERS, {})
    assert list(answer) == ["PxgError"]
    types = {"code": int, "subcode": int, "module": str, "file": str, "line": int, "message": str}
    assert {name: type(value) for name, value in answer["PxgError"].items()} == types


def test_a_user_can_lack_a_right(sandbox: Sandbox, client: Client) -> None:
    user = sandbox.add_user("security_center", lacks=[GET_SERVERS])
    client.user, client.password = user.name, user.secret
    client.start()
    assert client.error(GET_SERVERS, ALL) == 1184
    assert client.post("HostGroup.GetStaticInfo")[1].keys() == {"PxgRetVal"}
    sandbox.add_user("security_center", name=user.name, lacks="*")
    assert client.error("HostGroup.GetStaticInfo", {}) == 1184
    assert client.post("Session.EndSession")[0] == 200


@pytest.mark.parametrize("method", ["VServers.Nothing", "vservers.getvservers", "Instance.VServers.GetVServers", "x"])
def test_an_unknown_method_is_refused(sandbox: Sandbox, session: Client, method: str) -> None:
    assert session.post(method)[0] == 404
    sandbox.change_settings(unknown_call="error")
    assert session.error(method, {}) == 1186


def test_a_request_must_have_the_documented_form(session: Client) -> None:
    assert session.token
    headers = {"X-KSC-Session": session.token}
    assert session.post("HostGroup.GetStaticInfo", b"{")[0] == 400
    assert session.post("HostGroup.GetStaticInfo", b"[]")[0] == 400
    assert session.post("HostGroup.GetStaticInfo", b"")[0] == 200
    assert session.post("HostGroup.GetStaticInfo", Content_Type="application/json")[0] == 200
    assert session.post("HostGroup.GetStaticInfo", Content_Type="text/plain")[0] == 415
    assert session.post("../v2.0/HostGroup.GetStaticInfo")[0] == 404
    for method, path, status in [("GET", "/api/v1.0/login", 405), ("GET", "/", 404)]:
        session.connection.request(method, path, headers=headers)
        answer = session.connection.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (status, True)
    # As curl does where it is told to POST nothing.
    session.connection.putrequest("POST", "/api/v1.0/HostGroup.GetStaticInfo")
    session.connection.putheader("X-KSC-Session", session.token)
    session.connection.endheaders()
    assert session.connection.getresponse().status == 200


def test_answers_are_packed_for_those_who_ask(sandbox: Sandbox, session: Client) -> None:
    with requests.Session() as asking:
        asking.trust_env = False
        asking.verify = str(sandbox.ca_path)
        for setting, encodings in {"asked": ("gzip", None), "always": ("gzip", "gzip"), "never": (None, None)}.items():
            sandbox.change_settings(gzip=setting)
            for accepted, expected in zip(("gzip, deflate", "identity"), encodings, strict=True):
                headers = {"X-KSC-Session": str(session.token), "Accept-Encoding": accepted}
                url = f"{session.url}/api/v1.0/{GET_SERVERS}"
                answer = asking.post(url, json=ALL, headers=headers, timeout=5)
                assert answer.headers.get("Content-Encoding") == expected
                assert len(answer.json()["PxgRetVal"]) == 4


# One call at a time


def test_a_request_that_does_not_wait_for_the_answer_is_refused(sandbox: Sandbox, session: Client) -> None:
    request = (
        f"POST /api/v1.0/HostGroup.GetStaticInfo HTTP/1.1\r\nHost: localhost\r\n"
        f"X-KSC-Session: {session.token}\r\nContent-Length: 2\r\n\r\n{{}}"
    ).encode()
    for pieces in ([request * 2], [request, request]):
        sandbox.misbehave("security_center", "slow", seconds=0.1, times=1)
        session.connection.close()
        session.connection.connect()
        opened: socket.socket = session.connection.sock
        for piece in pieces:
            opened.sendall(piece)
            time.sleep(0.02)
        received = b""
        while more := opened.recv(65536):
            received += more
        assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"400"]
        assert sandbox.requests("security_center")[-1].early is True
    assert len(sandbox.overlapping_requests("security_center")) == 2


def test_calls_one_after_the_other_do_not_overlap(sandbox: Sandbox, session: Client) -> None:
    sandbox.virtual_servers.generate(5000)
    for _each in range(5):
        session.call(GET_SERVERS, ALL)
    recorded = sandbox.requests("security_center")
    assert {request.connection for request in recorded} == {recorded[0].connection}
    assert recorded[0].connection > 0
    assert sandbox.overlapping_requests() == []


def test_calls_of_one_session_on_two_connections_are_noticed(sandbox: Sandbox, session: Client) -> None:
    other = Client(sandbox)
    other.token = session.token
    sandbox.misbehave("security_center", "slow", seconds=0.3, times=1)
    waiting = threading.Thread(target=lambda: session.call(GET_SERVERS, ALL))
    waiting.start()
    while len(sandbox.requests("security_center")) < 2:
        time.sleep(0.01)
    other.call("HostGroup.GetStaticInfo", {})
    waiting.join()
    assert [request.operation for request in sandbox.overlapping_requests()] == ["HostGroup.GetStaticInfo"]
    url = f"{sandbox.control_url}/requests?system=security_center&overlapping=true"
    assert requests.get(url, timeout=5).json()["count"] == 1


# Many virtual servers


def test_thousands_are_listed_at_once(sandbox: Sandbox, session: Client) -> None:
    sandbox.virtual_servers.generate(10_000)
    first = session.names()
    started = time.monotonic()
    assert session.names() == first
    assert time.monotonic() - started < 1
    assert sandbox.virtual_servers.listing(-1, True) is sandbox.virtual_servers.listing(-1, True)
    assert (len({*first}), first[0], first[-1]) == (10_000, "Client 00001", "Client 10000")
    assert len({each["value"]["KLVSRV_UID"] for each in session.call(GET_SERVERS, ALL)}) == 10_000


def test_what_changes_is_shown_at_once(sandbox: Sandbox, session: Client) -> None:
    sandbox.virtual_servers.replace([{"name": "One"}, {"name": "Two", "enabled": False, "id": 12}])
    one, two = sandbox.virtual_servers.all()
    assert session.names() == ["One", "Two"]
    sandbox.virtual_servers.change(one.uid, name="Eins")
    assert session.names() == ["Eins", "Two"]
    added = sandbox.virtual_servers.add("Two")
    assert (session.names(), added.id, added.uid == two.uid) == (["Eins", "Two", "Two"], 13, False)
    sandbox.virtual_servers.remove(one.uid)
    assert session.names() == ["Two", "Two"]
    with pytest.raises(ValueError, match="no virtual server"):
        sandbox.virtual_servers.remove(one.uid)
    sandbox.reset()
    assert len(sandbox.virtual_servers.all()) == 4


def test_playbooks_do_the_same_by_http(sandbox: Sandbox) -> None:
    def control(method: str, path: str = "", status: int = 200, **content: Any) -> Any:
        url = f"{sandbox.control_url}/virtual-servers{path}"
        answer = requests.request(method, url, json=content or None, timeout=5)
        assert answer.status_code == status
        return answer.json() if answer.content else None

    assert control("GET")["virtual_servers"][1]["name"] == "Acme Ltd"
    assert len(control("PUT", count=100)["virtual_servers"]) == 100
    (one,) = control("PUT", virtual_servers=[{"name": "One"}])["virtual_servers"]
    assert control("POST", status=201, name="Two")["id"] == 2
    assert control("PATCH", f"/{one['uid']}", name="Eins", enabled=False)["name"] == "Eins"
    assert [server["name"] for server in control("GET")["virtual_servers"]] == ["Eins", "Two"]
    control("DELETE", f"/{one['uid']}", 204)
    assert "error" in control("DELETE", f"/{one['uid']}", 400)
    assert "error" in control("POST", status=400, colour="red")
    assert len(control("GET")["virtual_servers"]) == 1


# Misbehaviour


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("status", 500),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("throttled", 429),
        ("server_error", 500),
        ("unavailable", 503),
        ("html", 200),
        ("login_redirect", 302),
        ("foreign_redirect", 307),
    ],
)
def test_it_misbehaves_as_the_others_do(sandbox: Sandbox, session: Client, kind: str, status: int) -> None:
    sandbox.misbehave("security_center", kind, only=GET_SERVERS)
    answered, content, headers = session.post(GET_SERVERS, json.dumps(ALL).encode())
    assert answered == status
    assert "PxgRetVal" not in content
    if kind == "foreign_redirect":
        assert headers["location"] == f"{sandbox.foreign_url}/api/v1.0/{GET_SERVERS}"
    assert session.post("HostGroup.GetStaticInfo")[0] == 200


@pytest.mark.parametrize("kind", ["truncated", "dropped"])
def test_an_answer_can_be_lost(sandbox: Sandbox, session: Client, kind: str) -> None:
    sandbox.misbehave("security_center", kind, times=1)
    with pytest.raises((http.client.HTTPException, OSError)):
        session.call(GET_SERVERS, ALL)
    session.connection.close()
    assert len(session.names()) == 4


def test_an_answer_can_be_slow_or_harmful(sandbox: Sandbox, session: Client) -> None:
    sandbox.misbehave("security_center", "slow", times=1, seconds=0.2)
    sandbox.misbehave("security_center", "dribble", times=1, seconds=0.005)
    for _each in range(2):
        started = time.monotonic()
        session.call("VServers.GetVServerInfo", {"lVServer": 1, "pFields2Return": ["KLVSRV_DN"]})
        assert time.monotonic() - started > 0.15
    sandbox.misbehave("security_center", "gzip_bomb", times=1, megabytes=4)
    sandbox.misbehave("security_center", "endless", times=1)
    headers = {"X-KSC-Session": str(session.token)}
    for size in (4_000_000, 5_000_000):
        url = f"{session.url}/api/v1.0/{GET_SERVERS}"
        with requests.post(url, json=ALL, headers=headers, verify=session.ca_path, timeout=5, stream=True) as answer:
            assert next(answer.iter_content(size))
            assert answer.headers["Content-Type"].startswith("application/json")


def test_a_login_page_is_shown_by_security_center_too(sandbox: Sandbox) -> None:
    url = f"{sandbox.security_center_url}/Login?ReturnUrl=x"
    assert 'type="password"' in requests.get(url, verify=str(sandbox.ca_path), timeout=5).text


def test_a_foreign_origin_takes_the_calls(sandbox: Sandbox, client: Client) -> None:
    client.url = sandbox.foreign_url
    client.connection = client.connect()
    assert client.log_in()[1] == {"PxgRetVal": "diverted"}
    (diverted,) = sandbox.requests("foreign")
    assert (diverted.operation, "authorization" in diverted.headers) == ("Session.StartSession", True)


def test_an_error_can_be_asked_for(sandbox: Sandbox, session: Client) -> None:
    sandbox.misbehave("security_center", "busy", times=1)
    sandbox.misbehave("security_center", "error", times=1, code=1229, message="<b>&")
    sandbox.misbehave("security_center", "error", times=1, only="Session.StartSession", code=1453)
    assert session.error(GET_SERVERS, ALL) == 1195
    assert session.call(GET_SERVERS, ALL)["PxgError"]["message"] == "<b>&"
    assert len(session.names()) == 4
    assert session.log_in()[1]["PxgError"]["code"] == 1453


def test_a_session_can_end_in_the_middle(sandbox: Sandbox, session: Client) -> None:
    sandbox.misbehave("security_center", "session_ended", times=1, only=GET_SERVERS)
    assert session.post("HostGroup.GetStaticInfo")[0] == 200
    assert session.post(GET_SERVERS, json.dumps(ALL).encode())[0] == 403
    assert session.post("HostGroup.GetStaticInfo")[0] == 403
    session.token = None
    session.start()
    assert len(session.names()) == 4


def test_a_second_step_can_be_asked_for_out_of_the_blue(sandbox: Sandbox, session: Client) -> None:
    sandbox.misbehave("security_center", "two_step")
    assert len(session.names()) == 4
    status, text, headers = session.log_in()
    assert (status, text, headers["www-authenticate"]) == (401, "Authentication not finished", "KSCMFA")


@pytest.mark.parametrize("containers", ["wrapped", "bare"])
def test_virtual_servers_can_make_no_sense(sandbox: Sandbox, session: Client, containers: str) -> None:
    sandbox.change_settings(containers=containers, gzip="always")
    for kind in ("duplicate_uid", "bad_datetime"):
        sandbox.misbehave("security_center", kind, times=1)
    odd = {"KLVSRV_DN": None, "KLVSRV_ID": "one"}
    sandbox.misbehave("security_center", "odd_server", times=1, fields=odd, missing=["KLVSRV_UID"])
    sandbox.misbehave("security_center", "wrong_shape", times=1, body={"PxgRetVal": {}})

    def listed() -> list[dict[str, Any]]:
        found = requests.post(
            f"{session.url}/api/v1.0/{GET_SERVERS}",
            json=ALL,
            headers={"X-KSC-Session": str(session.token)},
            verify=str(sandbox.ca_path),
            timeout=5,
        ).json()["PxgRetVal"]
        return [each["value"] if containers == "wrapped" else each for each in found]

    duplicates = listed()
    assert duplicates[0]["KLVSRV_UID"] == duplicates[-1]["KLVSRV_UID"]
    assert {server["KLVSRV_CREATED"]["value"] for server in listed()} == {"yesterday"}
    first, *others = listed()
    assert (first["KLVSRV_DN"], first["KLVSRV_ID"], "KLVSRV_UID" in first) == (None, "one", False)
    assert len(others) == 3
    assert listed() == []
    assert len(listed()) == 4


# What is known about it


def test_what_is_recorded_of_a_call(sandbox: Sandbox, session: Client) -> None:
    session.call(GET_SERVERS, ALL)
    session.post("Session.EndSession")
    recorded = sandbox.requests("security_center")
    assert [request.operation for request in recorded] == ["Session.StartSession", GET_SERVERS, "Session.EndSession"]
    assert recorded[1].json() == ALL
    assert sandbox.requests(writing=True) == []
    assert all(each.answered and each.answered >= each.arrived for each in recorded)


def test_its_certificate_can_be_one_that_nobody_trusts(sandbox: Sandbox, client: Client) -> None:
    client.url = sandbox.security_center_unknown_ca_url
    client.connection = client.connect()
    with pytest.raises(ssl.SSLCertVerificationError):
        client.log_in()
    assert sandbox.requests() == []
    client.context = ssl.create_default_context(cafile=str(sandbox.unknown_ca_path))
    client.connection = client.connect()
    assert client.log_in()[0] == 200
    assert [request.system for request in sandbox.requests()] == ["unknown_ca"]


def test_many_clients_at_once(sandbox: Sandbox) -> None:
    def use(_number: int) -> int:
        client = Client(sandbox)
        client.start()
        return len(client.names())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(24))) == [4] * 24
    assert sandbox.overlapping_requests() == []


def test_the_settings_and_the_secrets(sandbox: Sandbox, session: Client) -> None:
    settings = sandbox.security_center_settings()
    assert sandbox.details()["security_center"] == settings
    assert set("&<\"'é%{ ") <= set(settings["password"])
    assert "ca_path" not in sandbox.security_center_settings(ca_path=None)
    added = sandbox.add_user("security_center")
    secrets = sandbox.secrets()
    assert {settings["password"], encode(settings["password"]), session.token} <= {*secrets}
    assert {added.secret, encode(added.secret)} <= {*secrets}
