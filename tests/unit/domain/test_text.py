# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts become settings, names, addresses and secrets, or are refused without being repeated."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.origins import origin_of
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.text import (
    LONGEST_NAME,
    MASKS,
    clean_email,
    clean_host,
    clean_name,
    clean_operation,
    clean_secret,
    clean_text,
    clean_url,
    is_short_secret,
    nearest,
)

Cleaner = Callable[[object], str]

CLEANERS = (clean_name, clean_text, clean_secret, clean_email, clean_operation, clean_url, clean_host)
# What each of them accepts, with a place to put something in the middle.
ACCEPTED: dict[Cleaner, tuple[str, str]] = {
    clean_name: ("Ac", "me"),
    clean_text: ("us", "er"),
    clean_secret: ("pass", "word"),
    clean_email: ("al", "ice@example.com"),
    clean_operation: ("Get", "Accounts"),
    clean_url: ("https://api.exam", "ple.com/path"),
    clean_host: ("api.exam", "ple.com"),
}
EVERY = pytest.mark.parametrize("clean", CLEANERS, ids=lambda clean: clean.__name__)
BLANKS = ["", " ", "\t\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2800", "\u3164", "\ufe0f", "\u00ad \u2060"]
INVISIBLE = [
    *"\n\r\t\0\x1b\x7f\x85\u2028\u2029",
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    *"\u200b\u200c\u200d\u2060\ufeff\u00ad\U000e0041",
    "\ud800",
    "\udfff",
    "\uffff",
    "\ufdd0",
]
PLACEHOLDERS = [
    *sorted(MASKS),
    "$ENCRYPTED$",
    "****",
    "••••••••",
    "{{ password }}",
    "{% if x %}",
    "__omit_place_holder__1f",
]

texts = st.text(st.characters(), max_size=40)
address_like = st.text("aB1.-_@:/[]%+{*,;\"'()<> é。ß", max_size=20)


def cleaned(clean: Cleaner, value: object) -> str | None:
    try:
        return clean(value)
    except ValueError:
        return None


def refusal(clean: Cleaner, value: object) -> ValueError | None:
    try:
        clean(value)
    except ValueError as error:
        return error
    return None


@EVERY
def test_accepts_the_ordinary(clean: Cleaner) -> None:
    value = "".join(ACCEPTED[clean])
    assert clean(value) == value


@EVERY
@pytest.mark.parametrize("blank", BLANKS)
def test_refuses_blank(clean: Cleaner, blank: str) -> None:
    with pytest.raises(ValueError, match=r"^must not be blank$"):
        clean(blank)


@EVERY
@pytest.mark.parametrize("character", INVISIBLE)
def test_refuses_what_is_not_seen(clean: Cleaner, character: str) -> None:
    with pytest.raises(ValueError, match=r"must not contain line breaks, control, invisible"):
        clean(character.join(ACCEPTED[clean]))


@EVERY
@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_refuses_placeholders(clean: Cleaner, placeholder: str) -> None:
    is_template = "*" not in placeholder and placeholder[0] in "{_"
    if clean is clean_name and is_template:
        assert clean(placeholder) == placeholder, "a company may be called so; names are never evaluated"
        return
    with pytest.raises(ValueError, match="not rendered" if is_template else "is a mask"):
        clean(placeholder)


@EVERY
@pytest.mark.parametrize("value", [None, 5, True, b"bytes", ["list"], {"a": 1}])
def test_refuses_what_is_not_a_text(clean: Cleaner, value: object) -> None:
    with pytest.raises(ValueError, match=r"^must be text$"):
        clean(value)


@EVERY
@given(value=st.one_of(texts, address_like))
@example(value="https://" + "a." * 200)
@example(value="\u2000a\u0344 \u212b")
def test_cleaning_twice_changes_nothing(clean: Cleaner, value: str) -> None:
    once = cleaned(clean, value)
    assert once is None or clean(once) == once


@EVERY
@given(before=st.one_of(texts, address_like), after=st.one_of(texts, address_like))
@example(before="https://user:", after="@example.com")
@example(before="https://example.com:", after="")
@example(before="https://[", after="]")
@example(before="https://[fe80::1%25", after="]")
@example(before="https://exa\u2100", after="")
def test_no_message_repeats_the_value(clean: Cleaner, before: str, after: str) -> None:
    marker = "zQ7xW"
    error = refusal(clean, before + marker + after)
    if error:
        assert marker.lower() not in str(error).lower()
        assert error.__suppress_context__ or error.__context__ is None


# Names


def test_a_name_is_trimmed_and_composed() -> None:
    assert clean_name(" \u00a0Cafe\u0301 Ltd\n") == "Café Ltd"


def test_the_length_of_a_name_is_that_of_its_composed_form() -> None:
    assert len(clean_name("e\u0301" * LONGEST_NAME)) == LONGEST_NAME
    with pytest.raises(ValueError, match="not be longer than 255"):
        clean_name("\u0958" * 128)  # composed, each of these is two characters


