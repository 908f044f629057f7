# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything runs in environments of its own below this folder; nothing else on the machine is touched.
#   make demo     the life of an integration, played against a sandbox on this machine
#   make test     every check there is, on the oldest and the newest ansible-core that this Python runs
#   make bench    how fast tasks are: measures for about 20 minutes, downloads all of `ansible` (0.5 GB), and writes
#                 docs/performance.md; ARGUMENTS=--quick tries it in a few minutes and writes nothing
#   make clean    remove what they have made
# PYTHON=python3.13 chooses another Python than the best one found (3.11 or newer).

PYTHON =
ARGUMENTS =
NOX = .venv/bin/nox
RESULTS = build/results

.PHONY: demo test bench clean environment

demo: environment
	@$(NOX) --session demo

# nox goes on after a failed session. The summary tells what failed, and fails itself if anything did.
test: environment
	@rm -rf $(RESULTS)
	@$(NOX) --report $(RESULTS)/nox.json || true
	@.venv/bin/python tests/tools/results.py $(RESULTS)

bench: environment
	@$(NOX) --session bench -- $(ARGUMENTS)

clean:
	rm -rf .venv .nox build .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis

environment:
	@sh tests/tools/environment.sh "$(PYTHON)"
