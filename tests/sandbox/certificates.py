# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away certificate authorities: the one that clients are told to trust, and one that nobody knows."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


class Authority:
    """A certificate authority with one certificate, for this machine's own names."""

    def __init__(self, folder: Path, name: str) -> None:
        """
        Make the authority and the certificate.

        :param folder: Where the authority's own certificate is put, for clients to read.
        :param name: What the file is called, without ending.
        """
        authority = trustme.CA(organization_name=f"Sandbox ({name})")
        self._certificate = authority.issue_cert(*NAMES)
        self.path = folder / f"{name}.pem"
        authority.cert_pem.write_to_path(self.path)

    def server_context(self) -> ssl.SSLContext:
        """Return a fresh context for a server that presents the certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._certificate.configure_cert(context)
        return context
