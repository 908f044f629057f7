# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS is 1.2 or newer and verified, and no environment variable has a say in it."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.tls import tls_context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    end = "-----END CERTIFICATE-----\n"
    path.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end, encoding="utf-8")
    return path


def test_verified_by_default() -> None:
    context = tls_context(validate_certs=True, ca_path=None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.cert_store_stats()["x509_ca"] > 50


def test_own_authority_replaces_the_others(authority: Path) -> None:
    context = tls_context(validate_certs=True, ca_path=str(authority))
    assert context.cert_store_stats()["x509_ca"] == 1


def test_folder_of_authorities(tmp_path: Path) -> None:
    assert tls_context(validate_certs=True, ca_path=str(tmp_path)).cert_store_stats()["x509_ca"] == 0


def test_unverified_only_when_asked_for() -> None:
    context = tls_context(validate_certs=False, ca_path=None)
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


def test_environment_has_no_say(authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = tls_context(validate_certs=True, ca_path=None)
    assert context.cert_store_stats()["x509_ca"] > 50
    assert context.keylog_filename is None


@pytest.mark.parametrize("name", ["missing.pem", "empty.pem", "text.pem", "nul\0byte"])
def test_unusable_authority(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.pem").touch()
    (tmp_path / "text.pem").write_text("hello")
    with pytest.raises(IntegrationError, match="ca_path") as refusal:
        tls_context(validate_certs=True, ca_path=f"{tmp_path}/{name}")
    assert refusal.value.code is ErrorCode.INVALID_SETTINGS
