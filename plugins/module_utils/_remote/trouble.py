# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what is wrong with a connection, in our own words; texts of libraries may repeat addresses and secrets."""

from __future__ import annotations

import smtplib
import socket
import ssl


def causes(error: BaseException) -> list[BaseException]:
    """
    List an exception and all that led to it, also where a library hides the cause among another's arguments.

    :returns: each exception once, the outermost first.
    """
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        candidate = waiting.pop(0)
        if isinstance(candidate, BaseException) and not any(candidate is known for known in found):
            found.append(candidate)
            waiting += [candidate.__cause__, candidate.__context__, getattr(candidate, "reason", None), *candidate.args]
    return found


def distrust(error: BaseException, proxy: bool = False) -> str | None:
    """
    Tell why a certificate was not trusted.

    :param error: an exception of any library.
    :param proxy: whether it is the certificate of a proxy, which is always verified.
    :returns: what to do about it, with OpenSSL's own words for the reason, or nothing if something else is wrong.
    """
    reason = next(
        (each.verify_message for each in causes(error) if isinstance(each, ssl.SSLCertVerificationError)), None
    )
    if reason is None:
        return None
    if proxy:
        return f"the certificate of the proxy is not trusted ({reason}). Its authority, too, has to be in ca_path"
    return (
        f"its certificate is not trusted ({reason}). Name the file of the authority that issued it in ca_path of this "
        "connection, or, where nothing is at stake, set validate_certs to false there"
    )


def trouble(error: BaseException) -> str:
    """
    Tell why a connection failed.

    :param error: an exception of any library.
    :returns: what is wrong and what to do, to go on after the name of a system.
    """
    found = causes(error)
    kinds: tuple[tuple[type[BaseException], str], ...] = (
        (socket.gaierror, "its name is not known. Check the address and the name servers"),
        (ConnectionRefusedError, "the connection was refused. Check address and port, and that the server runs"),
        (TimeoutError, "the connection timed out. Check the address and the firewalls in between"),
        (
            ssl.SSLError,
            "no TLS connection came about. Check the port, and that the server speaks TLS 1.2 or newer there",
        ),
        (ConnectionError, "the connection was closed before an answer came. Check address and port"),
        (smtplib.SMTPServerDisconnected, "the connection was closed before an answer came. Check address and port"),
    )
    for kind, told in kinds:
        if any(isinstance(cause, kind) for cause in found):
            return told
    return "it cannot be reached. Check the address and the network"
