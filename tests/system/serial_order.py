# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Finds a serial order that explains what many did at once: which task came when, and what each of them saw.

The history tells the order of the tasks that changed something, because each wrote into it under the lock of its
instance. Replayed by :mod:`system.model` in this order, each has to end as it did. A task that changed nothing has to
end as it did at one moment between its begin and its end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from .crowd import Record
from .model import Ending, ModelIntegration, ModelState, end_of, told_by

OVERTAKEN = "registry_busy"
ATTEMPTS = 3


class SerialOrder:
    """
    The order of one instance.

    :param changes: the tasks that changed something, in the order of the history.
    :param homes: of each virtual server, the task that made it known: it belongs to the instance of that task.
    :ivar deleted: what each task deleted, by its actor.
    :ivar faults: what is not explained.
    """

    def __init__(self, instance: str, changes: Sequence[Record], homes: dict[str, Record]) -> None:
        self.instance = instance
        self.faults: list[str] = []
        self.deleted: dict[str, ModelIntegration] = {}
        self._foreign = {uid: home for uid, home in homes.items() if home.instance != instance}
        self._changes = changes
        self.states = [ModelState()]
        ended = sorted((change.end, position) for position, change in enumerate(changes, 1))
        self._ends = [end for end, _position in ended]
        self._last = list(accumulate((position for _end, position in ended), max, initial=0))
        begun = sorted((change.begin, position) for position, change in enumerate(changes, 1))
        self._begins = [begin for begin, _position in begun]
        after = accumulate((position for _begin, position in reversed(begun)), min, initial=len(changes) + 1)
        self._first = list(after)[::-1]

    def replay(self) -> None:
        """Carry out what changed something, one after the other."""
        for position, change in enumerate(self._changes, 1):
            earliest, latest = self._window(change)
            if not earliest < position <= latest:
                self._fault(change, f"stands at {position} of the history, not within {earliest} to {latest}")
            state, ending = self._carried_out(change)
            self.states.append(state)
            if ending.deleted:
                self.deleted[change.actor] = ending.deleted
            if not _fits(ending, change):
                self._fault(change, f"should have ended with {ending}")

    def _carried_out(self, change: Record) -> tuple[ModelState, Ending]:
        """Carry a task out as it was, if that is possible."""
        for view in self._views(change):
            state = self.states[-1].copy()
            ending = self._ending(state, change, view)
            if _fits(ending, change):
                break
        return state, ending

    def explain(self, record: Record) -> None:
        """Find a moment at which a task that changed nothing had to end as it did."""
        if record.code == OVERTAKEN:
            self._explain_overtaken(record)
        elif not any(
            self._is_seen(record, state, view) for state in self._seen(record) for view in self._views(record)
        ):
            self._fault(record, "is explained by no state that it can have seen")

    def _is_seen(self, record: Record, state: ModelState, elsewhere: Callable[[str], bool]) -> bool:
        if record.module in _LOOKS:
            return _LOOKS[record.module](state, record.result or {})
        ending = self._ending(state.copy(), record, elsewhere)
        return not ending.changed and _fits(ending, record)

    def _explain_overtaken(self, record: Record) -> None:
        """Refuse to believe in it unless as many others changed something meanwhile as it made attempts."""
        meanwhile = [change for change in self._changes if _overlap(change, record)]
        clashes = record.module == "binding" and any(_overlap(home, record) for home in self._foreign.values())
        if len(meanwhile) < ATTEMPTS and not clashes:
            self._fault(record, f"gave up, though only {len(meanwhile)} others changed something meanwhile")

    def _ending(self, state: ModelState, record: Record, elsewhere: Callable[[str], bool]) -> Ending:
        new_id = record.result["integration"]["id"] if record.result and record.result.get("integration") else None
        return end_of(state, record.module, record.options, new_id, elsewhere)

    def _seen(self, record: Record) -> Iterator[ModelState]:
        earliest, latest = self._window(record)
        yield from self.states[earliest : latest + 1]

    def _window(self, record: Record) -> tuple[int, int]:
        """Tell after how many changes a task may have looked, at least and at most."""
        earliest = self._last[bisect_left(self._ends, record.begin)]
        latest = self._first[bisect_right(self._begins, record.end)] - 1
        return earliest, latest

    def _views(self, record: Record) -> list[Callable[[str], bool]]:
        """Tell what a task can have thought about which virtual servers belong to other instances."""
        begun = {uid for uid, home in self._foreign.items() if home.begin < record.end}
        ended = {uid for uid, home in self._foreign.items() if home.end <= record.begin}
        return [begun.__contains__] if begun == ended else [begun.__contains__, ended.__contains__]

    def _fault(self, record: Record, told: str) -> None:
        how = record.code or ("changed" if record.changed else "unchanged")
        self.faults.append(f"{record.actor} {record.module} {record.options} ended {how} and {told}: {record.msg}")


def _overlap(left: Record, right: Record) -> bool:
    return left.begin < right.end and right.begin < left.end


def _fits(ending: Ending, record: Record) -> bool:
    if record.result is None:
        return ending.code == record.code
    told = told_by(record.module, record.options, record.result)
    return ending.code is None and ending.changed == record.changed and ending.told == told


def _shows_integrations(state: ModelState, result: dict[str, Any]) -> bool:
    shown = {item["id"]: _shown(item) for item in result["integrations"]}
    return shown == {found: _modelled(state, found) for found in state.integrations}


def _shown(item: dict[str, Any]) -> tuple[Any, ...]:
    tenants = sorted(tenant["uid"] or tenant["name"] for tenant in item["tenants"])
    settings = item["settings"]["soap_user_name"], item["settings"]["url"]
    return item["name"], settings, [each["email"] for each in item["administrators"]], tenants, item["tenant_count"]


def _modelled(state: ModelState, found: str) -> tuple[Any, ...]:
    item, tenants = state.integrations[found], state.held_by(found)
    return (
        item.name,
        (item.settings["soap_user_name"], item.settings["url"]),
        item.administrators,
        tenants,
        len(tenants),
    )


def _shows_tenants(state: ModelState, result: dict[str, Any]) -> bool:
    shown = {tenant["uid"] or tenant["name"]: tenant["integration_id"] for tenant in result["tenants"]}
    return len(shown) == len(result["tenants"]) and shown == state.holders


def _shows_no_fault(_state: ModelState, result: dict[str, Any]) -> bool:
    return not result["integrity"]["faults"]


_LOOKS: dict[str, Callable[[ModelState, dict[str, Any]], bool]] = {
    "integration_info": _shows_integrations,
    "tenant_info": _shows_tenants,
    "registry": _shows_no_fault,
    "notification_info": lambda _state, _result: True,
}