@given(value=texts)
def test_a_name_is_one_visible_composed_line(value: str) -> None:
    name = cleaned(clean_name, value)
    if name is not None:
        assert 0 < len(name) <= LONGEST_NAME
        assert unicodedata.is_normalized("NFC", name)
        assert name.isspace() is False
        assert len(name.splitlines()) == 1
        assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


# Secrets


@pytest.mark.parametrize("secret", [" leading", "trailing ", "e\u0301", "pässwörd", "*", "**", "a*b", "{", "}}", "$x$"])
def test_a_secret_is_kept_to_the_letter(secret: str) -> None:
    assert clean_secret(secret) == secret


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_secret_with_a_line_end_names_the_remedy(end: str) -> None:
    with pytest.raises(ValueError, match="filter trim"):
        clean_secret("password" + end)


def test_a_secret_that_is_still_encrypted_is_refused() -> None:
    with pytest.raises(ValueError, match="ansible-vault"):
        clean_secret("$ANSIBLE_VAULT;1.1;AES256\n6162")


@pytest.mark.parametrize("value", ["abc********", "********!", "x VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"])
def test_a_secret_that_was_masked_in_part_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is a mask"):
        clean_secret(value)


def test_short_secrets() -> None:
    assert is_short_secret("1234567")
    assert not is_short_secret("12345678")


# E-mail addresses


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("Alice.B+tag@EXAMPLE.Com", "Alice.B+tag@example.com"),
        (" alice@example.com\n", "alice@example.com"),
        ("root@localhost", "root@localhost"),
        ("o'brien@mail1", "o'brien@mail1"),
        ("jörg@MÜNCHEN.example", "jörg@münchen.example"),
        ("用户@例子.example", "用户@例子.example"),
        ("a@xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_an_email_address(value: str, address: str) -> None:
    assert clean_email(value) == address


@pytest.mark.parametrize(
    "value",
    [
        "alice",
        "@example.com",
        "alice@",
        "alice@example.com, bob@example.com",
        "alice@example.com;bob@example.com",
        "alice@example.com bob@example.com",
        "alice@bob@example.com",
        "Alice <alice@example.com>",
        "<alice@example.com>",
        "alice(comment)@example.com",
        "alice@example.com (comment)",
        '"alice"@example.com',
        '"alice@example.com, bob"@example.com',
        "alice\\@bob@example.com",
        "group:alice@example.com;",
        "alice@[127.0.0.1]",
        "alice@127.0.0.1",
        "alice@example.com.",
        "alice@-example.com",
        "alice@exam ple.com",
        "alice@example..com",
        ".alice@example.com",
        "al..ice@example.com",
        "alice.@example.com",
        "=?utf-8?q?alice=2Cbob?=@example.com",
        "alice\uff20bob@example.com",
        "alice\uff0cbob@example.com",
        "alice\u3000bob@example.com",
        "alice@example\u3002com",
        "alice@exa\uff0dmple.com",
        "alice@straße.example",
        "x" * 65 + "@example.com",
        "alice@" + ".".join(["x" * 60] * 5),
        "x" * 60 + "@" + ".".join(["x" * 60] * 4),
        "ä" * 33 + "@example.com",
    ],
)
def test_not_exactly_one_email_address(value: str) -> None:
    with pytest.raises(ValueError, match="must be exactly one e-mail address"):
        clean_email(value)


@pytest.mark.parametrize("value", ["alice@example.com\nBcc: bob@example.com", "alice@example.com\r\n bob@example.com"])
def test_no_header_is_smuggled_in(value: str) -> None:
    with pytest.raises(ValueError, match="line breaks"):
        clean_email(value)


@given(value=st.one_of(st.emails(), address_like, texts))
@example(value="a@b.example")
def test_every_mail_program_sees_one_recipient(value: str) -> None:
    address = cleaned(clean_email, value)
    if address is None:
        return
    assert getaddresses([address]) == [("", address)]
    if address.isascii():
        message = EmailMessage(policy=SMTP)
        message["To"] = Address(addr_spec=address)
        read_again = message_from_bytes(message.as_bytes(), policy=SMTP)
        assert read_again.keys() == ["To"]
        assert [item.addr_spec for item in read_again["To"].addresses] == [address]


@given(
    local_part=st.from_regex(r"[A-Za-z0-9]{1,20}([.+_'-][A-Za-z0-9]{1,20})?", fullmatch=True),
    domain=st.from_regex(r"([A-Za-z0-9]{1,20}[.-]){0,4}[A-Za-z]{2,20}", fullmatch=True),
)
def test_ordinary_addresses_are_accepted(local_part: str, domain: str) -> None:
    assert clean_email(f"{local_part}@{domain}") == f"{local_part}@{domain.lower()}"


# The reading operation


@pytest.mark.parametrize(
    "value", ["GetAccounts", "ListAccounts", "ValidateUser", "CheckConnection", "Check", "getUsers2"]
)
def test_reading_operations(value: str) -> None:
    assert clean_operation(f" {value} ") == value


@pytest.mark.parametrize(
    "value",
    [
        "SubmitAgreementAdditionalCharges",
        "submitagreementadditionalcharges",
        "SUBMITAGREEMENTADDITIONALCHARGES",
        " SubmitAgreementAdditionalCharges\n",
    ],
)
def test_the_writing_operation_is_refused_by_name(value: str) -> None:
    with pytest.raises(ValueError, match="must not be SubmitAgreementAdditionalCharges: it writes"):
        clean_operation(value)


@pytest.mark.parametrize(
    "value", ["DeleteAccounts", "Getaway", "Checkout", "Get Accounts", "Get-Accounts", "tns:GetAccounts", "Gét", "GetÄ"]
)
def test_other_operations_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="must be a reading operation"):
        clean_operation(value)


