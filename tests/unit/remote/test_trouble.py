# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connection failures are told in our own words, whatever a library wrapped around their cause."""

from __future__ import annotations

import smtplib
import socket
import ssl

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.trouble import causes, distrust, trouble

SECRET = "https://user:hunter2@host/?token=hunter2"


def wrapped_by_cause(inner: BaseException) -> BaseException:
    try:
        try:
            raise inner
        except BaseException as error:
            raise RuntimeError(SECRET) from error
    except RuntimeError as error:
        return error


def wrapped_by_context(inner: BaseException) -> BaseException:
    try:
        try:
            raise inner
        except BaseException:  # noqa: BLE001 (whatever it is, it gets hidden)
            raise RuntimeError(SECRET) from None
    except RuntimeError as error:
        return error


def wrapped_in_arguments(inner: BaseException) -> BaseException:
    return RuntimeError(SECRET, RuntimeError("x", inner))


def wrapped_as_reason(inner: BaseException) -> BaseException:
    error = RuntimeError(SECRET)
    error.reason = inner  # type: ignore[attr-defined]
    return error


WRAPPERS = [wrapped_by_cause, wrapped_by_context, wrapped_in_arguments, wrapped_as_reason]


@pytest.mark.parametrize("wrap", WRAPPERS)
@pytest.mark.parametrize(
    ("inner", "told"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name is not known"),
        (ConnectionRefusedError(), "refused"),
        (TimeoutError(), "timed out"),
        (ssl.SSLError(1, "wrong version number"), "TLS"),
        (ConnectionResetError(), "closed"),
        (smtplib.SMTPServerDisconnected(SECRET), "closed"),
        (KeyError(SECRET), "cannot be reached"),
    ],
)
def test_trouble(wrap: type, inner: BaseException, told: str) -> None:
    text = trouble(wrap(inner))
    assert told in text
    assert "hunter2" not in text


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_distrust(wrap: type) -> None:
    inner = ssl.SSLCertVerificationError(1, SECRET)
    inner.verify_message = "self-signed certificate"
    text = distrust(wrap(inner)) or ""
    assert "self-signed certificate" in text
    assert "ca_path" in text
    assert "validate_certs" in text
    assert "hunter2" not in text


def test_distrust_of_a_proxy() -> None:
    inner = ssl.SSLCertVerificationError(1, SECRET)
    inner.verify_message = "certificate has expired"
    text = distrust(inner, proxy=True) or ""
    assert "the proxy is not trusted (certificate has expired)" in text
    assert "validate_certs" not in text


def test_other_trouble_is_no_distrust() -> None:
    assert distrust(wrapped_by_cause(ssl.SSLError(1, "wrong version number"))) is None


def test_circles_end() -> None:
    first, second = RuntimeError("first"), RuntimeError("second")
    first.__cause__, second.__cause__ = second, first
    assert causes(first) == [first, second]
