# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: moves a registry to another database, so that the old one cannot be used any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .._storage.database import open_database
from .._storage.moving import carry_over, count_rows, refer
from .._storage.reader import Reader
from .._storage.registry import Registry, Standing
from .._storage.secrets import check_store
from .._storage.writer import Writer
from .context import Context
from .history import instance_history


def move_registry(context: Context) -> dict[str, Any] | None:
    """
    Move the registry of ``old_registry`` to where the task's registry is to be.

    :returns: ``from``, ``to`` and the number of ``rows`` of each table; nothing if it was moved there before.
    :raises IntegrationError: ``invalid_settings``: another registry is there; ``registry_missing``, ``registry_moved``
        (to another place), ``registry_older``, ``registry_newer``, ``secret_store_elsewhere``, ``registry_busy``,
        ``registry_unreachable``, ``registry_damaged``.
    """
    [password] = context.secret_options("old_registry_password")
    source = Registry(open_database(context.options["old_registry"], password, "old_registry"))
    goal = context.registry
    if source.location == goal.location:
        raise InvalidSettings([Fault("old_registry", "is the registry itself; name the one that is to be moved there")])
    given, held = source.standing(), goal.standing()
    if given is None:
        raise source.missing()
    arrived = _are_one(given, held) and given.moved_to == goal.location
    if arrived and not _refers_to(held, source.location):
        return None
    if not arrived:
        _require_movable(source, goal, given, held)
    if context.check_mode:
        return _told(source, goal, _rows(source))
    rows = _rows(goal) if arrived else _carried_over(context, source, goal)
    _open_to_all(context, source, goal)
    return _told(source, goal, rows)


def _rows(registry: Registry) -> dict[str, int]:
    with registry.database.reading() as connection:
        return count_rows(connection)


def _carried_over(context: Context, source: Registry, goal: Registry) -> dict[str, int]:
    """Do all that is done while nobody else can write to either of them."""
    with source.database.writing(None) as giving:
        given = source.standing_in(giving)
        if given is None:
            raise source.missing()
        check_store(Reader(giving).registry(), context.options.get("secret_store"))
        with goal.database.creating(), goal.database.writing(None) as taking:
            held = goal.standing_in(taking)
            _require_movable(source, goal, given, held)
            rows = carry_over(giving, taking, source.location, context.tell, replaces=held is not None)
        refer(giving, goal.location)
    return rows


def _open_to_all(context: Context, source: Registry, goal: Registry) -> None:
    """
    Do what comes last, also for an earlier move that was cut off before it.

    :raises IntegrationError: ``registry_busy``: another run has meanwhile taken one of them elsewhere.
    """
    with source.database.writing(None) as giving, goal.database.writing(None) as taking:
        given, held = source.standing_in(giving), goal.standing_in(taking)
        if given is None or not _are_one(given, held) or given.moved_to != goal.location:
            raise _moved_meanwhile(source, goal)
        if _refers_to(held, None):
            return  # another run has done it
        if not _refers_to(held, source.location):
            raise _moved_meanwhile(source, goal)
        refer(taking, None)
        summary = {"from": source.location, "to": goal.location}
        Writer(taking).add_history(instance_history(context, datetime.now(UTC), "registry_moved", summary))


def _moved_meanwhile(source: Registry, goal: Registry) -> IntegrationError:
    return IntegrationError(
        ErrorCode.REGISTRY_BUSY,
        f"Another run moved the registry at the same time. See with registry_info whether it is at {source.location}, "
        f"at {goal.location} or elsewhere, then run the task again if it is still wanted.",
    )


def _require_movable(source: Registry, goal: Registry, given: Standing, held: Standing | None) -> None:
    if given.moved_to:
        raise source.moved_to(given.moved_to)
    is_older_self = _are_one(given, held) and _refers_to(held, source.location)
    if held is not None and not is_older_self:
        told = f"holds a registry already ({goal.location}); a registry can only be moved to where there is none"
        raise InvalidSettings([Fault("registry", told)])


def _are_one(given: Standing, held: Standing | None) -> bool:
    return held is not None and held.id == given.id


def _refers_to(held: Standing | None, location: str | None) -> bool:
    return held is not None and held.moved_to == location


def _told(source: Registry, goal: Registry, rows: dict[str, int]) -> dict[str, Any]:
    return {"from": source.location, "to": goal.location, "rows": rows}
