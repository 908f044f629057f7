# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: addresses that an answer names, and whether credentials may follow them there."""

from __future__ import annotations

from .._domain.origins import place_of, split_address


def may_follow(address: str, configured: str, domain: str) -> bool:
    """
    Tell whether credentials that are meant for one address may be sent to another one that an answer names.

    They may at the very same origin. Elsewhere they may only if both addresses are the vendor's own, by HTTPS and the
    usual port: whoever holds an address of that domain holds the credentials anyway.

    :param domain: of the vendor, for example ``myconnectwise.net``.
    """
    try:
        there, here = place_of(split_address(address)), place_of(split_address(configured))
    except ValueError:
        return False
    return there.origin == here.origin or all(_is_of(place.origin, domain) for place in (there, here))


def _is_of(origin: str, domain: str) -> bool:
    return origin.startswith("https://") and origin.endswith(f".{domain}:443")
