"""Records are read and written in part, and the parts are the whole's bytes."""

from __future__ import annotations

from typing import Any

import pytest
from diff_dags import dags
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from dagserial.canonical import settled_bytes
from dagserial.errors import RecordError, UnknownFormatError
from dagserial.formats import v1, v2
from dagserial.formats.pieces import cut, read_fields
from dagserial.model import Dag, DagFields, Group, Task

V1 = sorted((ROOT / "fixtures/records/v1").glob("*.json"))
DEEP = b'{"dag":{"dag_id":"etl","tags":' + b"[" * 100_000 + b"]" * 100_000 + b'},"format":2}'


@given(dags())
def test_the_fields_alone_are_those_of_the_whole(dag: Dag) -> None:
    assert settled_bytes(read_fields(v2.encode(dag))) == settled_bytes(dag.fields)


@pytest.mark.parametrize("file", V1, ids=lambda file: file.stem)
def test_the_fields_alone_of_format_1_are_upgraded(file: Any) -> None:
    body = file.read_bytes()
    assert settled_bytes(read_fields(body)) == settled_bytes(v1.decode(body).fields)


@given(dags())
def test_pieces_are_the_bytes_of_their_parts(dag: Dag) -> None:
    body = v2.encode(dag)
    pieces = cut(body)
    assert pieces.encode() == body
    assert bytes(pieces.dag) == settled_bytes(dag.fields)
    assert {name: bytes(piece) for name, piece in pieces.tasks.items()} == {
        name: settled_bytes(task) for name, task in dag.tasks.items()
    }
    assert {name: bytes(piece) for name, piece in pieces.groups.items()} == {
        name: settled_bytes(group) for name, group in dag.groups.items()
    }


TASK_IDS = st.sampled_from(["a", "b/c", "0", "\ue000", "\U0001f600", '"', "new"])


@given(dags(), TASK_IDS, st.sampled_from([1, "x", [0.5], {"k": "é", "a": 1}, {"$": "float", "value": "1.0"}]))
def test_one_task_changed_gives_the_bytes_of_the_whole_encoded_again(dag: Dag, task_id: str, value: Any) -> None:
    task = Task(operator="o.O", args={"x": value})
    whole = Dag(fields=dag.fields, groups=dag.groups, tasks={**dag.tasks, task_id: task})
    assert cut(v2.encode(dag)).with_task(task_id, task).encode() == v2.encode(whole)


@pytest.mark.parametrize("count", [1, 2])
def test_one_task_less_gives_the_bytes_of_the_whole_encoded_again(count: int) -> None:
    tasks = {f"{at}": Task(operator="o.O") for at in range(count)}
    fields = DagFields(dag_id="etl")
    pieces = cut(v2.encode(Dag(fields=fields, tasks=tasks)))
    del tasks["0"]
    assert pieces.with_task("0", None).encode() == v2.encode(Dag(fields=fields, tasks=tasks))


def test_several_changes_leave_the_pieces_they_came_from_alone() -> None:
    body = v2.encode(Dag(fields=DagFields(dag_id="etl"), tasks={"a": Task(operator="o.O")}))
    pieces = cut(body)
    changed = pieces.with_task("b", Task(operator="o.O", upstream=("a",))).with_task("a", Task(operator="p.P"))
    assert v2.decode(changed.encode()).tasks == {
        "a": Task(operator="p.P"),
        "b": Task(operator="o.O", upstream=("a",)),
    }
    assert pieces.encode() == body


def test_ids_that_sort_otherwise_by_utf_16_are_written_as_in_the_whole() -> None:
    tasks = {name: Task(operator="o.O") for name in ("\ue000", "\U0001f600")}
    dag = Dag(fields=DagFields(dag_id="etl"), groups={"\uffff": Group(), "\U0001f601": Group()}, tasks=tasks)
    body = v2.encode(dag)
    assert body.index("\U0001f600".encode()) < body.index("\ue000".encode())
    assert cut(body).with_task("\ue000", tasks["\ue000"]).encode() == body


def test_what_is_skipped_is_not_looked_at() -> None:
    assert read_fields(b'{"dag":{"dag_id":"etl"},"format":2,"tasks":"junk"}').dag_id == "etl"


@pytest.mark.parametrize("read", [read_fields, cut])
@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b"", "the body is empty"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field"),
        (b'{"format":2}', "missing required field `dag`"),
        (b'{"dag":{"dag_id":"etl"},"format":2', "truncated"),
        (b'{"dag":{"dag_id":"etl"},"format":2} ]', "trailing"),
    ],
    ids=["empty", "list", "nothing", "no_dag", "cut", "trailing"],
)
def test_bytes_that_are_no_record_are_refused(read: Any, body: bytes, flaw: str) -> None:
    with pytest.raises(RecordError, match=flaw):
        read(body)


@pytest.mark.parametrize(
    "fields", [b'{"dag_id":1}', b"{}", b'{"dag_id":"etl","not_a_field":1}'], ids=["number", "none", "unknown"]
)
def test_fields_of_another_shape_are_refused(fields: bytes) -> None:
    with pytest.raises(RecordError):
        read_fields(b'{"dag":%b,"format":2}' % fields)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(RecordError, match="nested too deeply"):
        read_fields(DEEP)


@pytest.mark.parametrize("number", [0, 3])
def test_an_unknown_format_says_what_was_found_and_what_is_known(number: int) -> None:
    body = b'{"dag":{"dag_id":"etl"},"format":%d}' % number
    with pytest.raises(UnknownFormatError) as caught:
        read_fields(body)
    assert (caught.value.found, caught.value.known) == (number, (1, 2))


def test_fields_that_only_another_format_has_are_that_formats() -> None:
    body = b'{"dag":{"dag_id":"etl","schedule_interval":"@daily"},"format":1}'
    assert read_fields(body) == DagFields(dag_id="etl", schedule="@daily")


def test_only_the_current_format_is_cut() -> None:
    with pytest.raises(UnknownFormatError) as caught:
        cut(V1[0].read_bytes())
    assert (caught.value.found, caught.value.known) == (1, (2,))
