# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks at random about few integrations and few tenants, so that those who carry them out get in each other's way."""

from __future__ import annotations

from random import Random
from typing import Any

from .tasks import Options

Task = tuple[str, Options]

INSTANCES = {"north": "security_center", "east": "security_center", "south": "business_hub"}
"""Two instances of one solution, because no two of them may have the same virtual server."""

NAMES = {instance: [f"{name} {instance}" for name in ("Acme", "Borealis", "Cobalt")] for instance in INSTANCES}
COMPANIES = ("Harbour", "Mountain Lodge", "Old Mill", "Sunrise Bakery")
SERVERS = ("vs-1", "vs-2", "vs-3", "vs-4")
ADMINISTRATORS = ({"email": "ann@msp.example", "alias": "Ann"}, {"email": "bob@msp.example", "alias": "Bob"})
_USERS = ("kaspersky", "kaspersky-2")
_PASSWORDS = ("first password", "second password", "third password")
_ADDRESSES = ("https://tigerpaw.example", "https://other.example")


class RandomTasks:
    """
    Makes one task after the other.

    :param seed: the same one makes the same tasks, as far as they depend on nothing that was learnt.
    :param channels: options that tell where notifications are delivered; those of the webhook are not in every task.
    """

    def __init__(self, seed: str, channels: Options) -> None:
        self._random = Random(seed)  # noqa: S311 (no secret is made of it)
        self._channels = channels
        self._ids: dict[str, list[str]] = {instance: [] for instance in INSTANCES}

    def next(self) -> Task:
        """Make a task."""
        kinds = {
            self._creation: 16,
            self._edit: 14,
            self._renaming: 8,
            self._binding: 26,
            self._unbinding: 10,
            self._deletion: 9,
            self._delivery: 4,
            self._look: 13,
        }
        [make] = self._random.choices(list(kinds), list(kinds.values()))
        instance = self._random.choice(list(INSTANCES))
        module, options = make(instance)
        return module, {"instance": instance, **options}

    def learn(self, instance: str, result: dict[str, Any]) -> None:
        """Remember ids, to name integrations by them."""
        if found := result.get("integration"):
            self._ids[instance] = [*self._ids[instance][-3:], found["id"]]

    def _creation(self, instance: str) -> Task:
        settings = {
            "soap_user_name": self._one(_USERS),
            "rest_public_key": "public-key-1",
            "soap_password": self._one(_PASSWORDS),
            "rest_private_key": self._one(_PASSWORDS),
            "url": self._one(_ADDRESSES),
        }
        wanted = {"platform": "tigerpaw", "solution": INSTANCES[instance], "tigerpaw": settings}
        return self._kept(name=self._one(NAMES[instance]), administrators=self._administrators(instance), **wanted)

    def _edit(self, instance: str) -> Task:
        changes: Options = {}
        if self._happens(0.4):
            changes["administrators"] = self._administrators(instance)
        changes["tigerpaw"] = self._settings()
        return self._kept(**self._chosen(instance, "name"), **changes)

    def _settings(self) -> Options:
        possible = {
            "soap_user_name": _USERS,
            "soap_password": _PASSWORDS,
            "rest_private_key": _PASSWORDS,
            "url": _ADDRESSES,
        }
        return {name: self._one(values) for name, values in possible.items() if self._happens(0.4)}

    def _renaming(self, instance: str) -> Task:
        name, new_name = self._random.sample(NAMES[instance], 2)
        return self._kept(name=name, new_name=new_name)

    def _kept(self, **options: Any) -> Task:
        return "integration", {"verify": "never", **options}

    def _binding(self, instance: str) -> Task:
        options = {**self._chosen(instance, "integration"), **self._tenants(instance)}
        if self._happens(0.4):
            options["move_from"] = self._one(NAMES[instance])
        if self._happens(0.2):
            options["state"] = "exact"
        return "binding", options

    def _unbinding(self, instance: str) -> Task:
        return "binding", {**self._chosen(instance, "integration"), **self._tenants(instance), "state": "absent"}

    def _deletion(self, instance: str) -> Task:
        options = {**self._chosen(instance, "name"), "state": "absent", **self._channels}
        if self._happens(0.3):
            options["when_bound"] = "fail"
        return "integration", options if self._happens(0.5) else _without_webhook(options)

    def _delivery(self, instance: str) -> Task:
        return "notification", {"state": "discarded", "limit": 1} if self._happens(0.2) else self._channels

    def _look(self, instance: str) -> Task:
        looks: list[Task] = [
            ("integration_info", {"tenants": True}),
            ("tenant_info", {"sources": ["registry"]}),
            ("notification_info", {}),
            ("registry", {"check_integrity": True}),
        ]
        return self._random.choices(looks, [5, 4, 2, 1])[0]

    def _chosen(self, instance: str, option: str) -> Options:
        if self._ids[instance] and self._happens(0.25):
            return {"integration_id": self._one(self._ids[instance])}
        return {option: self._one(NAMES[instance])}

    def _tenants(self, instance: str) -> Options:
        number = self._random.randint(1, 2)
        if INSTANCES[instance] == "business_hub":
            return {"companies": self._random.sample(COMPANIES, number)}
        servers = self._random.sample(SERVERS, number)
        return {"virtual_servers": [{"uid": uid, "name": f"Server {uid}"} for uid in servers]}

    def _administrators(self, instance: str) -> list[dict[str, str]]:
        fewest = 1 if INSTANCES[instance] == "business_hub" else 0
        return [*ADMINISTRATORS[: self._random.randint(fewest, len(ADMINISTRATORS))]]

    def _one(self, values: Any) -> Any:
        return self._random.choice(values)

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability


def _without_webhook(options: Options) -> Options:
    return {name: value for name, value in options.items() if not name.startswith("webhook")}
