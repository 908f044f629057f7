# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: finds the integration that a task means."""

from __future__ import annotations

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Integration
from .._domain.rules import Selection, no_such_integration
from .._domain.text import did_you_mean, either, nearest
from .._storage.reader import Reader


def selected_integration(reader: Reader, instance: str, wanted: Selection) -> Integration | None:
    """
    Find the integration to keep.

    :returns: the integration by its id, its old or its new name; nothing if there is none of that name.
    :raises IntegrationError: ``not_found`` for an unknown id or a rename of nothing, ``name_taken`` where the old and
        the new name are both in use, ``instance_mismatch`` for an id of another instance.
    """
    renamed = reader.integration_named(instance, wanted.new_name) if wanted.new_name else None
    if wanted.integration_id is not None:
        found = integration_by_id(reader, instance, wanted.integration_id)
        if found is None:
            raise no_such_integration(f"with the id {wanted.integration_id!r}", "", [])
    else:
        found = reader.integration_named(instance, wanted.name) if wanted.name else None
    if renamed and found and renamed.id != found.id:
        raise IntegrationError(
            ErrorCode.NAME_TAKEN,
            f"'{found.name}' ({found.id}) cannot be called '{renamed.name}': {renamed.id} has that name. "
            "Choose another name, or rename or delete the other integration first.",
            ids=[found.id, renamed.id],
        )
    if wanted.new_name and wanted.name and not found and not renamed:
        raise not_called(reader, instance, wanted.name, " to rename")
    return found or renamed


def nothing_to_edit(reader: Reader, instance: str, name: str) -> IntegrationError:
    """Make the error for a task that edits what is not there: it lacks what a creation needs, so a name is mistyped."""
    error = not_called(reader, instance, name, " to edit")
    told = f"{error.message} To create it, give platform and solution as well."
    return IntegrationError(ErrorCode.NOT_FOUND, told, **error.details)


def not_called(reader: Reader, instance: str, name: str, purpose: str = "") -> IntegrationError:
    """
    Make the error for a name that no integration of the instance has, with near matches.

    :param purpose: what it is needed for, for example `` to rename``.
    """
    told = f"called {name!r}{purpose}{elsewhere(reader, instance, name)}"
    return no_such_integration(told, name, reader.integration_names(instance))


def elsewhere(reader: Reader, instance: str, name: str) -> str:
    """
    Tell where else there is an integration of a name: the option instance may be left out, or mistyped.

    :returns: the rest of a sentence, or nothing where there is none.
    """
    others = reader.instances_with(name)
    return f" in the instance {instance!r}; there is one in {either(others)}" if others else ""


def integration_by_id(
    reader: Reader, instance: str, integration_id: str, name: str | None = None
) -> Integration | None:
    """
    Find an integration by its id.

    :param name: what it has to be called, if that is checked here.
    :raises IntegrationError: ``instance_mismatch`` where it belongs to another instance than the task's, ``not_found``
        where it has another name.
    """
    found = reader.integration(integration_id)
    if found and found.instance != instance:
        raise IntegrationError(
            ErrorCode.INSTANCE_MISMATCH,
            f"The integration {integration_id} belongs to the instance '{found.instance}', the task is about "
            f"'{instance}'. Set the option instance.",
        )
    if found and name is not None and name != found.name:
        told = f"The integration {integration_id} is called '{found.name}', not '{name}'; nothing was changed."
        raise IntegrationError(ErrorCode.NOT_FOUND, told)
    return found


def required_integration(reader: Reader, instance: str, name: str | None, integration_id: str | None) -> Integration:
    """
    Find an integration that has to be there.

    :raises IntegrationError: ``not_found`` with near matches, ``instance_unknown``, or ``instance_mismatch``.
    """
    require_instance(reader, instance)
    if integration_id is not None:
        found = integration_by_id(reader, instance, integration_id, name)
        if found is None:
            raise no_such_integration(f"with the id {integration_id!r}", name or "", reader.integration_names(instance))
        return found
    found = reader.integration_named(instance, name or "")
    if found is None:
        raise not_called(reader, instance, name or "")
    return found


def require_instance(reader: Reader, instance: str) -> None:
    """
    Refuse an instance that the registry does not have.

    :raises IntegrationError: ``instance_unknown`` with near matches.
    """
    known = reader.instance_names()
    if instance not in known:
        near = nearest(instance, known)
        raise IntegrationError(
            ErrorCode.INSTANCE_UNKNOWN,
            f"The registry has no instance called '{instance}'.{did_you_mean(near)} "
            f"There are: {', '.join(known) or 'none'}.",
            near_matches=near,
        )
