# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Webhooks are signed by the Standard Webhooks convention."""

from __future__ import annotations

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.webhook import sign, signing_key


def test_signature_of_the_convention() -> None:
    # The test vector of its reference libraries.
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert signature == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_other_secrets_are_taken_as_they_are() -> None:
    assert signing_key("pässword") == "pässword".encode()


@pytest.mark.parametrize("secret", ["whsec_hunter2!", "whsec_hunter2", "whsec_hünter2="])
def test_what_only_looks_like_base64(secret: str) -> None:
    with pytest.raises(IntegrationError, match="webhook_secret") as refusal:
        signing_key(secret)
    assert refusal.value.code is ErrorCode.INVALID_SETTINGS
    assert "hunter2" not in refusal.value.message
