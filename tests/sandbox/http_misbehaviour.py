# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How HTTP systems misbehave; which misbehaviours there are is in :mod:`sandbox.misbehaviour`."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from .answers import json_answer, page
from .exchange import Exchange
from .records import now
from .security_center_misbehaviour import HANDLERS as SECURITY_CENTER_HANDLERS

MEGABYTE = 1024 * 1024
PIECE = 64 * 1024
ENTITY = "sandbox"


async def misbehave(kind: str, exchange: Exchange) -> None:
    """Answer a request badly."""
    await HANDLERS[kind](exchange)


def retry_after(wish: object) -> str:
    """
    Write a ``Retry-After`` header.

    :param wish: ``date`` (in two seconds), ``absurd`` (a day), ``garbage``, or the text itself.
    """
    soon = format_datetime(now() + timedelta(seconds=2), usegmt=True)
    return {"date": soon, "absurd": "86400", "garbage": "in a little while"}.get(str(wish), str(wish))


async def _status(exchange: Exchange) -> None:
    status = int(exchange.options["status"])
    wish = exchange.options.get("retry_after")
    headers = {} if wish is None else {"Retry-After": retry_after(wish)}
    if exchange.request.system == "soap":
        await exchange.connection.reply(Response(status_code=status, headers=headers))
    else:
        await exchange.connection.reply(json_answer(_failure(exchange.request.system), status, **headers))


def _failure(system: str) -> dict[str, Any]:
    """Tell of a failure as a system does."""
    told = "The request was not carried out."
    shapes: dict[str, dict[str, Any]] = {
        "connectwise_manage": {"code": "Failure", "message": told, "errors": []},
        "autotask": {"errors": [told]},
    }
    return shapes.get(system, {"Message": told})


async def _slow(exchange: Exchange) -> None:
    if not await exchange.connection.gone(within=float(exchange.options["seconds"])):
        await exchange.connection.reply(exchange.genuine())


async def _dribble(exchange: Exchange) -> None:
    answer = exchange.genuine()
    await exchange.connection.start(answer.status_code, answer.raw_headers)
    for byte in bytes(answer.body):
        if await exchange.connection.gone(within=float(exchange.options["seconds"])):
            return
        await exchange.connection.write(bytes([byte]))
    await exchange.connection.write(b"", more=False)


