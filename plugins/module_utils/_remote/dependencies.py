# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: third-party libraries, loaded where they are used, and what is said when one is missing."""

from __future__ import annotations

import importlib
import logging
from typing import Any

from .._domain.errors import missing_library


def require(module: str, package: str | None = None, major: int = 0) -> Any:
    """
    Import a third-party module.

    :param module: for example ``requests.adapters``.
    :param package: how pip calls it, if that is not the first part of the module's name.
    :param major: the oldest major version that will do.
    :returns: the module.
    :raises IntegrationError: ``dependency_missing``, naming the library and the Python that lacks it.
    """
    library = package or module.partition(".")[0]
    try:
        found = importlib.import_module(module)
    except ImportError:
        raise missing_library(library, "is missing or damaged") from None
    if major and int(found.__version__.partition(".")[0]) < major:
        raise missing_library(f"{library}>={major}", f"is there only as version {found.__version__}")
    return found


def silence(package: str) -> None:
    """
    Keep a library from logging in this process, at any level and to any handler.

    zeep logs whole messages, with the password in them, and urllib3 whole addresses, of which a webhook's is a secret.
    """
    logger = logging.getLogger(package)
    logger.propagate = False
    logger.disabled = True
    # Where no handler is found at all, Python prints to stderr.
    logger.handlers = [logging.NullHandler()]
    for name in [name for name in logging.root.manager.loggerDict if name.startswith(f"{package}.")]:
        logging.getLogger(name).disabled = True
