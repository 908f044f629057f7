# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter signs as Tigerpaw documents it, and nothing that leads elsewhere."""

from __future__ import annotations

import base64
import inspect
import traceback
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.msp.kaspersky.plugins.filter.tigerpaw_headers import DOCUMENTATION, FilterModule
from ansible_collections.msp.kaspersky.plugins.module_utils import signatures
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import tigerpaw_rest

# The vendor's own example. The private key behind it is not public, so its signature is put in its place.
DATE = "Thu, 18 Jun 2015 07:25:43 GMT"
SIGNATURE = "RVg3YCtybLImF68rEumuPLCCApLnPIyNvb0hfxH+ek4="
TOKEN = "MzM4MzI1OUItOUZCQS00ODZFLTk3QTgtRTgxODkzNzQxRjgzOlJWZzNZQ3R5YkxJbUY2OHJFdW11UExDQ0FwTG5QSXlOdmIwaGZ4SCtlazQ9"
PRIVATE_KEY = "private/Key & more {%"
SETTINGS = {
    "rest_public_key": "3383259B-9FBA-486E-97A8-E81893741F83",
    "rest_private_key": PRIVATE_KEY,
    "url": "https://api.psa.example/base",
}
INTEGRATION = {"name": "Acme", "platform": "tigerpaw", "settings": SETTINGS}
URL = "https://api.psa.example/api/Accounts/1052932"
tigerpaw_headers = FilterModule().filters()["tigerpaw_headers"]


def refusal(*settings: Any, method: Any = "GET", url: Any = URL) -> str:
    """Have something refused, with right settings if none are given; return why."""
    [used] = settings or [INTEGRATION]
    with pytest.raises(AnsibleFilterError) as caught:
        tigerpaw_headers(used, method, url)
    assert PRIVATE_KEY not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def test_what_it_takes_is_documented() -> None:
    documented = yaml.safe_load(DOCUMENTATION)
    _settings, *positional = inspect.signature(tigerpaw_headers).parameters
    assert documented["positional"].split(", ") == positional
    assert list(documented["options"]) == ["_input", *positional]


def test_headers_of_the_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[tuple[str, ...]] = []
    monkeypatch.setattr(tigerpaw_rest, "format_datetime", lambda *_moment, **_how: DATE)
    monkeypatch.setattr(tigerpaw_rest, "sign", lambda *what: signed.append(what) or SIGNATURE)
    assert tigerpaw_headers(SETTINGS, "get", URL + "?page=2") == {
        "Authorization": f"TSI {TOKEN}",
        "X-TSI-Date": DATE,
        "Accept": "application/json",
    }
    [(key, *text)] = signed
    assert key == PRIVATE_KEY
    assert tigerpaw_rest.text_to_sign(*text) == "get|/api/accounts/1052932|thu, 18 jun 2015 07:25:43 gmt"


@pytest.mark.parametrize("settings", [SETTINGS, INTEGRATION, wrap_var(SETTINGS), wrap_var(INTEGRATION)])
def test_an_integration_and_its_settings_are_both_taken(settings: Any) -> None:
    headers = tigerpaw_headers(settings, "POST", URL)
    expected = tigerpaw_rest.sign(PRIVATE_KEY, "POST", "/api/Accounts/1052932", headers["X-TSI-Date"])
    public_key, _colon, signature = base64.b64decode(headers["Authorization"].split()[1]).decode().partition(":")
    assert (public_key, signature) == (SETTINGS["rest_public_key"], expected)


@pytest.mark.parametrize(
    "url", ["HTTPS://API.psa.example:443/", "https://api.psa.example", "https://api.psa.example./x"]
)
def test_other_spellings_of_the_origin_are_the_same_origin(url: str) -> None:
    assert tigerpaw_headers(SETTINGS, "GET", url)["Authorization"]


def test_what_has_no_path_is_sent_to_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[tuple[str, ...]] = []
    monkeypatch.setattr(tigerpaw_rest, "sign", lambda *what: signed.append(what) or SIGNATURE)
    tigerpaw_headers(SETTINGS, "GET", "https://api.psa.example?page=1")
    assert signed[0][2] == "/"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/accounts/1",
        "http://api.psa.example/api/accounts/1",
        "https://api.psa.example:8443/api/accounts/1",
        "https://api.psa.example.evil.example/",
        "https://api.psa.example@evil.example/",
        "https://evil.example/https://api.psa.example/",
        "https://api.psa.example\\@evil.example/",
        "https://evil.example#https://api.psa.example/",
        "//api.psa.example/api",
        "/api/accounts/1",
        "api.psa.example/api",
        "",
        None,
        ["https://api.psa.example/"],
    ],
)
def test_nothing_is_signed_for_another_origin(url: Any) -> None:
    assert "URL" in refusal(url=url)


@pytest.mark.parametrize(
    "url", ["https://api.psa.example/ä", "https://api.psa.example/a b", "https://api.psa.example/\n"]
)
def test_a_url_that_would_be_sent_otherwise_is_refused(url: str) -> None:
    assert "URL must" in refusal(url=url)


@pytest.mark.parametrize("method", ["", "GET|/other|", "GET\r\nX: y", 1, None])
def test_a_method_is_a_word(method: Any) -> None:
    assert "method" in refusal(method=method)


@pytest.mark.parametrize("missing", ["url", "rest_public_key", "rest_private_key"])
def test_settings_without_secrets_are_told_where_to_get_them(missing: str) -> None:
    for value in (None, "", 5):
        told = refusal(SETTINGS | {missing: value})
        assert f"lack {missing}" in told
        assert "lookup msp.kaspersky.integration_settings" in told


@pytest.mark.parametrize("settings", [None, "text", [SETTINGS], {}, {"settings": None}, {"settings": PRIVATE_KEY}])
def test_what_is_no_settings_is_refused(settings: Any) -> None:
    assert "settings" in refusal(settings)


def test_another_platform_is_refused() -> None:
    assert "Tigerpaw" in refusal(INTEGRATION | {"platform": "autotask"})


def test_the_text_of_an_unexpected_exception_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError(PRIVATE_KEY)

    monkeypatch.setattr(signatures, "signer", fail)
    assert "unexpected ValueError" in refusal()
