# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who did what: the history names the user, or the job of AWX with its template and who launched it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from system import doors
from system.doors import Play, task
from system.tasks import ADMINISTRATORS, TIGERPAW, Options
from system.workplace import Workplace

NEW: Options = {
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": ADMINISTRATORS,
    "verify": "never",
}
# A name of a template is data, also where it looks like something to render.
TEMPLATE = "{{ 7 * 7 }}"
VARIABLES = {"awx_job_id": 42, "awx_job_template_name": TEMPLATE, "awx_user_name": "ann"}
JOB = {"id": "42", "template": TEMPLATE, "launched_by": "ann"}


@pytest.mark.parametrize("in_process", [True, False])
def test_a_job_is_told_through_both_doors(tmp_path: Path, in_process: bool) -> None:
    stepping_aside = {"environment": {"LANG": "C"}}
    play = Play(
        [
            task("integration", name="Acme", actor=None, **NEW),
            task("binding", integration="Acme", companies=["Mill"], actor="bob"),
            task("binding", integration="Acme", companies=["Quay"], job={"id": "7"}),
            task("integration", name="Acme", state="absent", keywords=stepping_aside),
            task("integration_info", history=True),
        ],
        hosts={"here": VARIABLES},
    )
    seen = doors.run(play, tmp_path / "play", in_process=in_process)
    history = next(result["history"] for name, result in seen.results.items() if "integration_info" in name)
    assert [(entry["action"], entry["actor"], entry["job"]) for entry in history] == [
        ("created", "ann", JOB),
        ("bindings_changed", "bob", JOB),
        ("bindings_changed", "tester", {"id": "7"}),
        ("deleted", "tester", JOB),
    ]
    assert seen.modules == (1 if in_process else 5)


def test_outside_of_a_job_there_is_none(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_ID", "42")  # other systems have jobs as well
    workplace.create()
    [entry] = workplace.run("integration_info", history=True)["history"]
    assert entry["job"] is None


def test_without_variables_the_environment_tells_of_a_job(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_ID", "42")
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    workplace.create(actor=None)
    [entry] = workplace.run("integration_info", history=True)["history"]
    assert (entry["actor"], entry["job"]) == ("AWX job 42", {"id": "42"})


@pytest.mark.parametrize(
    ("job", "actor"),
    [({"id": "42", "launched_by": "ann"}, "ann"), ({"id": "42", "template": "Keep"}, "AWX job 42 (Keep)")],
)
def test_who_launched_a_job_acts(workplace: Workplace, job: dict[str, str], actor: str) -> None:
    workplace.create(actor=None, job=job)
    [entry] = workplace.run("integration_info", history=True)["history"]
    assert (entry["actor"], entry["job"]) == (actor, job)


def test_odd_names_do_no_harm(workplace: Workplace) -> None:
    workplace.create(job={"id": "42", "template": "a\nb\u202e" + "c" * 300, "launched_by": "********"})
    [entry] = workplace.run("integration_info", history=True)["history"]
    assert entry["job"]["template"].startswith("a\ufffdb\ufffdc")
    assert len(entry["job"]["template"]) == 255


def actions(workplace: Workplace, **filters: Any) -> list[str]:
    return [entry["action"] for entry in workplace.run("integration_info", history=True, **filters)["history"]]


def test_what_was_deleted_is_found_by_what_it_was(workplace: Workplace) -> None:
    created = workplace.create()
    workplace.create("Other")
    workplace.run("integration", name="Acme", state="absent")
    for known in ({"name": "Acme"}, {"integration_id": created["integration"]["id"]}):
        assert actions(workplace, **known) == ["created", "deleted"]
    assert actions(workplace, platform="tigerpaw") == ["created"]
    assert actions(workplace) == ["created", "created", "deleted"]


def test_only_what_is_new_is_shown_on_demand(workplace: Workplace) -> None:
    workplace.create()
    workplace.database.query("UPDATE history SET at = '2020-01-01 00:00:00'")
    workplace.run("integration", name="Acme", state="absent")
    assert actions(workplace, history_newer_than=30) == ["deleted"]
    assert actions(workplace, history_newer_than=100_000 // 3) == ["created", "deleted"]


def test_only_the_newest_are_shown_on_demand(workplace: Workplace) -> None:
    workplace.create()
    workplace.create("Other")
    workplace.run("integration", name="Acme", new_name="Zenith")
    workplace.run("integration", name="Zenith", state="absent")
    assert actions(workplace, history_limit=2) == ["changed", "deleted"]
    assert actions(workplace, history_limit=9) == ["created", "created", "changed", "deleted"]
    assert actions(workplace, history_limit=1, name="Acme") == ["created"]
    assert actions(workplace, history_limit=1, platform="tigerpaw") == ["created"]


def set_back(workplace: Workplace, **moments: datetime) -> None:
    """Let what was done to integrations have been done at another moment."""
    for name, moment in moments.items():
        workplace.database.query(
            f"UPDATE history SET at = '{moment:%Y-%m-%d %H:%M:%S.%f}' WHERE integration_name = '{name}'"  # noqa: S608
        )


@pytest.fixture
def three_times(workplace: Workplace) -> Workplace:
    """Have something done a bit more and a bit less than 30 days ago, and in the future: a clock was wrong."""
    now = datetime.now(UTC)
    for name in ("Old", "Young", "Future"):
        workplace.create(name)
    limit, minute = now - timedelta(days=30), timedelta(minutes=1)
    set_back(workplace, Old=limit - minute, Young=limit + minute, Future=now + timedelta(days=400))
    return workplace


def test_retention_drops_what_is_older_and_nothing_else(three_times: Workplace) -> None:
    assert three_times.run("registry", check_mode=True, history_retention=30)["removed_history"] == 1
    assert three_times.run("registry", history_retention=30)["removed_history"] == 1
    entries = three_times.run("integration_info", history=True)["history"]
    assert [entry["integration"] for entry in entries] == ["Young", "Future", ""]


def test_the_newest_is_so_by_its_time(three_times: Workplace) -> None:
    entries = three_times.run("integration_info", history=True, history_limit=2)["history"]
    assert [entry["integration"] for entry in entries] == ["Young", "Future"]
    three_times.run("integration", name="Young", state="absent")
    entries = three_times.run("integration_info", history=True, history_limit=2)["history"]
    assert [(entry["integration"], entry["action"]) for entry in entries] == [
        ("Future", "created"),
        ("Young", "deleted"),
    ]


def test_retention_tells_who_dropped_how_many_up_to_when(three_times: Workplace) -> None:
    three_times.run("registry", history_retention=30, actor="eve", job={"id": "42"})
    entry = three_times.run("integration_info", history=True)["history"][-1]
    assert (entry["action"], entry["actor"], entry["job"]) == ("retention_applied", "eve", {"id": "42"})
    before = datetime.fromisoformat(entry["summary"].pop("history_before"))
    assert abs(datetime.now(UTC) - timedelta(days=30) - before) < timedelta(minutes=1)
    assert entry["summary"] == {"removed_history": 1, "removed_notifications": 0}


def test_retention_keeps_what_tells_of_retention(three_times: Workplace) -> None:
    three_times.run("registry", history_retention=30)
    three_times.database.query("UPDATE history SET at = '2020-01-01 00:00:00'")
    assert three_times.run("registry", history_retention=1)["removed_history"] == 2
    three_times.database.query("UPDATE history SET at = '2020-01-01 00:00:00'")
    assert not three_times.run("registry", history_retention=1)["changed"]
    assert actions(three_times) == ["retention_applied"] * 2
