# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret survives redaction, in whatever form and between whatever it stands."""

from __future__ import annotations

import ast
import base64
import html
import json
import re
import shlex
import time
from collections.abc import Callable
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus, urlencode
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import MASK, SHORTEST, SecretsInPlay

Encoder = Callable[[str], str]

# Asterisks would let the mask itself complete a secret; that tells nobody anything, but confuses the test.
secrets = st.text(
    st.one_of(
        st.sampled_from("ab1\\\"'&<>%+/ =;{}\n\tä€😀"), st.characters(exclude_characters="*", exclude_categories=["Cs"])
    ),
    min_size=SHORTEST,
    max_size=12,
)
surroundings = st.text(st.one_of(st.sampled_from("ab1\\\"'&<>%+/ =;#x\nä"), st.characters()), max_size=12)


def of_specials(encode: Encoder) -> Encoder:
    """Encode all but ASCII letters and digits."""
    return lambda text: "".join(c if c.isascii() and c.isalnum() else encode(c) for c in text)


def of_octets(form: str) -> Encoder:
    return lambda text: "".join(form.format(octet) for octet in text.encode("utf-8", "surrogatepass"))


def json_string(text: str, *, ensure_ascii: bool = True) -> str:
    return json.dumps(text, ensure_ascii=ensure_ascii)[1:-1]


def python_string(text: str) -> str:
    return repr(f"{text}'\"")[1:-4]  # both quotes within, so that repr always chooses the same one


def lower_hexadecimal(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), text)


def utf8(encode: Callable[..., str], **options: str) -> Encoder:
    return lambda text: encode(text, errors="surrogatepass", **options)


# Each encodes character by character, so that the form of a secret does not depend on what stands around it.
ENCODERS: dict[str, Encoder] = {
    "clear": str,
    "json": json_string,
    "json, unescaped letters": lambda text: json_string(text, ensure_ascii=False),
    "json, escaped slashes": lambda text: json_string(text).replace("/", "\\/"),
    "json, .NET": of_specials(
        lambda c: json_string(c) if c.isascii() and c not in "\"'&<>+" else of_specials_unicode(c)
    ),
    "json in json": lambda text: json_string(json_string(text)),
    "json in json, unescaped letters": lambda text: json_string(
        json_string(text, ensure_ascii=False), ensure_ascii=False
    ),
    "javascript": of_specials(lambda c: f"\\x{ord(c):02X}" if c.isascii() else of_specials_unicode(c)),
    "repr": python_string,
    "repr of json": lambda text: python_string(json_string(text)),
    "repr of json in json": lambda text: python_string(json_string(json_string(text))),
    "repr of bytes": lambda text: repr(f"{text}'\"".encode("utf-8", "surrogatepass"))[2:-4],
    "xml": escape,
    "xml attribute": lambda text: quoteattr(f"{text}'\"")[1:-7],
    "html": html.escape,
    "html, unescaped quotes": lambda text: html.escape(text, quote=False),
    "html, decimal": of_specials(lambda c: f"&#{ord(c)};"),
    "html, decimal with zeros": of_specials(lambda c: f"&#{ord(c):05};"),
    "html, hexadecimal": of_specials(lambda c: f"&#x{ord(c):x};"),
    "html, upper hexadecimal": of_specials(lambda c: f"&#X{ord(c):04X};"),
    "html, named": of_specials(lambda c: f"&{codepoint2name[ord(c)]};" if ord(c) in codepoint2name else c),
    "xml, named quotes": lambda text: escape(text, {"'": "&apos;", '"': "&quot;"}),
    "xml in xml": lambda text: escape(escape(text)),
    "url": utf8(quote),
    "url, lower": lambda text: lower_hexadecimal(utf8(quote)(text)),
    "url, also slashes": utf8(quote, safe=""),
    "url, as requests writes it": utf8(quote, safe="!#$%&'()*+,/:;=?@[]~"),
    "url form": utf8(quote_plus),
    "url in url": lambda text: quote(utf8(quote)(text)),
    "every octet in a url": of_octets("%{:02X}"),
    "every octet in a url, lower": of_octets("%{:02x}"),
    "hexadecimal": of_octets("{:02x}"),
    "upper hexadecimal": of_octets("{:02X}"),
    "hexadecimal, escaped": of_octets("\\x{:02x}"),
    "hexadecimal, spaced": of_octets("{:02x} "),
    "sql": lambda text: text.replace("'", "''"),
    "shell": lambda text: shlex.quote(f"{text} ")[1:-2],
}


def of_specials_unicode(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex().upper()}" for at in range(0, len(units), 2))


