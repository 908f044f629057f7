# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what a text has to be like to become a setting, a name, an address or a secret.

Each function returns the text as it is kept, or raises a ``ValueError`` whose message completes the sentence
"<option> ..." and never repeats the value, which may be a secret given in the wrong place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from email.errors import HeaderParseError
from email.headerregistry import Address
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote

from .errors import Fault
from .origins import ascii_host, place_of, split_address, split_host

Cleaned = TypeVar("Cleaned")

MASKS = frozenset({"********", "$encrypted$", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"})
"""What Ansible, AWX and ansible-core print in place of a secret."""

INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's controls, invisible and direction-changing characters, lone surrogates, line and paragraph separators."""

LONGEST_NAME = 255
LONGEST_EMAIL = 254
SHORT_SECRET = 8
WRITING_OPERATION = "SubmitAgreementAdditionalCharges"

_MASK_CHARACTERS = frozenset("*•●")
_UNRENDERED = ("{{", "{%")
_OMITTED = "__omit_place_holder__"
_VAULT_HEADER = "$ANSIBLE_VAULT;"
_BLANK_CATEGORIES = INVISIBLE_CATEGORIES | {"Zs"}
# Letters, marks and symbols by category, yet nothing is seen of them.
_BLANK_CHARACTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_TRIMMED = " \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_EMAIL_SPECIALS = frozenset('()<>[]:;,\\" ')
_LONGEST_LOCAL_PART = 64
_READING_OPERATION = re.compile(r"(?:[Gg]et|[Ll]ist|[Vv]alidate|[Cc]heck)(?:[A-Z0-9_][A-Za-z0-9_]*)?")
_PATH_CHARACTERS = "/%:@!$&'()*+,;=~"
_INVISIBLE = "must not contain line breaks, control, invisible or direction-changing characters"
_HIDDEN = "is a mask, which stands for a hidden value: give the value itself, or leave it out to keep what is stored"
_ONE_EMAIL = "must be exactly one e-mail address such as name@example.com, without display name, comment or list"


def one_line(text: str) -> str:
    """
    Make any text harmless within a line of others.

    :returns: the text, with a replacement character (U+FFFD) for each invisible or direction-changing one.
    """
    return "".join("\ufffd" if unicodedata.category(item) in INVISIBLE_CATEGORIES else item for item in text)


def clean_name(value: object) -> str:
    """
    Check the name of an integration or a tenant, or the alias of an administrator.

    Template markers are allowed: a company may be called anything, and names are never evaluated.

    :returns: the name, trimmed and in Unicode form NFC, at most 255 characters long.
    :raises ValueError: it is blank, too long, a mask, or contains invisible or direction-changing characters.
    """
    name = _visible(value)
    _refuse_mask(name)
    if len(name) > LONGEST_NAME:
        raise ValueError(f"must not be longer than {LONGEST_NAME} characters")
    return name


def clean_text(value: object) -> str:
    """
    Check a setting that is not a secret.

    :returns: the text, trimmed and in Unicode form NFC.
    :raises ValueError: it is blank, a mask, an unrendered template, or contains invisible characters.
    """
    text = _visible(value)
    _refuse_placeholder(text)
    return text


def clean_secret(value: object) -> str:
    """
    Check a password or key.

    It is neither trimmed nor normalised: every character of a secret counts.

    :returns: the secret as it was given.
    :raises ValueError: it is blank, a mask, an unrendered template or still encrypted, ends in a newline, or contains
        control or invisible characters.
    """
    secret = _text(value)
    if _is_blank(secret):
        raise ValueError("must not be blank")
    if secret.startswith(_VAULT_HEADER):
        raise ValueError("is still encrypted by ansible-vault: let Ansible decrypt it")
    if secret.endswith(("\n", "\r")):
        raise ValueError("must not end in a newline: strip it, for example with the filter trim")
    _refuse_invisible(secret)
    _refuse_placeholder(secret)
    return secret


def is_short_secret(secret: str) -> bool:
    """
    Tell whether a secret is so short that masking it will also mask unrelated output.

    :returns: whether it has fewer than 8 characters.
    """
    return len(secret) < SHORT_SECRET


def clean_email(value: object) -> str:
    """
    Check the e-mail address of an administrator.

    The local part may be any dot-atom, also an internationalised one (RFC 6531); quoted local parts, domain literals,
    comments, display names and encoded words are refused, because mail programs have been tricked with each of them.

    :returns: the address, trimmed and in Unicode form NFC, its domain in lower case.
    :raises ValueError: it is not exactly one address.
    """
    address = _visible(value)
    _refuse_placeholder(address)
    local_part, _at, domain = address.rpartition("@")
    if not _is_local_part(local_part) or not _is_mail_domain(domain) or len(address.encode()) > LONGEST_EMAIL:
        raise ValueError(_ONE_EMAIL)
    cleaned = f"{local_part}@{domain.lower()}"
    if not _is_one_address(cleaned):
        raise ValueError(_ONE_EMAIL)
    return cleaned


def clean_operation(value: object) -> str:
    """
    Check the SOAP operation that proves credentials: it has to be one that only reads.

    :returns: the name of the operation, trimmed.
    :raises ValueError: it is the known writing operation, or does not look like a reading one.
    """
    operation = clean_text(value)
    if operation.casefold() == WRITING_OPERATION.casefold():
        raise ValueError(f"must not be {WRITING_OPERATION}: it writes charges, so it is never used as a test")
    if not _READING_OPERATION.fullmatch(operation):
        raise ValueError("must be a reading operation, whose name begins with Get, List, Validate or Check")
    return operation


def clean_url(value: object) -> str:
    """
    Check the address of an API.

    :returns: the address with scheme and host in lower case, the host in its ASCII (IDNA) form, without the scheme's
        own port and without a final slash.
    :raises ValueError: it is not HTTPS (plain HTTP is for loopback only), carries credentials, a query or a fragment,
        or can be read in more than one way.
    """
    address = clean_text(value)
    if "?" in address or "#" in address:
        raise ValueError("must not contain a query or a fragment: an address is no place for tokens")
    parts = split_address(address)
    place = place_of(parts)
    if place.scheme == "http" and not place.is_loopback:
        raise ValueError("must begin with https:// (plain HTTP is allowed for the loopback interface only)")
    return f"{place.scheme}://{place.network_location}{_clean_path(parts.path)}"


def clean_host(value: object) -> str:
    """
    Check the address of a server that is given without scheme.

    :returns: ``host`` or ``host:port``, in lower case, the host in its ASCII (IDNA) form, IPv6 addresses in brackets.
    :raises ValueError: it is anything else.
    """
    text = clean_text(value)
    if "://" in text or "/" in text:
        raise ValueError("must be a host such as server.example.com, without https:// and without a path")
    if "@" in text:
        raise ValueError("must not contain credentials: give the user name and the password as settings of their own")
    host, port = split_host(f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text)
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def cleaned(faults: list[Fault], option: str, clean: Callable[[object], Cleaned], value: object) -> Cleaned | None:
    """
    Bring the value of an option into the form in which it is kept.

    :param faults: takes what is wrong with it.
    :param clean: one of the functions above.
    :returns: nothing for a fault, and for a value that was not given.
    """
    if value is None:
        return None
    try:
        return clean(value)
    except ValueError as error:
        faults.append(Fault(option, str(error)))
        return None


def nearest(word: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """
    Find what a mistyped word may have meant.

    :returns: at most ``limit`` candidates, the likeliest first, whatever their case; often none.
    """
    from difflib import get_close_matches  # for typing errors alone

    by_folded: dict[str, str] = {}
    for candidate in candidates:
        by_folded.setdefault(candidate.casefold(), candidate)
    return [by_folded[match] for match in get_close_matches(word.casefold(), by_folded, n=limit)]


def either(names: Iterable[str]) -> str:
    """Write names that may have been meant: ``'Acme' or 'Acne'``."""
    return " or ".join(map(repr, names))


def did_you_mean(near: Sequence[str]) -> str:
    """
    Ask whether one of the near matches was meant.

    :returns: a sentence that goes on after another one, or nothing where there is no match.
    """
    return f" Did you mean {either(near)}?" if near else ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _visible(value: object) -> str:
    text = unicodedata.normalize("NFC", _text(value)).strip(_TRIMMED)
    if _is_blank(text):
        raise ValueError("must not be blank")
    _refuse_invisible(text)
    return text


def _is_blank(text: str) -> bool:
    return all(unicodedata.category(character) in _BLANK_CATEGORIES for character in _BLANK_CHARACTERS.sub("", text))


def _refuse_invisible(text: str) -> None:
    if text.isprintable():  # a hundred times faster, and stricter: it knows neither other spaces nor private characters
        return
    if any(
        unicodedata.category(character) in INVISIBLE_CATEGORIES or _is_noncharacter(character) for character in text
    ):
        raise ValueError(_INVISIBLE)


def _is_noncharacter(character: str) -> bool:
    return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF


def _refuse_mask(text: str) -> None:
    folded = text.casefold()
    # A mask may also stand in the middle: Ansible replaces every occurrence of a secret in every output.
    if any(mask.casefold() in folded for mask in MASKS) or (len(text) > 2 and _MASK_CHARACTERS.issuperset(text)):
        raise ValueError(_HIDDEN)


def _refuse_placeholder(text: str) -> None:
    _refuse_mask(text)
    if any(marker in text for marker in _UNRENDERED) or text.startswith(_OMITTED):
        raise ValueError("contains a template that was not rendered ({{ or {%)")


def _is_local_part(local_part: str) -> bool:
    # Some programs fold full-width characters to ASCII ones, which must not turn one address into two.
    folded = unicodedata.normalize("NFKC", local_part)
    return (
        0 < len(local_part.encode()) <= _LONGEST_LOCAL_PART
        and not (_EMAIL_SPECIALS | {"@"}).intersection(folded)
        and not any(character.isspace() for character in folded)
    )


def _is_mail_domain(domain: str) -> bool:
    try:
        last_label = ascii_host(domain).rpartition(".")[2]
    except ValueError:
        return False
    return not last_label.isdigit()


@lru_cache(maxsize=1024)  # a loop over integrations names the same few people again and again
def _is_one_address(address: str) -> bool:
    # Dots in wrong places and encoded words are left to the standard library. It knows no internationalised addresses;
    # to its grammar their letters are letters.
    stand_in = "".join(character if character.isascii() else "x" for character in address)
    try:
        return Address(addr_spec=stand_in).addr_spec == stand_in
    except (HeaderParseError, ValueError, IndexError):
        return False


def _clean_path(path: str) -> str:
    segments = path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").split("/")
    if "." in segments or ".." in segments:
        raise ValueError("must not contain the path segments . and ..")
    return quote(path, safe=_PATH_CHARACTERS).rstrip("/")
