# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: whom we trust when we connect with TLS; the same for HTTP and mail."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

from .._domain.errors import ErrorCode, IntegrationError
from .dependencies import require


def tls_context(validate_certs: bool, ca_path: str | None) -> ssl.SSLContext:
    """
    Make the settings of a TLS client.

    Trusted are the authorities in ``ca_path`` and no others, or those of certifi. No environment variable has a say:
    ``ssl.create_default_context()`` would follow ``SSL_CERT_FILE`` and write session keys to ``SSLKEYLOGFILE``.

    :param validate_certs: whether the server has to prove who it is.
    :param ca_path: a PEM file, or a folder of hashed certificates.
    :raises IntegrationError: ``invalid_settings`` if ``ca_path`` cannot be used.
    """
    if validate_certs and not ca_path:
        return _usual_context()
    context = _new_context()
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_path:
        _trust(context, ca_path)
    return context


@cache  # reading all authorities takes longer than a request
def _usual_context() -> ssl.SSLContext:
    context = _new_context()
    context.load_verify_locations(cafile=require("certifi").where())
    return context


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _trust(context: ssl.SSLContext, ca_path: str) -> None:
    try:
        if Path(ca_path).is_dir():
            context.load_verify_locations(capath=ca_path)
        else:
            context.load_verify_locations(cafile=ca_path)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        told = f"ca_path: {ca_path} is not a readable file of PEM certificates (on the machine that runs the task)."
        raise IntegrationError(ErrorCode.INVALID_SETTINGS, told) from None