async def _truncated(exchange: Exchange) -> None:
    answer = exchange.genuine()
    body = bytes(answer.body)
    headers = {name: value for name, value in answer.raw_headers if name != b"content-length"}
    headers[b"content-length"] = str(len(body) or 1).encode()
    await exchange.connection.start(answer.status_code, headers.items())
    await exchange.connection.write(body[: len(body) * 2 // 3])
    await exchange.connection.close()


async def _dropped(exchange: Exchange) -> None:
    await exchange.connection.abort()


async def _html(exchange: Exchange) -> None:
    await exchange.connection.reply(page("Welcome", "This network is looked after.", exchange.options["status"]))


async def _login_redirect(exchange: Exchange) -> None:
    target = f"/Login?ReturnUrl={exchange.request.path}"
    await exchange.connection.reply(RedirectResponse(target, exchange.options["status"]))


async def _foreign_redirect(exchange: Exchange) -> None:
    request = exchange.request
    target = f"{exchange.addresses.foreign}{request.path}{'?' if request.query else ''}{request.query}"
    await exchange.connection.reply(RedirectResponse(target, exchange.options["status"]))


async def _endless(exchange: Exchange) -> None:
    beginning = b"<endless>" if exchange.request.system == "soap" else b'{"Success": true, "Message": "'
    await exchange.connection.start(200, [(b"content-type", exchange.media_type.encode())])
    await exchange.connection.write(beginning)
    while not await exchange.connection.gone(within=0):
        await exchange.connection.write(b"x" * PIECE)


def _bomb(megabytes: int) -> Iterator[bytes]:
    """Yield a gzip stream of so many megabytes of spaces. Each megabyte is packed by itself, so packing one will do."""
    spaces = b" " * MEGABYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(spaces) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    for _each in range(megabytes):
        checksum = zlib.crc32(spaces, checksum)
        yield block
    yield packer.flush() + checksum.to_bytes(4, "little") + (megabytes * MEGABYTE % 2**32).to_bytes(4, "little")


async def _gzip_bomb(exchange: Exchange) -> None:
    headers = [(b"content-type", exchange.media_type.encode()), (b"content-encoding", b"gzip")]
    await exchange.connection.start(200, headers)
    for block in _bomb(int(exchange.options["megabytes"])):
        await exchange.connection.write(block)
        await asyncio.sleep(0)
    await exchange.connection.write(b"", more=False)


async def _send_changed(exchange: Exchange, change: Callable[[str], str]) -> None:
    """Send the right answer with a change in it."""
    answer = exchange.genuine()
    changed = change(bytes(answer.body).decode())
    headers = {name.decode(): value.decode() for name, value in answer.raw_headers if name != b"content-length"}
    await exchange.connection.reply(Response(changed, answer.status_code, headers))


def _with_entity(xml: str, declarations: str, external: str = "") -> str:
    """Put a document type in front of the root element, and the entity into it."""
    start = re.search(r"<([A-Za-z][\w.:-]*)", xml)
    if start is None:
        return xml
    before, root, end = xml[: start.start()], xml[start.start() :], xml.rindex("</")
    document_type = f"<!DOCTYPE {start[1]}{external} [{declarations}]>"
    return f"{before}{document_type}{root[: end - start.start()]}&{ENTITY};{xml[end:]}"


def _laughs(levels: int) -> str:
    """Declare entities that unfold to ten times as much with each level."""
    entities = ['<!ENTITY level0 "laugh">']
    for level in range(1, levels + 1):
        entities.append(f'<!ENTITY level{level} "{f"&level{level - 1};" * 10}">')
    return "".join([*entities, f'<!ENTITY {ENTITY} "&level{levels};">'])


async def _xml_bomb(exchange: Exchange) -> None:
    await _send_changed(exchange, lambda xml: _with_entity(xml, _laughs(int(exchange.options["levels"]))))


async def _external_entity(exchange: Exchange) -> None:
    wish = str(exchange.options["entity"])
    plain = f"{exchange.addresses.foreign_plain}/entity"
    if wish == "dtd":
        await _send_changed(exchange, lambda xml: _with_entity(xml, "", f' SYSTEM "{plain}.dtd"'))
        return
    address = {"file": "file:///etc/passwd", "http": plain}.get(wish, wish)
    await _send_changed(exchange, lambda xml: _with_entity(xml, f'<!ENTITY {ENTITY} SYSTEM "{address}">'))


async def _foreign_import(exchange: Exchange) -> None:
    foreign = exchange.addresses.foreign
    if exchange.options["element"] == "schema":
        element = f'<s:import namespace="urn:foreign" schemaLocation="{foreign}/imported.xsd" />'
        place = re.compile(r"<s:schema [^>]*>")
    else:
        element = f'<wsdl:import namespace="urn:foreign" location="{foreign}/imported.wsdl" />'
        place = re.compile(r"<wsdl:definitions [^>]*>")
    await _send_changed(exchange, lambda xml: place.sub(lambda found: found[0] + element, xml, count=1))


async def _wrong_address(exchange: Exchange) -> None:
    foreign = f'location="{exchange.addresses.foreign}{exchange.request.path}"'
    await _send_changed(exchange, lambda xml: re.sub(r'location="[^"]*"', foreign, xml))


async def _foreign_place(exchange: Exchange) -> None:
    """Say that the API is at the foreign origin."""
    own, foreign = getattr(exchange.addresses, exchange.request.system), exchange.addresses.foreign
    places = {own: foreign, urlsplit(own).netloc: urlsplit(foreign).netloc}
    await _send_changed(exchange, lambda text: _replaced(text, places))


async def _looping_pages(exchange: Exchange) -> None:
    """Let the next page be this one, under another address each time."""
    request, answer = exchange.request, exchange.genuine()
    query = f"{request.query}&" if request.query else ""
    own = f"{getattr(exchange.addresses, request.system)}{request.path}?{query}again={len(request.query)}"
    await exchange.connection.reply(_with_next_page(answer, own))


async def _foreign_page(exchange: Exchange) -> None:
    """Let the next page be at the foreign origin."""
    answer, own = exchange.genuine(), f"{exchange.addresses.foreign}{exchange.request.path}?page=2"
    await exchange.connection.reply(_with_next_page(answer, own))


def _with_next_page(answer: Response, address: str) -> Response:
    content = json.loads(bytes(answer.body))
    if isinstance(content, dict):
        content["pageDetails"] = {**content.get("pageDetails", {}), "nextPageUrl": address}
    return json_answer(content, Link=f'<{address}>; rel="next"')


def _replaced(text: str, places: dict[str, str]) -> str:
    for old, new in places.items():
        text = text.replace(old, new)
    return text


async def _not_successful(exchange: Exchange) -> None:
    await exchange.connection.reply(json_answer({"Success": False, "Message": exchange.options["message"]}))


async def _wrong_shape(exchange: Exchange) -> None:
    body = exchange.options["body"]
    if exchange.request.system == "soap":
        content = '<?xml version="1.0" encoding="utf-8"?><unexpected />' if body is None else str(body)
    else:
        content = json.dumps(["unexpected"] if body is None else body)
    await exchange.connection.reply(Response(content, media_type=exchange.media_type))


HANDLERS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    "status": _status,
    "unauthorized": _status,
    "forbidden": _status,
    "throttled": _status,
    "server_error": _status,
    "unavailable": _status,
    "slow": _slow,
    "dribble": _dribble,
    "truncated": _truncated,
    "dropped": _dropped,
    "html": _html,
    "login_redirect": _login_redirect,
    "foreign_redirect": _foreign_redirect,
    "endless": _endless,
    "gzip_bomb": _gzip_bomb,
    "xml_bomb": _xml_bomb,
    "external_entity": _external_entity,
    "foreign_import": _foreign_import,
    "wrong_address": _wrong_address,
    "foreign_place": _foreign_place,
    "looping_pages": _looping_pages,
    "foreign_page": _foreign_page,
    "not_successful": _not_successful,
    "wrong_shape": _wrong_shape,
    **SECURITY_CENTER_HANDLERS,
}
