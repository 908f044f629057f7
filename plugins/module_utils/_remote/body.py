# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: how much of an answer is read, packed and unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Callable

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes, unless more is expected. A WSDL has some hundred thousand, most of what we ask for less."""

_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class UnreadableBody(Exception):
    """An answer that cannot be read; the text says why, in our words."""


def read_body(read: Callable[[int], bytes], encoding: str, largest: int = LARGEST_ANSWER) -> bytes:
    """
    Read a whole answer and unpack it.

    Some servers and proxies compress even where no compression was asked for.

    :param read: gives the next bytes as they came, at most as many as it is asked for, none at the end.
    :param encoding: the header ``Content-Encoding``.
    :param largest: bytes that it may have, before and after unpacking.
    :raises UnreadableBody: it is larger, cut off, or packed in another way.
    """
    unpack = _unpacker(encoding)
    raw_size = 0
    body = bytearray()
    while piece := read(_PIECE):
        raw_size += len(piece)
        if raw_size <= largest:
            body += unpack(piece, largest + 1 - len(body))
        if max(raw_size, len(body)) > largest:
            raise UnreadableBody(f"is larger than {largest // 1024**2} MiB")
    return bytes(body)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    packing = encoding.strip().lower()
    if packing in ("", "identity"):
        return lambda piece, _limit: piece
    if packing not in ("gzip", "x-gzip"):
        raise UnreadableBody("is compressed in a way that was not asked for")
    unpacker = zlib.decompressobj(_GZIP)

    def unpack(piece: bytes, limit: int) -> bytes:
        try:
            return unpacker.decompress(piece, limit)
        except zlib.error:
            raise UnreadableBody("is damaged (gzip)") from None

    return unpack
