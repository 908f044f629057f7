# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A missing library is named, and libraries that log secrets are silent."""

from __future__ import annotations

import logging
import sys

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.dependencies import require, silence


def test_present() -> None:
    assert require("xml.etree.ElementTree").fromstring("<a/>").tag == "a"


@pytest.mark.parametrize(
    ("module", "package", "named"),
    [
        ("not_there", None, "not_there"),
        ("not_there.deeper", None, "not_there"),
        ("not_there", "not-there", "not-there"),
    ],
)
def test_missing(module: str, package: str | None, named: str) -> None:
    with pytest.raises(IntegrationError, match=f"library {named} ") as refusal:
        require(module, package)
    assert refusal.value.code is ErrorCode.DEPENDENCY_MISSING
    assert refusal.value.details == {"library": named}
    assert sys.executable in refusal.value.message


def test_too_old() -> None:
    version = int(require("pytest").__version__.partition(".")[0])
    assert require("pytest", major=version) is pytest
    with pytest.raises(IntegrationError, match=f"pytest>={version + 1} is there only as version") as refusal:
        require("pytest", major=version + 1)
    assert refusal.value.code is ErrorCode.DEPENDENCY_MISSING


def test_silenced_library_says_nothing(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    package, module = logging.getLogger("noisy_library"), logging.getLogger("noisy_library.transports")
    module.addHandler(logging.StreamHandler(sys.stderr))
    caplog.set_level(logging.DEBUG)
    for logger in (package, module):
        logger.setLevel(logging.DEBUG)
    silence("noisy_library")
    later = logging.getLogger("noisy_library.later")
    for logger in (package, module, later):
        logger.debug("hunter2")
        logger.critical("hunter2")
    assert "hunter2" not in caplog.text
    assert "hunter2" not in "".join(capsys.readouterr())


def test_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    silence("noisy_library")
    logging.getLogger("noisy_library_of_others").warning("hello")
    assert "hello" in caplog.text
