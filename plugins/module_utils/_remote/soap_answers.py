# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what the answer of a SOAP operation says about the credentials it was called with.

The vendor documents no reading operation and no way in which a wrong password comes back, so an answer is judged by
what such services usually say. What is not understood is never taken for a proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Element(Protocol):
    """The part of lxml's and ElementTree's elements that is used here."""

    tag: str
    text: str | None

    def iter(self) -> Iterator[Element]:
        """Go through the element and all below it."""

    def __iter__(self) -> Iterator[Element]:
        """Go through the elements right below it."""

    def __len__(self) -> int:
        """Count the elements right below it."""


class Verdict(StrEnum):
    """What an answer says."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    RIGHT_MISSING = "right_missing"
    FAILED = "failed"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Judgement:
    """
    A verdict and the words of the server that it rests on.

    :param reason: not yet fit to be shown: see ``foreign_text``.
    """

    verdict: Verdict
    reason: str = ""


_STACK_LINE = re.compile(r"\s+at\s+[\w<>`+]+(?:\.[\w<>`+]+)+\s*\(")
_EXCEPTION_NAME = re.compile(r"^(?:[A-Za-z_][\w.]*\.)?\w*(?:Exception|Error|Fault):\s*")
_INNER = " ---> "

_ABOUT_CREDENTIALS = re.compile(
    r"pass\s?word|credential|log[\s-]?[io]n\b|logon|authenticat|unauthori[sz]ed|user\s?name"
    r"|(?:invalid|unknown|inactive|disabled|no such) user|user (?:is )?(?:not found|unknown|inactive|disabled)",
    re.IGNORECASE,
)
_ABOUT_RIGHTS = re.compile(
    r"permission|privilege|not (?:allowed|permitted|authori[sz]ed)|access (?:is )?denied|forbidden"
    r"|(?:lacks?|missing|insufficient|does not have|no) (?:the |a )?rights?\b",
    re.IGNORECASE,
)

_FLAGS = frozenset({"success", "succeeded", "successful", "issuccess", "issuccessful", "authenticated", "isvalid"})
_ERRORS = frozenset({"error", "errors", "errormessage", "errortext", "errordescription", "exception", "fault"})
_MESSAGES = frozenset({"message", "returnmessage", "resultmessage", "statusmessage", "reason"})
_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})
_NO_ERROR = _FALSE | {"", "none", "null", "ok", "success"}


def clean_fault_text(text: str) -> str:
    """
    Take the message out of the text of an ASP.NET fault.

    ASP.NET writes ``System.Web.Services.Protocols.SoapException: <message>`` and then the lines of the stack, and puts
    the exception that caused another one after ``--->``.

    :returns: the first line of the innermost message, without the names of exceptions.
    """
    first_line = next((line for line in text.strip().splitlines() if line.strip()), "")
    message = _STACK_LINE.split(first_line, maxsplit=1)[0].rpartition(_INNER)[2].strip()
    while (shorter := _EXCEPTION_NAME.sub("", message)) != message:
        message = shorter
    return message.strip()


def judge_fault(text: str) -> Judgement:
    """
    Judge a fault.

    :param text: of the fault, cleaned.
    """
    return Judgement(_verdict_on(text) or Verdict.FAILED, text)


def judge_result(result: Element) -> Judgement:
    """
    Judge the result of an operation that did not end in a fault.

    :param result: the element ``<Operation>Result``.
    """
    if len(result) == 0:
        return _judge_text((result.text or "").strip())
    leaves = [(_local_name(element), (element.text or "").strip()) for element in result.iter() if _is_leaf(element)]
    failed = any(name in _FLAGS and text.lower() in _FALSE for name, text in leaves)
    errors = [text for name, text in leaves if name in _ERRORS and text.lower() not in _NO_ERROR]
    messages = [text for name, text in leaves if name in _MESSAGES and text]
    if failed or errors:
        return _judge_failure([*errors, *messages])
    # A few words alone, without any data, may be a refusal that nothing marks as one.
    if len(messages) == len(leaves):
        return Judgement(_verdict_on(" ".join(messages)) or Verdict.UNCLEAR, next(iter(messages), ""))
    return Judgement(Verdict.ACCEPTED if any(text for _name, text in leaves) else Verdict.UNCLEAR)


def _judge_text(text: str) -> Judgement:
    lowered = text.lower()
    if lowered in _TRUE:
        return Judgement(Verdict.ACCEPTED)
    if lowered in _FALSE:
        return Judgement(Verdict.REFUSED)
    return Judgement(_verdict_on(text) or Verdict.UNCLEAR, text)


def _judge_failure(reasons: Iterable[str]) -> Judgement:
    told = " ".join(reasons)
    return Judgement(_verdict_on(told) or Verdict.FAILED, told)


def _verdict_on(text: str) -> Verdict | None:
    if _ABOUT_CREDENTIALS.search(text):
        return Verdict.REFUSED
    return Verdict.RIGHT_MISSING if _ABOUT_RIGHTS.search(text) else None


def _is_leaf(element: Element) -> bool:
    # Comments and processing instructions have no name.
    return isinstance(element.tag, str) and len(element) == 0


def _local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()
