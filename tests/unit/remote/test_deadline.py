# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deadline ends what is read from a socket, however busily the other side sends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.deadline import Deadline, watch


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        left.settimeout(10)
        yield left, right


def dribble(connection: socket.socket) -> None:
    try:
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)
    except OSError:
        pass


def test_ends_a_dribble(pair: tuple[socket.socket, socket.socket]) -> None:
    reading, writing = pair
    threading.Thread(target=dribble, args=(writing,), daemon=True).start()
    began = time.monotonic()
    with Deadline(0.3) as deadline:
        watch(reading)
        while reading.recv(10):
            pass
    assert deadline.passed
    assert time.monotonic() - began < 5


def test_leaves_alone_what_is_in_time(pair: tuple[socket.socket, socket.socket]) -> None:
    reading, writing = pair
    with Deadline(0.2) as deadline:
        watch(reading)
        writing.sendall(b"answer")
        assert reading.recv(10) == b"answer"
    time.sleep(0.4)
    assert not deadline.passed
    writing.sendall(b"more")
    assert reading.recv(10) == b"more"


def test_ends_what_comes_too_late(pair: tuple[socket.socket, socket.socket]) -> None:
    reading, _writing = pair
    with Deadline(0.05) as deadline:
        time.sleep(0.2)
        deadline.watch(reading)
        assert reading.recv(10) == b""


def test_looks_into_wrappers(pair: tuple[socket.socket, socket.socket]) -> None:
    reading, _writing = pair

    class Wrapper:
        socket = reading

    with Deadline(0.05) as deadline:
        deadline.watch(Wrapper())
        assert reading.recv(10) == b""


def test_no_deadline_no_watch(pair: tuple[socket.socket, socket.socket]) -> None:
    reading, writing = pair
    with Deadline(0.05):
        pass
    watch(reading)
    time.sleep(0.2)
    writing.sendall(b"answer")
    assert reading.recv(10) == b"answer"


def test_deadlines_of_other_threads_are_theirs(pair: tuple[socket.socket, socket.socket]) -> None:
    reading, writing = pair
    with Deadline(0.1):
        other = threading.Thread(target=watch, args=(reading,))
        other.start()
        other.join()
        time.sleep(0.3)
        writing.sendall(b"answer")
        assert reading.recv(10) == b"answer"