# Addresses of APIs


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("HTTPS://API.Example.COM:443/", "https://api.example.com"),
        ("https://api.example.com:8443/v1/", "https://api.example.com:8443/v1"),
        ("https://api.example.com./", "https://api.example.com"),
        ("https://münchen.example/ä", "https://xn--mnchen-3ya.example/%C3%A4"),
        ("https://192.0.2.1/", "https://192.0.2.1"),
        ("https://[2001:DB8:0:0::1]:443", "https://[2001:db8::1]"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1/x"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://api.example.com/a%20b", "https://api.example.com/a%20b"),
    ],
)
def test_an_address(value: str, address: str) -> None:
    assert clean_url(value) == address


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("api.example.com", "https://"),
        ("//api.example.com", "https://"),
        ("ftp://api.example.com", "https://"),
        ("file:///etc/passwd", "https://"),
        ("http://api.example.com", "plain HTTP"),
        ("http://localhost.example.com", "plain HTTP"),
        ("http://127.0.0.1.example.com", "plain HTTP"),
        ("http://[::ffff:127.0.0.1]", "plain HTTP"),
        ("http://0.0.0.0", "plain HTTP"),
        ("http://2130706433", "IPv4"),
        ("https://0x7f.1", "IPv4"),
        ("https://192.0.2", "IPv4"),
        ("https://192.0.2.1.5", "IPv4"),
        ("https://alice:password@api.example.com", "credentials"),
        ("https://token@api.example.com", "credentials"),
        ("https://@api.example.com", "credentials"),
        ("https://api.example.com?token=x", "query"),
        ("https://api.example.com/?", "query"),
        ("https://api.example.com#x", "fragment"),
        ("https://api.example.com/a b", "white space"),
        ("https://good.example\\@evil.example", "backslash"),
        ("https://api.example.com:", "port"),
        ("https://api.example.com:0", "port"),
        ("https://api.example.com:65536", "port"),
        ("https://api.example.com:8a", "port"),
        ("https://api.example.com:\uff14\uff14\uff13", "port"),
        ("https://api.example.com:٤٤٣", "port"),
        ("https:///path", "host"),
        ("https://", "host"),
        ("https://exa%6dple.com", "host"),
        ("https://exa,mple.com", "host"),
        ("https://-example.com", "host"),
        ("https://" + "a" * 64 + ".example", "host"),
        ("https://" + ".".join(["a" * 50] * 6), "host"),
        ("https://faß.example", "xn--"),
        ("https://exa\ufe00mple.com", "xn--"),
        ("https://example\u3002com", "xn--"),
        ("https://\uff45xample.com", "xn--"),
        ("https://exa\u2100mple.com", "valid address"),
        ("https://[::1", "valid address"),
        ("https://[fe80::1%25eth0]", "IPv6"),
        ("https://[192.0.2.1]", "valid address|IPv6"),
        ("https://api.example.com/a/../b", "segments"),
        ("https://api.example.com/a/%2E./b", "segments"),
        ("https://api.example.com/a%2f..%2fb", "segments"),
        ("https://api.example.com/.", "segments"),
    ],
)
def test_not_an_address(value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        clean_url(value)


@given(
    value=st.builds("{}{}".format, st.sampled_from(["https://", "http://localhost", "https://a.example"]), address_like)
)
def test_a_cleaned_address_leads_to_the_same_place(value: str) -> None:
    address = cleaned(clean_url, value)
    if address is not None:
        assert origin_of(address) == origin_of(value.strip())
        assert address.isascii()
        assert not address.endswith("/")


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("API.Example.com", "api.example.com"),
        ("api.example.com:8443", "api.example.com:8443"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
    ],
)
def test_a_host(value: str, host: str) -> None:
    assert clean_host(value) == host


@pytest.mark.parametrize(
    "value",
    [
        "https://api.example.com",
        "api.example.com/path",
        "alice@api.example.com",
        "api.example.com?x",
        "api.example.com#x",
        "api example.com",
        "api\\example.com",
        "api.example.com:port",
        "api.example.com:1:2",
        "[::1",
        "[::1]x",
        ":443",
    ],
)
def test_not_a_host(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each for a reason of its own)
        clean_host(value)


# Mistyped words


def test_the_nearest_word_comes_first() -> None:
    words = ["soap_password", "soap_user_name", "SOAP_PASSWORDS", "url"]
    assert nearest("soap_pasword", words) == ["soap_password", "SOAP_PASSWORDS"]
    assert nearest("soap_pasword", words, limit=1) == ["soap_password"]
    assert nearest("zzz", words) == []
    assert nearest("ULR", words) == ["url"]
    assert nearest("anything", []) == []
