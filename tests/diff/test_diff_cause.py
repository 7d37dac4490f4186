"""Changes of tasks that follow from one of the DAG's default_args."""

import json
from typing import Any

import jsonschema
from msgspec import UNSET
from reports import dag, report
from support import ROOT

from dagserial.diff import compare
from dagserial.diff.outputs import RENDERERS
from dagserial.model import Dag, Task


def etl(default: Any, *retries: Any, **more: Any) -> Dag:
    """Return a DAG with a default for retries, and what each task has."""
    tasks = {f"t{number}": Task(operator="o", args={"retries": value}) for number, value in enumerate(retries)}
    return dag("etl", tasks, default_args={"retries": default, **more})


def causes(old: Dag, new: Dag) -> dict[str, Any]:
    return {change.path: change.cause for change in compare(old, new) if change.object.kind == "task"}


def text(old: Dag, new: Dag, form: str = "text") -> str:
    found = RENDERERS[form](report({"etl": old}, {"etl": new}))
    return found.decode() if isinstance(found, bytes) else found


def test_an_argument_that_changes_as_the_default_does_follows_it() -> None:
    old, new = etl(1, 1, 1, 1), etl(2, 2, 3, 1)
    assert causes(old, new) == {"/tasks/t0/args/retries": "/dag/default_args/retries", "/tasks/t1/args/retries": UNSET}


def test_one_that_is_of_another_type_does_not() -> None:
    assert causes(etl(1, 1), etl(2, 2.0)) == {"/tasks/t0/args/retries": UNSET}


def test_a_default_that_is_new_or_gone_is_followed_too() -> None:
    bare, given = dag("etl", {"a": Task(operator="o")}, default_args={"x": 1}), etl(3, 3)
    with_none = dag("etl", {"t0": Task(operator="o")}, default_args={"x": 1})
    assert bare.fields.default_args == with_none.fields.default_args
    for old, new in ((with_none, given), (given, with_none)):
        assert causes(old, new) == {"/tasks/t0/args/retries": "/dag/default_args/retries"}


def test_text_tells_it_once_with_the_tasks_that_take_it() -> None:
    lines = text(etl(1, 1, 1, 1), etl(2, 2, 2, 9)).split("\n")
    assert [" ".join(line.split()) for line in lines if "retries" in line] == [
        "~ dag default_args/retries 1 -> 2 [dag-default-args-changed]",
        "in 2 tasks: t0, t1 [task-retries-changed]",
        "~ task t2 args/retries 1 -> 9 [task-retries-changed]",
    ]
    assert len({line.index("[") for line in lines if "retries" in line}) == 1
    assert lines[-2] == "1 dag changed: 3 tasks changed. 0 breaking, 3 behavioural, 1 cosmetic."


def test_many_tasks_are_cut_to_the_line() -> None:
    lines = text(etl(1, *[1] * 300), etl(2, *[2] * 300)).split("\n")
    (line,) = [line for line in lines if "in 300 tasks" in line]
    assert len(line) <= 100
    assert "…" in line


def test_a_row_is_as_grave_as_what_follows() -> None:
    comment = text(etl(1, 1), etl(2, 2), "markdown")
    (row,) = [line for line in comment.split("\n") if "default_args" in line]
    assert row == (
        "| behavioural | DAG `default_args/retries` | changed from `1` to `2`<br>in 1 task: `t0` "
        "| `dag-default-args-changed`, `task-retries-changed` |"
    )
    assert "in 1 task: <code>t0</code>" in text(etl(1, 1), etl(2, 2), "html")


def test_a_document_has_every_change_and_its_cause() -> None:
    document = json.loads(text(etl(1, 1), etl(2, 2), "json"))
    jsonschema.validate(document, json.loads((ROOT / "schema/diff.v1.json").read_text()))
    assert [one.get("cause") for one in document["changes"]] == [None, "/dag/default_args/retries"]


def test_what_follows_stands_alone_where_its_cause_is_cut_away() -> None:
    old, new = etl(1, 1), etl(2, 2)
    cut = RENDERERS["text"](report({"etl": old}, {"etl": new}, max_changes=1))
    assert isinstance(cut, str)
    assert "~ task   t0  args/retries  1 -> 2" in cut


def test_a_dag_that_is_renamed_meanwhile_has_causes_too() -> None:
    old, new = etl(1, 1), dag("elt", dict(etl(2, 2).tasks), default_args={"retries": 2})
    assert causes(old, new) == {"/tasks/t0/args/retries": "/dag/default_args/retries"}
