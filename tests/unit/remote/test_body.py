# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers are read up to a limit, packed and unpacked."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.body import (
    LARGEST_ANSWER,
    UnreadableBody,
    read_body,
)


class Endless:
    """Gives bytes forever, and counts them."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.given = 0

    def read(self, size: int) -> bytes:
        piece = self._content[:size]
        self.given += len(piece)
        return piece


def reader(content: bytes) -> Callable[[int], bytes]:
    return io.BytesIO(content).read


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_plain(encoding: str) -> None:
    assert read_body(reader(b"x" * 200_000), encoding) == b"x" * 200_000


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_packed(encoding: str) -> None:
    content = bytes(range(256)) * 2000
    assert read_body(reader(gzip.compress(content)), encoding) == content


def test_nothing() -> None:
    assert read_body(reader(b""), "gzip") == b""


def test_largest() -> None:
    content = b"x" * LARGEST_ANSWER
    assert read_body(reader(content), "") == content
    assert read_body(reader(gzip.compress(content)), "gzip") == content


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_too_large(encoding: str) -> None:
    content = b"x" * (LARGEST_ANSWER + 1)
    with pytest.raises(UnreadableBody, match="larger than 8 MiB"):
        read_body(reader(gzip.compress(content) if encoding else content), encoding)


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_larger_where_more_is_expected(encoding: str) -> None:
    content = b"x" * (LARGEST_ANSWER + 1)
    packed = gzip.compress(content) if encoding else content
    assert read_body(reader(packed), encoding, LARGEST_ANSWER + 1) == content
    with pytest.raises(UnreadableBody, match="larger than 1 MiB"):
        read_body(reader(packed), encoding, 1024**2)


def test_endless_answer_is_not_read_on() -> None:
    endless = Endless(b"x" * 64 * 1024)
    with pytest.raises(UnreadableBody, match="larger"):
        read_body(endless.read, "")
    assert endless.given <= LARGEST_ANSWER + 64 * 1024


def test_bomb_is_not_unpacked() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1024**2) for _mebibyte in range(200)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableBody, match="larger"):
            read_body(reader(bomb), "gzip")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * LARGEST_ANSWER


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_packing(encoding: str) -> None:
    with pytest.raises(UnreadableBody, match="not asked for"):
        read_body(reader(b"x"), encoding)


def test_damaged() -> None:
    with pytest.raises(UnreadableBody, match="damaged"):
        read_body(reader(b"this is not gzip"), "gzip")
