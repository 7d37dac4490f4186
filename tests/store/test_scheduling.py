"""Decisions from records alone, beside those of real Airflows (fixtures/scheduling)."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import Any

import pytest
from scheduled import dag_of, decided, ended, undecided
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support import ROOT, airflow_python

from dagserial.model import Dag
from dagserial.store import create, open_engine
from dagserial.store.decisions.trigger_rules import HASTY, TRIGGER_RULES

FOLDER = ROOT / "fixtures" / "scheduling"
FORMER_RULES = {"dummy", "none_failed_or_skipped"}
SEEN_EARLY = {"3.3.2": {("any_3", 1)}, "2.11.2": {("any_2", 1), ("any_3", 1)}}
"""Runs in which Airflow goes by what it has written in the same pass (README)."""


def captured(version: str) -> Any:
    return json.loads((FOLDER / f"{version}.json").read_text())


def new_session() -> Session:
    engine: Engine = open_engine("sqlite://")
    create(engine)
    return Session(engine)


def differing(spec: Any) -> list[tuple[Any, str, int, str, str]]:
    """Cases in which the two do not agree: with the task, its map index, what Airflow decides and what we do."""
    dag = dag_of(spec)
    return [
        (case, *key, theirs, ours)
        for case in spec["cases"]
        for key, theirs, ours in zip(undecided(case), case["found"], decided(dag, case), strict=True)
        if theirs != ours
    ]


def test_every_decision_of_airflow_3_is_ours() -> None:
    specs = captured("3.3.2")["dags"]
    assert [found for spec in specs for found in differing(spec)] == []
    decisions = Counter(found for spec in specs for case in spec["cases"] for found in case["found"])
    assert decisions.keys() == {"run", "wait", "skipped", "upstream_failed", "removed"}
    assert decisions.total() > 5000
    assert set(TRIGGER_RULES) <= {task.get("rule") for spec in specs for task in spec["tasks"].values()}


def test_every_whole_run_ends_as_in_airflow_3() -> None:
    differ = []
    for spec in captured("3.3.2")["dags"]:
        with new_session() as session:
            dag = dag_of(spec)
            differ += [
                (spec["dag_id"], run["seed"])
                for run in spec["runs"]
                if ended(session, dag, run["seed"]) != run["states"]
            ]
    assert set(differ) == SEEN_EARLY["3.3.2"]


def why_airflow_2_differs(spec: Any, dag: Dag, found: tuple[Any, str, int, str, str]) -> str:
    """Return the change from Airflow 2.11 to 3.3 that explains a difference; empty if none does."""
    case, task_id, map_index, theirs, ours = found
    rule = spec["tasks"][task_id].get("rule", "")
    upstream = dag.tasks[task_id].upstream
    is_in_group = task_id in {name for name, task in dag.tasks.items() if task.group}
    if rule == "dummy" and spec["tasks"][task_id].get("mapping") is not None and theirs == "wait":
        return "a mapped task may not be a dummy"
    if is_in_group and rule in HASTY | {"none_failed_or_skipped"}:
        return "hasty rules in mapped groups"
    if rule in ("none_failed_min_one_success", "none_failed_or_skipped") and ours == "upstream_failed":
        return "min_one_success counts"
    if (theirs, ours) == ("run", "wait") and dag.tasks[task_id].teardown:
        return "teardowns wait for all before them"
    removed = [one for one, _at, state in case["states"] if state == "removed" and one in upstream]
    if removed and (theirs, ours) == ("wait", "run") and map_index == -1:
        return "what is removed is not waited for"
    return ""


def test_every_decision_of_airflow_2_is_ours_but_for_what_airflow_3_changed() -> None:
    whys: Counter[str] = Counter()
    specs = captured("2.11.2")["dags"]
    for spec in specs:
        whys.update(why_airflow_2_differs(spec, dag_of(spec), found) for found in differing(spec))
    assert whys.keys() == {
        "a mapped task may not be a dummy",
        "hasty rules in mapped groups",
        "min_one_success counts",
        "what is removed is not waited for",
    }
    assert sum(len(case["found"]) for spec in specs for case in spec["cases"]) > 5000


def is_as_in_airflow_3(spec: Any, run: Any) -> bool:
    """Tell whether nothing of a run is decided by what Airflow 3 changed."""
    tasks = spec["tasks"].values()
    rules = {task.get("rule") for task in tasks}
    return (
        not rules & {"none_failed_min_one_success", *FORMER_RULES}
        and not any(task.get("group") and task.get("rule") in HASTY for task in tasks)
        and all(state != "removed" for _name, _at, state in run["states"])
    )


def test_whole_runs_end_as_in_airflow_2() -> None:
    differ, count = [], 0
    for spec in captured("2.11.2")["dags"]:
        with new_session() as session:
            dag = dag_of(spec)
            for run in spec["runs"]:
                if is_as_in_airflow_3(spec, run):
                    count += 1
                    differ += [(spec["dag_id"], run["seed"])] * (ended(session, dag, run["seed"]) != run["states"])
    assert set(differ) == SEEN_EARLY["2.11.2"]
    assert count >= 20


@pytest.mark.parametrize("version", ["3.3.2", "2.11.2"])
def test_airflow_asked_now_decides_so(version: str) -> None:
    command = [airflow_python(version), str(FOLDER / "capture.py"), "--seed", "11", "--dags", "6", "--states", "6"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["airflow"] == version
    assert sum(len(case["found"]) for spec in found["dags"] for case in spec["cases"]) >= 40
    for spec in found["dags"]:
        differ = differing(spec)
        assert [one for one in differ if version == "3.3.2" or not why_airflow_2_differs(spec, dag_of(spec), one)] == []
