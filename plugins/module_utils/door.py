# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The outermost boundary of every module: all faults of the arguments at once, every exception caught, secrets redacted,
one shape of failure.

``perform`` and ``perform_unchecked`` know nothing of ``AnsibleModule``, so that plugins inside of Ansible's own process
can use them as well.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from ._domain.progress import Tell
from ._domain.redaction import SecretsInPlay
from ._domain.text import SHORT_SECRET, is_short_secret
from .arguments import argument_faults, secrets_of, without_nulls
from .environment import naming_variables, set_fallbacks, taken_from
from .specification import ModuleSpecification

if TYPE_CHECKING:
    from .client import IntegrationClient

Work = Callable[["IntegrationClient"], dict[str, Any]]

_COLLECTION = "ansible_collections/msp/kaspersky/"
_LIBRARIES = {"psycopg": "psycopg[binary]", "sqlalchemy": "SQLAlchemy"}


@dataclass(frozen=True)
class Outcome:
    """
    What came of a task, redacted, except for results that consist of secrets.

    :param result: what the module returns; of a failure ``msg`` and ``error``.
    :param options: validated, with secrets in clear, of a task whose arguments were checked here.
    """

    failed: bool
    result: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def run(specification: ModuleSpecification, work: Work) -> None:
    """
    Be a module: read its arguments, do its work, tell the outcome.

    :param work: a method of the client; returns the module's result.
    :raises TypeError: the specification is one of a plugin that returns secrets; no module may.
    """
    if specification.returns_secrets:
        raise TypeError("what a module returns is logged and shown: no module returns secrets")
    module = Door(specification)
    try:
        outcome = perform(specification, module.params, module.check_mode, work, module.from_environment)
    except (KeyboardInterrupt, SystemExit):
        # Let out, it would make Python print the exceptions that it interrupted, with their texts.
        outcome = _failure(_interrupted())
    for warning in outcome.warnings:
        module.warn(warning)
    if outcome.failed:
        module.refuse(outcome.result)
    else:
        module.exit_json(**outcome.result)


def perform(
    specification: ModuleSpecification,
    options: Mapping[str, Any],
    check_mode: bool,
    work: Work,
    from_environment: frozenset[str] = frozenset(),
) -> Outcome:
    """
    Do the work of a task and let no exception and no secret out.

    :param options: validated options of the module.
    :param from_environment: those for which environment variables stand in, for messages.
    :returns: the outcome; also that of a failure, whatever failed.
    """
    return _contained(lambda: _attempt(specification, options, check_mode, work, from_environment))


def perform_unchecked(
    specification: ModuleSpecification,
    arguments: Mapping[str, Any],
    check_mode: bool,
    work: Work,
    environment: Mapping[str, str] | None = None,
    tell: Tell | None = None,
) -> Outcome:
    """
    Check arguments as a module does, then do the work and let no exception and no secret out.

    :param arguments: as they were given, in Python's own types.
    :param environment: stands in for options that are not given; by default that of this process.
    :param tell: takes a line now and then while long work runs; a module can show nothing before its end.
    :returns: the outcome; also that of a failure, whatever failed.
    """
    return _contained(lambda: _checked_attempt(specification, arguments, check_mode, work, environment, tell))


def _contained(attempt: Callable[[], Outcome]) -> Outcome:
    try:
        return attempt()
    except ImportError as error:
        return _failure(_dependency_missing(error))
    except Exception as error:  # noqa: BLE001 (the boundary: beyond it, ansible-core prints what no_log hides)
        return _failure(_internal_error(error))


class Door(AnsibleModule):
    """
    An ``AnsibleModule`` that refuses all faulty arguments in one message and never repeats a value.

    :param specification: what the module accepts.
    """

    params: dict[str, Any]
    from_environment: frozenset[str] = frozenset()
    """The options for which environment variables stand in."""

    def __init__(self, specification: ModuleSpecification) -> None:
        self._specification = specification
        super().__init__(**specification.keywords(), supports_check_mode=True)

    def _load_params(self) -> None:
        super()._load_params()
        faults = argument_faults(self._specification, self.params)
        if faults:
            self.refuse(_failure(InvalidSettings(faults)).result)
        options = self._specification.argument_spec
        self.params = without_nulls(options, self.params)
        self.from_environment = taken_from(options, self.params, None)

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """Refuse what ansible-core alone found fault with."""
        self.refuse(_failure(_refused_by_core()).result)

    def refuse(self, result: dict[str, Any]) -> None:
        """
        End the module as failed, without repeating its arguments.

        :param result: ``msg`` and ``error``, redacted.
        """
        super().fail_json(**result, invocation={})

    def log(self, msg: str, log_args: Mapping[str, Any] | None = None) -> None:
        """Tell the system's log which options were used, never their values, which may hold unforeseen secrets."""
        super().log(f"Invoked with the options {', '.join(sorted(log_args or {}))}")