def in_play(*values: str | None) -> SecretsInPlay:
    secrets_in_play = SecretsInPlay()
    secrets_in_play.add(*values)
    return secrets_in_play


@pytest.mark.parametrize("name", ENCODERS)
@given(before=surroundings, secret=secrets, after=surroundings)
@example(before="", secret="pass\\", after="\\")
@example(before="", secret="a\\b", after="")
@example(before="", secret="a\\\\\"b\\'c\\\nd\\<e", after="")
@example(before="\\", secret="\\\\\\", after="'")
@example(before="&", secret="&amp;", after="amp;")
@example(before="%", secret="%25%", after="25")
@example(before="'", secret="a'\"b", after='"')
@example(before="", secret="😀ä€", after="")
@example(before="", secret=" abc ", after="")
@example(before="", secret="line 1\nline 2\r\n", after="")
def test_no_secret_survives(name: str, before: str, secret: str, after: str) -> None:
    encode = ENCODERS[name]
    redacted = in_play(secret).redact(encode(before) + encode(secret) + encode(after))
    form = encode(secret).removesuffix(" ") if name == "hexadecimal, spaced" else encode(secret)
    assert form not in redacted
    assert MASK in redacted


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["standard", "urlsafe"])
@given(before=surroundings, secret=secrets, after=surroundings)
@example(before="", secret="???>>>~~~", after="")
@example(before="a", secret="???>>>~~~", after="a")
@example(before="ab", secret="???>>>~~~", after="ab")
def test_no_bit_survives_in_base64(encode: Callable[[bytes], bytes], before: str, secret: str, after: str) -> None:
    octets = [text.encode("utf-8", "surrogatepass") for text in (before, secret, after)]
    encoded = encode(b"".join(octets)).decode()
    first = len(octets[0]) * 8 // 6
    last = -(-(len(octets[0]) + len(octets[1])) * 8 // 6)
    redacted = in_play(secret).redact(encoded)
    assert encoded[first:last] not in redacted
    if redacted.count(MASK) == 1 and len(MASK) in {len(item) for item in re.findall(r"\*+", redacted)}:
        shown_before, _mask, shown_after = redacted.partition(MASK)
        assert len(shown_before) <= first
        assert len(shown_after) <= len(encoded) - last


@given(first=secrets, second=secrets, before=surroundings, between=surroundings)
@example(first="abc", second="bcd", before="", between="")
@example(first="abc", second="abcdef", before="", between="")
def test_no_secret_hides_another(first: str, second: str, before: str, between: str) -> None:
    overlapping = "abc" in first and "bcd" in second
    text = before + ("abcd" if overlapping else first + between + second)
    for redacted in (in_play(first, second).redact(text), in_play(second, first).redact(text)):
        assert first.strip() not in redacted or len(first.strip()) < SHORTEST
        assert second.strip() not in redacted or len(second.strip()) < SHORTEST


@pytest.mark.parametrize("at", range(3))
def test_neighbours_in_base64_are_both_masked(at: int) -> None:
    encoded = base64.b64encode(b"-" * at + b"first secret" + b"second secret" + b"-").decode()
    redacted = in_play("first secret", "second secret").redact(encoded)
    assert len(redacted.replace(MASK, "").rstrip("=")) <= 4, "what is left belongs to the hyphens"


def test_secrets_that_overlap_leave_no_rest() -> None:
    assert in_play("abcX", "Xdef").redact("-abcXdef-") == f"-{MASK}-"
    assert in_play("aaa").redact("-aaaa-") == f"-{MASK}-"
    assert in_play("bcd", "abcdef").redact("-abcdef-") == f"-{MASK}-"


@given(before=surroundings, secret=secrets, after=surroundings)
def test_no_secret_survives_common_libraries(before: str, secret: str, after: str) -> None:
    text = before + secret + after
    masked = in_play(secret)
    form = masked.redact(urlencode({"key": text}, errors="surrogatepass"))
    assert quote_plus(secret, errors="surrogatepass").strip("+") not in form
    quoted = repr(text)
    assert quoted == masked.redact(quoted) or MASK in masked.redact(quoted)
    if re.fullmatch(r"[ -~]*", text):
        element = ElementTree.Element("a", {"b": text})
        element.text = text
        assert secret.strip() not in html.unescape(masked.redact(ElementTree.tostring(element).decode()))


@pytest.mark.parametrize("secret", ["p&<>\"'ä€ w", "tab\there", "new\nline"])
def test_no_secret_survives_lxml(secret: str) -> None:
    etree = pytest.importorskip("lxml.etree")
    element = etree.Element("a", {"b": secret})
    element.text = secret
    for encoding in ("ascii", "utf-8", "iso-8859-1"):
        written = etree.tostring(element, encoding=encoding).decode(encoding)
        assert in_play(secret).redact(written).split("?>\n")[-1] == f'<a b="{MASK}">{MASK}</a>'


def test_basic_credentials_in_latin_1() -> None:
    header = base64.b64encode("user:pässwörd".encode("latin-1")).decode()
    assert in_play("pässwörd").redact(header) == f"dXNlcj{MASK}=="


@given(text=surroundings)
def test_other_text_is_kept(text: str) -> None:
    assert in_play("a secret that does not occur").redact(text) == text
    assert SecretsInPlay().redact(text) == text


def test_only_the_secret_is_masked() -> None:
    assert in_play("pa$$ word").redact("user=me&password=pa$$+word&x=1") == f"user=me&password={MASK}&x=1"
    assert in_play("pa$$ word").redact('{"a": "pa$$ word", "b": 1}') == f'{{"a": "{MASK}", "b": 1}}'


def test_repr_of_text_with_one_kind_of_quotes() -> None:
    for secret in ("it's", 'a "b"', "both '\" ones", "back\\slash"):
        redacted = in_play(secret).redact(repr({"key": f"see {secret}!"}))
        assert ast.literal_eval(redacted) == {"key": f"see {MASK}!"}


def test_what_is_added() -> None:
    masked = in_play(None, "", "ab", "  padded  ", "first line\n  second line\n\n")
    assert masked.redact("ab") == "ab", "shorter than the shortest value that is masked"
    assert masked.redact("-padded-") == f"-{MASK}-"
    assert masked.redact("(first line) (second line)") == f"({MASK}) ({MASK})"
    masked.add("later")
    assert masked.redact("sooner or later") == f"sooner or {MASK}"


def test_short_secrets_are_told() -> None:
    assert not in_play(None, "", "12345678").short
    assert in_play("12345678", "1234567").short
    assert in_play("1234567", "12345678").short
    assert in_play("1").short


def test_neither_repr_nor_str_shows_a_value() -> None:
    masked = in_play("a secret")
    assert "a secret" not in repr(masked) + str(masked)


def test_results_are_walked() -> None:
    masked = in_play("a secret")
    result = {
        "a secret": ["a secret", ("x a secret", {"a secret"}), frozenset({"a secret"})],
        "kept": [True, False, None, 5, 2.5],
        5: "five",
    }
    assert masked.redact_all(result) == {
        MASK: [MASK, (f"x {MASK}", {MASK}), frozenset({MASK})],
        "kept": [True, False, None, 5, 2.5],
        5: "five",
    }
    assert "a secret" in result, "the original is not touched"
    assert masked.redact_all([True, 1, 0.0])[0] is True
    assert SecretsInPlay().redact_all(result) == result


NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


@given(value=NESTED)
def test_results_without_secrets_are_kept(value: object) -> None:
    assert in_play("a secret that does not occur").redact_all(value) == value


@given(value=NESTED)
def test_redacting_twice_changes_nothing(value: object) -> None:
    masked = in_play("aaa", "0000", "ä€")
    once = masked.redact_all(value)
    assert masked.redact_all(once) == once


def test_ten_thousand_results_are_no_work() -> None:
    masked = in_play(
        "3383259B-9FBA-486E-97A8-E81893741F83", "Pa$$ w0rd<&>'\"\\", "https://hooks.example.com/T0/B0/XXXX", "A" * 44
    )
    result = [
        {"id": f"{at:032x}", "name": f"Client {at} & Sons", "bound": True, "uid": f"VSRV{at:08}"}
        for at in range(10_000)
    ]
    started = time.perf_counter()
    assert masked.redact_all(result) == result
    assert time.perf_counter() - started < 5, "it takes a tenth of a second"


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 200_000,
        "A" * 200_000,
        "&amp;" * 50_000,
        "%25" * 70_000,
        "'" * 200_000,
        "QUFB" * 50_000,
        '\\\\\\"' * 50_000,
    ],
)
def test_hostile_text_takes_no_longer(text: str) -> None:
    masked = in_play(
        "\\\\a\\\\\\b\\\\c", "AAAAAAAAAAAAAAAAAAB", "&&&&amp;amp;&&x", "%%%25%25%%x", "'" * 20 + "x", '\\"' * 20 + "x"
    )
    started = time.perf_counter()
    masked.redact(text)
    assert time.perf_counter() - started < 10, "it takes less than a second"
