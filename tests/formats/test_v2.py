"""Format 2: what is written and what is not, what is refused, what the schema refuses."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import jsonschema
import msgspec
import pytest
from support import ROOT

from dagserial.errors import CanonicalError, InvalidDagError, RecordError, UnknownFormatError
from dagserial.formats import v2
from dagserial.model import Dag, DagFields, Group, Mapping, Task

SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "schema/record.v2.json").read_text()))
FIELDS = DagFields(dag_id="etl")
TASK = Task(operator="o.O")


def written(**parts: Any) -> dict[str, Any]:
    """Return the document of a DAG as JSON."""
    document: dict[str, Any] = json.loads(v2.encode(Dag(**{"fields": FIELDS, **parts})))
    return document


def body(**parts: Any) -> bytes:
    """Return a body by its parts; keys must come sorted."""
    return msgspec.json.encode({"dag": {"dag_id": "etl"}, "format": 2, **parts}, order="sorted")


def test_what_was_not_declared_is_not_written() -> None:
    assert v2.encode(Dag(fields=FIELDS)) == b'{"dag":{"dag_id":"etl"},"format":2}'
    assert written(tasks={"a": TASK}, groups={"g": Group()}) == {
        "dag": {"dag_id": "etl"},
        "format": 2,
        "groups": {"g": {}},
        "tasks": {"a": {"operator": "o.O"}},
    }


@pytest.mark.parametrize("field", sorted(set(DagFields.__struct_fields__) - {"dag_id", "extra", "params"}))
def test_a_declared_none_of_the_dag_is_written_as_null(field: str) -> None:
    assert written(fields=DagFields(dag_id="etl", **{field: None}))["dag"] == {"dag_id": "etl", field: None}


@pytest.mark.parametrize("field", sorted(set(Group.__struct_fields__) - {"args", "mapping", "parent"}))
def test_a_declared_none_of_a_group_is_written_as_null(field: str) -> None:
    assert written(groups={"g": Group(**{field: None})})["groups"] == {"g": {field: None}}


@pytest.mark.parametrize("field", ["setup", "teardown", "on_failure_fail_dagrun"])
def test_a_flag_is_written_only_if_it_is_set(field: str) -> None:
    assert written(tasks={"a": Task(operator="o.O", **{field: True})})["tasks"]["a"] == {"operator": "o.O", field: True}
    assert written(tasks={"a": Task(operator="o.O", **{field: False})})["tasks"]["a"] == {"operator": "o.O"}


def test_every_part_is_written_under_its_own_name() -> None:
    tasks = {
        "a": TASK,
        "b": Task(
            args={"x": None},
            group="g.h",
            labels={"a": "go"},
            mapping=Mapping(expand=(("y", [1]), ("x", {"$": "dict", "items": [["k", 1]]}))),
            operator="@task",
            upstream=("a",),
        ),
    }
    groups = {
        "g": Group(args={"z": 1}, mapping=Mapping(expand_kwargs=[{"i": 1}]), tooltip=""),
        "g.h": Group(parent="g"),
    }
    fields = DagFields(dag_id="etl", extra={"unheard_of": 1}, params=(("z", 1), ("a", 2)))
    assert written(fields=fields, groups=groups, tasks=tasks) == {
        "dag": {"dag_id": "etl", "extra": {"unheard_of": 1}, "params": [["z", 1], ["a", 2]]},
        "format": 2,
        "groups": {
            "g": {"args": {"z": 1}, "mapping": {"expand_kwargs": [{"i": 1}]}, "tooltip": ""},
            "g.h": {"parent": "g"},
        },
        "tasks": {
            "a": {"operator": "o.O"},
            "b": {
                "args": {"x": None},
                "group": "g.h",
                "labels": {"a": "go"},
                "mapping": {"expand": [["y", [1]], ["x", {"$": "dict", "items": [["k", 1]]}]]},
                "operator": "@task",
                "upstream": ["a"],
            },
        },
    }


def test_the_order_of_parameters_is_kept_and_that_of_ids_is_not() -> None:
    forth, back = (Mapping(expand=pairs) for pairs in ((("x", [1]), ("y", [2])), (("y", [2]), ("x", [1]))))
    assert written(tasks={"a": Task(operator="o", mapping=forth)}) != written(
        tasks={"a": Task(operator="o", mapping=back)}
    )
    dags = (Dag(fields=FIELDS, tasks=dict.fromkeys(ids, TASK)) for ids in ("ab", "ba"))
    assert len({v2.encode(dag) for dag in dags}) == 1


def test_a_lone_surrogate_is_refused_when_it_is_written() -> None:
    with pytest.raises(CanonicalError, match="lone surrogate"):
        v2.encode(Dag(fields=DagFields(dag_id="\ud800")))


REFUSED: dict[str, tuple[bytes, str]] = {
    "a task that is junk": (body(tasks={"a": "junk"}), "task 'a': Expected `object`, got `str`"),
    "a group that is junk": (body(groups={"g": 1}), "group 'g': Expected `object`, got `int`"),
    "no operator": (body(tasks={"a": {}}), "task 'a': Object missing required field `operator`"),
    "an unknown field of a task": (body(tasks={"a": {"operator": "o", "x": 1}}), "unknown field `x`"),
    "an unknown field of a group": (body(groups={"g": {"x": 1}}), "unknown field `x`"),
    "an unknown field of the DAG": (b'{"dag":{"dag_id":"etl","x":1},"format":2}', "unknown field `x`"),
    "an unknown field beside": (body(x=1), "unknown field `x`"),
    "an unknown field of a mapping": (
        body(tasks={"a": {"mapping": {"x": 1}, "operator": "o"}}),
        "task 'a': Object contains unknown field `x`",
    ),
    "expand that is an object": (body(tasks={"a": {"mapping": {"expand": {}}, "operator": "o"}}), "Expected `array`"),
    "a source without a parameter": (body(tasks={"a": {"mapping": {"expand": [["x"]]}, "operator": "o"}}), "length 2"),
    "a default that is written": (body(tasks={"a": {"args": {}, "operator": "o"}}), "defaults omitted"),
    "a flag that is false": (body(tasks={"a": {"operator": "o", "setup": False}}), "defaults omitted"),
    "no tasks, written": (body(tasks={}), "defaults omitted"),
    "an unknown group of a task": (body(tasks={"a": {"group": "g", "operator": "o"}}), "in group 'g', which it lacks"),
    "an unknown group of a group": (body(groups={"a": {"parent": "g"}}), "in group 'g', which it lacks"),
    "an unknown upstream": (body(tasks={"a": {"operator": "o", "upstream": ["b"]}}), "follows 'b', which it lacks"),
    "an upstream that is not sorted": (
        body(tasks={"a": {"operator": "o"}, "b": {"operator": "o"}, "c": {"operator": "o", "upstream": ["b", "a"]}}),
        "upstream of task 'c' of DAG 'etl' is not sorted and unique",
    ),
    "an edge twice": (
        body(tasks={"a": {"operator": "o"}, "c": {"operator": "o", "upstream": ["a", "a"]}}),
        "not sorted and unique",
    ),
    "a task before itself": (body(tasks={"a": {"operator": "o", "upstream": ["a"]}}), "run in a circle: a -> a"),
    "groups in each other": (body(groups={"a": {"parent": "b"}, "b": {"parent": "a"}}), "lie in each other"),
    "something behind": (body() + b"{}", "trailing"),
    "a key twice": (b'{"dag":{"dag_id":"etl","doc_md":1,"doc_md":2},"format":2}', "the key 'doc_md' twice"),
    "a space": (b'{"dag":{"dag_id":"etl"}, "format":2}', "differs from its own RFC 8785 form"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_body_is_refused_by_name(case: str) -> None:
    refused, message = REFUSED[case]
    with pytest.raises(RecordError, match="record") as caught:
        v2.decode(refused)
    assert message in str(caught.value)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_another_format_is_refused_with_what_is_known(number: int) -> None:
    with pytest.raises(UnknownFormatError) as caught:
        v2.decode(body(format=number))
    assert (caught.value.found, caught.value.known) == (number, (2,))


STRUCTURE = [
    "unknown group",
    "unknown upstream",
    "not sorted",
    "before itself",
    "in each other",
    "behind",
    "key twice",
    "a space",
]
"""What a JSON Schema cannot tell."""


@pytest.mark.parametrize("case", sorted(case for case in REFUSED if not any(word in case for word in STRUCTURE)))
def test_the_schema_refuses_it_too(case: str) -> None:
    assert not SCHEMA.is_valid(json.loads(REFUSED[case][0]))
    assert SCHEMA.is_valid(json.loads(body(tasks={"a": {"operator": "o"}})))


def test_a_circle_and_an_unknown_neighbour_are_named_where_they_are_declared() -> None:
    follows = {task_id: Task(operator="o", upstream=(before,)) for task_id, before in ("ab", "bc", "ca")}
    with pytest.raises(InvalidDagError) as caught:
        Dag(fields=FIELDS, tasks=follows)
    circle = str(caught.value).rpartition(": ")[2].split(" -> ")
    assert circle[0] == circle[-1]
    assert set(circle) == set("abc")
    assert all(
        pair in {("a", "b"), ("b", "c"), ("c", "a")} or pair[::-1] in {("a", "b"), ("b", "c"), ("c", "a")}
        for pair in pairwise(circle)
    )
    with pytest.raises(InvalidDagError, match="task 'a' of DAG 'etl' is in group 'g', which it lacks"):
        Dag(fields=FIELDS, tasks={"a": Task(operator="o", group="g")})
    with pytest.raises(InvalidDagError, match="group 'h' of 'etl' is in group 'g', which it lacks"):
        Dag(fields=FIELDS, groups={"h": Group(parent="g")})


def test_a_chain_of_50_000_tasks_is_written_and_read() -> None:
    ids = [f"t{number:05}" for number in range(50_000)]
    tasks = {after: Task(operator="o", upstream=(before,)) for before, after in pairwise(ids)}
    dag = Dag(fields=FIELDS, tasks={ids[0]: TASK, **tasks})
    assert v2.decode(v2.encode(dag)) == dag