def _checked_attempt(
    specification: ModuleSpecification,
    arguments: Mapping[str, Any],
    check_mode: bool,
    work: Work,
    environment: Mapping[str, str] | None,
    tell: Tell | None,
) -> Outcome:
    faults = argument_faults(specification, arguments, environment)
    if faults:
        return _failure(InvalidSettings(faults))
    given = without_nulls(specification.argument_spec, arguments)
    from_environment = taken_from(specification.argument_spec, given, environment)
    set_fallbacks(specification.argument_spec, given, environment)
    validated = specification.validator.validate(given)
    if validated.error_messages:
        return _failure(_refused_by_core())
    options = validated.validated_parameters
    return replace(_attempt(specification, options, check_mode, work, from_environment, tell), options=options)


def _attempt(
    specification: ModuleSpecification,
    options: Mapping[str, Any],
    check_mode: bool,
    work: Work,
    from_environment: frozenset[str],
    tell: Tell | None = None,
) -> Outcome:
    from .client import IntegrationClient

    in_play = SecretsInPlay()
    secrets = secrets_of(specification.argument_spec, options)
    in_play.add(*secrets.values())
    warnings = _short_secrets(secrets)
    try:
        result = dict(work(IntegrationClient(options, in_play, check_mode, tell)))
    except IntegrationError as refusal:
        error = _naming_variables(refusal, from_environment)
        told = {"msg": in_play.redact(error.message), "error": _redacted(in_play, error.as_result())}
        return Outcome(True, told, warnings)
    warnings += in_play.redact_all(result.pop("warnings", []))
    return Outcome(False, result if specification.returns_secrets else _redacted(in_play, result), warnings)


def _naming_variables(error: IntegrationError, from_environment: frozenset[str]) -> IntegrationError:
    if isinstance(error, InvalidSettings) and from_environment:
        return InvalidSettings(naming_variables(error.faults, from_environment))
    return error


def _redacted(in_play: SecretsInPlay, result: Mapping[str, Any]) -> dict[str, Any]:
    # The outer keys are ours; with a secret such as "changed" they would go as well.
    return {key: in_play.redact_all(value) for key, value in result.items()}


def _short_secrets(secrets: Mapping[str, str]) -> list[str]:
    short = sorted(option for option, secret in secrets.items() if is_short_secret(secret))
    if not short:
        return []
    return [
        f"Shorter than {SHORT_SECRET} characters: {', '.join(short)}. Masking such a secret also masks unrelated "
        "output that happens to contain it."
    ]


def _failure(error: IntegrationError) -> Outcome:
    return Outcome(True, {"msg": error.message, "error": error.as_result()})


def _refused_by_core() -> IntegrationError:
    """Make the refusal without the message of ansible-core, which may hold values."""
    return InvalidSettings([Fault("options", "ansible-core refuses them; compare them with the documentation")])


def _dependency_missing(error: ImportError) -> IntegrationError:
    package = (error.name or _raised_in(error)).partition(".")[0]
    if package in ("", "ansible", "ansible_collections"):
        return _internal_error(error)
    library = _LIBRARIES.get(package, package)
    return IntegrationError(ErrorCode.DEPENDENCY_MISSING, missing_required_lib(library), library=library)


def _internal_error(error: Exception) -> IntegrationError:
    kind, place = type(error).__name__, _place(error)
    return IntegrationError(
        ErrorCode.INTERNAL_ERROR,
        f"Unexpected {kind} at {place}. Its text is withheld because it may hold secrets. This is a fault of the "
        "collection: please report it with this message and the versions of Ansible and Python.",
        exception_class=kind,
        place=place,
    )


def _interrupted() -> IntegrationError:
    return IntegrationError(
        ErrorCode.INTERNAL_ERROR,
        "The task was interrupted before its end. Run it again: what was begun is then finished or taken back.",
    )


def _raised_in(error: ImportError) -> str:
    frames = list(traceback.walk_tb(error.__traceback__))
    return str(frames[-1][0].f_globals.get("__name__", "")) if frames else ""


def _place(error: Exception) -> str:
    """Tell the innermost line of the collection that the exception passed, relative to the collection."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        _before, found, inside = frame.filename.rpartition(_COLLECTION)
        if found:
            return f"{inside}:{frame.lineno}"
    return "an unknown place"
