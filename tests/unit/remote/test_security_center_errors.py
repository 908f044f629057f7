# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What answers of the Open API mean: results, failures by code and by status, and what is no answer at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import (
    Answer,
    Connection,
    Endpoint,
    HttpClient,
    Passing,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.security_center_errors import (
    Answers,
    Call,
    Forbidden,
)

URL = "https://ksc.example:13299/api/v1.0/VServers.GetVServers"
CALL = Call("VServers.GetVServers", "read the list")
SECRET = "hunter2 & {right}"
HTML = b"<!DOCTYPE html><html><body>hunter2</body></html>"


def read(body: Any, status: int = 200, **headers: str) -> dict[str, Any]:
    in_play = SecretsInPlay()
    in_play.add(SECRET)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)
    with HttpClient(Endpoint("https://ksc.example:13299"), Connection(), "Kaspersky Security Center") as client:
        return Answers(client, in_play).read(CALL, URL, answer)


def failure(body: Any, status: int = 200, **headers: str) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        read(body, status, **headers)
    assert "hunter2" not in f"{caught.value.message} {caught.value.details}"
    assert caught.value.message.startswith(f"Kaspersky Security Center ({URL}): ")
    return caught.value


def fault(code: Any, message: Any = "Words") -> dict[str, Any]:
    place = {"subcode": 0, "module": "KLSTD", "file": "kca/std.cpp", "line": 1}
    return {"PxgError": {"code": code, **place, "message": message}}


@pytest.mark.parametrize(
    "body", [{}, {"PxgRetVal": []}, {"PxgRetVal": 1, "out": {}}, {"PxgRetVal": 1, "PxgError": None}]
)
def test_results(body: dict[str, Any]) -> None:
    assert read(body) == body


@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        (1125, ErrorCode.UNEXPECTED_ANSWER, "the call failed"),
        (1184, ErrorCode.RIGHT_MISSING, "has to be allowed to read the list."),
        (1186, ErrorCode.UNEXPECTED_ANSWER, "the call failed"),
        (1192, ErrorCode.UNEXPECTED_ANSWER, "the call failed"),
        (1193, ErrorCode.RIGHT_MISSING, "has to be allowed to read the list."),
        (1194, ErrorCode.UNEXPECTED_ANSWER, "does not know VServers.GetVServers"),
        (1229, ErrorCode.UNEXPECTED_ANSWER, "a limit"),
        (1453, ErrorCode.CREDENTIALS_REFUSED, "Check username, password and internal_user"),
        (2013, ErrorCode.CREDENTIALS_REFUSED, "blocked"),
        (-1, ErrorCode.UNEXPECTED_ANSWER, "the call failed"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_faults(code: int, error: ErrorCode, told: str, status: int) -> None:
    caught = failure(fault(code), status)
    assert caught.code is error
    assert told in caught.message
    assert f"(Words, code {code})" in caught.message
    assert caught.details == {"ksc_code": code}


@pytest.mark.parametrize("status", [200, 500])
def test_unavailable_may_pass(status: int) -> None:
    with pytest.raises(Passing) as caught:
        read(fault(1195), status)
    assert caught.value.error.code is ErrorCode.API_UNREACHABLE
    assert caught.value.error.details == {"ksc_code": 1195}


def test_blocked_says_not_to_repeat() -> None:
    assert "Do not repeat the task" in failure(fault(2013)).message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"Bad password {SECRET}.", "(Bad password ********, code 1125)"),
        ("{method} {0} {right.__class__}", "({method} {0} {right.__class__}, code 1125)"),
        ("two\r\nlines \x1b[31m", "(two lines [31m, code 1125)"),
        ("", "(code 1125)"),
        (None, "(code 1125)"),
        (["hunter2"], "(code 1125)"),
    ],
)
def test_words_of_the_server(message: Any, shown: str) -> None:
    assert shown in failure(fault(1125, message)).message


@pytest.mark.parametrize(
    "body",
    [
        [],
        "hunter2",
        1,
        None,
        {"PxgError": {}},
        {"PxgError": "hunter2"},
        {"PxgError": {"code": "1184", "message": "hunter2"}},
        {"PxgError": {"code": True}},
        {"PxgError": 0, "PxgRetVal": []},
        {"type": "hunter2", "value": 1},
        {"type": "datetime", "value": "hunter2"},
        b'{"PxgRetVal": [hunter2',
        b"[" * 200_000,
        b"",
        b"hunter2",
        b"\x00\x01hunter2",
        HTML,
    ],
)
def test_no_answer_of_an_open_api(body: Any) -> None:
    assert failure(body).code is ErrorCode.UNEXPECTED_ANSWER


def test_what_it_looks_like_is_told() -> None:
    assert "an HTML page" in failure(HTML).message
    assert "its answer is damaged JSON" in failure(b"{").message
    assert "JSON of another shape" in failure([]).message
    assert "JSON of another shape" in failure(fault(True)).message


@pytest.mark.parametrize("scheme", ["KSCMFA", "KSCBasic, KSCMFA", "kscmfa realm=x"])
@pytest.mark.parametrize("body", [b"Authentication not finished", fault(1453)])
def test_two_step_verification(scheme: str, body: Any) -> None:
    error = failure(body, 401, WWW_Authenticate=scheme)
    assert error.code is ErrorCode.TWO_STEP_VERIFICATION
    assert "exception for this account" in error.message


@pytest.mark.parametrize("body", [b"", HTML, fault(1195), fault(99), {"PxgRetVal": 1}])
def test_login_refused(body: Any) -> None:
    error = failure(body, 401, WWW_Authenticate="KSCBasic")
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert error.details == {"status": 401}


def test_blocked_account_with_a_status() -> None:
    error = failure(fault(2013), 401)
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert error.details == {"ksc_code": 2013}


@pytest.mark.parametrize("body", [b"", HTML, fault(1184), {"PxgRetVal": 1}])
def test_forbidden(body: Any) -> None:
    with pytest.raises(Forbidden):
        read(body, 403)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, ErrorCode.UNEXPECTED_ANSWER),
        (405, ErrorCode.UNEXPECTED_ANSWER),
        (204, ErrorCode.UNEXPECTED_ANSWER),
        (500, ErrorCode.API_UNREACHABLE),
        (501, ErrorCode.API_UNREACHABLE),
    ],
)
@pytest.mark.parametrize("body", [b"", HTML, {"PxgRetVal": []}])
def test_other_statuses(status: int, error: ErrorCode, body: Any) -> None:
    caught = failure(body, status)
    assert caught.code is error
    assert caught.details == {"status": status}
    assert f"HTTP {status}" in caught.message
