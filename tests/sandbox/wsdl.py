# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WSDL of Tigerpaw's SOAP service, as ASP.NET generates it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from lxml import etree

TEMPLATE = Path(__file__).parent / "files" / "tsiWS.wsdl"
WRITING_OPERATION = "SubmitAgreementAdditionalCharges"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
DOCUMENTATION = {False: "reads from the database", True: "tells whether the user may use this service"}


def answers_with_boolean(operation: str) -> bool:
    """Tell whether an operation takes nothing and answers yes or no."""
    return operation.startswith("Validate")


def describe(operations: list[str], address: str) -> bytes:
    """
    Write the WSDL.

    :param operations: The reading operations that the service has beside the writing one.
    :param address: Where the WSDL says that the service is.
    """
    root = etree.parse(TEMPLATE, etree.XMLParser(remove_blank_text=True)).getroot()
    for operation in operations:
        _add_operation(root, operation)
    for element in root.iter("{*}address"):
        element.set("location", address)
    etree.indent(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return written


def _add_operation(root: Any, operation: str) -> None:
    """Copy everything that makes up the writing operation, under another name."""
    outermost = "//*[starts-with(@name, $name) and not(ancestor::*[starts-with(@name, $name)])]"
    for original in root.xpath(outermost, name=WRITING_OPERATION):
        copy = deepcopy(original)
        _rename(copy, operation)
        if answers_with_boolean(operation):
            _answer_with_boolean(copy)
        _last_of_its_kind(original).addnext(copy)


def _rename(element: Any, operation: str) -> None:
    for each in element.iter():
        for name, value in each.attrib.items():
            each.set(name, value.replace(WRITING_OPERATION, operation))
        if each.tag == f"{WSDL}documentation":
            each.text = DOCUMENTATION[answers_with_boolean(operation)]


def _answer_with_boolean(element: Any) -> None:
    for field in element.findall(f"{SCHEMA}complexType/{SCHEMA}sequence/{SCHEMA}element"):
        if field.get("name") == "Params":
            field.getparent().getparent().remove(field.getparent())
        else:
            field.remove(field[0])
            field.set("minOccurs", "1")
            field.set("type", "s:boolean")


def _last_of_its_kind(element: Any) -> Any:
    return element.getparent().findall(element.tag)[-1]
