#!/bin/sh
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes .venv, the small environment that holds nox, with the Python given or the best one found.
# usage: environment.sh [python]

set -eu

minimum='(3, 11)'
preferred='python3.12 python3.13 python3.11 python3'
environment=.venv

# Pythons of that name: the one on the path, and those that pyenv holds but has not switched on.
find_named() {
    command -v "$1" || true
    shims=$(dirname "$(command -v "$1" || echo "${HOME:-}/.pyenv/shims/python")")
    ls "$shims/../versions"/*/bin/"$1" 2>/dev/null || true
}

# Only running it tells: a version manager's stand-in is there for versions that do not run as well.
runs() {
    "$1" -c "import sys; assert sys.version_info >= $minimum" 2>/dev/null
}

makes_environments() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

choose() {
    incomplete=
    for name in ${1:-$preferred}; do
        for python in $(find_named "$name"); do
            runs "$python" || continue
            if makes_environments "$python"; then
                "$python" -c 'import sys; print(sys.executable)'
                return
            fi
            incomplete=${incomplete:-$python}
        done
    done
    explain "${1:-}" "$incomplete"
    return 1
}

explain() {
    if [ -n "$2" ]; then
        version=$("$2" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$2 cannot make virtual environments: its module ensurepip is missing."
        echo "On Debian and Ubuntu: apt-get install python$version-venv"
    else
        echo "No Python 3.11 or newer runs here as: ${1:-$preferred}."
        echo "Install one, or name one: make PYTHON=/path/to/python3.12 ..."
    fi >&2
}

python=$(choose "${1:-}")
if [ "$(cat "$environment/made-with" 2>/dev/null)" != "$python" ]; then
    echo "Making $environment with $python"
    rm -rf "$environment"
    "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --quiet --disable-pip-version-check 'nox>=2025.5.1'
    echo "$python" >"$environment/made-with"
fi
